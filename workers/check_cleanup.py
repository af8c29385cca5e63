"""The clock's job for checks of videos: forgetting frames that nobody uses any more, and ending lost checks."""

from typing import Any

from sqlalchemy.orm import Session

from marketplace.checks import cleanup
from marketplace.core.jobs import ClaimedJob
from marketplace.core.message import Bilingual
from workers.handlers import Handlers
from workers.process.vision_folder import vision_folder

KEEP_FRAMES_S = 24 * 3600.0
GAVE_UP = Bilingual(
    "检查多次未能完成，请重试或换一个导出版本。",
    "The check failed several times and was given up; try again, or with another export of the video.",
)


def sweep(session: Session, _: ClaimedJob) -> dict[str, Any]:
    """Forget old frames, and end checks whose jobs are dead."""
    lost = cleanup.settle_lost(session, GAVE_UP)
    return {"settled": lost, "forgotten": cleanup.sweep(vision_folder(), KEEP_FRAMES_S)}


HANDLERS: Handlers = {"checks.sweep": sweep}
