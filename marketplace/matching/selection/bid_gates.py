"""The gates that keep a bid out of a set: the review's decision, the law, promises elsewhere, audience, cost."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from marketplace.briefs.models import Brief, BriefVersion
from marketplace.pacing import service as pacing
from marketplace.pacing.exclusivity import WantedPlacement

# Reviews that keep a bid out. A review that is not settled yet keeps nothing out: the brand chooses, admins decide.
_REVIEW_GATES = {"rejected": "review_rejected", "held": "review_held"}


def first_gate(row: Any, known: bool, unlawful: bool, pacing_gate: str, over_tolerance: bool, reaches: bool) -> str:
    """Return the code of the first gate that keeps a bid out, or "". An accepted bid is never kept out."""
    if row.status == "accepted":
        return ""
    gates = (
        ("declined", row.status == "declined"),
        (_REVIEW_GATES.get(row.review, ""), row.review in _REVIEW_GATES),
        ("law_minors", unlawful),
        (pacing_gate, bool(pacing_gate)),
        ("over_tolerance", over_tolerance),
        ("no_audience_data", not known),
        ("no_reach", not reaches),
        ("cost_unbounded", not math.isfinite(max(option_costs(row)))),
    )
    return next((code for code, holds in gates if holds), "")


def pacing_gates(session: Session, brief: Brief, version: BriefVersion, rows: Sequence[Any]) -> Iterator[str]:
    """Return for each bid the code of the channel's own promise or rule that keeps it out, or "".

    The session must see all rows: other brands' deals and exclusivity windows count against the bids.
    """
    brand = version.content["brand"]
    placement = WantedPlacement(brief.brand_id, [*brand["names"], *brand.get("aliases", [])], version.category)
    offers = {row.channel_id: row.deliverables for row in rows if row.status == "open"}
    gates = pacing.gates(session, placement, version.content["publish_window"], offers)
    return (gates.get(row.channel_id, "") for row in rows)


def option_costs(row: Any) -> list[float]:
    """Return the most that each option of a bid may cost. An accepted bid has only its own price left."""
    costs: list[float] = row.option_costs
    return costs[:1] if row.status == "accepted" else costs
