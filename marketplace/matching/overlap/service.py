"""Measured overlaps of audiences: reported by a channel's side or an admin, confirmed by an admin, fitted by a job."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels import policy as channels_policy
from marketplace.channels.anomalies import EARLIEST
from marketplace.channels.models import Channel
from marketplace.core import db, events
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, FieldError, InvalidInput
from marketplace.core.fingerprint import fingerprint
from marketplace.core.http import paging
from marketplace.core.message import Bilingual
from marketplace.matching.audience import share_columns, targets
from marketplace.matching.audience.arrays import as_floats
from marketplace.matching.overlap import duplication, overlap_fit, sketches, units
from marketplace.matching.overlap.duplication import PRIOR, DuplicationModel, MarketDuplication
from marketplace.matching.overlap.models import AudienceOverlap, OverlapMethod, OverlapModel
from marketplace.matching.overlap.overlap_fit import AudiencePairs
from marketplace.matching.overlap.policy import visible
from marketplace.matching.overlap.sketches import SketchedPair

# The newest pairs that a fit uses: more of them change little and take a minute.
PAIRS_MAX = 300
_METHODS = [str(method) for method in OverlapMethod]
# One measurement of a pair counts: the newest of the most reliable method. Its audiences are those known today.
_PAIRS = (
    "SELECT DISTINCT ON (least(o.channel_id, o.other_channel_id), greatest(o.channel_id, o.other_channel_id))"
    " o.id, o.channel_id, o.other_channel_id, o.people, o.other_people, o.value, o.measured_on, o.method, f.shares,"
    " g.shares AS other_shares, c.language, d.language AS other_language"
    " FROM audience_overlaps o JOIN channel_features f ON f.channel_id = o.channel_id"
    " JOIN channel_features g ON g.channel_id = o.other_channel_id"
    " JOIN channels c ON c.id = o.channel_id JOIN channels d ON d.id = o.other_channel_id"
    " WHERE o.confirmed_at IS NOT NULL{more}"
    " ORDER BY least(o.channel_id, o.other_channel_id), greatest(o.channel_id, o.other_channel_id),"
    " array_position(:methods, o.method), o.measured_on DESC, o.id DESC"
)
# What the fit learns from: an account that several creators claim is one.
_ONCE = f" AND {channels_policy.counts_once('c')} AND {channels_policy.counts_once('d')}"
_NEWEST_PAIRS = sa.text(
    f"SELECT * FROM ({_PAIRS.format(more=_ONCE)}) p ORDER BY measured_on DESC, id DESC LIMIT :most"
).bindparams(methods=_METHODS)
_AMONG = sa.text(
    _PAIRS.format(more=" AND o.channel_id = ANY(:channels) AND o.other_channel_id = ANY(:channels)")
).bindparams(methods=_METHODS)

_CHANNELS = sa.text(
    "SELECT f.channel_id, f.shares, c.language FROM channel_features f JOIN channels c ON c.id = f.channel_id"
    " WHERE f.channel_id = ANY(:channels)"
)


@dataclass(frozen=True)
class FittedOverlap:
    """The newest lifts and the day they were fitted (None: the prior)."""

    duplication: MarketDuplication
    fitted_on: date | None


def record(
    session: Session, actor: Actor, *, channel_id: UUID, other_channel_id: UUID, measured_on: date, **measurement: Any
) -> AudienceOverlap:
    """Store a measured overlap of an own channel with any other. That of an admin counts at once.

    Raises NotFound (a channel that is not theirs) and InvalidInput.
    """
    channel = db.get(session, Channel, channel_id, channels_policy.own(actor))
    if not EARLIEST <= measured_on <= now().date():
        raise InvalidInput(
            Bilingual("这个重叠需要改正；什么都没有改动。", "The overlap has to be mended; nothing was changed."),
            errors=[
                FieldError(
                    "/measured_on",
                    Bilingual(f"必须在 {EARLIEST} 到今天之间。", f"Must lie between {EARLIEST} and today."),
                )
            ],
        )
    if other_channel_id == channel_id:
        raise InvalidInput(
            Bilingual("重叠是两个账号之间的。", "An overlap is of two channels."),
            errors=[FieldError("/other_channel_id", Bilingual("请写另一个账号。", "Name another channel."))],
        )
    row = AudienceOverlap(
        channel_id=channel_id,
        other_channel_id=other_channel_id,
        creator_id=channel.creator_id,
        measured_on=measured_on,
        told_by_id=actor.party_id,
        confirmed_at=now() if actor.sees_all else None,
        **measurement,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except sa.exc.IntegrityError as error:
        # This side may not read the other channel, so its foreign key says whether there is one.
        raise InvalidInput(
            Bilingual("没有另外那个账号。", "There is no such other channel."),
            errors=[
                FieldError("/other_channel_id", Bilingual("请写这个市场里的账号。", "Name a channel of this market."))
            ],
        ) from error
    events.record(session, "audience_overlaps.new", row.id, actor, parties=[row.creator_id])
    return row


def confirm(session: Session, actor: Actor, overlap_id: UUID) -> AudienceOverlap:
    """Confirm an overlap that a side reported, as an admin. Raises NotFound and Conflict."""
    row = db.lock(session, AudienceOverlap, overlap_id, visible(actor))
    if row.confirmed_at is not None:
        raise Conflict(Bilingual("这个重叠已经确认。", "This overlap is confirmed already."))
    row.confirmed_at = now()
    row.version += 1
    events.record(session, "audience_overlaps.confirm", row.id, actor, parties=[row.creator_id])
    return row


def listed(
    session: Session, actor: Actor, *, limit: int, starting_after: UUID | None, channel_id: UUID | None
) -> paging.Page[AudienceOverlap]:
    """Return a page of the overlaps that the actor may see, of one channel or of all."""
    query = sa.select(AudienceOverlap).where(visible(actor))
    if channel_id is not None:
        query = query.where(
            sa.or_(AudienceOverlap.channel_id == channel_id, AudienceOverlap.other_channel_id == channel_id)
        )
    return paging.page(session, query, AudienceOverlap, limit, starting_after)


def newest_name(session: Session) -> str | None:
    """Return the fingerprint of the newest fit; None before the first one."""
    return session.scalar(sa.select(OverlapModel.fingerprint).order_by(OverlapModel.id.desc()).limit(1))


def load_named(session: Session, name: str | None) -> FittedOverlap:
    """Return the lifts with this fingerprint, or the prior for None."""
    row = session.scalar(sa.select(OverlapModel).where(OverlapModel.fingerprint == name))
    if row is None:
        return FittedOverlap(PRIOR, None)
    return FittedOverlap(_from_content(row.content), row.fitted_at.date())


def _from_content(content: Mapping[str, Any]) -> MarketDuplication:
    if "markets" in content:
        return MarketDuplication({name: DuplicationModel(**model) for name, model in content["markets"].items()})
    return duplication.of_former(content["duplication"], len(units.NICHES))


def fit(session: Session) -> bool:
    """Fit the lifts of each market to the newest measured pairs; return whether the model is new."""
    db.lock_name(session, "overlaps")
    told = session.execute(_NEWEST_PAIRS, {"most": PAIRS_MAX}).all()
    rows = _with_sketches(session, sorted(told, key=lambda row: row.id), sketches.pairs(session))
    if not rows:
        return False
    found = overlap_fit.fit_markets(_pairs(rows))
    markets = {name: asdict(model) for name, model in sorted(found.fitted.items())}
    content = {"version": overlap_fit.MODEL_VERSION, "markets": markets}
    name = fingerprint(content)
    if newest_name(session) == name:
        return False
    session.execute(sa.delete(OverlapModel).where(OverlapModel.fingerprint == name))
    session.add(OverlapModel(fingerprint=name, content=content, pairs=len(rows), fitted_at=now()))
    session.flush()
    return True


def measured_pairs(session: Session, channels: Sequence[UUID]) -> list[list[Any]]:
    """Return the measured pairs among these channels as JSON values: both channels, the people of both, the share."""
    told = session.execute(_AMONG, {"channels": sorted(set(channels))}).all()
    rows = _with_sketches(session, sorted(told, key=lambda row: row.id), sketches.pairs(session, channels))
    return [[str(row.channel_id), str(row.other_channel_id), row.people, row.other_people, row.value] for row in rows]


def _with_sketches(session: Session, told: Sequence[Any], sketched: Sequence[SketchedPair]) -> list[Any]:
    """Return the pairs that were reported, and those whose sketches were compared instead of any but matched ids."""
    sure = {_both(row) for row in told if row.method == OverlapMethod.MEASURED_IDS}
    compared = {_both(pair): pair for pair in sketched if _both(pair) not in sure}
    channels = sorted({channel for pair in compared.values() for channel in pair[:2]})
    known = {row.channel_id: row for row in session.execute(_CHANNELS, {"channels": channels})}
    found: list[Any] = [row for row in told if _both(row) not in compared]
    for pair in compared.values():
        one, other = known.get(pair.channel_id), known.get(pair.other_channel_id)
        if one is not None and other is not None:
            found.append(ComparedPair(*pair[:5], one.shares, other.shares, one.language, other.language))
    return found


def _both(pair: Any) -> frozenset[UUID]:
    return frozenset((pair.channel_id, pair.other_channel_id))


def audiences_of(
    stored: Sequence[Sequence[Any]], shares: Mapping[UUID, bytes], languages: Mapping[UUID, str | None]
) -> AudiencePairs:
    """Return stored pairs as audiences, from each channel's packed shares and its language."""
    return _pairs(
        [
            StoredPair(
                people,
                other_people,
                value,
                shares[UUID(channel)],
                shares[UUID(other_channel)],
                languages[UUID(channel)],
                languages[UUID(other_channel)],
            )
            for channel, other_channel, people, other_people, value in stored
        ]
    )


class ComparedPair(NamedTuple):
    """A pair whose sketches were compared, with the same columns as one that was reported."""

    channel_id: UUID
    other_channel_id: UUID
    people: int
    other_people: int
    value: float
    shares: bytes
    other_shares: bytes
    language: str | None
    other_language: str | None


class StoredPair(NamedTuple):
    """A measured pair: the people of both audiences, the share of the smaller, and of both channels the packed shares
    and the language."""

    people: int
    other_people: int
    value: float
    shares: bytes
    other_shares: bytes
    language: str | None
    other_language: str | None


def _pairs(rows: Sequence[Any]) -> AudiencePairs:
    stored = [row.shares for row in rows] + [row.other_shares for row in rows]
    shares = share_columns.unpack(b"".join(map(share_columns.filled_up, stored)))
    audiences = units.lay(
        shares.joint,
        shares.regions,
        shares.tags,
        as_floats([row.people for row in rows] + [row.other_people for row in rows]),
        targets.target_weights([{}]),
        [row.language or "" for row in rows] + [row.other_language or "" for row in rows],
    )
    one, other = (np.arange(len(rows)) + start for start in (0, len(rows)))
    both = as_floats([row.value * min(row.people, row.other_people) for row in rows])
    return AudiencePairs(audiences.only(one), audiences.only(other), both)
