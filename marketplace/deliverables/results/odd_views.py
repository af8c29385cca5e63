"""Views that do not follow from what was told of a video before, or from the channel's other videos."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from statistics import median
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels import told_again
from marketplace.channels.models import ChannelVideo
from marketplace.channels.told_again import EarlierViews
from marketplace.core import db
from marketplace.core.actor import SYSTEM
from marketplace.core.message import Bilingual
from marketplace.deliverables.results.result_state import ResultHistory

# Views beyond so many times the median of the channel's other videos are odd, and a person confirms them. Judged, as
# the house ranges of channels are: wide on purpose, for each mark costs a person's time.
USUAL_TIMES, USUAL_LEAST = 20, 10_000
_NEWEST = 100
_WORDS_OF_URL = re.compile(r"[0-9A-Za-z_-]+")


def channel_videos(session: Session, found: ResultHistory) -> list[ChannelVideo]:
    """Return what files told of a published video: on each of its channels the one whose id is a word of its address.
    Empty where one of them is not known. The session must act as the system.
    """
    videos = []
    for published in found.publications:
        words = _WORDS_OF_URL.findall(published.url)
        of_it = (ChannelVideo.channel_id == published.channel_id, ChannelVideo.external_id.in_(words))
        video = session.scalars(sa.select(ChannelVideo).where(*of_it).order_by(ChannelVideo.id)).first()
        if video is None:
            return []
        videos.append(video)
    return videos


def why_odd(session: Session, found: ResultHistory, views: int, counted_on: date) -> Bilingual | None:
    """Return why these views of a day are odd; None where they are not."""
    with db.acting_as(session, SYSTEM):
        videos = channel_videos(session, found)
        usual = sum(_usual(session, one.channel_id, videos) for one in found.publications)
    told = {"external_id": "", "views": views, "published_at": found.published_at}
    flags, _ = told_again.find_rewritten([told], counted_on, _earlier(found, videos, counted_on))
    if flags:
        return Bilingual(flags[0].zh, flags[0].en)
    explained = sum(one.views if one.explained_views is None else one.explained_views for one in videos)
    if any(one.explained_views is not None for one in videos) and views > explained:
        return Bilingual(
            f"导入时增长规律只能解释 {explained:,} 次播放",
            f"Growth explained {explained:,} of these views when they were imported",
        )
    most = USUAL_TIMES * usual
    if not usual or views <= max(most, USUAL_LEAST):
        return None
    return Bilingual(
        f"播放量 {views:,} 超过该账号作品中位数的 {USUAL_TIMES} 倍（{most:,.0f}）",
        f"Views of {views:,} are more than {USUAL_TIMES} times the median of the channel's videos ({most:,.0f})",
    )


def _usual(session: Session, channel_id: UUID, but: Sequence[ChannelVideo]) -> float:
    """Return the median of what the newest other videos of a channel count as; 0 where there are none."""
    counted = sa.func.coalesce(ChannelVideo.explained_views, ChannelVideo.views)
    others = (ChannelVideo.channel_id == channel_id, ChannelVideo.id.not_in([one.id for one in but]))
    newest = sa.select(counted).where(*others).order_by(ChannelVideo.published_at.desc(), ChannelVideo.id)
    return float(median(session.scalars(newest.limit(_NEWEST)).all() or [0]))


def _earlier(found: ResultHistory, videos: Sequence[ChannelVideo], counted_on: date) -> Mapping[str, EarlierViews]:
    """Return the last views that were told of an earlier day and are not odd, or what the channels' files had."""
    known = [
        EarlierViews(one.views, one.row.counted_on)
        for one in found.told
        if one.views is not None and one.row.odd is None and one.row.counted_on < counted_on
    ]
    believed = [(one.believed_views, one.believed_on) for one in videos]
    days = [day for views, day in believed if views is not None and day is not None and day < counted_on]
    if days and len(days) == len(believed):
        known.append(EarlierViews(sum(views or 0 for views, _ in believed), min(days)))
    last = max(known, key=lambda one: one.told_on, default=None)
    return {} if last is None else {"": last}
