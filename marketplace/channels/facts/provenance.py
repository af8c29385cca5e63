"""Where a figure of a channel comes from, and how much of it counts.

Provenance belongs to each datum: the counts of a video, its length and its mark as sponsored, the followers and figures
of a snapshot, its audience lists, the verticals of a channel. A proof of the account says whose it is and nothing about
figures, so it changes no weight. What is not believed is replaced by what would be taken if nothing had been told.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar, cast

from marketplace.core.actor import Role

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_Real = TypeVar("_Real", bound="np.floating[Any]")


class Provenance(StrEnum):
    PLATFORM_EXPORT = "platform_export"  # a file in a platform's own form, which can be edited before it is handed in
    OWN_FILE = "own_file"  # a table with Inlay's own columns, which anybody can write
    TYPED_BY_CREATOR = "typed_by_creator"
    TYPED_BY_AGENCY = "typed_by_agency"
    TYPED_BY_ADMIN = "typed_by_admin"  # the market's own people, who have no bid to gain by it


# House rules, judged: nobody has measured how far figures of each kind are off. A buyer's desk takes them apart so: the
# platform's own in full, a file of its a tenth less, a party's own word a quarter less.
FULL, EXPORT_FILE, OWN_WORD = 1.0, 0.9, 0.75
WEIGHTS = {
    Provenance.PLATFORM_EXPORT: EXPORT_FILE,
    Provenance.OWN_FILE: OWN_WORD,
    Provenance.TYPED_BY_CREATOR: OWN_WORD,
    Provenance.TYPED_BY_AGENCY: OWN_WORD,
    Provenance.TYPED_BY_ADMIN: FULL,
}
OWN_WORDS = tuple(sorted(word for word, weight in WEIGHTS.items() if weight <= OWN_WORD))
_OWN_SHAPE = "inlay"
_TYPISTS = {Role.CREATOR: Provenance.TYPED_BY_CREATOR, Role.AGENCY: Provenance.TYPED_BY_AGENCY}


def typed_by(role: Role) -> Provenance:
    """Return the provenance of what somebody of this role types in."""
    return _TYPISTS.get(role, Provenance.TYPED_BY_ADMIN)


def of_file(source: str) -> Provenance:
    """Return the provenance of what stands in a file of this shape, whoever hands it in."""
    return Provenance.OWN_FILE if source == _OWN_SHAPE else Provenance.PLATFORM_EXPORT


def weight(*words: str) -> float:
    """Return the share that counts of what rests on data of these provenances: that of the least certain of them."""
    return min((WEIGHTS[Provenance(word)] for word in words), default=FULL)


def least_certain(first: str, second: str) -> str:
    """Return the provenance of what two data make together."""
    return second if weight(second) < weight(first) else first


def believed(
    told: "npt.NDArray[_Real]", usual: "npt.NDArray[_Real] | float", share: "npt.NDArray[_Real] | float"
) -> "npt.NDArray[_Real]":
    """Return what counts of told figures: a ``share`` of how far they are from what is ``usual``, where nothing is
    told.

    The one rule for views (usual: none), audience lists (the population) and parts of the fit (middling), in ranking
    and in discovery.
    """
    counted: Any = usual + share * (told - usual)
    return cast("npt.NDArray[_Real]", counted)
