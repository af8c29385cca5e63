"""Who acts. Services take an Actor and never see a request, so that jobs and commands can call them too."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from marketplace.core.message import Bilingual


class Role(StrEnum):
    """The kind of party that acts; `admin` is a person of the platform's own party, `nobody` is not signed in."""

    BRAND = "brand"
    CREATOR = "creator"
    AGENCY = "agency"
    ADMIN = "admin"
    SYSTEM = "system"
    NOBODY = "nobody"


# How the roles are called in Chinese; in English their values are the names.
ROLE_NAMES_ZH: dict[Role, str] = {
    Role.BRAND: "品牌方",
    Role.CREATOR: "创作者",
    Role.AGENCY: "机构",
    Role.ADMIN: "管理员",
    Role.SYSTEM: "系统",
    Role.NOBODY: "未登录者",
}


class Permission(StrEnum):
    """What a member may do for their party, and what a key's scopes may name."""

    READ = "read"
    BRIEFS = "briefs:write"
    BIDS = "bids:write"
    CHANNELS = "channels:write"
    VIDEOS = "videos:write"
    DEALS = "deals:write"
    MONEY = "money:write"
    REVIEWS = "reviews:write"
    PARTY = "party:manage"


EVERYTHING = frozenset(Permission)


@dataclass(frozen=True)
class Actor:
    """A person or key acting for a party; `acts_for` are the creators an agency holds a mandate of today.

    `suspended` is the sentence that says why the party may only read at present; None if it may act.
    `lacks_factor`: an admin who signed in by the password alone, because no second factor is set up yet.
    """

    role: Role
    party_id: UUID | None = None
    person_id: UUID | None = None
    key_id: UUID | None = None
    permissions: frozenset[Permission] = EVERYTHING
    acts_for: frozenset[UUID] = field(default_factory=frozenset)
    suspended: Bilingual | None = None
    lacks_factor: bool = False

    @property
    def parties(self) -> frozenset[UUID]:
        """Every party whose own rows this actor may see."""
        return self.acts_for | {self.party_id} if self.party_id else self.acts_for

    @property
    def sees_all(self) -> bool:
        return self.role in (Role.ADMIN, Role.SYSTEM)


SYSTEM = Actor(role=Role.SYSTEM)
NOBODY = Actor(role=Role.NOBODY, permissions=frozenset())
