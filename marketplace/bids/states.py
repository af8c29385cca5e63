"""How a bid ends, and who may end it. Changing its wording is no move: a new revision stands in the old one's place."""

from marketplace.bids.models import BidStatus as S
from marketplace.core.actor import Role
from marketplace.core.states import Moves, step

MOVES: Moves = {
    "withdraw": step(S.OPEN, to=S.WITHDRAWN, by=(Role.CREATOR, Role.AGENCY)),
    "accept": step(S.OPEN, to=S.ACCEPTED, by=Role.BRAND),
    "decline": step(S.OPEN, to=S.DECLINED, by=Role.BRAND),
    "void": step(S.OPEN, to=S.VOID, by=Role.SYSTEM),
}
