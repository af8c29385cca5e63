"""The moves of a review. Only people of the platform decide; worse facts open a decided one again.

Which of `second` and `approve` an approval is, `service.decide` says: the table cannot count people.
"""

from marketplace.core.actor import Role
from marketplace.core.states import Moves, step
from marketplace.reviews.models import ReviewStatus as S

PENDING = (S.OPEN, S.HELD, S.SECOND)
DECIDED = (S.APPROVED, S.REJECTED)

MOVES: Moves = {
    "second": step(*PENDING, to=S.SECOND, by=Role.ADMIN),
    "approve": step(*PENDING, to=S.APPROVED, by=Role.ADMIN),
    "hold": step(S.OPEN, S.SECOND, to=S.HELD, by=Role.ADMIN),
    "reject": step(*PENDING, to=S.REJECTED, by=Role.ADMIN),
    "drop": step(*PENDING, to=S.DROPPED, by=Role.SYSTEM),
    "reopen": step(S.SECOND, *DECIDED, to=S.OPEN, by=Role.SYSTEM),
}
