"""The transitions of a mandate, and of a creator whom others entered and who claims the party."""

from marketplace.core.actor import Role
from marketplace.core.states import Transitions, transition
from marketplace.identity.models import MandateStatus as M
from marketplace.identity.models import PartyStatus as P

MANDATE_TRANSITIONS: Transitions = {
    "accept": transition(M.OFFERED, to=M.ACTIVE, by=Role.CREATOR),
    "decline": transition(M.OFFERED, to=M.DECLINED, by=Role.CREATOR),
    "end": transition(M.OFFERED, M.ACTIVE, to=M.ENDED, by=(Role.AGENCY, Role.CREATOR)),
}

PARTY_TRANSITIONS: Transitions = {
    "claim": transition(P.UNCLAIMED, to=P.ACTIVE, by=Role.CREATOR),
}
