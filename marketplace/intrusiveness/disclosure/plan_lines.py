"""Which planned exposures only say who pays: the words of a disclosure are no placement."""

from dataclasses import replace
from functools import lru_cache

from marketplace.intrusiveness.disclosure.disclosure_words import around, disclosing_words
from marketplace.intrusiveness.timeline import Exposure, ExposureKind, Timeline, TimelineSource

# A plan does not tell the brand's names, so this much may stand beside the disclosure: words, or Chinese characters.
WORDS_MOST, CHARACTERS_MOST = 3, 8


def discloses_only(exposure: Exposure) -> bool:
    """Return whether a planned line, shown or spoken, discloses and sells nothing."""
    told = exposure.kind in (ExposureKind.TEXT, ExposureKind.SPEECH) and exposure.claims.high == 0 and not exposure.cta
    return told and bool(exposure.description) and _only(exposure.description)


@lru_cache(maxsize=4096)
def _only(description: str) -> bool:
    found = disclosing_words(description)
    if found is None:
        return False
    rest = around(description, found)
    return len(rest.split()) <= WORDS_MOST and sum(not character.isascii() for character in rest) <= CHARACTERS_MOST


def without_disclosures(plan: Timeline) -> Timeline:
    """Return a plan without the exposures that only disclose; what was measured is left as it is."""
    if plan.source is not TimelineSource.PLAN or not any(map(discloses_only, plan.exposures)):
        return plan
    return replace(plan, exposures=tuple(exposure for exposure in plan.exposures if not discloses_only(exposure)))
