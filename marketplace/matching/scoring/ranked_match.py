"""One line of a brief's ranking: a bid, its scores, and the reasons that this reader may see."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from marketplace.core.estimate import Estimate
from marketplace.core.message import Message
from marketplace.intrusiveness.backlash import ShownBacklash
from marketplace.matching.pricing.messages import FairPrice
from marketplace.matching.scoring import scored_bid
from marketplace.matching.scoring.messages import reasons
from marketplace.matching.scoring.scored_bid import ScoredBid

# Parts and reasons that depend on the brief's other bids.
RELATIVE = frozenset({"percentile", "comparables", "peers", "price_percentile", "too_few_comparables"})


@dataclass(frozen=True)
class RankedMatch:
    """A bid's match as it is shown. `rank` is None while the bids are sealed; `fresh`: scored on the current inputs.

    `plan` is the score of the placement plan, set only when a single bid is read. `channel_proven`: the bidder has
    shown that the channel is its own; `rival_claims`: how many others claim it; `rights_refused`: rights that the brief
    asks for and the bid refuses. `computed` holds what was computed where reviewers have put another value in its
    place.
    """

    id: UUID
    bid_id: UUID
    channel_id: UUID
    channel_name: str
    handle: str
    platform: str
    creator_id: UUID
    agency_id: UUID | None
    bid_status: str
    rank: int | None
    fingerprint: str
    model_version: str
    scored_at: datetime
    fresh: bool
    scored: ScoredBid
    reasons: tuple[Message, ...]
    fair_price: FairPrice | None = None
    plan: Mapping[str, Any] | None = None
    is_sealed: bool = False
    channel_proven: bool = False
    rival_claims: int = 0
    rights_refused: tuple[str, ...] = ()
    computed: Mapping[str, Any] | None = None

    @property
    def overall(self) -> float | None:
        return self.scored.overall.point

    @property
    def overall_low(self) -> float | None:
        return self.scored.overall.low

    @property
    def overall_high(self) -> float | None:
        return self.scored.overall.high

    @property
    def intrusiveness(self) -> Estimate:
        return self.scored.intrusiveness

    @property
    def backlash(self) -> ShownBacklash | None:
        return self.scored.backlash

    @property
    def flags(self) -> tuple[str, ...]:
        return self.scored.flags

    @property
    def parts(self) -> dict[str, Any]:
        """The numbers behind the scores, by name; while bids are sealed, without those that depend on other bids."""
        parts = self.scored.parts()
        if self.fair_price is not None:
            parts["fair_price"] = self.fair_price.numbers()
        return {name: value for name, value in parts.items() if not (self.is_sealed and name in RELATIVE)}

    def sealed(self) -> Self:
        """Return the match without what depends on the other bids: while they are sealed it would give them away."""
        kept = tuple(reason for reason in self.reasons if reason.code not in RELATIVE)
        return replace(self, rank=None, reasons=kept, is_sealed=True)

    def with_fair_price(self, fair_price: FairPrice, reason: Message) -> Self:
        return replace(self, fair_price=fair_price, reasons=(*self.reasons, reason))

    def with_reasons(self, added: Iterable[Message]) -> Self:
        return replace(self, reasons=(*self.reasons, *added))


def from_row(row: Any) -> RankedMatch:
    """Return the match of a row (a mapping) that has scored_bid.COLUMNS and the fields of a RankedMatch by name."""
    scored = scored_bid.from_row(row)
    return RankedMatch(
        id=row["id"],
        bid_id=row["bid_id"],
        channel_id=row["channel_id"],
        channel_name=row["channel_name"],
        handle=row["handle"],
        platform=row["platform"],
        creator_id=row["creator_id"],
        agency_id=row["agency_id"],
        bid_status=row["bid_status"],
        rank=row["rank"],
        fingerprint=row["fingerprint"],
        model_version=row["model_version"],
        scored_at=row["scored_at"],
        fresh=bool(row["fresh"]),
        scored=scored,
        reasons=tuple(reasons(scored)),
        channel_proven=row["channel_proven"],
        rival_claims=row["rival_claims"],
        rights_refused=tuple(row["rights_refused"]),
        computed=row["computed"],
    )
