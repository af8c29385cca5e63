"""The usual ranges of the figures of comparable channels, computed from the market's current snapshots.

Comparable channels share the platform and the follower tier; each creator counts with the one channel that has the
newest facts, so entering ten channels does not count ten times, and an account that several creators claim counts
once. Figures outside the house range are left out, so the
market's range can only be narrower than it: a flood of made-up channels cannot widen it beyond what is flagged anyway.

The ends are order statistics: with n creators, the k-th lowest and the k-th highest, k = (n + 1) / 100 rounded down. A
new honest channel is equally likely to take any rank among them, so at most one in fifty falls outside, whatever the
distribution. k is at least two, so that no single creator sets an end (else a flagged figure would be usual the next
day): that takes 199 creators. Ends are rounded outwards to two digits, so they do not reveal anybody's own figure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels import policy
from marketplace.channels.anomalies import FOLLOWER_TIERS, HOUSE_RANGES, PeerRange
from marketplace.core import db
from marketplace.core.actor import SYSTEM

PER = 100  # one in PER is left out at either end
CREATORS_MIN = 2 * PER - 1

_TIER = "width_bucket(s.followers, CAST(:tiers AS bigint[]))"
_RANGES = (
    f"WITH like_channels AS (SELECT DISTINCT ON (c.platform, tier, c.creator_id) c.platform, {_TIER} AS tier,"
    " s.median_views / s.followers::float8 AS views_per_follower,"
    " (s.facts ->> 'engagement_rate')::float8 AS engagement,"
    " (s.facts ->> 'growth_30d')::float8 / s.followers AS growth_30d"
    " FROM channels c JOIN audience_snapshots s ON s.id = c.snapshot_id"
    f" WHERE c.status = 'active' AND s.followers > 0 AND {policy.counts_once('c')}{{only}}"
    " ORDER BY c.platform, tier, c.creator_id, s.taken_on DESC, s.id DESC)"
    " SELECT platform, tier, figure, count(*) AS creators,"
    " (array_agg(value ORDER BY value))[(count(*) + 1) / :per] AS low,"
    " (array_agg(value ORDER BY value DESC))[(count(*) + 1) / :per] AS high"
    " FROM like_channels CROSS JOIN LATERAL (VALUES ('views_per_follower', views_per_follower),"
    " ('engagement', engagement), ('growth_30d', growth_30d)) AS channel_figures(figure, value)"
    " JOIN unnest(CAST(:figures AS text[]), CAST(:lows AS float8[]), CAST(:highs AS float8[]))"
    " AS house(figure, low, high) USING (figure) WHERE value BETWEEN house.low AND house.high"
    " GROUP BY platform, tier, figure HAVING count(*) >= :least"
)
_ALL = sa.text(_RANGES.format(only=""))
_OF_CHANNEL = sa.text(
    _RANGES.format(only=f" AND c.platform = :platform AND {_TIER} = width_bucket(:followers, CAST(:tiers AS bigint[]))")
)


@dataclass(frozen=True)
class PeerRanges:
    """The ranges by (platform, follower tier) at the time they were loaded."""

    ranges: Mapping[tuple[str, int], Mapping[str, PeerRange]] = field(default_factory=dict)

    def for_channel(self, platform: str, followers: int) -> Mapping[str, PeerRange]:
        """Return the range of each figure for a channel of this size: the market's, or else the house range."""
        return {**HOUSE_RANGES, **self.ranges.get((platform, follower_tier(followers)), {})}


def follower_tier(followers: int) -> int:
    """Return the index of a channel's tier in `FOLLOWER_TIERS`, 0 for the smallest channels."""
    return sum(followers >= begins for begins in FOLLOWER_TIERS)


def load(session: Session) -> PeerRanges:
    """Return every range. For a whole file: all its rows are compared with the market as it was before the import."""
    return _load(session, _ALL, {})


def load_for_channel(session: Session, platform: str, followers: int) -> PeerRanges:
    """Return only the ranges that apply to one channel."""
    return _load(session, _OF_CHANNEL, {"platform": platform, "followers": followers})


def _load(session: Session, query: sa.TextClause, selection: Mapping[str, Any]) -> PeerRanges:
    house = {
        "figures": list(HOUSE_RANGES),
        "lows": [usual.low for usual in HOUSE_RANGES.values()],
        "highs": [usual.high for usual in HOUSE_RANGES.values()],
    }
    limits = {"tiers": list(FOLLOWER_TIERS), "per": PER, "least": CREATORS_MIN}
    ranges: dict[tuple[str, int], dict[str, PeerRange]] = {}
    # As the system: other creators' figures go into ranges of many, and none of them leaves.
    with db.acting_as(session, SYSTEM):
        rows = session.execute(query, {**house, **limits, **selection}).all()
    for row in rows:
        zh, en = _describe(row.platform, row.tier, row.creators)
        peers = PeerRange(_outward(row.low, ROUND_FLOOR), _outward(row.high, ROUND_CEILING), zh, en, row.creators)
        ranges.setdefault((row.platform, row.tier), {})[row.figure] = peers
    return PeerRanges(ranges)


def _describe(platform: str, tier: int, creators: int) -> tuple[str, str]:
    begins, ends = list(pairwise([0, *FOLLOWER_TIERS, None]))[tier]
    zh = f"{begins:,} 粉丝以上的" if ends is None else f"粉丝 {begins:,} 至 {ends:,} 的"
    en = f"{begins:,} followers or more" if ends is None else f"{begins:,} to {ends:,} followers"
    share = 100 // PER
    return (
        f"{platform} 上{zh} {creators:,} 位创作者，两端各去掉 {share}%",
        f"{creators:,} creators on {platform} with {en}, {share} % left out at either end",
    )


def _outward(value: float, rounding: str) -> float:
    exact = Decimal(str(value))
    return float(exact.quantize(Decimal(1).scaleb(exact.adjusted() - 1), rounding=rounding)) if exact else 0.0
