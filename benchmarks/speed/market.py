"""A filled market for measuring, written straight into the tables: the routes are not what is measured here."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids import pricing_models
from marketplace.briefs import service as briefs
from marketplace.briefs.schemas import BriefIn
from marketplace.core import db
from marketplace.core.actor import Actor, Role
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.demo import offers, wishes, world
from marketplace.identity.sign_in import authentication, credentials
from marketplace.identity.sign_in.credentials import CredentialKind
from marketplace.intrusiveness import notice
from marketplace.intrusiveness.constants import MODEL_VERSION
from marketplace.local.servers import LocalServers
from marketplace.matching.audience import grid, share_columns
from marketplace.matching.forecast import features
from marketplace.matching.scoring.match_columns import FACTORS

_PARTY = sa.text(
    "INSERT INTO parties (id, created_at, kind, name, status, version) VALUES (:id, now(), :kind, :name, 'active', 1)"
)
_CHANNELS = sa.text(
    "INSERT INTO channels (id, created_at, creator_id, platform, account_key, handle, name, language, verticals, status, version)"
    " SELECT uuidv7(), now(), :creator, 'douyin', :mark || n, 'h' || n, 'Channel ' || n, 'zh-CN',"
    " '{\"food\": 0.7, \"comedy\": 0.3}'::jsonb, 'active', 1 FROM generate_series(1, :count) n RETURNING id"
)
_SNAPSHOTS = sa.text(
    "WITH made AS (INSERT INTO audience_snapshots (id, created_at, channel_id, taken_on, source, evidence_hash, followers,"
    " facts, margins, rate_card, flags) SELECT uuidv7(), now(), id, current_date, 'bench', 'b', 50000, '{}', '{}', '[]', '[]'"
    " FROM channels WHERE creator_id = :creator RETURNING id, channel_id)"
    " UPDATE channels c SET snapshot_id = made.id FROM made WHERE made.channel_id = c.id"
)
_FEATURES = sa.text(
    "INSERT INTO channel_features (id, created_at, channel_id, snapshot_id, fingerprint, log_centre, scale, df,"
    " smear, n_used, from_history, tier, ad_load, seconds, language, shares, flags, computed_at)"
    " SELECT uuidv7(), now(), id, snapshot_id, md5(snapshot_id::text || '.' || version || :suffix), 9 + 2 * random(), 0.5 + random(), 8, 1.3, 9, true, 1, 0.1,"
    " 45, 'zh', :shares, 0, now() FROM channels WHERE creator_id = :creator"
)
_BIDS = sa.text(
    "INSERT INTO bids (id, created_at, brief_id, brand_id, channel_id, creator_id, status, revision_number, version,"
    " brief_version_id, revisions_max, answers_in_part)"
    " SELECT uuidv7(), now(), :brief, :brand, c.id, :creator, 'open', 1, 1, :version, 3, false"
    " FROM channels c WHERE c.creator_id = :creator"
)
_REVISIONS = sa.text(
    "WITH made AS (INSERT INTO bid_revisions (id, created_at, bid_id, number, brief_version_id, pricing_model, currency, price,"
    " terms, option_costs, options, deliverables, plan, salt, commitment, raw_low, raw_high, prominence_low, prominence_high, plan_version, noticed,"
    " noticed_version)"
    " SELECT uuidv7(), now(), b.id, 1, :version, 'flat', 'CNY', CAST(:price AS jsonb), :terms, :costs, '[]', CAST(:deliverables AS jsonb), '{}',"
    f" 's', md5(b.id::text) || md5(b.id::text), array_fill(0.1 + 0.2 * random(), ARRAY[{FACTORS}]),"
    f" array_fill(0.3 + 0.2 * random(), ARRAY[{FACTORS}]), 20, 40, '{MODEL_VERSION}', ARRAY[0.15, 0.06, 0.27],"
    f" '{notice.MODEL_VERSION}'"
    " FROM bids b WHERE b.brief_id = :brief RETURNING id, bid_id)"
    " UPDATE bids b SET revision_id = made.id FROM made WHERE made.bid_id = b.id"
)


def environment(servers: LocalServers) -> dict[str, str]:
    """Return the settings of a program that works on these servers."""
    return {
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "BROKER_URL": servers.broker_url,
        "SECRET_KEY": "bench",
    }


def party(session: Session, kind: str) -> tuple[UUID, str]:
    """Write a party with one person and a key; returns its id and the Authorization header."""
    party_id, person_id, key_id = new_id(), new_id(), new_id()
    public_id, shown, secret_hash = authentication.new_key()
    session.execute(_PARTY, {"id": party_id, "kind": kind, "name": f"bench {kind}"})
    session.execute(
        sa.text(
            "INSERT INTO people (id, created_at, email, name, locale, timezone)"
            " VALUES (:id, now(), :email, 'bench', 'en', 'UTC')"
        ),
        {"id": person_id, "email": f"{person_id}@example.org"},
    )
    everything = ["read", "briefs:write", "bids:write", "channels:write", "reviews:write", "party:manage"]
    session.execute(
        sa.text(
            "INSERT INTO memberships (id, created_at, person_id, party_id, permissions) VALUES (:id, now(), :p, :q, :all)"
        ),
        {"id": new_id(), "p": person_id, "q": party_id, "all": everything},
    )
    session.execute(
        sa.text(
            "INSERT INTO api_keys (id, created_at, party_id, person_id, name, public_id, scopes)"
            " VALUES (:id, now(), :q, :p, 'bench', :public, :all)"
        ),
        {"id": key_id, "q": party_id, "p": person_id, "public": public_id, "all": everything},
    )
    credentials.keep(session, key_id, CredentialKind.API_KEY, [secret_hash])
    return party_id, f"Bearer {shown}"


def brief(session: Session, brand_id: UUID, number: int = 0) -> UUID:
    """Write a published brief of the brand."""
    at = datetime.now(UTC)
    who = Actor(role=Role.BRAND, party_id=brand_id)
    loaded = BriefIn().load(wishes.brief(number, at, at + timedelta(hours=5)))
    brief = briefs.create(session, who, loaded=loaded)
    session.flush()
    briefs.publish(session, who, brief.id)
    return brief.id


def channels(session: Session, creator_id: UUID, count: int) -> None:
    """Write channels with snapshots and features."""
    session.execute(_CHANNELS, {"creator": creator_id, "mark": creator_id.hex, "count": count})
    session.execute(_SNAPSHOTS, {"creator": creator_id})
    shares = share_columns.pack(grid.audience(), {"food": 0.7, "comedy": 0.3})
    session.execute(_FEATURES, {"shares": shares, "suffix": features.suffix(session), "creator": creator_id})


def bids(session: Session, brief_id: UUID, brand_id: UUID, creator_id: UUID) -> None:
    """Write one open bid for each of the creator's channels."""
    version = session.scalar(sa.text("SELECT version_id FROM briefs WHERE id = :id"), {"id": brief_id})
    session.execute(_BIDS, {"brief": brief_id, "brand": brand_id, "creator": creator_id, "version": version})
    price = {"model": "flat", "amount": {"amount_minor": 500_000, "currency": "CNY"}}
    deliverables = [{"kind": "video", "count": 1, "length_tier": "21-60"}]
    written = {"price": json.dumps(price), "deliverables": json.dumps(deliverables)}
    terms = list(pricing_models.price_terms(price, deliverables))
    costs = pricing_models.option_costs(price, [], deliverables)
    session.execute(_REVISIONS, {"brief": brief_id, "version": version, "terms": terms, "costs": costs, **written})


def bid_body(brief_id: UUID) -> dict[str, Any]:
    """Return what a bid on the brief sends, without its channel."""
    made = world.channels(1, now().date(), 12)[0]
    with db.transaction() as session:
        content = session.execute(
            sa.text("SELECT content FROM brief_versions v JOIN briefs b ON b.version_id = v.id WHERE b.id = :id"),
            {"id": brief_id},
        ).scalar_one()
    return offers.bid(np.random.default_rng(1), made, content, "")
