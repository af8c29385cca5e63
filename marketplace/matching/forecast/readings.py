"""Views of published videos over time: told by the channel's side, learnt from, and made into a second forecast."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from marketplace.channels import policy as channels_policy
from marketplace.channels.models import Channel
from marketplace.core import db, events
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.errors import FieldError, InvalidInput
from marketplace.core.fingerprint import fingerprint
from marketplace.core.http import paging
from marketplace.matching.audience.arrays import Floats, as_floats
from marketplace.matching.forecast import early
from marketplace.matching.forecast import messages as growth_words
from marketplace.matching.forecast.early import FINAL_HOURS, HOURS, EarlyModel
from marketplace.matching.forecast.features import load_model
from marketplace.matching.forecast.forecast import HIGH, LOW, MIDDLE, ViewForecasts, quantiles
from marketplace.matching.forecast.models import GrowthModel, VideoReading

# Platforms take invalid views back; more than that is another video or a slip.
TAKEN_BACK = 0.05
VIDEOS_MAX, SHOWN_MAX = 50_000, 20
# A reading stands for a moment that lies within this factor of its age, where no two readings enclose the moment.
NEAR = 1.15
_ENDS = (LOW, MIDDLE, HIGH)
_GRID = np.arange(1, 100) / 100
_FEATURES = sa.text(
    "SELECT log_centre, scale, df, smear, n_used, from_history, tier FROM channel_features WHERE channel_id = :channel"
)
_ALL = sa.text(
    "SELECT channel_id, external_id, extract(epoch FROM taken_at - published_at) / 3600 AS hours, views"
    " FROM video_readings WHERE (channel_id, external_id) IN (SELECT channel_id, external_id FROM video_readings"
    " WHERE taken_at >= published_at + make_interval(hours => :final) GROUP BY 1, 2 ORDER BY max(taken_at) DESC, 1, 2"
    " LIMIT :most) ORDER BY channel_id, external_id, taken_at"
)


def record(
    session: Session, actor: Actor, channel_id: UUID, given: Sequence[dict[str, Any]], source: str
) -> list[VideoReading]:
    """Keep readings of one's own channel's videos; known ones stay as they are. Raises NotFound, InvalidInput."""
    channel = db.get(session, Channel, channel_id, channels_policy.own(actor))
    names = {one["external_id"] for one in given}
    query = sa.select(VideoReading).where(VideoReading.channel_id == channel_id, VideoReading.external_id.in_(names))
    known: dict[str, list[VideoReading]] = {}
    for row in session.scalars(query):
        known.setdefault(row.external_id, []).append(row)
    faults, made = [], []
    for number, one in enumerate(given):
        before = known.setdefault(one["external_id"], [])
        fault = _fault(f"/readings/{number}", one, before)
        if fault is not None:
            faults.append(fault)
        elif all(row.taken_at != one["taken_at"] for row in before):
            row = VideoReading(channel_id=channel_id, source=source, **one)
            before.append(row)
            made.append(row)
    if faults:
        raise InvalidInput("The readings have to be mended; nothing was changed.", errors=faults)
    session.add_all(made)
    session.flush()
    if made:
        events.record(session, "video_readings.new", channel_id, actor, parties=[channel.creator_id], count=len(made))
    return sorted((row for rows in known.values() for row in rows), key=lambda row: (row.external_id, row.taken_at))


def _fault(pointer: str, one: dict[str, Any], before: Sequence[VideoReading]) -> FieldError | None:
    taken_at, views = one["taken_at"], one["views"]
    if not one["published_at"] < taken_at <= now() + timedelta(minutes=5):
        return FieldError(f"{pointer}/taken_at", "Must lie after the video's publication and not in the future.")
    if any(row.published_at != one["published_at"] for row in before):
        return FieldError(f"{pointer}/published_at", "Other readings of this video tell another moment of publication.")
    for row in before:
        if row.taken_at == taken_at and row.views != views:
            return FieldError(f"{pointer}/views", f"For this moment {row.views} views were told already.")
        sooner, later = (row.views, views) if row.taken_at < taken_at else (views, row.views)
        if later < (1 - TAKEN_BACK) * sooner:
            return FieldError(f"{pointer}/views", "Views do not fall with time; a twentieth may be taken back.")
    return None


def listed(
    session: Session, actor: Actor, channel_id: UUID, *, limit: int, starting_after: UUID | None, video: str | None
) -> paging.Page[VideoReading]:
    db.get(session, Channel, channel_id, channels_policy.visible(actor))
    query = sa.select(VideoReading).where(VideoReading.channel_id == channel_id)
    if video is not None:
        query = query.where(VideoReading.external_id == video)
    return paging.page(session, query, VideoReading, limit, starting_after)


def forecasts(session: Session, actor: Actor, channel_id: UUID, *, video: str | None = None) -> list[dict[str, Any]]:
    """Return the forecasts of a channel's newest videos that have readings, or of one: views at thirty days by the
    channel's history, by the newest reading, and by both. Raises NotFound (no such channel)."""
    db.get(session, Channel, channel_id, channels_policy.visible(actor))
    query = sa.select(VideoReading).where(VideoReading.channel_id == channel_id)
    if video is not None:
        query = query.where(VideoReading.external_id == video)
    newest = query.ext(distinct_on(VideoReading.external_id)).order_by(
        VideoReading.external_id, VideoReading.taken_at.desc()
    )
    found = sorted(session.scalars(newest), key=lambda row: row.published_at, reverse=True)[:SHOWN_MAX]
    return _forecasts(session, channel_id, found) if found else []


def _forecasts(session: Session, channel_id: UUID, newest: Sequence[VideoReading]) -> list[dict[str, Any]]:
    learnt = load(session)
    first, tiers = _first(session, channel_id)
    calibration = load_model(session).calibration
    before = quantiles(first, _ENDS, calibration, tiers)[0], quantiles(first, _GRID, calibration, tiers)[0]
    return [_forecast(one, first, before, *learnt) for one in newest]


def _forecast(
    newest: VideoReading, first: ViewForecasts, before: tuple[Floats, Floats], model: EarlyModel, fitted_on: date | None
) -> dict[str, Any]:
    views, hours = as_floats([newest.views]), as_floats([newest.hours])
    alone = early.after_publication(_unknown(), views, hours, model)
    both = early.after_publication(first, views, hours, model)
    found: dict[str, Any] = {
        "channel_id": newest.channel_id,
        "external_id": newest.external_id,
        "published_at": newest.published_at,
        "taken_at": newest.taken_at,
        "hours": newest.hours,
        "views": newest.views,
        "before": _ends(before[0]),
        "early": _ends(quantiles(alone, _ENDS)[0]),
        # What is there already is the least there will be.
        "forecast": _ends(np.maximum(quantiles(both, _ENDS)[0], newest.views)),
        "percentile": _percentile(float(np.exp(alone.log_centre[0])), before[1]),
        "settled_videos": max(model.videos),
        "source": newest.source,
        "fitted_on": fitted_on,
    }
    return {**found, "reasons": growth_words.reasons(found, final_days=FINAL_HOURS / 24)}


def _unknown() -> ViewForecasts:
    nothing, none = np.full(1, np.nan), np.zeros(1, dtype=np.bool_)
    return ViewForecasts(nothing, np.ones(1), np.ones(1), np.zeros(1), np.ones(1), none)


def _first(session: Session, channel_id: UUID) -> tuple[ViewForecasts, Any]:
    row = session.execute(_FEATURES, {"channel": channel_id}).one_or_none()
    if row is None:
        return _unknown(), np.zeros(1, dtype=np.int64)
    centre, scale, df, smear, used = (
        as_floats([value]) for value in (row.log_centre, row.scale, row.df, row.smear, row.n_used)
    )
    return ViewForecasts(centre, scale, df, used, smear, np.array([row.from_history])), np.array([row.tier])


def _ends(values: Floats) -> dict[str, float | None]:
    low, point, high = (float(value) if np.isfinite(value) else None for value in values)
    return {"point": point, "low": low, "high": high}


def _percentile(views: float, before: Floats) -> float | None:
    if not np.isfinite(before).all():
        return None
    return float(np.searchsorted(before, views))


def load(session: Session) -> tuple[EarlyModel, date | None]:
    """Return the newest growth and when it was fitted, or the prior."""
    row = session.scalar(sa.select(GrowthModel).order_by(GrowthModel.id.desc()).limit(1))
    if row is None:
        return early.PRIOR_EARLY, None
    return early.from_content(row.content["growth"]), row.fitted_at.date()


def fit(session: Session) -> bool:
    """Fit how views grow to the newest videos with a reading at thirty days; returns whether anything is new."""
    db.lock_name(session, "growth")
    rows = session.execute(_ALL, {"final": int(FINAL_HOURS), "most": VIDEOS_MAX}).all()
    if not rows:
        return False
    table = []
    for _, group in groupby(rows, key=lambda row: (row.channel_id, row.external_id)):
        path = list(group)
        hours, views = as_floats([float(row.hours) for row in path]), as_floats([row.views for row in path])
        table.append([views_at(hours, views, at) for at in (*HOURS, FINAL_HOURS)])
    at = as_floats(table)
    model = early.fit_early(at[:, :-1], at[:, -1])
    growth = {name: list(part) for name, part in asdict(model).items()}
    content = {"version": early.MODEL_VERSION, "growth": growth}
    name = fingerprint(content)
    newest = session.scalar(sa.select(GrowthModel.fingerprint).order_by(GrowthModel.id.desc()).limit(1))
    if newest == name:
        return False
    session.execute(sa.delete(GrowthModel).where(GrowthModel.fingerprint == name))
    session.add(GrowthModel(fingerprint=name, content=content, videos=max(model.videos), fitted_at=now()))
    session.flush()
    return True


def views_at(hours: Floats, views: Floats, at: float) -> float:
    """Return views at an hour after publication, straight in logs between the readings [n] around it; one reading alone
    stands for it within 15 % of its age. NaN where the readings do not tell."""
    if hours[0] <= at <= hours[-1]:
        return float(np.exp(np.interp(np.log(at), np.log(hours), np.log(np.maximum(views, 1.0)))))
    nearest = 0 if at < hours[0] else -1
    apart = max(hours[nearest] / at, at / hours[nearest])
    return float(max(views[nearest], 1.0)) if apart <= NEAR else float("nan")
