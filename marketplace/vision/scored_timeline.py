"""The score of a measured or corrected timeline as JSON data. Works without the vision extra."""

from collections.abc import Mapping, Sequence
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
    """What a video is compared with: the plan, how well the brief fits the channel (0..1; NaN: unknown), whether there
    is a buying link, and the last videos of the channel, oldest first (None: unknown)."""

    plan: Timeline | None = None
    fit: float = nan
    buying_link: bool | None = None
    past: tuple[PublishedVideo, ...] | None = None


def terms_of(document: Mapping[str, Any]) -> ScoringTerms:
    """Return the terms from the JSON form in which a check stores them."""
    plan, fit, past = (document.get(name) for name in ("plan", "fit", "past"))
    return ScoringTerms(
        None if plan is None else from_dict(plan),
        nan if fit is None else fit,
        document.get("buying_link"),
        None if past is None else tuple(PublishedVideo(float(seconds), sponsored) for seconds, sponsored in past),
    )


def disclosed(found: bool, not_judged: Sequence[str]) -> bool | None:
    """Return whether a video discloses; None if nothing was ``found`` and some of its languages cannot be judged."""
    return True if found else None if not_judged else False


def of_result(result: Mapping[str, Any]) -> bool | None:
    """Return whether the video of a stored result discloses; None if that could not be judged."""
    return disclosed(bool(result["disclosures"]), result.get("not_judged", ()))


def scored(timeline: Timeline, discloses: bool | None, terms: ScoringTerms) -> dict[str, Any]:
    """Return score, reasons, vetoes and prominence of a measured or corrected timeline, and its channel's score."""
    score = scoring.score_plan(timeline, terms.fit, buying_link=terms.buying_link, disclosed=discloses)
    noticeability = prominence(timeline)
    return {
        **scoring.as_dict(score),
        "fit": None if isnan(terms.fit) else terms.fit,
        "prominence": {
            "point": round(noticeability.point, 2),
            "low": round(noticeability.low, 2),
            "high": round(noticeability.high, 2),
            "zh": noticeability.zh,
            "en": noticeability.en,
        },
        "channel": None
        if terms.past is None
        else channel_score.as_dict(channel_score.channel_score(terms.past, channel_score.seen(timeline, score))),
    }
