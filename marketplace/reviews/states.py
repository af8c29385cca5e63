"""The transitions of a review. Only people of the platform decide; worse facts reopen a decided one.

`service.decide` chooses between `second` and `approve` for an approval: the table cannot count people.
"""

from marketplace.core.actor import Role
from marketplace.core.states import Transitions, transition
from marketplace.reviews.models import ReviewStatus as S

PENDING = (S.OPEN, S.HELD, S.SECOND)
DECIDED = (S.APPROVED, S.REJECTED)

REVIEW_TRANSITIONS: Transitions = {
    "second": transition(*PENDING, to=S.SECOND, by=Role.ADMIN),
    "approve": transition(*PENDING, to=S.APPROVED, by=Role.ADMIN),
    "hold": transition(S.OPEN, S.SECOND, to=S.HELD, by=Role.ADMIN),
    "reject": transition(*PENDING, to=S.REJECTED, by=Role.ADMIN),
    "drop": transition(*PENDING, to=S.DROPPED, by=Role.SYSTEM),
    "reopen": transition(S.SECOND, *DECIDED, to=S.OPEN, by=Role.SYSTEM),
}
