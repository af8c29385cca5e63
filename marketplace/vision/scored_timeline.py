"""The score of a measured or corrected timeline as JSON data. Needs nothing of the vision extra."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan, nan
from typing import Any

from marketplace.intrusiveness import channel_score
from marketplace.intrusiveness import plan_score as scoring
from marketplace.intrusiveness.channel_score import PublishedVideo
from marketplace.intrusiveness.prominence import prominence
from marketplace.intrusiveness.timeline import Timeline, from_dict


@dataclass(frozen=True)
class ScoringTerms:
    """What the video is held against: the plan, how well the brief fits the channel (NaN: unknown), a buying link, and
    the last videos of the channel it is for, oldest first (None: not known)."""

    plan: Timeline | None = None
    fit: float = nan
    buying_link: bool | None = None
    past: tuple[PublishedVideo, ...] | None = None


def terms_of(document: Mapping[str, Any]) -> ScoringTerms:
    """Return terms as a check keeps them in JSON."""
    plan, fit, past = (document.get(name) for name in ("plan", "fit", "past"))
    return ScoringTerms(
        None if plan is None else from_dict(plan),
        nan if fit is None else fit,
        document.get("buying_link"),
        None if past is None else tuple(PublishedVideo(float(seconds), sponsored) for seconds, sponsored in past),
    )


def scored(timeline: Timeline, disclosed: bool, terms: ScoringTerms) -> dict[str, Any]:
    """Return score, reasons, vetoes and prominence of a measured or corrected timeline, and its channel's score."""
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
        "channel": None
        if terms.past is None
        else channel_score.as_dict(channel_score.channel_score(terms.past, channel_score.seen(timeline, score))),
    }
