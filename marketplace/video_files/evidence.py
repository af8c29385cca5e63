"""Videos and checks that were handed in for a deal: kept as evidence while it lasts, and for a time after."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core.clock import now
from marketplace.core.errors import Conflict
from marketplace.core.message import Bilingual

# As long as either side may sue: three years (Civil Code of the PRC, art. 188).
KEPT_AFTER_END = timedelta(days=3 * 365 + 1)

_NAMES = {"video": Bilingual("这个视频", "This video"), "video_check": Bilingual("这次检查", "This check")}


def require_free(session: Session, kind: str, id_: UUID) -> None:
    """Raise Conflict for a `video` or a `video_check` that is evidence of a deal. The caller has locked its row."""
    is_evidence = getattr(sa.func, f"{kind}_is_evidence")
    if session.scalar(sa.select(is_evidence(id_, now() - KEPT_AFTER_END))):
        name = _NAMES[kind]
        raise Conflict(
            Bilingual(
                f"{name.zh}已随交付项提交，是合作的证据：合作结束满三年前不能删除或收回，没有改动。要换一版，请在品牌方要求修改后提交新的成片。",
                f"{name.en} was handed in for a deal and is evidence: it stays until three years after the deal's end."
                " Nothing was changed. To hand in another version, send a new draft once the brand asks for changes.",
            ),
            rule="evidence",
        )
