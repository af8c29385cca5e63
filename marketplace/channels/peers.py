"""In which range the figures of like channels lie: the market's own present snapshots, where enough creators tell.

Like channels are those of one platform and follower tier, and of each creator the one with the newest facts: who enters
ten channels counts once. Figures outside the house's range count for nothing, so the market's range can only be
narrower: a flood of made-up channels cannot widen it beyond what is flagged anyway.

The ends are order statistics: with n creators, the k-th lowest and the k-th highest with k = (n + 1) / 100, rounded
down. A new honest channel is as likely to take any place among them, so at most one in fifty falls outside, whatever
the distribution. k is two at least, so that nobody sets an end alone (a figure that was flagged would be usual the
next day): that takes 199 creators. Ends are rounded outwards to two digits and show nobody's own figure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels.anomalies import FOLLOWER_TIERS, HOUSE, PeerRange

PER = 100  # one in so many is left out at either end
CREATORS_MIN = 2 * PER - 1

_TIER = "width_bucket(s.followers, CAST(:tiers AS bigint[]))"
_RANGES = (
    f"WITH like_channels AS (SELECT DISTINCT ON (c.platform, tier, c.creator_id) c.platform, {_TIER} AS tier,"
    " s.median_views / s.followers::float8 AS views_per_follower,"
    " (s.facts ->> 'engagement_rate')::float8 AS engagement,"
    " (s.facts ->> 'growth_30d')::float8 / s.followers AS growth_30d"
    " FROM channels c JOIN audience_snapshots s ON s.id = c.snapshot_id"
    " WHERE c.status = 'active' AND s.followers > 0{only}"
    " ORDER BY c.platform, tier, c.creator_id, s.taken_on DESC, s.id DESC)"
    " SELECT platform, tier, figure, count(*) AS creators,"
    " (array_agg(value ORDER BY value))[(count(*) + 1) / :per] AS low,"
    " (array_agg(value ORDER BY value DESC))[(count(*) + 1) / :per] AS high"
    " FROM like_channels CROSS JOIN LATERAL (VALUES ('views_per_follower', views_per_follower),"
    " ('engagement', engagement), ('growth_30d', growth_30d)) AS told(figure, value)"
    " JOIN unnest(CAST(:figures AS text[]), CAST(:lows AS float8[]), CAST(:highs AS float8[]))"
    " AS house(figure, low, high) USING (figure) WHERE value BETWEEN house.low AND house.high"
    " GROUP BY platform, tier, figure HAVING count(*) >= :least"
)
_ALL = sa.text(_RANGES.format(only=""))
_LIKE = sa.text(
    _RANGES.format(only=f" AND c.platform = :platform AND {_TIER} = width_bucket(:followers, CAST(:tiers AS bigint[]))")
)


@dataclass(frozen=True)
class PeerRanges:
    """The ranges by (platform, tier) as they stood when they were loaded."""

    ranges: Mapping[tuple[str, int], Mapping[str, PeerRange]] = field(default_factory=dict)

    def like(self, platform: str, followers: int) -> Mapping[str, PeerRange]:
        """Return the range of each figure for such a channel: the market's, or else the house's."""
        return {**HOUSE, **self.ranges.get((platform, tier(followers)), {})}


def tier(followers: int) -> int:
    """Return 0 for the smallest channels, as `FOLLOWER_TIERS` cuts them."""
    return sum(followers >= begins for begins in FOLLOWER_TIERS)


def load(session: Session) -> PeerRanges:
    """Return every range, for a whole file: its rows are all held against the market as it was before them."""
    return _market(session, _ALL, {})


def load_like(session: Session, platform: str, followers: int) -> PeerRanges:
    """Return the ranges for one channel alone."""
    return _market(session, _LIKE, {"platform": platform, "followers": followers})


def _market(session: Session, query: sa.TextClause, which: Mapping[str, Any]) -> PeerRanges:
    house = {
        "figures": list(HOUSE),
        "lows": [usual.low for usual in HOUSE.values()],
        "highs": [usual.high for usual in HOUSE.values()],
    }
    limits = {"tiers": list(FOLLOWER_TIERS), "per": PER, "least": CREATORS_MIN}
    found: dict[tuple[str, int], dict[str, PeerRange]] = {}
    for row in session.execute(query, {**house, **limits, **which}):
        zh, en = _made_of(row.platform, row.tier, row.creators)
        usual = PeerRange(_outward(row.low, ROUND_FLOOR), _outward(row.high, ROUND_CEILING), zh, en, row.creators)
        found.setdefault((row.platform, row.tier), {})[row.figure] = usual
    return PeerRanges(found)


def _made_of(platform: str, tier: int, creators: int) -> tuple[str, str]:
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
