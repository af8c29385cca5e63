"""Which changes of a published brief matter to the bids that stand on it.

A change matters if a bidder might have asked another price, promised something else or stayed away because of it. Such
a change is told to every standing bidder, gives each bid one wording more, leaves at least NOTICE until bidding ends,
and a bid counts again only once its side has confirmed the new version. Whatever people read may hold a condition, a
title or a note too, so only white space changes without anybody's word; bids move along with that.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any

# Time to read a change, to ask the people behind a channel, and to answer: a working day in any time zone.
NOTICE = timedelta(hours=24)


class ChangeWeight(StrEnum):
    """What a change asks of the bids: nothing, that their side is told, or that it confirms them."""

    LIGHT = "light"
    TOLD = "told"
    CONFIRMED = "confirmed"


_LIGHT, _TOLD, _CONFIRMED = ChangeWeight

# Beside the document: the brief's reference images.
IMAGES = "reference_images"
# Field of the document, and what belongs to it beside -> its weight and why.
RULES: Mapping[str, tuple[ChangeWeight, str]] = {
    "title": (_CONFIRMED, "is words that bidders read: nobody can tell that they ask for nothing"),
    "note": (_CONFIRMED, "is words that bidders read: the real conditions may stand there"),
    "product": (_CONFIRMED, "is what a creator stands up for; decides law, fit, where a link leads and barter's worth"),
    "brand": (_CONFIRMED, "its names are what a creator is seen with, kept away from, and checked for"),
    IMAGES: (_CONFIRMED, "show what has to be seen, and a video is checked against them"),
    "markets": (_CONFIRMED, "decide which law holds and whose views count"),
    "target": (_CONFIRMED, "decides how many of a channel's people count"),
    "placement_kinds": (_CONFIRMED, "decide which exposures a plan may have"),
    "tolerance": (_CONFIRMED, "is the gate for intrusiveness"),
    "budget": (_CONFIRMED, "bounds every price"),
    "ceiling_per_thousand": (_CONFIRMED, "is what every score is measured by"),
    "deliverables": (_CONFIRMED, "are what a price is for"),
    "part_offers": (
        _CONFIRMED,
        "decides whether less than everything may be offered, by each bidder and by its rivals",
    ),
    "least_prominence": (_CONFIRMED, "is a gate for the plan"),
    "least_seconds": (_CONFIRMED, "is a gate for the plan"),
    "fit_weight": (_CONFIRMED, "decides how much the content's fit counts in every score"),
    "publish_window": (_CONFIRMED, "decides when the creator has to work"),
    "keep_live_days": (_CONFIRMED, "is part of what is sold"),
    "rights": (_CONFIRMED, "are priced one by one"),
    "must": (_CONFIRMED, "is work and content that a price is for"),
    "must_not": (_CONFIRMED, "limits the content that a price is for"),
    "disclosure": (_CONFIRMED, "changes what viewers see, and what the law asks of the creator"),
    "buying_link": (_CONFIRMED, "changes what the video does to its viewers"),
    "sample": (_CONFIRMED, "decides whether the creator keeps the goods"),
    "terms": (_CONFIRMED, "rounds of changes, payment and disputes are part of the price"),
    "questions": (_CONFIRMED, "a bid has one answer to each"),
    "bids_close_at": (_TOLD, "moves the time for wordings, not what is offered"),
    "closing_window_s": (_TOLD, "moves the time for wordings, not what is offered"),
    "bids_lapse_days": (_CONFIRMED, "decides how long an offer binds its side"),
}


def weigh(
    before: Mapping[str, Any], after: Mapping[str, Any], changed: Iterable[str], beside: Iterable[str]
) -> Mapping[str, ChangeWeight]:
    """Return the weight of each changed field, and of what changes ``beside`` the document."""
    of_fields = {name: _weight(name, before.get(name), after[name]) for name in changed}
    return {**of_fields, **{name: RULES[name][0] for name in beside}}


def _weight(name: str, before: Any, after: Any) -> ChangeWeight:
    return ChangeWeight.LIGHT if _without_spaces(before) == _without_spaces(after) else RULES[name][0]


def _without_spaces(value: Any) -> Any:
    """Return a value whose texts have one space wherever they had white space, and none at their ends."""
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, Mapping):
        return {name: _without_spaces(inner) for name, inner in value.items()}
    return [_without_spaces(inner) for inner in value] if isinstance(value, list) else value


def of_weight(weights: Mapping[str, ChangeWeight], *wanted: ChangeWeight) -> Sequence[str]:
    return sorted(name for name, weight in weights.items() if weight in wanted)
