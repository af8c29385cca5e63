"""Loads what channels have published and booked, applies their creators' rules to it, and finds for a brand's selection
the channels that have no room."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids.brief_answer import publish_times
from marketplace.channels import policy as channels_policy
from marketplace.channels.models import Channel
from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import FieldError, InvalidInput
from marketplace.core.message import Bilingual
from marketplace.intrusiveness import channel_score, constants, factors, timeline
from marketplace.intrusiveness import pacing_rule as rules
from marketplace.intrusiveness.channel_score import ChannelScore
from marketplace.intrusiveness.pacing_rule import (
    BookedSlot,
    ChannelPast,
    FullDayReason,
    PacedVideo,
    PacingDay,
    PacingFigures,
    SpacingRule,
)
from marketplace.matching.audience import segments
from marketplace.matching.forecast import past_videos
from marketplace.matching.forecast.features import load_model, main_vertical
from marketplace.matching.forecast.pool import AGE_MIN_DAYS
from marketplace.matching.forecast.sponsored import SponsoredGroup, SponsoredMarket
from marketplace.pacing import exclusivity, messages
from marketplace.pacing.exclusivity import WantedPlacement

# How many of a channel's newest videos are read, and how many unsponsored ones its usual views take at the least.
VIDEOS_MAX, USUAL_LEAST = 200, 3
_CHANNELS = sa.text(
    "SELECT c.id, c.pacing, coalesce(s.followers, 0) AS followers, s.taken_on, (SELECT count(*) FROM videos v"
    " WHERE v.channel_id = c.id AND v.sponsored IS NOT TRUE) AS unsponsored FROM channels c"
    " LEFT JOIN audience_snapshots s ON s.id = c.snapshot_id"
    " WHERE c.id = ANY(:channels) AND (:all OR c.pacing IS NOT NULL)"
)
_VIDEOS = sa.text(
    "SELECT v.channel_id, v.published_at::date AS day, v.views, v.sponsored, v.title"
    " FROM unnest(CAST(:channels AS uuid[])) AS c (id) CROSS JOIN LATERAL (SELECT * FROM videos WHERE channel_id = c.id"
    " ORDER BY published_at DESC, id DESC LIMIT :most) v ORDER BY v.channel_id, v.published_at, v.id"
)
# What accepted bids promise, until both sides have confirmed a deal: from then on it is what the deal has booked.
_PROMISED = sa.text(
    "SELECT b.channel_id, r.deliverables, r.plan, v.content -> 'publish_window' AS publish_window FROM bids b"
    " JOIN bid_revisions r ON r.id = b.revision_id JOIN brief_versions v ON v.id = r.brief_version_id"
    " WHERE b.status = 'accepted' AND b.channel_id = ANY(:channels) AND b.id IS DISTINCT FROM :but_bid"
    " AND NOT EXISTS (SELECT 1 FROM deals d WHERE d.bid_id = b.id AND d.agreed_at IS NOT NULL"
    " AND d.status <> 'lapsed') ORDER BY b.id"
)
_BOOKED = sa.text(
    "SELECT channel_id, first_on, last_on, plan, episode_id FROM pacing_bookings WHERE channel_id = ANY(:channels)"
    " AND bid_id IS DISTINCT FROM :but_bid ORDER BY deal_id, position"
)
_BUT_BID = sa.bindparam("but_bid", type_=sa.Uuid)
_FEATURES = sa.text(
    "SELECT f.sponsored_gap, f.sponsored_low, f.sponsored_high, f.sponsored_videos, f.other_videos, c.verticals,"
    " s.margins FROM channel_features f JOIN channels c ON c.id = f.channel_id"
    " JOIN audience_snapshots s ON s.id = f.snapshot_id WHERE f.channel_id = :channel"
)


@dataclass(frozen=True)
class PromisedVideos:
    """Videos owed from a day to a day, with the plan of each."""

    first: date
    last: date
    videos: int
    plan: Mapping[str, Any]
    episode_id: UUID | None = None  # of a series: the same video may be owed to several brands


@dataclass(frozen=True)
class KnownChannel:
    """A channel's rule (None: it has none), its past, and the videos it still owes."""

    rule: SpacingRule | None
    past: ChannelPast
    promises: Sequence[PromisedVideos]


@dataclass(frozen=True)
class AdSeconds:
    """Ad-equivalent seconds that the plans of the booked videos ask of viewers, all together, from low to high; of the
    bids that the reader may see."""

    videos: int
    low: float
    high: float


@dataclass(frozen=True)
class GroupTolerance:
    """The mean ratio of sponsored to other videos' views over the channels of a vertical or an audience segment, with
    its 80 % ends; ``channels``: how many it rests on."""

    name: str
    zh: str
    en: str
    channels: int
    views_ratio: float
    views_ratio_low: float
    views_ratio_high: float


@dataclass(frozen=True)
class AdTolerance:
    """A channel's sponsored videos against its other ones: the gap in log views and the ratio of views, each with its
    80 % ends. A group is None if too few channels know."""

    gap: float
    gap_low: float
    gap_high: float
    views_ratio: float
    views_ratio_low: float
    views_ratio_high: float
    videos: int
    other_videos: int
    vertical: GroupTolerance | None
    segment: GroupTolerance | None
    zh: str
    en: str


@dataclass(frozen=True)
class PacingState:
    """Whether a channel has room today, why not, when next, and its figures.

    ``ruled``: whether it has a rule. ``next_open``: None if there is no open day within constants.HORIZON_DAYS.
    ``tolerance``: None if its features do not know one.
    """

    channel_id: UUID
    as_of: date
    series: str | None
    ruled: bool
    open: bool
    reasons: Sequence[FullDayReason]
    next_open: date | None
    figures: PacingFigures
    ad_seconds: AdSeconds
    channel: ChannelScore
    tolerance: AdTolerance | None
    zh: str
    en: str
    model_version: str


def promises(
    deliverables: Iterable[Mapping[str, Any]], window: Mapping[str, str], plan: Mapping[str, Any]
) -> list[PromisedVideos]:
    """Return the videos among an offer's deliverables with their days: their own, or else the brief's window."""
    return [
        PromisedVideos(_day(starts_at or window["from"]), _day(ends_at or window["to"]), deliverable["count"], plan)
        for deliverable in deliverables
        if deliverable["kind"] != "image"
        for starts_at, ends_at in [publish_times(deliverable)]
    ]


def _day(iso_time: str) -> date:
    return datetime.fromisoformat(iso_time).date()


def load(
    session: Session, channels: Iterable[UUID], today: date, *, ruled: bool = False, but_bid: UUID | None = None
) -> dict[UUID, KnownChannel]:
    """Return what is known about channels, or only about those with a rule if ``ruled``.

    Bids on other brands' briefs count, so the session must be allowed to see them; what ``but_bid`` promises does not.
    """
    rows = session.execute(_CHANNELS, {"channels": sorted(channels), "all": not ruled}).all()
    channel_ids = [row.id for row in rows]
    videos = _by_channel(session.execute(_VIDEOS, {"channels": channel_ids, "most": VIDEOS_MAX}) if rows else [])
    asked = {"channels": channel_ids, "but_bid": but_bid}
    promised = _by_channel(session.execute(_PROMISED.bindparams(_BUT_BID), asked) if rows else [])
    booked = _by_channel(session.execute(_BOOKED.bindparams(_BUT_BID), asked) if rows else [])
    known = {}
    for row in rows:
        rule = None if row.pacing is None else SpacingRule.from_document(row.pacing)
        owed = [
            promise
            for bid in promised.get(row.id, [])
            for promise in promises(bid.deliverables, bid.publish_window, bid.plan)
            if promise.last >= today
        ]
        owed += [
            PromisedVideos(video.first_on, video.last_on, 1, video.plan, video.episode_id)
            for video in booked.get(row.id, [])
            if video.last_on >= today
        ]
        # An episode of a series is one video, whoever it is owed to.
        once = {promise.episode_id or place: promise for place, promise in enumerate(owed)}.values()
        past = ChannelPast(
            videos=_published(videos.get(row.id, []), row.taken_on, () if rule is None else tuple(rule.series)),
            booked=[
                BookedSlot(day)
                for promise in once
                for day in rules.spread(max(promise.first, today), promise.last, promise.videos)
            ],
            followers=row.followers,
            unsponsored=row.unsponsored,
        )
        known[row.id] = KnownChannel(rule, past, owed)
    return known


def _by_channel(rows: Iterable[sa.Row[Any]]) -> dict[UUID, list[sa.Row[Any]]]:
    by_channel: dict[UUID, list[sa.Row[Any]]] = {}
    for row in rows:
        by_channel.setdefault(row.channel_id, []).append(row)
    return by_channel


def _published(rows: Sequence[sa.Row[Any]], taken_on: date | None, series: Sequence[str]) -> list[PacedVideo]:
    """Return a channel's videos with their results: log views over the median of its settled unsponsored ones."""
    # A video younger than AGE_MIN_DAYS at the snapshot is still gaining views and cannot be judged.
    log_views = [
        math.log(max(row.views, 1)) if taken_on is not None and (taken_on - row.day).days >= AGE_MIN_DAYS else None
        for row in rows
    ]
    unsponsored = [value for row, value in zip(rows, log_views, strict=True) if value is not None and not row.sponsored]
    usual = median(unsponsored) if len(unsponsored) >= USUAL_LEAST else None
    return [
        PacedVideo(
            day=row.day,
            sponsored=bool(row.sponsored),
            gap=None if value is None or usual is None else value - usual,
            series=frozenset(key for key in series if key.casefold() in (row.title or "").casefold()),
        )
        for row, value in zip(rows, log_views, strict=True)
    ]


def state(session: Session, actor: Actor, channel_id: UUID, *, series: str | None) -> PacingState:
    """Return whether the actor's own channel has room today, when next, and its figures.

    Raises NotFound, InvalidInput.
    """
    today, known = now().date(), _own(session, actor, channel_id, series)
    # Days that are taken are for whoever acts for the channel; a plan that another agency sold is not.
    told = load(session, [channel_id], now().date())[channel_id]
    rule = known.rule or SpacingRule()
    pacing = rules.ChannelPacing(rule, known.past, today, today + timedelta(days=constants.HORIZON_DAYS), series)
    day, figures = pacing.on(today), pacing.figures()
    next_open = rules.next_open(rule, known.past, today, series)
    text = messages.state(day.open, next_open, figures, known.rule is not None)
    return PacingState(
        channel_id=channel_id,
        as_of=today,
        series=series,
        ruled=known.rule is not None,
        open=day.open,
        reasons=day.reasons,
        next_open=next_open,
        figures=figures,
        ad_seconds=_ad_seconds(told.promises),
        channel=channel_score.channel_score(past_videos.past(session, channel_id)).rounded(),
        tolerance=_tolerance(session, channel_id),
        zh=text.zh,
        en=text.en,
        model_version=constants.PACING_VERSION,
    )


def calendar(
    session: Session, actor: Actor, channel_id: UUID, *, days: int, series: str | None
) -> tuple[str, tuple[PacingDay, ...]]:
    """Return the name of the actor's own channel and its coming days. Raises NotFound, InvalidInput."""
    known = _own(session, actor, channel_id, series)
    name = session.get_one(Channel, channel_id).name
    return name, rules.calendar(known.rule or SpacingRule(), known.past, now().date(), days, series)


def _own(session: Session, actor: Actor, channel_id: UUID, series: str | None) -> KnownChannel:
    row = db.get(session, Channel, channel_id, channels_policy.own(actor))
    # As the system: what another agency has booked takes days too, and only days and numbers leave this room.
    with db.acting_as(session, SYSTEM):
        known = load(session, [row.id], now().date())[row.id]
    if series is not None and (known.rule is None or series not in known.rule.series):
        keys = ", ".join(known.rule.series) if known.rule is not None and known.rule.series else "none"
        raise InvalidInput(
            Bilingual("账号的节奏规则没有对这个系列的限制。", "The channel's rule has no limits for this series."),
            errors=[FieldError("query:/series", Bilingual(f"规则里的系列：{keys}。", f"Series of the rule: {keys}."))],
        )
    return known


def _ad_seconds(promised: Sequence[PromisedVideos]) -> AdSeconds:
    low = high = 0.0
    for promise in promised:
        plan = timeline.from_dict(promise.plan)
        low += promise.videos * factors.ad_seconds(plan, "low")
        high += promise.videos * factors.ad_seconds(plan, "high")
    return AdSeconds(sum(promise.videos for promise in promised), low, high)


def _tolerance(session: Session, channel_id: UUID) -> AdTolerance | None:
    row = session.execute(_FEATURES, {"channel": channel_id}).one_or_none()
    if row is None or row.sponsored_gap is None:
        return None
    ratio, low, high = (math.exp(value) for value in (row.sponsored_gap, row.sponsored_low, row.sponsored_high))
    market = load_model(session).sponsored
    vertical, segment = main_vertical(row.verticals), segments.segment_of(row.margins)
    text = messages.tolerance(ratio, low, high, row.sponsored_videos, row.other_videos)
    return AdTolerance(
        gap=row.sponsored_gap,
        gap_low=row.sponsored_low,
        gap_high=row.sponsored_high,
        views_ratio=ratio,
        views_ratio_low=low,
        views_ratio_high=high,
        videos=row.sponsored_videos,
        other_videos=row.other_videos,
        vertical=None
        if vertical is None
        else _group(market, market.verticals.get(vertical), vertical, Bilingual(vertical, vertical)),
        segment=None
        if segment is None
        else _group(market, market.segments.get(segment), segment, Bilingual(*segments.segment_name(segment))),
        zh=text.zh,
        en=text.en,
    )


def _group(market: SponsoredMarket, group: SponsoredGroup | None, name: str, text: Bilingual) -> GroupTolerance | None:
    # The market fit leaves out groups of which too few channels have both kinds of videos.
    if group is None:
        return None
    ratio, low, high = (math.exp(value) for value in market.of_group(group))
    return GroupTolerance(
        name=name,
        zh=text.zh,
        en=text.en,
        channels=group.channels,
        views_ratio=ratio,
        views_ratio_low=low,
        views_ratio_high=high,
    )


def gates(
    session: Session,
    wanted: WantedPlacement,
    window: Mapping[str, str],
    offers: Mapping[UUID, Sequence[Mapping[str, Any]]],
    *,
    promised_until: datetime | None = None,
) -> dict[UUID, str]:
    """Return why channels cannot carry what they offer a brief, by channel.

    The reason is `exclusive_elsewhere` if the channel is promised to another brand on a day that it would publish on,
    `pacing_full` if its own rule has no room for all of it. ``offers``: each channel's deliverables;
    ``promised_until``: promises that were made later hold nothing back, and neither does a window that is over.
    """
    today = now().date()
    offered = {channel: promises(deliverables, window, {}) for channel, deliverables in offers.items()}
    days = {
        channel: (min(promise.first for promise in videos), max(promise.last for promise in videos))
        for channel, videos in offered.items()
        if videos
    }
    promised_elsewhere = exclusivity.promised_elsewhere(session, wanted, days, promised_until)
    known = load(session, days.keys() - promised_elsewhere, today, ruled=True)
    full = [channel for channel, facts in known.items() if not _has_room(facts, offered[channel], today)]
    return {**dict.fromkeys(full, "pacing_full"), **dict.fromkeys(promised_elsewhere, "exclusive_elsewhere")}


def has_room(session: Session, channel_id: UUID, offered: Sequence[PromisedVideos], *, but_bid: UUID) -> bool:
    """Return whether a channel's own rule has room for these videos beside all that it owes, but for what one bid
    promises. The session must see all rows."""
    today = now().date()
    known = load(session, [channel_id], today, ruled=True, but_bid=but_bid).get(channel_id)
    return known is None or _has_room(known, offered, today)


def _has_room(known: KnownChannel, offered: Sequence[PromisedVideos], today: date) -> bool:
    assert known.rule is not None
    past = known.past
    for promise in offered:
        days = rules.placement_days(known.rule, past, today, promise.first, promise.last, promise.videos)
        if promise.last >= today and len(days) < promise.videos:
            return False
        past = replace(past, booked=[*past.booked, *(BookedSlot(day) for day in days)])
    return True
