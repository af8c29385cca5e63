"""What a plan measures in the film of each option of its bid: an option counts as a film of its own length.

The same exposures take a larger share of a shorter film. An option whose films last at most so long is measured with
the plan in a film of that length, as a plan is that states more than its channel's videos support
(`counted_length.counted_measures`), and is never milder or noticed by more than its bid. An option of longer films
counts as its bid: nothing is planned there that the plan does not show.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from marketplace.bids.counted_length import counted_measures
from marketplace.briefs.vocabulary import TIER_SECONDS
from marketplace.core.errors import FieldError
from marketplace.core.message import Bilingual
from marketplace.intrusiveness.factors import fitted_total
from marketplace.intrusiveness.timeline import Timeline

MODEL_VERSION = "options/1"


@dataclass(frozen=True)
class OptionMeasure:
    """What an option's film makes of its bid: the points that its intrusiveness is higher by, at the fit of its
    pairing, and the share of viewers who notice: middle, low and high."""

    added: float
    noticed: tuple[float, float, float]


def longest(options: Sequence[Mapping[str, Any]], position: int) -> float | None:
    """Return the seconds of the longest film of an option; None for the bid's own price."""
    return float(TIER_SECONDS[options[position]["length_tier"]][1]) if 0 < position < len(options) else None


def measure(plan: Timeline, counted_s: float, longest_s: float, fit: float) -> OptionMeasure:
    """Return what an option of films of at most ``longest_s`` measures beside its bid, whose film counts as
    ``counted_s``; ``fit`` is that of the pairing, 0..1 (NaN: not known)."""
    of_bid, own = (counted_measures(plan, seconds) for seconds in (counted_s, min(counted_s, longest_s)))
    middles = [_middle(held.raw_low, held.raw_high, fit) for held in (of_bid, own)]
    middle, low, high = (min(ends) for ends in zip(of_bid.noticed, own.noticed, strict=True))
    return OptionMeasure(max(0.0, middles[1] - middles[0]), (middle, low, high))


def _middle(raw_low: Any, raw_high: Any, fit: float) -> float:
    low, high = fitted_total(raw_low[None], raw_high[None], np.array([fit]))
    return float((low[0] + high[0]) / 2)


def errors(plan: Timeline, options: Sequence[Mapping[str, Any]], tiers: Collection[str] = ()) -> Iterator[FieldError]:
    """Yield an error for each option in whose longest film an exposure of the plan has no room, at its earliest and
    shortest. Of lengths that are not among ``tiers`` (empty: any will do) another error says so already."""
    ends = max((each.start_s.low + each.seconds.low for each in plan.exposures), default=0.0)
    for position, option in enumerate(options):
        most = longest(options, position) if not tiers or option["length_tier"] in tiers else None
        if most is not None and ends > most:
            yield FieldError(
                f"/options/{position}",
                Bilingual(
                    f"这个选项的视频最长 {most:g} 秒，方案里的露出到 {ends:g} 秒才结束，放不下：请改方案，"
                    "或去掉这个选项。",
                    f"A video of this option lasts at most {most:g} s, and the plan's last exposure ends at {ends:g} s:"
                    " change the plan, or leave the option out.",
                ),
            )
