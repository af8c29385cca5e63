"""The transitions of a brief, and who may make them."""

from marketplace.briefs.models import BriefStatus as S
from marketplace.core.actor import Role
from marketplace.core.states import Transitions, transition

BRIEF_TRANSITIONS: Transitions = {
    "publish": transition(S.DRAFT, to=S.PUBLISHED, by=Role.BRAND),
    "close": transition(S.PUBLISHED, to=S.CLOSED, by=(Role.BRAND, Role.ADMIN, Role.SYSTEM)),
    "cancel": transition(S.DRAFT, S.PUBLISHED, S.CLOSED, to=S.CANCELLED, by=(Role.BRAND, Role.ADMIN)),
}
