"""How a brief goes from draft to its end, and who may take it there."""

from marketplace.briefs.models import BriefStatus as S
from marketplace.core.actor import Role
from marketplace.core.states import Moves, step

MOVES: Moves = {
    "publish": step(S.DRAFT, to=S.PUBLISHED, by=Role.BRAND),
    "close": step(S.PUBLISHED, to=S.CLOSED, by=(Role.BRAND, Role.ADMIN, Role.SYSTEM)),
    "cancel": step(S.DRAFT, S.PUBLISHED, to=S.CANCELLED, by=(Role.BRAND, Role.ADMIN)),
}
