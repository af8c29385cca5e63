"""What waits for somebody, as data: of which thing in which state, for which side, and what to call.

A row of the tables of duties is one thing that somebody has to do. The tables are walked by the tests together with
the tables of transitions: a state that can be left waits for somebody, or for the clock, or is said to be at rest.
"""

from dataclasses import dataclass
from enum import StrEnum

from marketplace.core.actor import Role
from marketplace.core.message import Bilingual
from marketplace.core.words.silences import Silence


class DutySide(StrEnum):
    """Whom something waits for. The second admin is another person than the one who took the first step."""

    BRAND = "brand"
    MAKER = "maker"  # the creator, or the agency that may act for it
    CREATOR = "creator"
    PAYEE = "payee"  # whose money it is
    INVITED = "invited"
    ADMIN = "admin"
    SECOND_ADMIN = "second_admin"


_PARTIES = (Role.BRAND, Role.CREATOR, Role.AGENCY)
# Who has the duties of a side in their inbox.
SIDE_ROLES: dict[DutySide, tuple[Role, ...]] = {
    DutySide.BRAND: (Role.BRAND,),
    DutySide.MAKER: (Role.CREATOR, Role.AGENCY),
    DutySide.CREATOR: (Role.CREATOR,),
    DutySide.PAYEE: _PARTIES,
    DutySide.INVITED: (*_PARTIES, Role.ADMIN),
    DutySide.ADMIN: (Role.ADMIN,),
    DutySide.SECOND_ADMIN: (Role.ADMIN,),
}
SIDE_NAMES: dict[DutySide, Bilingual] = {
    DutySide.BRAND: Bilingual("品牌方", "the brand"),
    DutySide.MAKER: Bilingual("创作方", "the maker"),
    DutySide.CREATOR: Bilingual("创作者", "the creator"),
    DutySide.PAYEE: Bilingual("收款方", "whose money it is"),
    DutySide.INVITED: Bilingual("受邀人", "who is invited"),
    DutySide.ADMIN: Bilingual("管理员", "an administrator"),
    DutySide.SECOND_ADMIN: Bilingual("另一位管理员", "a second administrator"),
}


@dataclass(frozen=True)
class DutyCall:
    """A call that answers a duty. In braces stands the prefix of the id that belongs there, such as `{drf}`."""

    operation: str
    method: str
    path: str


@dataclass(frozen=True)
class Duty:
    """One thing to do while a `subject` (a table) is in a state. `variant` tells two duties of a state and side apart.

    `calls` are what answers it; there is none where it is done outside of the market, as a bank transfer is.
    """

    code: str
    subject: str
    state: str
    side: DutySide
    said: Bilingual
    silence: Silence
    calls: tuple[DutyCall, ...] = ()
    variant: str = ""


def post(operation: str, path: str) -> DutyCall:
    return DutyCall(operation, "POST", path)


def read(operation: str, path: str) -> DutyCall:
    return DutyCall(operation, "GET", path)
