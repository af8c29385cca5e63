"""Recompute the scores of a check, measured and corrected, from what is stored with the check."""

from collections.abc import Iterator, Mapping
from typing import Any

from marketplace.intrusiveness import constants, recompute_plan
from marketplace.intrusiveness.timeline import from_dict
from marketplace.vision import plan_comparison
from marketplace.vision.scored_timeline import of_result, scored, terms_of


def same_version(check: Mapping[str, Any]) -> bool:
    """Return whether a check was scored with the constants and formulas of this version."""
    return bool(check["result"]["intrusiveness"]["model_version"] == constants.MODEL_VERSION)


def differences(check: Mapping[str, Any]) -> Iterator[str]:
    """Yield each stored score that does not follow from the check's timelines and terms, as a JSON pointer with both
    values. `check` has `result`, `corrected` and `terms`, as they are stored or as the API shows them."""
    result, terms = check["result"], terms_of(check["terms"])
    discloses = of_result(result)
    for name in ("result", "corrected"):
        stored = check[name]
        if stored is None:
            continue
        timeline = from_dict(stored["timeline"])
        recomputed: dict[str, Any] = {"intrusiveness": scored(timeline, discloses, terms)}
        if terms.plan is not None and (stored["plan"] or {}).get("model_version") == plan_comparison.COMPARISON_VERSION:
            recomputed["plan"] = plan_comparison.compare(terms.plan, timeline)
        yield from recompute_plan.differences({part: stored[part] for part in recomputed}, recomputed, f"/{name}")
