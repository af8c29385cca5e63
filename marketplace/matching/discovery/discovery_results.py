"""What discovery finds: channels for a brief and briefs for a channel, each with its figures and reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from marketplace.channels.models import ClaimStatus
from marketplace.core.estimate import Estimate
from marketplace.core.message import Message
from marketplace.core.money import Money
from marketplace.matching.gates.bid_gates import ShutGate


@dataclass(frozen=True, kw_only=True)
class CandidateFigures:
    """A channel's figures for a brief, as if it had bid its likely price for one video without a placement plan.

    `overall` is 0..100; `people` are on-target people of one video; `price` and `per_thousand` (1,000 on-target people)
    are minor units of `currency`; `fit` and `ad_load` are 0..1. `price_basis` is one of asking_price.BASES, and
    `price_count` the number of deals, listed prices or past videos behind it. Nothing of the creator's own costs is
    among them.
    """

    overall: Estimate
    views: Estimate
    share: Estimate
    people: Estimate
    per_thousand: Estimate
    fit: float | None
    price: Estimate
    price_basis: str
    price_count: int
    currency: str
    ad_load: float | None
    flags: Sequence[str]
    reasons: Sequence[Message]


@dataclass(frozen=True, kw_only=True)
class FoundChannel(CandidateFigures):
    """A channel that was found for a brief. `represented`: an agency acts for it today. `gates` are those that would be
    shut for a bid of it."""

    channel_id: UUID
    channel_name: str
    handle: str
    platform: str
    url: str | None
    region: str | None
    language: str | None
    verticals: Mapping[str, float]
    followers: int
    taken_on: date
    source: str
    creator_id: UUID
    represented: bool
    claim_status: ClaimStatus
    gates: Sequence[ShutGate] = ()


@dataclass(frozen=True)
class FoundChannels:
    """The best channels for a brief, the best first, out of the `channels` that can be found in the market."""

    brief_id: UUID
    channels: int
    data: Sequence[FoundChannel]


@dataclass(frozen=True, kw_only=True)
class OpenBrief(CandidateFigures):
    """An open brief on which the asking side has no bid for the channel. `worth_at_ceiling` is what its ceiling allows
    for the channel's expected on-target people, minor units; the ceiling is minor units per 1,000 on-target people."""

    brief_id: UUID
    title: str
    category: str
    markets: Sequence[str]
    placement_kinds: Sequence[str]
    budget: Money
    bids_close_at: datetime
    days_left: float
    ceiling_per_thousand: float
    ceiling_is_the_briefs: bool
    worth_at_ceiling: float


@dataclass(frozen=True)
class OpenBriefs:
    """The best open briefs for a channel, the best first, out of the `briefs` that the filters let through."""

    channel_id: UUID
    briefs: int
    data: Sequence[OpenBrief]
