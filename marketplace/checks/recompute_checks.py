"""Works the scores of a check out again, measured and corrected, from what the check itself keeps."""

from collections.abc import Iterator, Mapping
from typing import Any

from marketplace.intrusiveness import constants as c
from marketplace.intrusiveness.recompute_plan import differences
from marketplace.intrusiveness.timeline import from_dict
from marketplace.vision import plan_comparison
from marketplace.vision.scored_timeline import scored, terms_of


def same_version(check: Mapping[str, Any]) -> bool:
    """Whether a check was scored with the constants and formulas of this version."""
    return bool(check["result"]["intrusiveness"]["model_version"] == c.MODEL_VERSION)


def faults(check: Mapping[str, Any]) -> Iterator[str]:
    """Yield what of a check's stored scores does not follow from its timelines and terms. ``check``: with `result`,
    `corrected` and `terms`, as it is stored or as the API shows it."""
    result, terms = check["result"], terms_of(check["terms"])
    disclosed = bool(result["disclosures"])
    for name in ("result", "corrected"):
        stored = check[name]
        if stored is None:
            continue
        made = from_dict(stored["timeline"])
        again: dict[str, Any] = {"intrusiveness": scored(made, disclosed, terms)}
        if terms.plan is not None and (stored["plan"] or {}).get("model_version") == plan_comparison.COMPARISON_VERSION:
            again["plan"] = plan_comparison.compare(terms.plan, made)
        yield from differences({part: stored[part] for part in again}, again, f"/{name}")
