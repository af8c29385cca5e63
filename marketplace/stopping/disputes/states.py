"""The transitions of a dispute. That the second person is another one is asked where it is made."""

from marketplace.core.actor import Role
from marketplace.core.states import Transitions, transition
from marketplace.stopping.disputes.models import DisputeStatus as S

DISPUTE_TRANSITIONS: Transitions = {
    "propose": transition(S.OPEN, to=S.PROPOSED, by=Role.ADMIN),
    "drop_proposal": transition(S.PROPOSED, to=S.OPEN, by=Role.ADMIN),
    "decide": transition(S.PROPOSED, to=S.DECIDED, by=Role.ADMIN),
}
