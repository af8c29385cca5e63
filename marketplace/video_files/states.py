"""How the receiving of a video ends."""

from marketplace.core.actor import Role
from marketplace.core.states import Moves, step
from marketplace.video_files.models import VideoFileStatus

VIDEO_MOVES: Moves = {
    "keep": step(VideoFileStatus.RECEIVING, to=VideoFileStatus.KEPT, by=Role.SYSTEM),
    "refuse": step(VideoFileStatus.RECEIVING, to=VideoFileStatus.REFUSED, by=Role.SYSTEM),
}
