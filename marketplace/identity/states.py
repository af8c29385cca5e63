"""How a mandate comes into force and ends, and how a creator whom others entered becomes their own."""

from marketplace.core.actor import Role
from marketplace.core.states import Moves, step
from marketplace.identity.models import MandateStatus as M
from marketplace.identity.models import PartyStatus as P

MANDATE_MOVES: Moves = {
    "accept": step(M.OFFERED, to=M.ACTIVE, by=Role.CREATOR),
    "decline": step(M.OFFERED, to=M.DECLINED, by=Role.CREATOR),
    "end": step(M.OFFERED, M.ACTIVE, to=M.ENDED, by=(Role.AGENCY, Role.CREATOR)),
}

PARTY_MOVES: Moves = {
    "claim": step(P.UNCLAIMED, to=P.ACTIVE, by=Role.CREATOR),
}
