"""Views of published videos over time: reported by the channel's side, learnt from, and used for a second forecast."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
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
from marketplace.core.estimate import Estimate, finite
from marketplace.core.fingerprint import fingerprint
from marketplace.core.http import paging
from marketplace.core.message import Bilingual
from marketplace.matching.audience.arrays import Floats, as_floats
from marketplace.matching.forecast import early, messages
from marketplace.matching.forecast.early import FINAL_HOURS, HOURS, EarlyModel
from marketplace.matching.forecast.features import load_model
from marketplace.matching.forecast.models import GrowthModel, VideoReading
from marketplace.matching.forecast.second_forecast import VideoForecast
from marketplace.matching.forecast.view_forecast import HIGH, LOW, MIDDLE, ViewForecasts, quantiles

# The share of views that a platform may take back as invalid. A larger fall is another video, or a typing error.
TAKEN_BACK = 0.05
VIDEOS_MAX, SHOWN_MAX = 50_000, 20
# An hour that no two readings enclose takes the nearest reading whose age is within this factor of it.
NEAR = 1.15
_ENDS = (LOW, MIDDLE, HIGH)
_GRID = np.arange(1, 100) / 100
_FEATURES = sa.text(
    "SELECT log_centre, scale, df, smear, n_used, from_history, tier FROM channel_features WHERE channel_id = :channel"
)
_SETTLED = sa.text(
    "SELECT channel_id, external_id, extract(epoch FROM taken_at - published_at) / 3600 AS hours, views"
    " FROM video_readings WHERE (channel_id, external_id) IN (SELECT v.channel_id, v.external_id FROM video_readings v"
    " JOIN channels c ON c.id = v.channel_id WHERE v.taken_at >= v.published_at + make_interval(hours => :final)"
    f" AND {channels_policy.counts_once('c')} GROUP BY 1, 2 ORDER BY max(v.taken_at) DESC, 1, 2"
    " LIMIT :most) ORDER BY channel_id, external_id, taken_at"
)


@dataclass(frozen=True)
class FittedGrowth:
    """The growth of views in use and the day it was fitted (None: the prior)."""

    model: EarlyModel
    fitted_on: date | None


def record(
    session: Session, actor: Actor, channel_id: UUID, readings: Sequence[Mapping[str, Any]], source: str
) -> list[VideoReading]:
    """Store readings of videos of an own channel and return all readings of these videos.

    Stored readings stay as they are. Raises NotFound (no such channel of theirs) and InvalidInput.
    """
    channel = db.get(session, Channel, channel_id, channels_policy.own(actor))
    names = {reading["external_id"] for reading in readings}
    query = sa.select(VideoReading).where(VideoReading.channel_id == channel_id, VideoReading.external_id.in_(names))
    by_video: dict[str, list[VideoReading]] = {}
    for row in session.scalars(query):
        by_video.setdefault(row.external_id, []).append(row)
    errors, new_rows = [], []
    for number, reading in enumerate(readings):
        known = by_video.setdefault(reading["external_id"], [])
        error = _error_of(f"/readings/{number}", reading, known)
        if error is not None:
            errors.append(error)
        elif all(row.taken_at != reading["taken_at"] for row in known):
            row = VideoReading(channel_id=channel_id, source=source, **reading)
            known.append(row)
            new_rows.append(row)
    if errors:
        raise InvalidInput(
            Bilingual("这些读数需要改正；什么都没有改动。", "The readings have to be mended; nothing was changed."),
            errors=errors,
        )
    session.add_all(new_rows)
    session.flush()
    if new_rows:
        events.record(
            session, "video_readings.new", channel_id, actor, parties=[channel.creator_id], count=len(new_rows)
        )
    return sorted((row for rows in by_video.values() for row in rows), key=lambda row: (row.external_id, row.taken_at))


def _error_of(pointer: str, reading: Mapping[str, Any], known: Sequence[VideoReading]) -> FieldError | None:
    """Return what is wrong with a reading beside the known ones of its video, if anything is."""
    taken_at, views = reading["taken_at"], reading["views"]
    # Five minutes for clocks that run ahead of ours.
    if not reading["published_at"] < taken_at <= now() + timedelta(minutes=5):
        return FieldError(
            f"{pointer}/taken_at",
            Bilingual(
                "必须在视频发布之后，且不在将来。", "Must lie after the video's publication and not in the future."
            ),
        )
    if any(row.published_at != reading["published_at"] for row in known):
        return FieldError(
            f"{pointer}/published_at",
            Bilingual(
                "这个视频的其他读数写的是另一个发布时间。",
                "Other readings of this video tell another moment of publication.",
            ),
        )
    for row in known:
        if row.taken_at == taken_at and row.views != views:
            return FieldError(
                f"{pointer}/views",
                Bilingual(
                    f"这一刻已经报过 {row.views} 次播放。", f"For this moment {row.views} views were told already."
                ),
            )
        sooner, later = (row.views, views) if row.taken_at < taken_at else (views, row.views)
        if later < (1 - TAKEN_BACK) * sooner:
            return FieldError(
                f"{pointer}/views",
                Bilingual(
                    "播放量不会随时间减少；最多可以回调二十分之一。",
                    "Views do not fall with time; a twentieth may be taken back.",
                ),
            )
    return None


def listed(
    session: Session, actor: Actor, channel_id: UUID, *, limit: int, starting_after: UUID | None, video: str | None
) -> paging.Page[VideoReading]:
    """Return a page of the readings of a channel's videos, or of one video. Raises NotFound (no such channel)."""
    db.get(session, Channel, channel_id, channels_policy.visible(actor))
    return paging.page(session, _of_channel(channel_id, video), VideoReading, limit, starting_after)


def _of_channel(channel_id: UUID, video: str | None) -> sa.Select[VideoReading]:
    query = sa.select(VideoReading).where(VideoReading.channel_id == channel_id)
    return query if video is None else query.where(VideoReading.external_id == video)


def video_forecasts(
    session: Session, actor: Actor, channel_id: UUID, *, video: str | None = None
) -> list[VideoForecast]:
    """Return the forecasts of a channel's newest videos that have readings, or of one video.

    Each has the views at thirty days by the channel's history, by the newest reading, and by both. Raises NotFound (no
    such channel).
    """
    db.get(session, Channel, channel_id, channels_policy.visible(actor))
    query = _of_channel(channel_id, video).ext(distinct_on(VideoReading.external_id))
    query = query.order_by(VideoReading.external_id, VideoReading.taken_at.desc())
    newest = sorted(session.scalars(query), key=lambda row: row.published_at, reverse=True)[:SHOWN_MAX]
    if not newest:
        return []
    growth = load_growth(session)
    first = _first_forecast(session, channel_id)
    return [_forecast(reading, first, growth) for reading in newest]


@dataclass(frozen=True, eq=False)
class _FirstForecast:
    """A channel's forecast before publication: of log views [1], and views at 10, 50 and 90 % [3] and at _GRID [99]."""

    views: ViewForecasts
    ends: Floats
    grid: Floats


def _first_forecast(session: Session, channel_id: UUID) -> _FirstForecast:
    row = session.execute(_FEATURES, {"channel": channel_id}).one_or_none()
    views, tiers = _unknown(), np.zeros(1, dtype=np.int64)
    if row is not None:
        centre, scale, df, smear, used = (
            as_floats([value]) for value in (row.log_centre, row.scale, row.df, row.smear, row.n_used)
        )
        views = ViewForecasts(centre, scale, df, used, smear, np.array([row.from_history]))
        tiers = np.array([row.tier], dtype=np.int64)
    calibration = load_model(session).calibration
    ends, grid = (quantiles(views, taus, calibration, tiers)[0] for taus in (_ENDS, _GRID))
    return _FirstForecast(views, ends, grid)


def _unknown() -> ViewForecasts:
    nan, ones, no = np.full(1, np.nan), np.ones(1), np.zeros(1, dtype=np.bool_)
    return ViewForecasts(nan, ones, ones, np.zeros(1), ones, no)


def _forecast(newest: VideoReading, first: _FirstForecast, growth: FittedGrowth) -> VideoForecast:
    views, hours = as_floats([newest.views]), as_floats([newest.hours])
    by_reading = early.after_publication(_unknown(), views, hours, growth.model)
    by_both = early.after_publication(first.views, views, hours, growth.model)
    forecast = VideoForecast(
        channel_id=newest.channel_id,
        external_id=newest.external_id,
        published_at=newest.published_at,
        taken_at=newest.taken_at,
        hours=newest.hours,
        views=newest.views,
        before=_estimate(first.ends),
        early=_estimate(quantiles(by_reading, _ENDS)[0]),
        # A video never ends with fewer views than it has today.
        forecast=_estimate(np.maximum(quantiles(by_both, _ENDS)[0], newest.views)),
        percentile=_percentile(float(np.exp(by_reading.log_centre[0])), first.grid),
        settled_videos=max(growth.model.videos),
        source=newest.source,
        fitted_on=growth.fitted_on,
    )
    return replace(forecast, reasons=messages.reasons(forecast, final_days=FINAL_HOURS / 24))


def _estimate(ends: Floats) -> Estimate:
    low, point, high = finite(ends.tolist())
    return Estimate(point, low, high)


def _percentile(views: float, grid: Floats) -> float | None:
    """Return the percentile of views among the 1 to 99 % quantiles of the first forecast; None without one."""
    if not np.isfinite(grid).all():
        return None
    return float(np.searchsorted(grid, views))


def load_growth(session: Session) -> FittedGrowth:
    """Return the newest growth model, or the prior."""
    row = session.scalar(sa.select(GrowthModel).order_by(GrowthModel.id.desc()).limit(1))
    if row is None:
        return FittedGrowth(early.PRIOR_EARLY, None)
    return FittedGrowth(early.from_content(row.content["growth"]), row.fitted_at.date())


def fit_growth(session: Session) -> bool:
    """Fit the growth of views to the newest videos with a reading at thirty days; return whether the model is new."""
    db.lock_name(session, "growth")
    rows = session.execute(_SETTLED, {"final": int(FINAL_HOURS), "most": VIDEOS_MAX}).all()
    if not rows:
        return False
    table = []
    for _, group in groupby(rows, key=lambda row: (row.channel_id, row.external_id)):
        path = list(group)
        hours, views = as_floats([float(row.hours) for row in path]), as_floats([row.views for row in path])
        table.append([views_at(hours, views, hour) for hour in (*HOURS, FINAL_HOURS)])
    views_by_hour = as_floats(table)
    model = early.fit_early(views_by_hour[:, :-1], views_by_hour[:, -1])
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


def views_at(hours: Floats, views: Floats, hour: float) -> float:
    """Return the views at an hour after publication, by readings of `views` [n] at rising `hours` [n].

    Between two readings logs of views are linear in the log of hours; outside them the nearest reading counts if the
    hour is within 15 % of its age. Otherwise the result is NaN.
    """
    if hours[0] <= hour <= hours[-1]:
        return float(np.exp(np.interp(np.log(hour), np.log(hours), np.log(np.maximum(views, 1.0)))))
    nearest = 0 if hour < hours[0] else -1
    ratio = max(hours[nearest] / hour, hour / hours[nearest])
    return float(max(views[nearest], 1.0)) if ratio <= NEAR else float("nan")
