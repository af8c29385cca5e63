"""Compares a plan with the draft made from it: what was promised and what was measured, exposure by exposure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from marketplace.core.lazy_import import lazy_module
from marketplace.core.message import Bilingual
from marketplace.intrusiveness.disclosure.plan_lines import discloses_only
from marketplace.intrusiveness.factors import seconds_in_all
from marketplace.intrusiveness.messages import KINDS, between, number, stamp
from marketplace.intrusiveness.timeline import SHORTHANDS, Exposure, ExposureKind, Timeline, ValueInterval

if TYPE_CHECKING:
    from scipy import optimize
else:
    optimize = lazy_module("scipy.optimize")

COMPARISON_VERSION = "comparison/5"
VISIBLE = (ExposureKind.LOGO, ExposureKind.PRODUCT, ExposureKind.TEXT)
# Exposures whose middles are farther apart than this are not the same one.
APART_S_MAX = 30.0
# A caption in place of a logo or a product counts as this much farther away.
WRITTEN_S = 10.0
# Each edge of a measured exposure is known to half a step of the pictures (0.125 s), so a length may be off by 0.25 s:
# the slack is twice that. A length may be off by LENGTH_SLACK of the longest promised one as well.
SLACK_S = 0.5
LENGTH_SLACK = 0.05
# Size and position may be off by this share: of the promised size, and of the way from a corner to the middle.
SLACK_SHARE = 0.15
AREA_SLACK_LEAST = 0.002


def with_plot(draft: Timeline, plan: Timeline) -> Timeline:
    """Return a measured timeline whose exposures have the plot values of the plan: a role in the plot cannot be
    measured."""
    exposures = list(draft.exposures)
    for planned, measured in pairs(plan.exposures, exposures):
        if planned is not None and measured is not None:
            exposures[measured] = replace(exposures[measured], plot=plan.exposures[planned].plot)
    return replace(draft, exposures=tuple(exposures))


def pairs(plan: Sequence[Exposure], draft: Sequence[Exposure]) -> list[tuple[int | None, int | None]]:
    """Return which planned exposure became which measured one, by index; None if it has no counterpart.

    The pairs are the assignment of least distance in time; visible exposures pair with visible ones, speech with
    speech. Planned ones that only say who pays are in no pair, as they are not measured either.
    """
    promised = [row for row, planned in enumerate(plan) if not discloses_only(planned)]
    cost = np.full((len(promised), len(draft)), np.inf)
    for row, planned in enumerate(plan[index] for index in promised):
        for column, measured in enumerate(draft):
            if (planned.kind in VISIBLE) == (measured.kind in VISIBLE):
                cost[row, column] = _distance_s(planned, measured) + _kind_distance_s(planned.kind, measured.kind)
    # The solver takes no infinities; twice the greatest distance is as good as none, and dropped below.
    bounded = np.minimum(cost, 2 * APART_S_MAX)
    rows, columns = optimize.linear_sum_assignment(bounded) if cost.size else ((), ())
    paired = {
        int(row): int(column) for row, column in zip(rows, columns, strict=True) if cost[row, column] <= APART_S_MAX
    }
    unplanned = [column for column in range(len(draft)) if column not in paired.values()]
    return [(index, paired.get(row)) for row, index in enumerate(promised)] + [(None, column) for column in unplanned]


def _kind_distance_s(planned: ExposureKind, measured: ExposureKind) -> float:
    """Return how many seconds farther away another kind counts: the reference image of a pack may show its logo, but
    neither is likely to have become a caption."""
    if planned is measured:
        return 0.0
    return WRITTEN_S if ExposureKind.TEXT in (planned, measured) else 1.0


def _distance_s(planned: Exposure, measured: Exposure) -> float:
    """Return the seconds between the middles of two exposures; 0 if the plan's intervals allow them to be equal."""
    low = planned.start_s.low + planned.seconds.low / 2
    high = planned.start_s.high + planned.seconds.high / 2
    middle = measured.start_s.mid + measured.seconds.mid / 2
    return max(0.0, low - middle, middle - high)


def compare(plan: Timeline, draft: Timeline) -> dict[str, Any]:
    """Return the comparison as JSON data: a row for each exposure, the length, and a sentence on all of it."""
    rows = [_row(plan, draft, planned, measured) for planned, measured in pairs(plan.exposures, draft.exposures)]
    length = _length(plan.duration_s, draft.duration_s)
    kept = length["kept"] and all(row["kept"] for row in rows)
    seconds = seconds_in_all(draft, "mid")
    promised = between(seconds_in_all(plan, "low"), seconds_in_all(plan, "high"))
    return {
        "kept": kept,
        "zh": f"方案承诺露出共 {promised} 秒，成片实测 {number(seconds)} 秒；"
        + ("符合方案。" if kept else "与方案不符。")
        + ("" if length["kept"] else length["zh"]),
        "en": f"The plan promises {promised} s of exposure in all; the draft measures {number(seconds)} s: "
        + ("as planned." if kept else "not as planned.")
        + ("" if length["kept"] else f" {length['en']}"),
        "length": length,
        "rows": rows,
        "model_version": COMPARISON_VERSION,
    }


def _length(planned_s: float, measured_s: float) -> dict[str, Any]:
    """Return the planned and the measured length of the whole video; the slack is that of an exposure's length."""
    slack = SLACK_S + LENGTH_SLACK * planned_s
    off = "longer" if measured_s > planned_s + slack else "shorter" if measured_s < planned_s - slack else None
    word = _DEVIATIONS[off] if off else Bilingual("符合方案", "as planned")
    return {
        "planned_s": planned_s,
        "measured_s": measured_s,
        "kept": off is None,
        "off": [off] if off else [],
        "zh": f"方案视频长 {number(planned_s)} 秒，成片长 {number(measured_s)} 秒：{word.zh}。",
        "en": f"The plan is for a video of {number(planned_s)} s, the draft has {number(measured_s)} s: {word.en}.",
    }


def _row(plan: Timeline, draft: Timeline, planned_index: int | None, measured_index: int | None) -> dict[str, Any]:
    planned = None if planned_index is None else plan.exposures[planned_index]
    measured = None if measured_index is None else draft.exposures[measured_index]
    row: dict[str, Any] = {"planned": planned_index, "measured": measured_index, "kept": False}
    if planned is None:
        assert measured is not None
        text = _description(measured)
        return {**row, "zh": f"方案没有，成片实测 {text.zh}。", "en": f"Not in the plan; measured {text.en}."}
    promise = _description(planned)
    if measured is None:
        return {
            **row,
            # A plan that allows no length at all allows the exposure to be left out.
            "kept": planned.seconds.low <= 0,
            "zh": f"承诺 {promise.zh}，成片中没有找到。",
            "en": f"Promised {promise.en}; not found in the draft.",
        }
    result, codes = _description(measured), deviations(planned, measured)
    return {
        **row,
        "kept": not codes,
        "off": codes,
        "zh": f"承诺 {promise.zh}，实测 {result.zh}"
        + ("，符合。" if not codes else f"：{'、'.join(_DEVIATIONS[code].zh for code in codes)}。"),
        "en": f"Promised {promise.en}, measured {result.en}"
        + (": kept." if not codes else f": {', '.join(_DEVIATIONS[code].en for code in codes)}."),
    }


_DEVIATIONS = {
    "longer": Bilingual("比承诺更长", "longer than promised"),
    "shorter": Bilingual("比承诺更短", "shorter than promised"),
    "earlier": Bilingual("比承诺更早", "earlier than promised"),
    "later": Bilingual("比承诺更晚", "later than promised"),
    "larger": Bilingual("比承诺更大", "larger than promised"),
    "smaller": Bilingual("比承诺更小", "smaller than promised"),
    "more_central": Bilingual("比承诺更居中", "more central than promised"),
    "less_central": Bilingual("比承诺更靠边", "less central than promised"),
    "more_claims": Bilingual("卖点比承诺更多", "more selling points than promised"),
}


def deviations(planned: Exposure, measured: Exposure) -> list[str]:
    """Return the codes of how the measured exposure leaves the plan's intervals by more than the slack."""

    def beyond(promised: ValueInterval, value: float, slack: float, above: str, below: str) -> str | None:
        if value > promised.high + slack:
            return above
        return below if value < promised.low - slack else None

    length_slack = SLACK_S + LENGTH_SLACK * planned.seconds.high
    codes = [
        beyond(planned.seconds, measured.seconds.mid, length_slack, "longer", "shorter"),
        beyond(planned.start_s, measured.start_s.mid, SLACK_S, "later", "earlier"),
    ]
    if planned.kind is not ExposureKind.SPEECH:
        area_slack = max(AREA_SLACK_LEAST, SLACK_SHARE * planned.area_share.high)
        codes.append(beyond(planned.area_share, measured.area_share.mid, area_slack, "larger", "smaller"))
        codes.append(beyond(planned.centre, measured.centre.mid, SLACK_SHARE, "more_central", "less_central"))
    if measured.claims.mid > planned.claims.high:
        codes.append("more_claims")
    return [code for code in codes if code is not None]


def _description(exposure: Exposure) -> Bilingual:
    """Return an exposure in words: when, what, how long, position and size."""
    kind = KINDS[exposure.kind]
    start = stamp(exposure.start_s.mid)
    seconds = between(exposure.seconds.low, exposure.seconds.high)
    if exposure.kind is ExposureKind.SPEECH:
        return Bilingual(f"{start} {kind.zh} {seconds} 秒", f"{seconds} s of {kind.en} at {start}")
    position = _nearest_word("centre", exposure.centre.mid)
    size = _nearest_word("area_share", exposure.area_share.mid)
    share = between(100 * exposure.area_share.low, 100 * exposure.area_share.high)
    return Bilingual(
        f"{start} {kind.zh} {seconds} 秒（{size.zh}、{position.zh}，占画面 {share}%）",
        f"{seconds} s of {kind.en} at {start} ({size.en}, {position.en}, {share}% of the picture)",
    )


# The other shorthands of a size name a form (a bug, a bar), not how large it is.
_SIZES = ("background", "in-hand", "close-up", "full-frame")


def _nearest_word(field: str, value: float) -> Bilingual:
    """Return the shorthand nearest to a value."""
    shorthands = [shorthand for shorthand in SHORTHANDS[field] if field != "area_share" or shorthand.word in _SIZES]
    nearest = min(shorthands, key=lambda word: max(word.interval.low - value, value - word.interval.high, 0.0))
    return Bilingual(nearest.zh, nearest.word)
