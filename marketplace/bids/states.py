"""The transitions of a bid, and who may make them. Revising is not one of them: the bid stays open."""

from marketplace.bids.models import BidStatus as S
from marketplace.core.actor import Role
from marketplace.core.states import Transitions, transition

BID_TRANSITIONS: Transitions = {
    "withdraw": transition(S.OPEN, to=S.WITHDRAWN, by=(Role.CREATOR, Role.AGENCY)),
    "accept": transition(S.OPEN, to=S.ACCEPTED, by=Role.BRAND),
    "decline": transition(S.OPEN, to=S.DECLINED, by=Role.BRAND),
    "void": transition(S.OPEN, to=S.VOID, by=Role.SYSTEM),
}
