"""How a check goes, and who may stop it."""

from marketplace.checks.models import VideoCheckStatus as Status
from marketplace.core.actor import Role
from marketplace.core.states import Moves, step

_OPEN = (Status.QUEUED, Status.RUNNING)

CHECK_MOVES: Moves = {
    "start": step(Status.QUEUED, to=Status.RUNNING, by=Role.SYSTEM),
    "finish": step(Status.RUNNING, to=Status.DONE, by=Role.SYSTEM),
    "refuse": step(*_OPEN, to=Status.REFUSED, by=Role.SYSTEM),
    "fail": step(*_OPEN, to=Status.FAILED, by=Role.SYSTEM),
    "cancel": step(*_OPEN, to=Status.CANCELLED, by=(Role.CREATOR, Role.AGENCY, Role.ADMIN)),
}
