"""The transitions of a check, and who may make them."""

from marketplace.checks.models import VideoCheckStatus as Status
from marketplace.core.actor import Role
from marketplace.core.states import Transitions, transition

_OPEN = (Status.QUEUED, Status.RUNNING)

CHECK_TRANSITIONS: Transitions = {
    "start": transition(Status.QUEUED, to=Status.RUNNING, by=Role.SYSTEM),
    "finish": transition(Status.RUNNING, to=Status.DONE, by=Role.SYSTEM),
    "refuse": transition(*_OPEN, to=Status.REFUSED, by=Role.SYSTEM),
    "fail": transition(*_OPEN, to=Status.FAILED, by=Role.SYSTEM),
    "cancel": transition(*_OPEN, to=Status.CANCELLED, by=(Role.CREATOR, Role.AGENCY, Role.ADMIN)),
}
