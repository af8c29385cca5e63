"""The transitions of channels and imports, and who may make them."""

from marketplace.channels.models import ChannelStatus, ImportStatus
from marketplace.core.actor import Role
from marketplace.core.states import Transitions, transition

CHANNEL_TRANSITIONS: Transitions = {
    "archive": transition(ChannelStatus.ACTIVE, to=ChannelStatus.ARCHIVED, by=(Role.CREATOR, Role.AGENCY, Role.ADMIN)),
}
IMPORT_TRANSITIONS: Transitions = {
    "done": transition(ImportStatus.RECEIVED, to=ImportStatus.DONE, by=Role.SYSTEM),
    "failed": transition(ImportStatus.RECEIVED, to=ImportStatus.FAILED, by=Role.SYSTEM),
    "cancelled": transition(ImportStatus.RECEIVED, to=ImportStatus.CANCELLED, by=Role.SYSTEM),
}
