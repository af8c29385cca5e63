"""The score of a measured or corrected timeline as JSON data. Needs nothing of the vision extra."""

from dataclasses import dataclass
from math import isnan
from typing import Any

from marketplace.intrusiveness import plan as scoring
from marketplace.intrusiveness.prominence import prominence
from marketplace.intrusiveness.timeline import Timeline


@dataclass(frozen=True)
class Terms:
    """What the video is held against: the plan, how well the brief fits the channel (NaN: unknown), a buying link."""

    plan: Timeline | None = None
    fit: float = float("nan")
    buying_link: bool | None = None


def scored(timeline: Timeline, disclosed: bool, terms: Terms) -> dict[str, Any]:
    """Return score, reasons, vetoes and prominence of a measured or corrected timeline."""
    score = scoring.score_plan(timeline, terms.fit, buying_link=terms.buying_link, disclosed=disclosed)
    noticed = prominence(timeline)
    return {
        **scoring.as_dict(score),
        "fit": None if isnan(terms.fit) else terms.fit,
        "prominence": {
            "point": round(noticed.point, 2),
            "low": round(noticed.low, 2),
            "high": round(noticed.high, 2),
            "zh": noticed.zh,
            "en": noticed.en,
        },
    }
