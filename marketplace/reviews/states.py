"""The transitions of a review. Only people of the platform decide; worse facts reopen a decided one.

`decisions` chooses between `second` and `approve` for an approval: the table cannot count people.
"""

from marketplace.core.actor import Role
from marketplace.core.states import Transitions, transition
from marketplace.reviews.models import ReviewStatus as S

PENDING = (S.OPEN, S.HELD, S.SECOND)
DECIDABLE = (S.DEFERRED, *PENDING)
DECIDED = (S.APPROVED, S.REJECTED)

REVIEW_TRANSITIONS: Transitions = {
    "ask": transition(S.DEFERRED, S.PASSED, to=S.OPEN, by=(Role.SYSTEM, Role.BRAND, Role.ADMIN)),
    "second": transition(*DECIDABLE, to=S.SECOND, by=Role.ADMIN),
    "approve": transition(*DECIDABLE, to=S.APPROVED, by=Role.ADMIN),
    "hold": transition(S.DEFERRED, S.OPEN, S.SECOND, to=S.HELD, by=Role.ADMIN),
    "reject": transition(*DECIDABLE, to=S.REJECTED, by=Role.ADMIN),
    "drop": transition(*DECIDABLE, to=S.DROPPED, by=Role.SYSTEM),
    "pass": transition(S.DEFERRED, S.OPEN, to=S.PASSED, by=Role.SYSTEM),
    "defer": transition(S.PASSED, to=S.DEFERRED, by=Role.SYSTEM),
    "reopen": transition(S.SECOND, *DECIDED, to=S.OPEN, by=(Role.SYSTEM, Role.ADMIN)),
}
