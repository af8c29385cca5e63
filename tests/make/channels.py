"""Channels with their facts, and files of channels."""

import csv
import io
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient

from marketplace.channels import snapshots
from marketplace.channels.models import Channel
from marketplace.channels.schemas import SnapshotIn
from marketplace.core import db
from marketplace.core.ids import new_id
from tests.make.people import Somebody

COLUMNS = (
    "platform",
    "handle",
    "external_id",
    "name",
    "followers",
    "taken_on",
    "creator_id",
    "creator_name",
    "genders",
    "rate_card",
)
DEFAULTS = {"platform": "douyin", "taken_on": "2026-11-01"}


def channel(creator_id: UUID, **more: object) -> Channel:
    """A stored channel with an account of its own."""
    handle = f"c{new_id().hex}"
    values = {"platform": "douyin", "account_key": handle, "handle": handle, "name": f"频道 {handle[-6:]}", **more}
    with db.transaction() as session:
        row = Channel(creator_id=creator_id, **values)  # type: ignore[arg-type]
        session.add(row)
        session.flush()
        return row


def rows(mark: str, count: int, *, wrong: Mapping[int, Mapping[str, str]] | None = None, name: str = "频道") -> bytes:
    """A CSV file of channels whose accounts are `mark` and a number; `wrong` changes cells of some rows."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS)
    table.writeheader()
    for number in range(count):
        account = f"{mark}{number}"
        cells = {
            "handle": f"@{account}",
            "external_id": account,
            "name": f"{name}{number}",
            "followers": str(1000 + number),
        }
        table.writerow({**DEFAULTS, **cells, **(wrong or {}).get(number, {})})
    return text.getvalue().encode()


def hand_in(client: FlaskClient, who: Somebody, data: bytes, **query: str) -> Any:
    """Send a file in through the route; returns its import, whose job waits."""
    parameters = {"file_name": "rows.csv", **query}
    answer = client.post(
        "/api/v1/imports",
        query_string=parameters,
        data=data,
        headers=who.once(),
        content_type="application/octet-stream",
    )
    assert answer.status_code == 202, answer.json
    return answer.json


AGES = {"18-23": 0.3, "24-30": 0.4, "31-40": 0.2, "41-50": 0.06, "51+": 0.04}


def facts(**more: Any) -> dict[str, Any]:
    """Facts of one day as they are typed in."""
    video = {"external_id": "v1", "published_at": "2026-10-01T08:00:00Z", "views": 12_000, "likes": 300}
    return {
        "taken_on": "2026-11-01",
        "followers": 50_000,
        "engagement_rate": 0.05,
        "ages": AGES,
        "genders": {"female": 0.6, "male": 0.4},
        "regions": {"CN-GD": 0.2},
        "rate_card": [{"length_tier": "21-60", "amount_minor": 900_000, "currency": "CNY"}],
        "videos": [video],
        **more,
    }


def videos(*views: int) -> list[dict[str, Any]]:
    """Videos of October, a day apart, the newest first."""
    newest = date(2026, 10, 28)
    return [
        {"external_id": f"v{number}", "published_at": f"{newest - timedelta(days=number)}T08:00:00Z", "views": count}
        for number, count in enumerate(views)
    ]


def told(who: Somebody, channel_id: UUID, **changes: Any) -> UUID:
    """Type facts in; returns the snapshot."""
    values: Any = SnapshotIn().load(facts(**changes))
    with db.transaction(who.actor) as session:
        return snapshots.enter_snapshot(session, who.actor, channel_id, values).id
