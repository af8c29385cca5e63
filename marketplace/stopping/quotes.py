"""What cancelling a deal costs, said before it is done: a document with a hash, which costs exactly what it says.

The shares are those of the deal's terms, by what has been handed in. Three rules are beside them: what is late beyond
LATE_DAYS costs the brand nothing; whoever of the maker's side cancels gets nothing for what is not live, for it is they
who leave; but where the brand has owed an answer for too long, the maker leaves as if the brand had cancelled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from marketplace.core import ids
from marketplace.core.money import BASIS
from marketplace.deals.models import DealParty
from marketplace.deals.terms.terms_document import hash_of

SCHEMA = "cancellation-quote/1"
# So many days after the day that it was due, or after the brand's last answer if that was later.
LATE_DAYS = 7


class CancellationStage(StrEnum):
    """How far a deliverable is, as the terms name it."""

    BEFORE_SCRIPT = "before_script"
    AFTER_SCRIPT = "after_script"
    AFTER_DRAFT = "after_draft"
    AFTER_APPROVAL = "after_approval"


class CancellationScope(StrEnum):
    """What is to be cancelled: all that is not live yet, or what is late beyond the days that the maker has."""

    ALL = "all"
    LATE = "late"


class CostRule(StrEnum):
    """Why a deliverable costs what it does."""

    STAGE = "stage"  # the terms' share, by how far it is
    LATE = "late"
    MAKER_LEAVES = "maker_leaves"
    BRAND_SILENT = "brand_silent"  # the maker leaves, and the brand owed an answer


@dataclass(frozen=True)
class StoppedVideo:
    """What is known of a deliverable that is not live: what is in escrow for it, and what of it has been paid."""

    id: UUID
    position: int
    title: str | None
    stage: CancellationStage
    price_minor: int
    held_minor: int
    paid_minor: int
    is_late: bool
    is_brand_silent: bool


@dataclass(frozen=True)
class QuoteFacts:
    """What a quote is made of. `live` are the positions that go on to be settled; `exclusive_until` is the day on
    which the channel's exclusivity ends once it is done, None for at once."""

    deal_id: UUID
    terms_hash: str
    currency: str
    fee_basis_points: int
    shares: Mapping[str, int]
    videos: Sequence[StoppedVideo]
    live: Sequence[int]
    exclusive_until: date | None


@dataclass(frozen=True)
class Quote:
    """A quote as it is shown, stored and hashed."""

    content: Mapping[str, Any]

    @property
    def content_hash(self) -> str:
        return hash_of(self.content)

    @property
    def lines(self) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self.content["lines"]
        return found

    @property
    def silence_cancels(self) -> bool:
        return bool(self.content["silence_cancels"])


def quote(facts: QuoteFacts, side: DealParty, scope: CancellationScope) -> Quote:
    """Return what it costs if this side cancels."""
    videos = [one for one in facts.videos if scope is CancellationScope.ALL or one.is_late]
    lines = [_line(facts, one, side) for one in videos]
    handed_in = {CancellationStage.AFTER_DRAFT, CancellationStage.AFTER_APPROVAL}
    return Quote(
        {
            "schema": SCHEMA,
            "deal_id": ids.show("dea", facts.deal_id),
            "terms_hash": facts.terms_hash,
            "side": str(side),
            "scope": str(scope),
            "currency": facts.currency,
            "lines": lines,
            "live": list(facts.live),
            "due_minor": sum(line["due_minor"] for line in lines),
            "returned_minor": sum(line["returned_minor"] for line in lines),
            "silence_cancels": not any(one.stage in handed_in for one in videos),
            "exclusive_until": facts.exclusive_until.isoformat() if facts.exclusive_until else None,
        }
    )


def _line(facts: QuoteFacts, video: StoppedVideo, side: DealParty) -> dict[str, Any]:
    rule = _rule(video, side)
    share = facts.shares[video.stage] if rule in (CostRule.STAGE, CostRule.BRAND_SILENT) else 0
    # Rounded down to a whole unit; what milestones have paid already counts.
    due = min(max(video.price_minor * share // BASIS - video.paid_minor, 0), video.held_minor)
    return {
        "deliverable_id": ids.show("dlv", video.id),
        "position": video.position,
        "title": video.title,
        "stage": str(video.stage),
        "rule": str(rule),
        "share_basis_points": share,
        "held_minor": video.held_minor,
        "due_minor": due,
        "fee_basis_points": facts.fee_basis_points,
        "returned_minor": video.held_minor - due,
    }


def _rule(video: StoppedVideo, side: DealParty) -> CostRule:
    if side is DealParty.BRAND:
        return CostRule.LATE if video.is_late else CostRule.STAGE
    return CostRule.BRAND_SILENT if video.is_brand_silent else CostRule.MAKER_LEAVES
