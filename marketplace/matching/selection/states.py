"""How a selection comes to its end. Only what is done can be confirmed, and of a brief only one."""

from marketplace.core.actor import Role
from marketplace.core.states import Transitions, transition
from marketplace.matching.selection.models import SelectionStatus as S

SELECTION_TRANSITIONS: Transitions = {
    "find": transition(S.WAITING, to=S.FOUND, by=Role.SYSTEM),
    "finish": transition(S.WAITING, S.FOUND, to=S.DONE, by=Role.SYSTEM),
    "fail": transition(S.WAITING, S.FOUND, to=S.FAILED, by=Role.SYSTEM),
    "confirm": transition(S.DONE, to=S.CONFIRMED, by=Role.BRAND),
}
