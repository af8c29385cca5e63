"""Sketches of audiences in the market: handed in by a channel's side, confirmed by an admin, compared by the market.

Nobody reads the data of a sketch again: the market answers with how many people are in the union of a set or in both of
two, and uses that as measured overlap.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels import policy as channels_policy
from marketplace.channels.anomalies import EARLIEST
from marketplace.channels.models import Channel
from marketplace.core import db, events
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, FieldError, InvalidInput
from marketplace.core.http import paging
from marketplace.core.message import Bilingual
from marketplace.matching.overlap import theta_sketch
from marketplace.matching.overlap.models import AudienceSketch, SketchKind, SketchSalt
from marketplace.matching.overlap.policy import visible

# The channels of a platform whose newest sketches are compared with each other: 300 pairs.
COMPARED_MOST = 25
# Of each channel the newest sketch of each kind; an account that several creators claim is one.
_NEWEST = (
    "SELECT DISTINCT ON (s.channel_id, s.kind) s.channel_id, s.platform, s.kind, s.people, s.data, s.taken_on"
    " FROM audience_sketches s JOIN channels c ON c.id = s.channel_id WHERE s.confirmed_at IS NOT NULL{more}"
    " ORDER BY s.channel_id, s.kind, s.taken_on DESC, s.id DESC"
)
_AMONG = sa.text(
    _NEWEST.format(
        more=" AND s.channel_id = ANY(:channels) AND s.confirmed_at <= coalesce(:before, 'infinity'::timestamptz)"
    )
).bindparams(sa.bindparam("before", type_=sa.DateTime(timezone=True)))
_COUNTED_ONCE = _NEWEST.format(more=f" AND {channels_policy.counts_once('c')}")
_EVERYWHERE = sa.text(
    "SELECT channel_id, platform, kind, people, data, taken_on FROM (SELECT n.*, row_number() OVER (PARTITION BY"
    f" platform, kind ORDER BY taken_on DESC, channel_id) AS place FROM ({_COUNTED_ONCE}) n) m WHERE place <= :most"
)


@dataclass(frozen=True)
class SharedSalt:
    """What the owners' sketches have in common in this market."""

    salt: str
    hashes: int = theta_sketch.HASHES_MOST
    people_least: int = theta_sketch.PEOPLE_LEAST


class SketchedPair(NamedTuple):
    """Two channels whose sketches were compared: the people of both audiences, the share of the smaller that the other
    has too, and the day of the older sketch."""

    channel_id: UUID
    other_channel_id: UUID
    people: int
    other_people: int
    value: float
    measured_on: date


@dataclass(frozen=True)
class SketchedUnion:
    """The people of a whole set by its sketches, of one platform and kind, with 95 % bounds; those of all added up; and
    the day of the oldest sketch."""

    platform: str
    kind: str
    people: float
    low: float
    high: float
    summed: float
    oldest_on: date


def shared_salt(session: Session) -> SharedSalt:
    """Return what ids are to be hashed with, for an owner's own machine."""
    return SharedSalt(session.scalars(sa.select(SketchSalt.digits)).one())


def _salt(session: Session) -> bytes:
    return bytes.fromhex(shared_salt(session).salt)


def record(
    session: Session, actor: Actor, *, channel_id: UUID, kind: SketchKind, taken_on: date, source: str, sketch: bytes
) -> AudienceSketch:
    """Store a sketch of an own channel's audience. That of an admin counts at once.

    Raises NotFound (a channel that is not theirs) and InvalidInput.
    """
    channel = db.get(session, Channel, channel_id, channels_policy.own(actor))
    if not EARLIEST <= taken_on <= now().date():
        raise InvalidInput(
            errors=[
                FieldError(
                    "/taken_on", Bilingual(f"必须在 {EARLIEST} 到今天之间。", f"Must lie between {EARLIEST} and today.")
                )
            ]
        )
    try:
        estimate = theta_sketch.read(sketch, _salt(session))
    except theta_sketch.BadSketch as error:
        raise InvalidInput(errors=[FieldError("/sketch", error.said)]) from error
    row = AudienceSketch(
        channel_id=channel_id,
        creator_id=channel.creator_id,
        platform=channel.platform,
        kind=kind,
        taken_on=taken_on,
        source=source,
        people=estimate.people,
        low=estimate.low,
        high=estimate.high,
        data=sketch,
        told_by_id=actor.party_id,
        confirmed_at=now() if actor.sees_all else None,
    )
    session.add(row)
    session.flush()
    events.record(session, "audience_sketches.new", row.id, actor, parties=[row.creator_id])
    return row


def confirm(session: Session, actor: Actor, sketch_id: UUID) -> AudienceSketch:
    """Let a sketch count that a side handed in, as an admin. Raises NotFound and Conflict."""
    row = db.lock(session, AudienceSketch, sketch_id, visible(actor, AudienceSketch))
    if row.confirmed_at is not None:
        raise Conflict(Bilingual("这个受众摘要已经确认。", "This sketch is confirmed already."))
    row.confirmed_at = now()
    row.version += 1
    events.record(session, "audience_sketches.confirm", row.id, actor, parties=[row.creator_id])
    return row


def remove(session: Session, actor: Actor, sketch_id: UUID) -> None:
    """Take a sketch back, with its data. What was learnt from it until then stays. Raises NotFound."""
    row = db.lock(session, AudienceSketch, sketch_id, visible(actor, AudienceSketch))
    events.record(session, "audience_sketches.remove", row.id, actor, parties=[row.creator_id])
    session.delete(row)
    session.flush()


def listed(
    session: Session, actor: Actor, *, limit: int, starting_after: UUID | None, channel_id: UUID | None
) -> paging.Page[AudienceSketch]:
    """Return a page of the sketches that the actor may see, of one channel or of all, without their data."""
    query = sa.select(AudienceSketch).where(visible(actor, AudienceSketch))
    if channel_id is not None:
        query = query.where(AudienceSketch.channel_id == channel_id)
    return paging.page(session, query, AudienceSketch, limit, starting_after)


def pairs(session: Session, channels: Sequence[UUID] | None = None) -> list[SketchedPair]:
    """Return what sketches of one platform and kind have in common, among some channels or among the newest of the
    market. Of a pair with sketches of both kinds the viewers count."""
    query = _EVERYWHERE if channels is None else _AMONG
    values: dict[str, Any] = {"most": COMPARED_MOST}
    if channels is not None:
        values = {"channels": sorted(set(channels)), "before": None}
    groups: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in session.execute(query, values):
        groups[row.platform, row.kind].append(row)
    salt = _salt(session)
    found: dict[tuple[UUID, UUID], SketchedPair] = {}
    for _, rows in sorted(groups.items(), reverse=True):  # viewers before commenters
        newest = sorted(rows, key=lambda row: (row.taken_on, row.channel_id), reverse=True)[:COMPARED_MOST]
        for one, other in combinations(sorted(newest, key=lambda row: row.channel_id), 2):
            pair = (one.channel_id, other.channel_id)
            if pair not in found:
                found[pair] = _compared(one, other, salt)
    return list(found.values())


def _compared(one: Any, other: Any, salt: bytes) -> SketchedPair:
    shared = theta_sketch.both(one.data, other.data, salt)
    value = min(1.0, shared.people / min(one.people, other.people))
    taken_on = min(one.taken_on, other.taken_on)
    return SketchedPair(one.channel_id, other.channel_id, round(one.people), round(other.people), value, taken_on)


def union_of(session: Session, channels: Sequence[UUID], before: datetime | None = None) -> SketchedUnion | None:
    """Return the people of a set whose channels all have a sketch of one platform and kind, confirmed before a moment;
    None for any other set. Viewers count before commenters."""
    rows = session.execute(_AMONG, {"channels": sorted(set(channels)), "before": before}).all()
    for kind in SketchKind:
        some = [row for row in rows if row.kind == kind]
        if not channels or {row.channel_id for row in some} != set(channels) or len({r.platform for r in some}) > 1:
            continue
        together = theta_sketch.union([row.data for row in some], _salt(session))
        return SketchedUnion(
            platform=some[0].platform,
            kind=kind,
            people=together.people,
            low=together.low,
            high=together.high,
            summed=sum(row.people for row in some),
            oldest_on=min(row.taken_on for row in some),
        )
    return None
