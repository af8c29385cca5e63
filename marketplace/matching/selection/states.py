"""How a selection comes to its end. Only what is done can be confirmed, and of a brief only one."""

from marketplace.core.actor import Role
from marketplace.core.states import Moves, step
from marketplace.matching.selection.models import SelectionStatus as S

MOVES: Moves = {
    "find": step(S.WAITING, to=S.FOUND, by=Role.SYSTEM),
    "finish": step(S.WAITING, S.FOUND, to=S.DONE, by=Role.SYSTEM),
    "fail": step(S.WAITING, S.FOUND, to=S.FAILED, by=Role.SYSTEM),
    "confirm": step(S.DONE, to=S.CONFIRMED, by=Role.BRAND),
}
