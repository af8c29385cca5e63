"""One scored bid: every stored number of a match by name, for ranking, selection, pictures and messages."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from marketplace.core.estimate import Estimate
from marketplace.intrusiveness import backlash
from marketplace.intrusiveness.backlash import ShownBacklash
from marketplace.matching.audience.grid import LISTS
from marketplace.matching.forecast import flags
from marketplace.matching.scoring import numbers
from marketplace.matching.scoring.numbers import NUMBERS, NumberKind

# The columns of a match `m` that a ScoredBid is built from, and the joins that they need.
COLUMNS = (
    "m.numbers, m.peers, m.flags AS flag_bits, m.overall, m.overall_low, m.overall_high, v.currency,"
    " s.source, s.taken_on"
)
JOINS = "JOIN brief_versions v ON v.id = m.brief_version_id LEFT JOIN audience_snapshots s ON s.id = m.snapshot_id"


NOT_KNOWN = Estimate(None, None, None)


class ForecastBasis(NamedTuple):
    """What the forecast of views is based on; `sponsored` is views of sponsored videos over those of others."""

    from_median: bool = False
    platform_views: float | None = None
    platform_weight: float = 0.0
    sponsored: Estimate | None = None
    sponsored_videos: int = 0
    other_videos: int = 0


class FilmLength(NamedTuple):
    """The seconds that a plan states and what they count as, and the middle 80 % of the lengths of the channel's last
    videos (None: fewer than five are known), and how many these are."""

    stated: float
    counted: float
    low: float | None
    high: float | None
    videos: int


@dataclass(frozen=True)
class ScoredBid:
    """The numbers of one scored bid; None where a number is not known. Money is in minor units of `currency`.

    `stored` holds every number as it is stored (see `numbers`); the other fields are derived from it. `fit` and
    `quality` are NaN where not known. `flags` are those of the match, with the snapshot's under their prefix.
    """

    stored: Mapping[str, tuple[float | None, ...]]
    currency: str
    overall: Estimate
    views: Estimate
    share: Estimate
    people: Estimate
    cost: Estimate
    per_thousand: Estimate
    intrusiveness: Estimate
    fit_parts: Mapping[str, float | None]
    unknown_shares: Mapping[str, float]
    fit: float
    quality: float
    percentile: float | None
    comparables: int
    videos_used: int
    ad_load: float | None
    ceiling_minor: float
    ceiling_is_the_briefs: bool
    tolerance: float
    basis: ForecastBasis
    noticing: Estimate = NOT_KNOWN
    videos: int = 1
    largest_cost: float | None = None
    least_price: float | None = None
    source_weight: float = 1.0
    counted_people: float | None = None
    counted_cost: float | None = None
    suitability: float | None = None
    fit_weight: float | None = None
    minors: float | None = None
    backlash: ShownBacklash | None = None
    peers: str = ""
    flags: tuple[str, ...] = ()
    audience_flags: tuple[str, ...] = ()
    snapshot_flags: tuple[str, ...] = ()
    source: str | None = None
    taken_on: date | None = None
    idle_days: float | None = None
    newest_times: float | None = None
    lists_weight: float = 1.0
    details_weight: float = 1.0
    film: FilmLength | None = None

    def parts(self) -> dict[str, Any]:
        """Return the numbers by name as the API shows them, with their sources."""
        by_name: dict[str, Any] = {number.name: _shown(number, self.stored[number.name]) for number in NUMBERS}
        # A match has the points of one version's factors.
        by_name["intrusion"] |= by_name.pop("intrusion_first")
        del by_name["backlash"]  # shown with what it is known from
        return {
            **by_name,
            "videos_used": self.videos_used,
            "ceiling_is_the_briefs": self.ceiling_is_the_briefs,
            "currency": self.currency,
            "peers": self.peers,
            "audience_flags": list(self.audience_flags),
            "source": self.source,
            "taken_on": self.taken_on and self.taken_on.isoformat(),
        }


def from_row(row: Any) -> ScoredBid:
    """Return the scored bid of a row (a mapping) that has COLUMNS."""
    return scored_bid(
        row["numbers"],
        row["flag_bits"],
        overall=Estimate(row["overall"], row["overall_low"], row["overall_high"]),
        currency=row["currency"],
        peers=row["peers"],
        source=row["source"],
        taken_on=row["taken_on"],
    )


def scored_bid(
    stored: Sequence[float],
    flag_bits: int,
    *,
    overall: Estimate,
    currency: str,
    source: str | None,
    taken_on: date | None,
    peers: str = "",
) -> ScoredBid:
    """Return a scored bid from its numbers, in the order of the table, and the bits of its flags."""
    by_name = numbers.unpack(stored)
    single = {number.name: by_name[number.name][0] for number in NUMBERS if number.kind is NumberKind.SINGLE}
    spans = {number.name: Estimate(*by_name[number.name]) for number in NUMBERS if number.kind is NumberKind.SPAN}
    return ScoredBid(
        stored=by_name,
        currency=currency,
        overall=overall,
        **spans,
        fit_parts=_by_part("fit_parts", by_name),
        unknown_shares={name: share for name, share in zip(LISTS, by_name["unknown"], strict=True) if share},
        fit=math.nan if single["fit"] is None else single["fit"],
        quality=math.nan if single["quality"] is None else single["quality"],
        percentile=single["percentile"],
        comparables=int(single["comparables"] or 0),
        videos=int(single["videos"] or 1),
        largest_cost=single["largest_cost"],
        least_price=single["least_price"],
        source_weight=1.0 if single["source_weight"] is None else single["source_weight"],
        counted_people=single["counted_people"],
        counted_cost=single["counted_cost"],
        suitability=single["suitability"],
        fit_weight=single["fit_weight"],
        minors=single["minors"],
        videos_used=int(single["videos_used"] or 0),
        ad_load=single["ad_load"],
        ceiling_minor=single["ceiling"] or 0.0,
        ceiling_is_the_briefs=bool(single["ceiling_is_the_briefs"]),
        tolerance=single["tolerance"] or 0.0,
        idle_days=single["idle_days"],
        newest_times=single["newest_times"],
        lists_weight=1.0 if single["lists_weight"] is None else single["lists_weight"],
        details_weight=1.0 if single["details_weight"] is None else single["details_weight"],
        film=_film(by_name["film"]),
        basis=_basis(_by_part("forecast", by_name)),
        backlash=_backlash(_by_part("backlash", by_name), _basis(_by_part("forecast", by_name))),
        peers=peers,
        flags=tuple(flags.shown(flag_bits)),
        audience_flags=tuple(flags.audience(flag_bits)),
        snapshot_flags=tuple(flags.snapshot(flag_bits)),
        source=source,
        taken_on=taken_on,
    )


def _by_part(name: str, by_name: Mapping[str, tuple[float | None, ...]]) -> dict[str, float | None]:
    return dict(zip(numbers.BY_NAME[name].parts, by_name[name], strict=True))


def _basis(forecast: Mapping[str, float | None]) -> ForecastBasis:
    """Return what the forecast is based on, with the difference of log views as a ratio of views (its exp)."""
    ends = [forecast[f"sponsored_{name}"] for name in ("gap", "low", "high")]
    factors = [math.exp(end) for end in ends if end is not None]
    return ForecastBasis(
        from_median=bool(forecast["from_median"]),
        platform_views=forecast["platform_views"],
        platform_weight=forecast["platform_weight"] or 0.0,
        sponsored=Estimate(*factors) if len(factors) == len(ends) else None,
        sponsored_videos=int(forecast["sponsored_videos"] or 0),
        other_videos=int(forecast["other_videos"] or 0),
    )


def _backlash(stored: Mapping[str, float | None], basis: ForecastBasis) -> ShownBacklash | None:
    chance, low, high, unsponsored, kind = stored.values()
    if chance is None or low is None or high is None or unsponsored is None:
        return None
    sponsored_videos = basis.sponsored_videos if basis.sponsored is not None else 0
    return backlash.shown(
        (chance, low, high, unsponsored),
        sponsored_videos=sponsored_videos,
        market=basis.sponsored is not None,
        viewers_came_for=list(backlash.VIEWERS)[int(kind or 0)],
    )


def _film(stored: Sequence[float | None]) -> FilmLength | None:
    stated, counted, low, high, videos = stored
    return None if stated is None or counted is None else FilmLength(stated, counted, low, high, int(videos or 0))


def _shown(number: numbers.MatchNumber, parts: tuple[float | None, ...]) -> Any:
    if number.kind is NumberKind.SINGLE:
        return parts[0]
    if number.kind in (NumberKind.SPAN, NumberKind.RANGE):
        return list(parts)
    named = zip(number.parts, parts, strict=True)
    return {name: value for name, value in named if value or number.kind is NumberKind.NAMED}
