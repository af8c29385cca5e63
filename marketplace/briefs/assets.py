"""A brief's reference images: recognised by their first bytes and stored once per brief and hash."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs import policy
from marketplace.briefs.models import BrandAsset, Brief, BriefStatus
from marketplace.core import db, events
from marketplace.core.actor import Actor
from marketplace.core.errors import Conflict, FieldError, InvalidInput, NotFound, WrongState
from marketplace.core.message import Bilingual

ASSETS_MAX = 12
ASSET_BYTES_MAX = 2 * 1024 * 1024
SUFFIXES = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


@dataclass(frozen=True)
class AssetFacts:
    """The facts of an image, without its bytes."""

    id: UUID
    brief_id: UUID
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    created_at: datetime


def media_type(data: bytes) -> str | None:
    """Return the media type of an image by its first bytes, or None (PNG: ISO/IEC 15948; JPEG: ISO/IEC 10918; WebP:
    RFC 9649)."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def add_asset(
    session: Session, actor: Actor, brief_id: UUID, *, name: str, data: bytes, content_type: str | None
) -> AssetFacts:
    """Store an image of a brief that is not over. `content_type` is its kind as the sender stated it, if at all.

    Called by `bids.brief_changes` alone, for an image is a change of a published brief.
    Raises NotFound, WrongState, InvalidInput (size, media type), Conflict (too many, or stored already).
    """
    recognised = media_type(data)
    if len(data) > ASSET_BYTES_MAX:
        raise InvalidInput(
            Bilingual("图片太大。", "The image is too large."),
            errors=[FieldError("/", Bilingual(f"最多 {ASSET_BYTES_MAX} 字节。", f"At most {ASSET_BYTES_MAX} bytes."))],
        )
    if recognised is None or content_type not in (None, recognised):
        actual = f"是 {recognised}" if recognised else "都不是"
        detail = Bilingual(
            f"请发送 PNG、JPEG 或 WebP 图片，并写对 Content-Type；这些字节{actual}。",
            "Send a PNG, JPEG or WebP image under its own Content-Type;"
            f" these bytes are {recognised or 'none of them'}.",
        )
        raise InvalidInput(
            Bilingual("这不是可以保存的图片。", "This is not an image that can be kept."),
            errors=[FieldError("/", detail)],
        )
    brief = db.lock(session, Brief, brief_id, policy.own(actor))
    if brief.status not in (BriefStatus.DRAFT, BriefStatus.PUBLISHED):
        raise WrongState(
            Bilingual("需求已结束，它的图片不再改动。", "The brief is over; its images stay as they are."),
            state=str(brief.status),
        )
    if (session.scalar(sa.select(sa.func.count()).where(BrandAsset.brief_id == brief_id)) or 0) >= ASSETS_MAX:
        raise Conflict(Bilingual(f"一个需求最多有 {ASSETS_MAX} 张图片。", f"A brief has at most {ASSETS_MAX} images."))
    digest = hashlib.sha256(data).hexdigest()
    asset = BrandAsset(brief_id=brief_id, name=name, media_type=recognised, sha256=digest, data=data)
    session.add(asset)
    session.flush()
    events.record(
        session, "brand_assets.create", asset.id, actor, parties=[brief.brand_id], brief_id=str(brief_id), sha256=digest
    )
    return AssetFacts(asset.id, brief_id, name, recognised, len(data), digest, asset.created_at)


def list_assets(session: Session, actor: Actor, brief_id: UUID) -> list[AssetFacts]:
    """Return the facts of a brief's images, oldest first."""
    db.get(session, Brief, brief_id, policy.visible(actor))
    query = _facts().where(BrandAsset.brief_id == brief_id).order_by(BrandAsset.id)
    return [AssetFacts(*row) for row in session.execute(query).all()]


def _facts() -> sa.Select[Any]:
    size = sa.func.octet_length(BrandAsset.data)
    columns: Sequence[Any] = (
        BrandAsset.id,
        BrandAsset.brief_id,
        BrandAsset.name,
        BrandAsset.media_type,
        size,
        BrandAsset.sha256,
        BrandAsset.created_at,
    )
    return sa.select(*columns)


def read_asset(session: Session, actor: Actor, asset_id: UUID) -> BrandAsset:
    """Return an image with its bytes if the actor may see its brief. Raises NotFound."""
    asset = session.scalar(
        sa.select(BrandAsset)
        .join(Brief, Brief.id == BrandAsset.brief_id)
        .where(BrandAsset.id == asset_id, policy.visible(actor))
    )
    if asset is None:
        raise NotFound(Bilingual("没有您能看到的这张图片。", "There is no such image that you may see."))
    return asset
