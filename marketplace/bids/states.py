"""The transitions of a bid, and who may make them. Revising is not one of them: the bid stays open.

An acceptance holds until a side steps back from it, with a reason. If the brand does, the offer stands as before, for
its bidder has taken nothing back. If the bidder does, the offer is gone, for the brand could accept it again at once.
Where only the deal that the acceptance made has come to nothing, the bid is put back: it is open again, until its
brief's time for choosing is over.
"""

from marketplace.bids.models import BidStatus as S
from marketplace.core.actor import Role
from marketplace.core.states import Transitions, transition

BID_TRANSITIONS: Transitions = {
    "withdraw": transition(S.OPEN, to=S.WITHDRAWN, by=(Role.CREATOR, Role.AGENCY)),
    "accept": transition(S.OPEN, to=S.ACCEPTED, by=Role.BRAND),
    "decline": transition(S.OPEN, to=S.DECLINED, by=Role.BRAND),
    "step_back": transition(S.ACCEPTED, to=S.OPEN, by=Role.BRAND),
    "back_out": transition(S.ACCEPTED, to=S.WITHDRAWN, by=(Role.CREATOR, Role.AGENCY)),
    "put_back": transition(S.ACCEPTED, to=S.OPEN, by=(Role.BRAND, Role.CREATOR, Role.AGENCY, Role.SYSTEM)),
    "void": transition(S.OPEN, S.ACCEPTED, to=S.VOID, by=Role.SYSTEM),
    "lapse": transition(S.OPEN, to=S.LAPSED, by=Role.SYSTEM),
}
