"""The gates that hold a bid back from a set: the review's decision, the law, promises elsewhere, audience, cost."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from marketplace.briefs.models import Brief, BriefVersion
from marketplace.pacing import service as pacing
from marketplace.pacing.exclusivity import WantedPlacement

# A review's word on the bid. One that nobody has settled yet holds nothing back: the brand chooses, admins decide.
_REVIEW_GATES = {"rejected": "review_rejected", "held": "review_held"}


def first_gate(row: Any, known: bool, unlawful: bool, paced: str, disturbing: bool, reaches: bool) -> str:
    """Return the first gate that holds a bid back, or an empty text. What was accepted is not held back any more."""
    if row.status == "accepted":
        return ""
    gates = (
        ("declined", row.status == "declined"),
        (_REVIEW_GATES.get(row.review, ""), row.review in _REVIEW_GATES),
        ("law_minors", unlawful),
        (paced, bool(paced)),
        ("over_tolerance", disturbing),
        ("no_audience_data", not known),
        ("no_reach", not reaches),
        ("cost_unbounded", not math.isfinite(max(option_costs(row)))),
    )
    return next((code for code, holds in gates if holds), "")


def pacing_gates(session: Session, brief: Brief, version: BriefVersion, rows: Sequence[Any]) -> Iterator[str]:
    """Return for each bid which of the channel's own promises and rules holds it back, or an empty text.

    The session must see all: other brands' deals and windows of exclusivity count against the bids.
    """
    brand = version.content["brand"]
    placement = WantedPlacement(brief.brand_id, [*brand["names"], *brand.get("aliases", [])], version.category)
    offers = {row.channel_id: row.deliverables for row in rows if row.status == "open"}
    held = pacing.gates(session, placement, version.content["publish_window"], offers)
    return (held.get(row.channel_id, "") for row in rows)


def option_costs(row: Any) -> list[float]:
    """Return the most that each option of a bid may cost; what was accepted was accepted at its own price."""
    costs: list[float] = row.option_costs
    return costs[:1] if row.status == "accepted" else costs
