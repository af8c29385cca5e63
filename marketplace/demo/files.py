"""Writes the made-up channels as the export files of their platforms."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from marketplace.channels.files import exports
from marketplace.channels.records import ChannelRecord
from marketplace.core.clock import now
from marketplace.demo.world import SUGGESTED_CPM_MINOR, MadeChannel


def write_export(folder: Path, shape: str, members: Sequence[MadeChannel]) -> Path:
    """Write one export file of the shape with these channels; returns its path."""
    path = folder / f"{shape}-{members[0].number:03d}.{exports.SUFFIXES[shape]}"
    today = now().date()
    exports.write(path, shape, [record(channel, today) for channel in members])
    return path


def record(channel: MadeChannel, today: date) -> ChannelRecord:
    """Return a made-up channel as an importer would read it."""
    likes = sum(video.likes for video in channel.videos) / max(1, sum(video.views for video in channel.videos))
    return ChannelRecord(
        row=0,
        platform=channel.platform,
        account_key=f"{channel.shape}-{channel.handle}",
        handle=channel.handle,
        name=channel.creator,
        creator_name=channel.creator,
        language="zh-CN",
        region="CN" if channel.shape in ("xingtu", "inlay") else None,
        verticals={channel.niche: 0.7, channel.second: 0.3}
        if channel.second != channel.niche
        else {channel.niche: 1.0},
        snapshot={
            "taken_on": today,
            "source": channel.shape,
            "evidence_hash": "",
            "followers": channel.followers,
            "facts": {
                "engagement_rate": round(likes * 1.16, 4),
                "median_views_30d": int(channel.median_views),
                "suggested_cpm_minor": SUGGESTED_CPM_MINOR,
            },
            "margins": {"age": channel.ages, "gender": channel.genders, "region": channel.regions},
            "rate_card": [
                {"length_tier": tier, "amount_minor": price, "currency": "CNY"}
                for tier, price in channel.card_minor.items()
            ],
            "series_hash": None,
        },
        videos=tuple(
            {
                "external_id": video.external_id,
                "published_at": video.published_at,
                "views": video.views,
                "likes": video.likes,
                "comments": video.comments,
                "shares": video.shares,
                "duration_s": video.duration_s,
                "sponsored": video.sponsored,
                "title": None,
            }
            for video in channel.videos
        ),
    )
