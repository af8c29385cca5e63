"""The transitions that end the upload of a video."""

from marketplace.core.actor import Role
from marketplace.core.states import Transitions, transition
from marketplace.video_files.models import VideoFileStatus

VIDEO_TRANSITIONS: Transitions = {
    "keep": transition(VideoFileStatus.RECEIVING, to=VideoFileStatus.KEPT, by=Role.SYSTEM),
    "refuse": transition(VideoFileStatus.RECEIVING, to=VideoFileStatus.REFUSED, by=Role.SYSTEM),
}
