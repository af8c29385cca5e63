"""The market of a fault run: one brief, and one creator with many channels, written through the services."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa

from marketplace.briefs import service as briefs
from marketplace.briefs.schemas import BriefIn
from marketplace.channels import peers
from marketplace.channels.facts.provenance import of_file
from marketplace.channels.files import bulk_store
from marketplace.channels.files.bulk_store import ChannelEntry, told_entry
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
    """A brief that takes bids, the key of the creator who bids, and the creator's channels."""

    brief_id: UUID
    creator_key: str
    channels: list[str]
    document: dict[str, Any]
    made: list[world.MadeChannel]

    @property
    def brief(self) -> str:
        return show("brf", self.brief_id)

    def bid(self, channel: str) -> dict[str, Any]:
        index = self.channels.index(channel)
        return offers.bid(np.random.default_rng(index), self.made[index], self.document, channel)


def make(count: int) -> ChaosMarket:
    """Write the market with `count` channels; the workers compute its features and forecasts like any other's."""
    moment = now()
    document = wishes.brief(0, moment, moment + timedelta(hours=6))
    with db.transaction() as session:
        brand = _party(session, "brand")
        brief = briefs.create(session, brand, loaded=BriefIn().load(document))
        briefs.publish(session, brand, brief.id)
        creator = _party(session, "creator")
        key = api_keys.create(session, creator, name="chaos", scopes=sorted(EVERYTHING), expires_at=None).secret
        channels_made = world.channels(3, now().date(), count)
        entries = [_entry(creator.party_id, channel) for channel in channels_made]
        stored = bulk_store.store(session, entries, None, peers.PeerRanges())
        events.record(session, "audience_snapshots.new", stored.snapshot_ids[0], SYSTEM, parties=[])
        rows = session.execute(_HANDLES, {"creator": creator.party_id}).all()
        ids_by_handle: dict[str, UUID] = {row.handle: row.id for row in rows}
    assert key is not None
    channels = [show("chn", ids_by_handle[channel.handle]) for channel in channels_made]
    return ChaosMarket(brief.id, key, channels, document, channels_made)


_HANDLES = sa.text("SELECT handle, id FROM channels WHERE creator_id = :creator")


def _party(session: Any, kind: str) -> Actor:
    membership = identity.sign_up(
        session,
        email=f"{new_id().hex}@chaos.example",
        password=new_id().hex,
        name="Chaos",
        party_name=f"Chaos {kind}",
        kind=kind,
    )
    return Actor(role=Role(kind), party_id=membership.party.id, person_id=membership.person.id)


def _entry(creator_id: UUID | None, channel_made: world.MadeChannel) -> ChannelEntry:
    assert creator_id is not None
    channel_record = record(channel_made, now().date())
    channel = {
        name: getattr(channel_record, name)
        for name in ("platform", "account_key", "handle", "name", "url", "language", "region", "verticals")
    }
    return told_entry(
        creator_id,
        channel,
        {**channel_record.snapshot, "evidence_hash": channel_made.handle},
        channel_record.videos,
        told=of_file(channel_record.snapshot["source"]),
    )
