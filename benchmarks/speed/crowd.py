"""Channels by the million with features of their own, written by COPY: no two have the same audience or price."""

from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import column_copy
from marketplace.core.column_copy import Column
from marketplace.core.ids import new_id
from marketplace.matching.audience import channel_tags, grid, share_columns

CREATORS, AUDIENCES, PAGE = 1_000, 4_096, 50_000
_PARTIES = sa.text(
    "INSERT INTO parties (id, created_at, kind, name, status, version)"
    " SELECT uuidv7(), now(), 'creator', 'crowd ' || n, 'active', 1 FROM generate_series(1, :creators) n"
)
_CHANNELS = sa.text(
    "WITH c AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM parties WHERE name LIKE 'crowd %')"
    " INSERT INTO channels (id, created_at, creator_id, platform, account_key, handle, name, region, language, verticals,"
    " status, version) SELECT uuidv7(), now(), c.id, (ARRAY['douyin', 'bilibili', 'kuaishou', 'xiaohongshu'])[1 + n % 4],"
    " 'crowd' || n, 'h' || n, 'Channel ' || n, (ARRAY['CN-GD', 'CN-BJ', 'CN-ZJ', 'SG', 'US'])[1 + n % 5], 'zh-CN',"
    " '{\"food\": 0.7, \"comedy\": 0.3}'::jsonb, 'active', 1"
    " FROM generate_series(1, :count) n JOIN c ON c.place = n % :creators"
)
_SNAPSHOTS = sa.text(
    "WITH made AS (INSERT INTO audience_snapshots (id, created_at, channel_id, taken_on, source, evidence_hash, followers,"
    " facts, margins, rate_card, flags) SELECT uuidv7(), now(), id, current_date - (100 * random())::int, 'bench', 'b',"
    " (1000 * exp(7 * random()))::bigint, '{\"suggested_cpm_minor\": 4600}', '{}', CASE WHEN random() < 0.5 THEN '[]'::jsonb"
    " ELSE jsonb_build_array(jsonb_build_object('length_tier', '21-60', 'amount_minor',"
    " (10000 * exp(6 * random()))::bigint, 'currency', 'CNY')) END, '[]'"
    " FROM channels WHERE account_key LIKE 'crowd%' RETURNING id, channel_id)"
    " UPDATE channels c SET snapshot_id = made.id FROM made WHERE made.channel_id = c.id"
)
_IDS = "SELECT id, snapshot_id FROM channels WHERE account_key LIKE 'crowd%%' AND id > %(after)s ORDER BY id LIMIT %(page)s"
_KINDS = {
    "id": "uuid",
    "created_at": "int8",
    "channel_id": "uuid",
    "snapshot_id": "uuid",
    "fingerprint": "text:32",
    "log_centre": "float8",
    "scale": "float8",
    "df": "float8",
    "smear": "float8",
    "n_used": "int8",
    "from_history": "bool",
    "tier": "int8",
    "ad_load": "float8",
    "seconds": "float8",
    "language": "text:2",
    "shares": f"bytes:{share_columns.BYTES}",
    "flags": "int8",
    "computed_at": "int8",
}


def fill(session: Session, count: int, seed: int = 1) -> None:
    """Write the channels, their snapshots and features, without the checks of foreign keys: the rows are right."""
    session.execute(sa.text("SET LOCAL ROLE NONE"))
    session.execute(sa.text("SET LOCAL session_replication_role = replica"))
    session.execute(_PARTIES, {"creators": CREATORS})
    session.execute(_CHANNELS, {"count": count, "creators": CREATORS})
    session.execute(_SNAPSHOTS)
    dice, after = np.random.default_rng(seed), UUID(int=0)
    shares = _audiences(dice)
    while True:
        rows = column_copy.read(session, _IDS, {"after": after, "page": PAGE}, {"id": "uuid", "snapshot_id": "uuid"})
        if not len(rows["id"]):
            break
        after = UUID(bytes=rows["id"][-1].tobytes())
        column_copy.write(
            session, "channel_features", _KINDS, _features(dice, rows, shares), np.arange(len(rows["id"]))
        )


def _audiences(dice: np.random.Generator) -> Column:
    parts = (grid.AGES_N * grid.GENDERS_N, grid.REGIONS_N, len(channel_tags.VERTICALS) + 1)
    table = [
        dice.dirichlet(np.full(width, alpha), AUDIENCES) for width, alpha in zip(parts, (1, 0.1, 0.05), strict=True)
    ]
    return share_columns.stored_rows(*table)


def _features(dice: np.random.Generator, rows: dict[str, Column], shares: Column) -> dict[str, npt.ArrayLike]:
    count = len(rows["id"])
    at = int((datetime.now(UTC) - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds() * 1e6)
    return {
        "id": np.frombuffer(b"".join(new_id().bytes for _ in range(count)), dtype="V16"),
        "created_at": at,
        "channel_id": rows["id"],
        "snapshot_id": rows["snapshot_id"],
        "fingerprint": b"f" * 32,
        "log_centre": dice.normal(9, 2, count),
        "scale": dice.uniform(0.4, 1.6, count),
        "df": np.round(dice.uniform(3, 12, count)),
        "smear": 1.2,
        "n_used": 9,
        "from_history": True,
        "tier": dice.integers(0, 4, count),
        "ad_load": dice.random(count) * 0.5,
        "seconds": dice.uniform(10, 90, count),
        "language": b"zh",
        "shares": shares[dice.integers(0, len(shares), count)],
        "flags": 0,
        "computed_at": at,
    }
