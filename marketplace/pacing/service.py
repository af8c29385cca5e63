"""Loads what channels have published and booked, holds their creators' rules against it, and tells brands' selections
which of them have no room."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels import policy as channels_policy
from marketplace.channels.models import Channel
from marketplace.core import db
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.errors import FieldError, InvalidInput
from marketplace.intrusiveness import channel_score, factors, timeline
from marketplace.intrusiveness import constants as c
from marketplace.intrusiveness import pacing_rule as rules
from marketplace.intrusiveness.pacing_rule import BookedSlot, ChannelPast, PacedVideo, PacingDay, SpacingRule
from marketplace.matching.audience import segments
from marketplace.matching.forecast import past_videos
from marketplace.matching.forecast.features import load_model, main_vertical
from marketplace.matching.forecast.pool import AGE_MIN_DAYS
from marketplace.matching.forecast.sponsored import SponsoredMarket
from marketplace.pacing import exclusivity
from marketplace.pacing import messages as pacing_words
from marketplace.pacing.exclusivity import WantedPlacement

# The newest videos of a channel that are looked at, and of how many unsponsored ones the usual views are told.
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
_BOOKED = sa.text(
    "SELECT b.channel_id, r.deliverables, r.plan, v.content -> 'publish_window' AS publish_window FROM bids b"
    " JOIN bid_revisions r ON r.id = b.revision_id JOIN brief_versions v ON v.id = r.brief_version_id"
    " WHERE b.status = 'accepted' AND b.channel_id = ANY(:channels) ORDER BY b.id"
)
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


@dataclass(frozen=True)
class KnownChannel:
    """A channel's rule (None: none) and what is known of it."""

    rule: SpacingRule | None
    past: ChannelPast
    promises: Sequence[PromisedVideos]


def promises(
    deliverables: Iterable[Mapping[str, Any]], window: Mapping[str, str], plan: Mapping[str, Any]
) -> list[PromisedVideos]:
    """Return the videos among an offer's deliverables with their days: their own, or else the brief's window."""
    return [
        PromisedVideos(
            _day(one.get("publish_from") or window["from"]),
            _day(one.get("publish_to") or window["to"]),
            one["count"],
            plan,
        )
        for one in deliverables
        if one["kind"] != "image"
    ]


def _day(word: str) -> date:
    return datetime.fromisoformat(word).date()


def load(session: Session, channels: Iterable[UUID], today: date, *, ruled: bool = False) -> dict[UUID, KnownChannel]:
    """Return what is known of channels; of those with a rule alone where ``ruled``. Bids on other brands' briefs count:
    who asks must be one who sees them."""
    found = session.execute(_CHANNELS, {"channels": sorted(channels), "all": not ruled}).all()
    names = [row.id for row in found]
    videos = _by_channel(session.execute(_VIDEOS, {"channels": names, "most": VIDEOS_MAX}) if names else [])
    booked = _by_channel(session.execute(_BOOKED, {"channels": names}) if names else [])
    known = {}
    for row in found:
        rule = None if row.pacing is None else SpacingRule.from_document(row.pacing)
        owed = [
            one
            for bid in booked.get(row.id, [])
            for one in promises(bid.deliverables, bid.publish_window, bid.plan)
            if one.last >= today
        ]
        past = ChannelPast(
            _published(videos.get(row.id, []), row.taken_on, () if rule is None else tuple(rule.series)),
            [BookedSlot(day) for one in owed for day in rules.spread(max(one.first, today), one.last, one.videos)],
            row.followers,
            row.unsponsored,
        )
        known[row.id] = KnownChannel(rule, past, owed)
    return known


def _by_channel(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row.channel_id, []).append(row)
    return found


def _published(rows: Sequence[Any], taken_on: date | None, series: Sequence[str]) -> list[PacedVideo]:
    """Return a channel's videos with their results: log views over the median of its settled unsponsored ones."""
    # Log views, of videos that are old enough to be judged.
    logs = [
        math.log(max(row.views, 1)) if taken_on is not None and (taken_on - row.day).days >= AGE_MIN_DAYS else None
        for row in rows
    ]
    plain = [value for row, value in zip(rows, logs, strict=True) if value is not None and not row.sponsored]
    usual = median(plain) if len(plain) >= USUAL_LEAST else None
    return [
        PacedVideo(
            row.day,
            bool(row.sponsored),
            None if value is None or usual is None else value - usual,
            frozenset(key for key in series if key.casefold() in (row.title or "").casefold()),
        )
        for row, value in zip(rows, logs, strict=True)
    ]


def state(session: Session, actor: Actor, channel_id: UUID, *, series: str | None) -> dict[str, Any]:
    """Return whether one's own channel has room today, when next, and its figures. Raises NotFound, InvalidInput."""
    today, known = now().date(), _own(session, actor, channel_id, series)
    rule = known.rule or SpacingRule()
    found = rules.ChannelPacing(rule, known.past, today, today + timedelta(days=c.HORIZON_DAYS), series)
    told, figures = found.on(today), found.figures()
    opens = rules.next_open(rule, known.past, today, series)
    return {
        "channel_id": channel_id,
        "as_of": today,
        "series": series,
        "ruled": known.rule is not None,
        "open": told.open,
        "reasons": told.reasons,
        "next_open": opens,
        "figures": figures,
        "ad_seconds": _ad_seconds(known.promises),
        "channel": channel_score.as_dict(channel_score.channel_score(past_videos.past(session, channel_id))),
        "tolerance": _tolerance(session, channel_id),
        "model_version": c.PACING_VERSION,
        **pacing_words.state(told.open, opens, figures, known.rule is not None),
    }


def calendar(
    session: Session, actor: Actor, channel_id: UUID, *, days: int, series: str | None
) -> tuple[str, tuple[PacingDay, ...]]:
    """Return one's own channel's name and its coming days. Raises NotFound, InvalidInput."""
    known = _own(session, actor, channel_id, series)
    name = session.get_one(Channel, channel_id).name
    return name, rules.calendar(known.rule or SpacingRule(), known.past, now().date(), days, series)


def _own(session: Session, actor: Actor, channel_id: UUID, series: str | None) -> KnownChannel:
    row = db.get(session, Channel, channel_id, channels_policy.own(actor))
    known = load(session, [row.id], now().date())[row.id]
    if series is not None and (known.rule is None or series not in known.rule.series):
        keys = ", ".join(known.rule.series) if known.rule is not None and known.rule.series else "none"
        raise InvalidInput(
            "The channel's rule has no limits for this series.",
            errors=[FieldError("query:/series", f"Series of the rule: {keys}.")],
        )
    return known


def _ad_seconds(owed: Sequence[PromisedVideos]) -> dict[str, Any]:
    """Return the ad-equivalent seconds that the plans of booked videos ask of viewers."""
    low = high = 0.0
    for one in owed:
        plan = timeline.from_dict(one.plan)
        low += one.videos * factors.measure(plan, "low")[0]
        high += one.videos * factors.measure(plan, "high")[0]
    return {"videos": sum(one.videos for one in owed), "low": low, "high": high}


def _tolerance(session: Session, channel_id: UUID) -> dict[str, Any] | None:
    """Return what sponsored videos' views are to the channel's other ones, None where nothing was told of it."""
    row = session.execute(_FEATURES, {"channel": channel_id}).one_or_none()
    if row is None or row.sponsored_gap is None:
        return None
    ratio, low, high = (math.exp(value) for value in (row.sponsored_gap, row.sponsored_low, row.sponsored_high))
    return {
        "gap": row.sponsored_gap,
        "gap_low": row.sponsored_low,
        "gap_high": row.sponsored_high,
        "views_ratio": ratio,
        "views_ratio_low": low,
        "views_ratio_high": high,
        "videos": row.sponsored_videos,
        "other_videos": row.other_videos,
        **pacing_words.tolerance(ratio, low, high, row.sponsored_videos, row.other_videos),
        **_groups(load_model(session).sponsored, row),
    }


def _groups(market: SponsoredMarket, row: Any) -> dict[str, Any]:
    """Return the same of the channel's vertical and audience segment, None where too few channels tell of them."""
    found: dict[str, Any] = {}
    named = {"vertical": main_vertical(row.verticals), "segment": segments.of_margins(row.margins)}
    for (level, name), groups in zip(named.items(), (market.verticals, market.segments), strict=True):
        group = groups.get(name or "")
        if name is None or group is None:
            found[level] = None
            continue
        zh, en = segments.words(name) if level == "segment" else (name, name)
        ends = zip(("views_ratio", "views_ratio_low", "views_ratio_high"), market.of_group(group), strict=True)
        ratios = {key: math.exp(value) for key, value in ends}
        found[level] = {"name": name, "zh": zh, "en": en, "channels": group.channels, **ratios}
    return found


def gates(
    session: Session,
    wanted: WantedPlacement,
    window: Mapping[str, str],
    offers: Mapping[UUID, Sequence[Mapping[str, Any]]],
) -> dict[UUID, str]:
    """Return why channels cannot carry what they offer a brief, by channel: `exclusive_elsewhere` where one is promised
    to another brand on a day that it would publish on, `pacing_full` where its own rule has no room for all of it.

    ``offers``: each channel's deliverables. A window that is over already holds nothing back.
    """
    today = now().date()
    owed = {channel: promises(deliverables, window, {}) for channel, deliverables in offers.items()}
    days = {
        channel: (min(one.first for one in some), max(one.last for one in some))
        for channel, some in owed.items()
        if some
    }
    taken = exclusivity.against(session, wanted, days)
    known = load(session, days.keys() - taken, today, ruled=True)
    full = [channel for channel, told in known.items() if not _has_room(told, owed[channel], today)]
    return {**dict.fromkeys(full, "pacing_full"), **dict.fromkeys(taken, "exclusive_elsewhere")}


def _has_room(known: KnownChannel, owed: Sequence[PromisedVideos], today: date) -> bool:
    assert known.rule is not None
    past = known.past
    for one in owed:
        days = rules.places(known.rule, past, today, one.first, one.last, one.videos)
        if one.last >= today and len(days) < one.videos:
            return False
        past = replace(past, booked=[*past.booked, *(BookedSlot(day) for day in days)])
    return True
