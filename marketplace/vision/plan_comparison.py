"""A plan against the draft made from it: what was promised, what was measured, exposure by exposure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from marketplace.core.lazy_import import lazy_module
from marketplace.intrusiveness.messages import KINDS, between, number, stamp
from marketplace.intrusiveness.timeline import SHORTHANDS, Exposure, ExposureKind, Timeline, ValueInterval

if TYPE_CHECKING:
    from scipy import optimize
else:
    optimize = lazy_module("scipy.optimize")

COMPARISON_VERSION = "comparison/2"
VISIBLE = (ExposureKind.LOGO, ExposureKind.PRODUCT, ExposureKind.TEXT)
APART_S_MAX = 30.0
WRITTEN_S = 10.0
SLACK_S = 0.5  # what the edges of a measured exposure may be off by, twice
SLACK_SHARE = 0.15


def with_plot(draft: Timeline, plan: Timeline) -> Timeline:
    """Return a measured timeline with the plan's word for how far the story needs each exposure."""
    exposures = list(draft.exposures)
    for promised, made in pairs(plan.exposures, exposures):
        if promised is not None and made is not None:
            exposures[made] = replace(exposures[made], plot=plan.exposures[promised].plot)
    return replace(draft, exposures=tuple(exposures))


def pairs(plan: Sequence[Exposure], made: Sequence[Exposure]) -> list[tuple[int | None, int | None]]:
    """Return which planned exposure became which measured one; None where there is no other.

    The assignment of least distance in time; what is seen pairs with what is seen, speech with speech.
    """
    cost = np.full((len(plan), len(made)), np.inf)
    for at, one in enumerate(plan):
        for other, two in enumerate(made):
            if (one.kind in VISIBLE) == (two.kind in VISIBLE):
                cost[at, other] = _apart(one, two) + _unlike(one.kind, two.kind)
    open_cost = APART_S_MAX
    bounded = np.minimum(cost, 2 * open_cost)
    rows, columns = optimize.linear_sum_assignment(bounded) if cost.size else ((), ())
    found = {int(row): int(column) for row, column in zip(rows, columns, strict=True) if cost[row, column] <= open_cost}
    left = [other for other in range(len(made)) if other not in found.values()]
    return [(at, found.get(at)) for at in range(len(plan))] + [(None, other) for other in left]


def _unlike(one: ExposureKind, other: ExposureKind) -> float:
    """Return how many seconds further off another kind counts: a pack's picture may show its logo, but a caption is
    hardly what was meant by either."""
    if one is other:
        return 0.0
    return WRITTEN_S if ExposureKind.TEXT in (one, other) else 1.0


def _apart(one: Exposure, other: Exposure) -> float:
    """Return the seconds between two exposures' middles, as far as the plan's intervals leave them apart."""
    low = one.start_s.low + one.seconds.low / 2
    high = one.start_s.high + one.seconds.high / 2
    middle = other.start_s.mid + other.seconds.mid / 2
    return max(0.0, low - middle, middle - high)


def compare(plan: Timeline, draft: Timeline) -> dict[str, Any]:
    """Return the comparison as JSON data: one row per exposure and a line on the whole."""
    rows = [_row(plan, draft, promised, made) for promised, made in pairs(plan.exposures, draft.exposures)]
    kept = all(row["kept"] for row in rows)
    seconds = sum(one.seconds.mid for one in draft.exposures)
    promised = ValueInterval(
        sum(one.seconds.low for one in plan.exposures), sum(one.seconds.high for one in plan.exposures)
    )
    told = between(promised.low, promised.high)
    return {
        "kept": kept,
        "zh": f"方案承诺露出共 {told} 秒，成片实测 {number(seconds)} 秒；" + ("符合方案。" if kept else "与方案不符。"),
        "en": f"The plan promises {told} s of exposure in all; the draft measures {number(seconds)} s: "
        + ("as planned." if kept else "not as planned."),
        "rows": rows,
        "model_version": COMPARISON_VERSION,
    }


def _row(plan: Timeline, draft: Timeline, promised: int | None, made: int | None) -> dict[str, Any]:
    one = None if promised is None else plan.exposures[promised]
    two = None if made is None else draft.exposures[made]
    row: dict[str, Any] = {"planned": promised, "measured": made, "kept": False}
    if one is None:
        assert two is not None
        zh, en = _told(two)
        row |= {"zh": f"方案没有，成片实测 {zh}。", "en": f"Not in the plan; measured {en}."}
    elif two is None:
        zh, en = _told(one)
        missing = one.seconds.low <= 0
        row |= {
            "kept": missing,
            "zh": f"承诺 {zh}，成片中没有找到。",
            "en": f"Promised {en}; not found in the draft.",
        }
    else:
        (zh, en), (zh_made, en_made) = _told(one), _told(two)
        off = _off(one, two)
        row |= {
            "kept": not off,
            "off": off,
            "zh": f"承诺 {zh}，实测 {zh_made}"
            + ("，符合。" if not off else f"：{'、'.join(_OFF[code][0] for code in off)}。"),
            "en": f"Promised {en}, measured {en_made}"
            + (": kept." if not off else f": {', '.join(_OFF[code][1] for code in off)}."),
        }
    return row


_OFF = {
    "longer": ("比承诺更长", "longer than promised"),
    "shorter": ("比承诺更短", "shorter than promised"),
    "earlier": ("比承诺更早", "earlier than promised"),
    "later": ("比承诺更晚", "later than promised"),
    "larger": ("比承诺更大", "larger than promised"),
    "smaller": ("比承诺更小", "smaller than promised"),
    "more_central": ("比承诺更居中", "more central than promised"),
    "less_central": ("比承诺更靠边", "less central than promised"),
    "more_claims": ("卖点比承诺更多", "more selling points than promised"),
}


def _off(one: Exposure, two: Exposure) -> list[str]:
    """Return in what the measured exposure leaves the plan's intervals, what edges may be off by granted."""

    def beyond(planned: ValueInterval, value: float, slack: float, more: str, less: str) -> str | None:
        if value > planned.high + slack:
            return more
        return less if value < planned.low - slack else None

    found = [
        beyond(one.seconds, two.seconds.mid, SLACK_S + 0.05 * one.seconds.high, "longer", "shorter"),
        beyond(one.start_s, two.start_s.mid, SLACK_S, "later", "earlier"),
    ]
    if one.kind is not ExposureKind.SPEECH:
        area = one.area_share
        found.append(beyond(area, two.area_share.mid, max(0.002, SLACK_SHARE * area.high), "larger", "smaller"))
        found.append(beyond(one.centre, two.centre.mid, SLACK_SHARE, "more_central", "less_central"))
    if two.claims.mid > one.claims.high:
        found.append("more_claims")
    return [code for code in found if code is not None]


def _told(one: Exposure) -> tuple[str, str]:
    """Return an exposure in words: when, what, how long, where and how large."""
    zh_kind, en_kind = KINDS[one.kind]
    at = stamp(one.start_s.mid)
    seconds = between(one.seconds.low, one.seconds.high)
    if one.kind is ExposureKind.SPEECH:
        return f"{at} {zh_kind} {seconds} 秒", f"{seconds} s of {en_kind} at {at}"
    zh_place, en_place = _word("centre", one.centre.mid)
    zh_size, en_size = _word("area_share", one.area_share.mid)
    share = between(100 * one.area_share.low, 100 * one.area_share.high)
    return (
        f"{at} {zh_kind} {seconds} 秒（{zh_size}、{zh_place}，占画面 {share}%）",
        f"{seconds} s of {en_kind} at {at} ({en_size}, {en_place}, {share}% of the picture)",
    )


_SIZES = ("background", "in-hand", "close-up", "full-frame")


def _word(field: str, value: float) -> tuple[str, str]:
    """Return the shorthand nearest to a value."""
    words = [one for one in SHORTHANDS[field] if field != "area_share" or one.word in _SIZES]
    best = min(words, key=lambda one: max(one.interval.low - value, value - one.interval.high, 0.0))
    return best.zh, best.word
