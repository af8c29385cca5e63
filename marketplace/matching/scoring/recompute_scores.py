"""Recomputes the plan scores of a stored match from the stored bid."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from marketplace.bids import counted_length
from marketplace.intrusiveness import constants as c
from marketplace.intrusiveness import factors
from marketplace.intrusiveness.recompute_plan import differences
from marketplace.intrusiveness.timeline import from_dict
from marketplace.matching.scoring.score_brief import MODEL_VERSION


def same_version(match: Mapping[str, Any]) -> bool:
    """Return whether a match was scored with the constants and formulas of this version."""
    return bool(match["model_version"] == MODEL_VERSION)


def faults(bid: Mapping[str, Any], match: Mapping[str, Any]) -> Iterator[str]:
    """Yield each of a match's stored plan scores that does not follow from the bid's plan and the stored fit.

    Both arguments are documents as the API shows them.
    """
    plan, parts = from_dict(bid["plan"]), match["parts"]
    fit = math.nan if parts["fit"] is None else parts["fit"]
    # A match that was decided before films counted so has no counted length.
    counted = (parts.get("film") or {}).get("counted") or plan.duration_s
    held = counted_length.counted_measures(plan, counted)
    ends = [np.array(factors.points(tuple(raw.tolist()), fit)) for raw in (held.raw_low, held.raw_high)]
    low, high = (float(end.sum()) for end in ends)
    middle = (ends[0] + ends[1]) / 2
    recomputed = {
        "intrusiveness": {"point": (low + high) / 2, "low": low, "high": high},
        "intrusion": {code: value for code, value in zip(c.CODES, middle.tolist(), strict=True) if value},
        "prominence": list(held.prominence),
        "noticing": list(held.noticed),
    }
    # Where reviewers have put another value in its place, what was computed has to follow from the plan all the same.
    computed = (match.get("computed") or {}).get("intrusiveness")
    stored = {
        "intrusiveness": dict(match["intrusiveness"]) if computed is None else {"point": computed},
        "intrusion": parts["intrusion"],
        "prominence": parts["prominence"],
        "noticing": parts["noticing"],
    }
    yield from differences(stored, recomputed)
