"""The moves of a review. Only people of the platform make them; worse facts open a decided one again."""

from marketplace.core.actor import Role
from marketplace.core.states import Moves, step
from marketplace.reviews.models import ReviewStatus as S

PENDING = (S.OPEN, S.HELD, S.SECOND)
DECIDED = (S.APPROVED, S.REJECTED)

MOVES: Moves = {
    "second": step(S.OPEN, S.HELD, to=S.SECOND, by=Role.ADMIN),
    "approve": step(*PENDING, to=S.APPROVED, by=Role.ADMIN),
    "hold": step(S.OPEN, S.SECOND, to=S.HELD, by=Role.ADMIN),
    "reject": step(*PENDING, to=S.REJECTED, by=Role.ADMIN),
    "reopen": step(S.SECOND, *DECIDED, to=S.OPEN, by=Role.SYSTEM),
}
