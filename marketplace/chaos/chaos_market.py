"""What the fault runs bid on: one brief, one creator with many channels, written through the services."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa

from marketplace.briefs import service as briefs
from marketplace.briefs.schemas import BriefIn
from marketplace.channels import peers
from marketplace.channels.files import bulk_store
from marketplace.channels.files.bulk_store import ChannelEntry
from marketplace.core import db, events
from marketplace.core.actor import EVERYTHING, SYSTEM, Actor, Role
from marketplace.core.clock import now
from marketplace.core.ids import new_id, show
from marketplace.demo import offers, wishes, world
from marketplace.demo.files import record
from marketplace.identity import api_keys
from marketplace.identity import service as identity


@dataclass(frozen=True)
class ChaosMarket:
    """A brief that takes bids, and who bids with which channels."""

    brief_id: UUID
    creator_key: str
    channels: list[str]
    document: dict[str, Any]
    made: list[world.MadeChannel]

    @property
    def brief(self) -> str:
        return show("brf", self.brief_id)

    def bid(self, channel: str) -> dict[str, Any]:
        place = self.channels.index(channel)
        return offers.bid(np.random.default_rng(place), self.made[place], self.document, channel)


def make(count: int) -> ChaosMarket:
    """Write the market; the workers make features and forecasts of it as of any other."""
    at = datetime.now(UTC)
    document = wishes.brief(0, at, at + timedelta(hours=6))
    with db.transaction() as session:
        brand = _party(session, "brand")
        made = briefs.create(session, brand, loaded=BriefIn().load(document))
        briefs.publish(session, brand, made.id)
        creator = _party(session, "creator")
        key = api_keys.create(
            session, creator, name="chaos", scopes=sorted(EVERYTHING), mode="live", expires_at=None
        ).secret
        drawn = world.channels(3, now().date(), count)
        entries = [_entry(number, creator.party_id, one) for number, one in enumerate(drawn)]
        stored = bulk_store.store(session, entries, None, peers.PeerRanges())
        events.record(session, "audience_snapshots.new", stored.snapshot_ids[0], SYSTEM, parties=[])
        rows = session.execute(_HANDLES, {"creator": creator.party_id}).all()
        found: dict[str, UUID] = {row.handle: row.id for row in rows}
    assert key is not None
    channels = [show("chn", found[one.handle]) for one in drawn]
    return ChaosMarket(made.id, key, channels, document, drawn)


_HANDLES = sa.text("SELECT handle, id FROM channels WHERE creator_id = :creator")


def _party(session: Any, kind: str) -> Actor:
    seat = identity.sign_up(
        session,
        email=f"{new_id().hex}@chaos.example",
        password=new_id().hex,
        name="Chaos",
        party_name=f"Chaos {kind}",
        kind=kind,
    )
    return Actor(role=Role(kind), party_id=seat.party.id, person_id=seat.person.id)


def _entry(number: int, creator_id: UUID | None, one: world.MadeChannel) -> ChannelEntry:
    assert creator_id is not None
    told = record(one, now().date())
    channel = {
        name: getattr(told, name)
        for name in ("platform", "account_key", "handle", "name", "url", "language", "region", "verticals")
    }
    return ChannelEntry(number, creator_id, channel, {**told.snapshot, "evidence_hash": one.handle}, told.videos)
