"""The transitions of mandates, of parties and of people."""

from marketplace.core.actor import Role
from marketplace.core.states import Transitions, transition
from marketplace.identity.models import MandateStatus as M
from marketplace.identity.models import PartyStatus as P
from marketplace.identity.models import PersonStatus

MANDATE_TRANSITIONS: Transitions = {
    "accept": transition(M.OFFERED, to=M.ACTIVE, by=Role.CREATOR),
    "decline": transition(M.OFFERED, to=M.DECLINED, by=Role.CREATOR),
    "end": transition(M.OFFERED, M.ACTIVE, to=M.ENDED, by=(Role.AGENCY, Role.CREATOR)),
}

PARTY_TRANSITIONS: Transitions = {
    "claim": transition(P.UNCLAIMED, to=P.ACTIVE, by=Role.CREATOR),
    "suspend": transition(P.ACTIVE, P.UNCLAIMED, to=P.SUSPENDED, by=Role.ADMIN),
    "reinstate": transition(P.SUSPENDED, to=P.ACTIVE, by=Role.ADMIN),
    # For a creator in whose party nobody sits.
    "reinstate-unclaimed": transition(P.SUSPENDED, to=P.UNCLAIMED, by=Role.ADMIN),
}
PERSON_TRANSITIONS: Transitions = {
    "suspend": transition(PersonStatus.ACTIVE, to=PersonStatus.SUSPENDED, by=Role.ADMIN),
    "reinstate": transition(PersonStatus.SUSPENDED, to=PersonStatus.ACTIVE, by=Role.ADMIN),
}
