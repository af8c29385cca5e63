"""The transitions of a deal and of a deliverable, and who may make them.

The maker's moves are the creator's, and those of an agency whose mandate is live. Who of the two sides may make one
now (whose turn it is, whether a side may still counter) is its service's question.

Being paused and being late are no states of a deliverable: the one is the deal's state, the other a mark
(`late_since`), for work goes on from where it was.
"""

from marketplace.core.actor import Role
from marketplace.core.states import Transitions, transition
from marketplace.deals.models import DealStatus as D
from marketplace.deals.models import DeliverableStatus as V

_MAKER = (Role.CREATOR, Role.AGENCY)
_SIDES = (Role.BRAND, *_MAKER)

DEAL_TRANSITIONS: Transitions = {
    "counter": transition(D.OFFERED, to=D.OFFERED, by=_SIDES),
    "confirm": transition(D.OFFERED, to=D.AGREED, by=_SIDES),
    "decline": transition(D.OFFERED, to=D.LAPSED, by=_SIDES),
    "withdraw": transition(D.OFFERED, to=D.LAPSED, by=_SIDES),
    "lapse": transition(D.OFFERED, D.AGREED, to=D.LAPSED, by=Role.SYSTEM),
    "fund": transition(D.AGREED, to=D.ACTIVE, by=(Role.SYSTEM, Role.ADMIN)),
    "pause": transition(D.ACTIVE, to=D.PAUSED, by=(*_SIDES, Role.SYSTEM)),
    "resume": transition(D.PAUSED, to=D.ACTIVE, by=_SIDES),
    "ask_to_cancel": transition(D.ACTIVE, D.PAUSED, to=D.CANCELLING, by=_SIDES),
    "cancel": transition(D.CANCELLING, to=D.CANCELLED, by=(*_SIDES, Role.SYSTEM)),
    "cut_short": transition(D.CANCELLING, to=D.ACTIVE, by=(*_SIDES, Role.SYSTEM)),
    "go_on": transition(D.CANCELLING, to=D.ACTIVE, by=(*_SIDES, Role.SYSTEM)),
    "go_back_to_pause": transition(D.CANCELLING, to=D.PAUSED, by=(*_SIDES, Role.SYSTEM)),
    "dispute": transition(D.ACTIVE, D.PAUSED, D.CANCELLING, to=D.DISPUTED, by=(*_SIDES, Role.SYSTEM)),
    "decide_to_go_on": transition(D.DISPUTED, to=D.ACTIVE, by=Role.ADMIN),
    "decide_to_cancel": transition(D.DISPUTED, to=D.CANCELLED, by=Role.ADMIN),
    "decide_to_complete": transition(D.DISPUTED, to=D.COMPLETED, by=Role.ADMIN),
    "complete": transition(D.ACTIVE, to=D.COMPLETED, by=Role.SYSTEM),
}

_BEFORE_LIVE = (V.PLANNED, V.SCRIPT_SENT, V.SCRIPT_APPROVED, V.DRAFT_SENT, V.CHANGES_ASKED, V.APPROVED)

DELIVERABLE_TRANSITIONS: Transitions = {
    "send_script": transition(V.PLANNED, to=V.SCRIPT_SENT, by=_MAKER),
    "return_script": transition(V.SCRIPT_SENT, to=V.PLANNED, by=Role.BRAND),
    "approve_script": transition(V.SCRIPT_SENT, to=V.SCRIPT_APPROVED, by=Role.BRAND),
    "send_draft": transition(V.PLANNED, V.SCRIPT_APPROVED, V.CHANGES_ASKED, to=V.DRAFT_SENT, by=_MAKER),
    "ask_for_changes": transition(V.DRAFT_SENT, to=V.CHANGES_ASKED, by=Role.BRAND),
    "approve": transition(V.DRAFT_SENT, to=V.APPROVED, by=(Role.BRAND, Role.SYSTEM)),
    "publish": transition(V.APPROVED, to=V.LIVE, by=_MAKER),
    "miss": transition(V.LIVE, to=V.MISSED, by=(Role.ADMIN, Role.SYSTEM)),
    "finish": transition(V.LIVE, to=V.DONE, by=Role.SYSTEM),
    "decide_to_end": transition(V.LIVE, to=V.DONE, by=Role.ADMIN),
    "cancel": transition(*_BEFORE_LIVE, to=V.CANCELLED, by=(*_SIDES, Role.ADMIN, Role.SYSTEM)),
}
