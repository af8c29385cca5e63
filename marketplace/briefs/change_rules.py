"""Which changes of a published brief matter to the bids that stand on it.

A change matters if a bidder might have asked another price, promised something else or stayed away because of it. Such
a change is told to every standing bidder, gives each bid one wording more, leaves at least NOTICE until bidding ends,
and a bid counts again only once its side has confirmed the new version. Everything else moves along with the bids.
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

# Field of the document -> its weight and why. A field that is not listed has to be confirmed.
RULES: Mapping[str, tuple[ChangeWeight, str]] = {
    "title": (_LIGHT, "names the brief and asks for nothing"),
    "note": (_LIGHT, "explains; what binds has a field of its own"),
    "product": (_CONFIRMED, "its category decides law and fit, its value what barter is worth; see PRODUCT"),
    "brand": (_CONFIRMED, "its names are what a creator is seen with; see BRAND"),
    "markets": (_CONFIRMED, "decide which law holds and whose views count"),
    "target": (_CONFIRMED, "decides how many of a channel's people count"),
    "placement_kinds": (_CONFIRMED, "decide which exposures a plan may have"),
    "tolerance": (_CONFIRMED, "is the gate for intrusiveness"),
    "budget": (_CONFIRMED, "bounds every price"),
    "ceiling_per_thousand": (_CONFIRMED, "is what every score is measured by"),
    "deliverables": (_CONFIRMED, "are what a price is for"),
    "part_offers": (_TOLD, "opens a way of bidding and takes none away; shut again, see SHUT"),
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
# Parts of two fields that describe or help to recognise, and change nothing that a bid answers. A brand's aliases are
# none of them: promises of exclusivity are kept by them, so that one more or less can shut a bid out.
_LIGHT_PARTS: Mapping[str, frozenset[str]] = {
    "product": frozenset({"description", "link"}),
    "brand": frozenset({"spoken_forms"}),
}
# Flags that let bidders do something. Whoever relied on one has to answer anew once it is taken back.
SHUT = frozenset({"part_offers"})


def weigh(before: Mapping[str, Any], after: Mapping[str, Any], changed: Iterable[str]) -> Mapping[str, ChangeWeight]:
    """Return the weight of each changed field."""
    return {name: _weight(name, before.get(name), after[name]) for name in changed}


def _weight(name: str, before: Any, after: Any) -> ChangeWeight:
    light = _LIGHT_PARTS.get(name)
    if light and all(before[part] == after[part] for part in after if part not in light):
        return ChangeWeight.LIGHT
    if name in SHUT and before and not after:
        return ChangeWeight.CONFIRMED
    return RULES[name][0] if name in RULES else ChangeWeight.CONFIRMED


def of_weight(weights: Mapping[str, ChangeWeight], *wanted: ChangeWeight) -> Sequence[str]:
    return sorted(name for name, weight in weights.items() if weight in wanted)
