"""The transitions of a selection. Only a finished one can be confirmed, and only one for each brief at a time."""

from marketplace.core.actor import Role
from marketplace.core.states import Transitions, transition
from marketplace.matching.selection.models import SelectionStatus as S

SELECTION_TRANSITIONS: Transitions = {
    "find": transition(S.WAITING, to=S.FOUND, by=Role.SYSTEM),
    "finish": transition(S.WAITING, S.FOUND, to=S.DONE, by=Role.SYSTEM),
    "fail": transition(S.WAITING, S.FOUND, to=S.FAILED, by=Role.SYSTEM),
    "confirm": transition(S.DONE, to=S.CONFIRMED, by=Role.BRAND),
    # By another confirmation, once it binds no more: see service._superseded.
    "supersede": transition(S.CONFIRMED, to=S.DONE, by=Role.BRAND),
}
