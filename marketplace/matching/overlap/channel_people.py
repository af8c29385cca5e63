"""How many people follow some channels together, each counted once: by their sketches, else by the law of audiences."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.matching.audience import share_columns, targets
from marketplace.matching.audience.arrays import as_floats
from marketplace.matching.overlap import overlap_fit, set_union, sketches, units
from marketplace.matching.overlap import service as overlaps

_FOLLOWED = sa.text(
    "SELECT f.channel_id, f.shares, c.language, s.followers FROM channel_features f"
    " JOIN channels c ON c.id = f.channel_id JOIN audience_snapshots s ON s.id = f.snapshot_id"
    " WHERE f.channel_id = ANY(:channels) AND s.followers > 0"
)


class PeopleBasis(StrEnum):
    """What a count of people rests on."""

    SKETCHES = "sketches"  # lists of people that the channels' side had hashed
    MODEL = "model"  # audiences, and what pairs of them share as measured or predicted
    ONE_CHANNEL = "one_channel"  # nobody to count twice
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ChannelPeople:
    """Those who follow a channel (None: its audience is not known), and whom it adds to the channels before it."""

    channel_id: UUID
    people: int | None
    added: int | None


@dataclass(frozen=True)
class CountedPeople:
    """The people of channels: those of each, all added up, and each counted once (None: nothing is known of them)."""

    channels: Sequence[ChannelPeople]
    summed: int | None
    people: int | None
    basis: PeopleBasis


def count(session: Session, channels: Sequence[UUID]) -> CountedPeople:
    """Return the people who follow these channels. One whose audience is not known adds nobody, and says so.

    The session must see all rows.
    """
    rows = {row.channel_id: row for row in session.execute(_FOLLOWED, {"channels": sorted(set(channels))})}
    known = [channel for channel in dict.fromkeys(channels) if channel in rows]
    if not known:
        return CountedPeople([ChannelPeople(one, None, None) for one in channels], None, None, PeopleBasis.UNKNOWN)
    added = _added(session, [rows[channel] for channel in known])
    told = dict(zip(known, added, strict=True))
    basis, people = PeopleBasis.MODEL if len(known) > 1 else PeopleBasis.ONE_CHANNEL, sum(added)
    sketched = sketches.union_of(session, known) if len(known) > 1 else None
    summed = sum(rows[channel].followers for channel in known)
    if sketched is not None:
        # Of followers as many are the same people as of those whose lists were compared.
        basis, people = PeopleBasis.SKETCHES, summed * sketched.people / sketched.summed
    return CountedPeople(
        [
            ChannelPeople(one, rows[one].followers, round(told[one])) if one in rows else ChannelPeople(one, None, None)
            for one in channels
        ],
        summed,
        round(people),
        basis,
    )


def _added(session: Session, rows: Sequence[Any]) -> list[float]:
    """Return whom each channel adds to those before it."""
    if len(rows) == 1:
        return [float(rows[0].followers)]
    followers = as_floats([row.followers for row in rows])
    shares = share_columns.unpack(b"".join(share_columns.filled_up(row.shares) for row in rows))
    languages = [row.language or "" for row in rows]
    whole = targets.target_weights([{}])
    audiences = units.lay(shares.joint, shares.regions, shares.tags, followers, whole, languages)
    duplication = overlaps.load_named(session, overlaps.newest_name(session)).duplication
    pairs = set_union.pairs_of(audiences, duplication, _measured(session, rows))
    union = set_union.matched(audiences, pairs)
    # Of people outside of the cells that the model knows nobody is in two: as many of each channel as it lost to them.
    missing = np.maximum(followers - union.alone(), 0.0)
    return [float(one) for one in union.added() + missing]


def _measured(session: Session, rows: Sequence[Any]) -> dict[tuple[int, int], float]:
    """Return the lifts of the pairs that were measured, by their places."""
    place = {row.channel_id: number for number, row in enumerate(rows)}
    stored = overlaps.measured_pairs(session, list(place))
    if not stored:
        return {}
    shares = {row.channel_id: share_columns.filled_up(row.shares) for row in rows}
    audiences = overlaps.audiences_of(stored, shares, {row.channel_id: row.language for row in rows})
    lifts = overlap_fit.own_lifts(audiences).tolist()
    found = {}
    for (one, other, *_), lift in zip(stored, lifts, strict=True):
        first, second = sorted((place[UUID(one)], place[UUID(other)]))
        found[first, second] = lift
    return found
