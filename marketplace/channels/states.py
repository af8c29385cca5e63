"""How channels and imports end, and who may end them."""

from marketplace.channels.models import ChannelStatus, ImportStatus
from marketplace.core.actor import Role
from marketplace.core.states import Moves, step

CHANNEL_MOVES: Moves = {
    "archive": step(ChannelStatus.ACTIVE, to=ChannelStatus.ARCHIVED, by=(Role.CREATOR, Role.AGENCY, Role.ADMIN)),
}
IMPORT_MOVES: Moves = {
    "done": step(ImportStatus.RECEIVED, to=ImportStatus.DONE, by=Role.SYSTEM),
    "failed": step(ImportStatus.RECEIVED, to=ImportStatus.FAILED, by=Role.SYSTEM),
    "cancelled": step(ImportStatus.RECEIVED, to=ImportStatus.CANCELLED, by=Role.SYSTEM),
}
