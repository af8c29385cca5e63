"""Briefs in every state, written through the services."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs import service
from marketplace.briefs.models import Brief, CloseDraw
from marketplace.briefs.schemas import BriefIn
from marketplace.briefs.service import ShownBrief
from marketplace.core import db
from marketplace.core.clock import now
from marketplace.matching.closing import service as closing
from tests.make.people import Somebody

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)
JPEG = b"\xff\xd8\xff\xe0" + bytes(24)
WEBP = b"RIFF\x18\x00\x00\x00WEBPVP8 " + bytes(16)


def moment(**after: float) -> str:
    """A time so long from now, as the API writes it."""
    return written(now() + timedelta(**after))


def written(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def cny(amount_minor: int) -> dict[str, Any]:
    return {"amount_minor": amount_minor, "currency": "CNY"}


def minimal(**changes: Any) -> dict[str, Any]:
    """A document with nothing in it that may be left out."""
    return {
        "title": "一周四集动画的软植入",
        "product": {"name": "气泡水", "category": "food"},
        "brand": {"names": ["清泉"]},
        "markets": ["CN"],
        "placement_kinds": ["background"],
        "budget": cny(20_000_000),
        "deliverables": [{"kind": "video", "count": 1}],
        "publish_window": {"starts_at": moment(days=20), "ends_at": moment(days=40)},
        "bids_close_at": moment(days=10),
        **changes,
    }


def cell(first: int, last: int | None, **more: Any) -> dict[str, Any]:
    """A cell of a target as it is shown, with everybody of these ages."""
    everybody: dict[str, Any] = {"genders": [], "regions": [], "education": [], "interests": []}
    return {"ages": {"from": first, "to": last}, **everybody, **more}


def document(**changes: Any) -> dict[str, Any]:
    """A document with every field filled in, just as it is shown again."""
    return {
        **minimal(),
        "closing_window_s": 0,
        "bids_lapse_days": 21,
        "part_offers": False,
        "least_prominence": None,
        "least_seconds": None,
        "fit_weight": 0.6,
        "product": {
            "name": "气泡水",
            "description": "零糖柠檬味",
            "category": "food",
            "link": "https://example.com/p?id=1",
            "value": cny(4_900),
        },
        "brand": {"names": ["清泉", "Clearspring"], "aliases": ["qingquan", "小清"], "spoken_forms": ["清泉气泡水"]},
        "markets": ["CN", "SG"],
        "target": [
            {**cell(18, 30, weight=1.0), "genders": ["female"], "regions": ["CN-GD", "CN-SH"]},
            cell(31, None, weight=0.25),
        ],
        "placement_kinds": ["background", "hand_prop", "plot_use"],
        "tolerance": 35,
        "ceiling_per_thousand": cny(10_800),
        "deliverables": [
            {"kind": "series", "count": 4, "length_tiers": ["21-60", "60+"], "platform": "douyin"},
            {"kind": "image", "count": 2, "length_tiers": [], "platform": None},
        ],
        "keep_live_days": 90,
        "rights": {
            "usage": {"days": 180, "channels": ["brand_social", "paid_ads"]},
            "whitelisting": {"days": 30},
            "raw_files": True,
            "exclusivity": {"category": "food", "days": 60},
            "likeness_for_ai": False,
        },
        "must": ["瓶身正面朝向镜头"],
        "must_not": ["不得出现其他饮料"],
        "disclosure": {"required": True, "text": "广告"},
        "buying_link": True,
        "sample": {"provided": True, "to_return": False},
        "terms": {
            "revision_rounds": 1,
            "payment_days": 15,
            "scope_changes": "另行报价",
            "disputes": "平台调解",
            "may_be_shown": False,
        },
        "questions": ["最近一次广告是什么时候？"],
        "note": "样品周五前寄出",
        **changes,
    }


def loaded(given: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = BriefIn().load(given)
    return found


def _as(brand: Somebody, call: Callable[[Session], ShownBrief]) -> ShownBrief:
    with db.transaction(brand.actor) as session:
        return call(session)


def draft(brand: Somebody, **changes: Any) -> ShownBrief:
    return _as(brand, lambda session: service.create(session, brand.actor, loaded=loaded(document(**changes))))


def published(brand: Somebody, **changes: Any) -> ShownBrief:
    brief = draft(brand, **changes)
    return _as(brand, lambda session: service.publish(session, brand.actor, brief.id))


def closed(brand: Somebody, **changes: Any) -> ShownBrief:
    brief = published(brand, **changes)
    return _as(brand, lambda session: closing.close(session, brand.actor, brief.id))


def cancelled(brand: Somebody, **changes: Any) -> ShownBrief:
    brief = draft(brand, **changes)
    return _as(brand, lambda session: service.cancel(session, brand.actor, brief.id, reason="预算取消"))


MAKERS = {"draft": draft, "published": published, "closed": closed, "cancelled": cancelled}


def move_deadline(brief_id: UUID, at: datetime) -> None:
    """Let time pass for one brief, behind the services' back."""
    with db.transaction() as session:
        session.execute(sa.update(Brief).where(Brief.id == brief_id).values(bids_close_at=at))
        session.execute(sa.update(CloseDraw).where(CloseDraw.id == brief_id).values(closes_at=at))


def draw(brief_id: UUID) -> CloseDraw:
    """Return when a published brief closes, which only the system may read."""
    with db.transaction() as session:
        return session.get_one(CloseDraw, brief_id)
