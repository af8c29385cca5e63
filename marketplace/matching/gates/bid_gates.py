"""THE gates of a bid: which of them it passes now, why each other one is shut, and what would open it.

Pure functions. Ranking, selection, what-if, discovery and acceptance ask here, so that none of them lets through what
another keeps out.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.core.message import Bilingual
from marketplace.core.money import show_minor
from marketplace.matching.gates.messages import GATES, OPENS_AFTER_CLOSE

# What the brand itself asked for, and may set aside on purpose when it accepts. The budget has a word of its own.
OVER_TOLERANCE = "over_tolerance"
BRANDS_OWN = frozenset({OVER_TOLERANCE, "over_ceiling", "part_offer"})
OVER_BUDGET = "over_budget"
SAME_ACCOUNT = "same_account"
# The highest number that an option of a bid may have.
OPTIONS_MAX = 20
# What a review's status does to its bid. A review that was approved or dropped keeps nothing out.
_REVIEW_GATES: Mapping[str, str] = {
    "rejected": "review_rejected",
    "held": "review_held",
    "open": "review_open",
    "second": "review_open",
    "deferred": "review_needed",
}


@dataclass(frozen=True)
class GateFacts:
    """What the gates of one bid read. Money is in minor units of `currency`; None where a figure is not known.

    `is_archived`: its channel was taken out of use; `is_handed_over`: its channel is another creator's by now.
    `is_beaten`: the claim of the channel was refused, or another party has proven that it is its own;
    `is_same_account`: another claimant's bid of the same account, which nobody has proven, is accepted;
    `is_part_offer`: it offers fewer videos than asked.
    `is_far_below`: the price is far below what such videos settle at. `placement` is the code of the channel's own
    promise or rule that leaves no room, or "". `minors` is the share (0..1) of the audience under 18, `law` the code of
    the rule that it breaks, or "". `ceiling` is None where the brief set none. `mismatches` says where the bid's
    document does not answer the brief. `cost` is the most that the bid can cost in the option in question, `committed`
    what the brief's accepted bids cost already. `per_thousand` and `intrusiveness` are of that option too. `is_closed`:
    bidding is over, so that no bid is revised.
    """

    status: str
    currency: str
    budget: int
    cost: float
    review: str | None = None
    review_reason: str = ""
    is_suspended: bool = False
    has_mandate: bool = True
    is_archived: bool = False
    is_handed_over: bool = False
    is_beaten: bool = False
    is_same_account: bool = False
    is_part_offer: bool = False
    stands_by_brief: bool = True
    mismatches: Sequence[Bilingual] = ()
    law: str = ""
    minors: float | None = None
    placement: str = ""
    is_known: bool = True
    people: float | None = None
    is_far_below: bool = False
    intrusiveness: float | None = None
    tolerance: float = 100.0
    per_thousand: float | None = None
    ceiling: float | None = None
    committed: int = 0
    is_closed: bool = False


@dataclass(frozen=True)
class ShutGate:
    """A gate that keeps a bid out: why, with its figures, and what would open it.

    `brands_own`: the brand may set it aside when it accepts, because it is a limit of the brand's own.
    """

    code: str
    zh: str
    en: str
    opens_zh: str
    opens_en: str
    brands_own: bool = False


def shut_gates(facts: GateFacts) -> tuple[ShutGate, ...]:
    """Return the gates that are shut for a bid now, in the order in which they are worth opening; empty if none is."""
    is_bounded = math.isfinite(facts.cost)
    money = {
        name: show_minor(facts.currency, amount or 0)
        for name, amount in (("cost", facts.cost if is_bounded else 0), ("left", _left(facts)), *_prices(facts).items())
    }
    shut: Sequence[tuple[str, Mapping[str, Any]]] = (
        ("" if facts.status in ("open", "accepted") else facts.status, {}),
        ("party_suspended" if facts.is_suspended else "", {}),
        ("no_mandate" if not facts.has_mandate else "", {}),
        ("channel_archived" if facts.is_archived else "", {}),
        ("channel_handed_over" if facts.is_handed_over else "", {}),
        ("claim_beaten" if facts.is_beaten else "", {}),
        (SAME_ACCOUNT if facts.is_same_account else "", {}),
        ("older_version" if not facts.stands_by_brief else "", {}),
        ("does_not_answer" if facts.mismatches else "", _joined(facts.mismatches)),
        ("part_offer" if facts.is_part_offer else "", {}),
        (_REVIEW_GATES.get(facts.review or "", ""), {"reason": facts.review_reason}),
        (facts.law, {"minors": facts.minors}),
        (facts.placement, {}),
        ("no_audience_data" if not facts.is_known else "", {}),
        ("no_reach" if facts.is_known and not (facts.people or 0) > 0 else "", {}),
        (OVER_TOLERANCE if _over(facts.intrusiveness, facts.tolerance) else "", _against_tolerance(facts)),
        ("price_below_market" if facts.is_far_below and facts.review != "approved" else "", {}),
        ("" if is_bounded else "cost_unbounded", {}),
        ("over_ceiling" if _over(facts.per_thousand, facts.ceiling) else "", money),
        # What is accepted is paid already: the budget that is left is asked of the others.
        (OVER_BUDGET if is_bounded and facts.status != "accepted" and _left(facts) < facts.cost else "", money),
    )
    # The brand has set its own limits aside for what it has accepted.
    settled = BRANDS_OWN if facts.status == "accepted" else frozenset()
    return tuple(_shut(code, figures, facts.is_closed) for code, figures in shut if code and code not in settled)


def _over(figure: float | None, limit: float | None) -> bool:
    return figure is not None and limit is not None and figure > limit


def _left(facts: GateFacts) -> int:
    return facts.budget - facts.committed


def _prices(facts: GateFacts) -> dict[str, float | None]:
    return {"per_thousand": facts.per_thousand, "ceiling": facts.ceiling}


def _against_tolerance(facts: GateFacts) -> dict[str, Any]:
    return {"intrusiveness": facts.intrusiveness, "tolerance": facts.tolerance}


def _joined(mismatches: Sequence[Bilingual]) -> dict[str, str]:
    return {"zh": "；".join(text.zh for text in mismatches), "en": " ".join(text.en for text in mismatches)}


def _shut(code: str, figures: Mapping[str, Any], is_closed: bool) -> ShutGate:
    told = GATES[code]
    if is_closed and code in OPENS_AFTER_CLOSE:
        opens_zh, opens_en = OPENS_AFTER_CLOSE[code]
        told = told._replace(opens_zh=opens_zh, opens_en=opens_en)
    texts = {name: text.format(**figures) for name, text in told._asdict().items()}
    return ShutGate(code, **texts, brands_own=code in BRANDS_OWN)
