"""The exact scores of channels that have not bid, by the functions that score bids, at the price they would ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from marketplace.bids.pricing_models import PriceTerms
from marketplace.briefs.models import BriefVersion
from marketplace.core.estimate import Estimate, finite
from marketplace.matching.audience import share_columns, targets
from marketplace.matching.audience.arrays import Bools, Floats, Ints
from marketplace.matching.audience.grid import region_places
from marketplace.matching.discovery import market_columns, shortlist
from marketplace.matching.discovery.column_store import DiscoveryModels, Rows, price_rows, values_of
from marketplace.matching.discovery.market_columns import forecasts_of
from marketplace.matching.discovery.shortlist import BriefWants, ChannelFilters
from marketplace.matching.pricing.asking_price import STANDARD, TIERS, AskingPrices
from marketplace.matching.scoring import numbers, rank
from marketplace.matching.scoring.match_columns import FACTORS
from marketplace.matching.scoring.score import BidInputs, BidScores, score
from marketplace.matching.scoring.score_brief import LANGUAGES, LENGTHS, fit_of, numbers_of, target_cells
from marketplace.matching.scoring.scored_bid import ScoredBid, scored_bid


@dataclass(frozen=True, eq=False)
class ScoredCandidates:
    """n loaded channels with what they would ask and their scores; `overall_low` and `overall_high` [n] take in the
    ends of the price beside those of views and shares. `order` has their places from the best on."""

    rows: Rows
    asking: AskingPrices
    scores: BidScores
    numbers: Floats
    overall_low: Floats
    overall_high: Floats
    order: Ints


def wanted_of(version: BriefVersion, filters: ChannelFilters) -> BriefWants:
    """Return a brief's version as the first pass reads it."""
    content = version.content
    markets = content.get("markets") or []
    places = sorted({place for code in markets for place in region_places(code)})
    spans = [LENGTHS[tier] for tier in _tiers(version) if tier in LENGTHS]
    ceiling, _ = rank.ceiling_for(version.ceiling_minor, version.currency)
    return BriefWants(
        boxes=shortlist.boxes_of(targets.target_weights(target_cells(version.content))),
        category=version.category,
        markets=market_columns.region_places(places),
        languages=tuple(sorted({LANGUAGES[market] for market in markets if market in LANGUAGES})),
        seconds=(min(low for low, _ in spans), max(high for _, high in spans)) if spans else None,
        tier=length_of(version),
        currency=version.currency,
        ceiling=ceiling,
        filters=filters,
    )


def length_of(version: BriefVersion) -> int:
    """Return the length tier whose price counts: the first that the brief names, else the standard one."""
    return next((TIERS.index(tier) for tier in _tiers(version) if tier in TIERS), STANDARD)


def _tiers(version: BriefVersion) -> list[str]:
    return [tier for wanted in version.content.get("deliverables") or [] for tier in wanted.get("length_tiers") or []]


def score_rows(version: BriefVersion, wanted: BriefWants, rows: Rows, by: DiscoveryModels) -> ScoredCandidates:
    """Return the channels as if each had bid its asking price for one video, without a placement plan."""
    count = len(rows["channel_id"])
    shares = share_columns.unpack(rows["shares"].tobytes())
    seen = market_columns.views(rows, by.calibration)
    asked = _in_currency(
        price_rows(rows, seen, wanted.tier, by.prices), market_columns.codes(rows["currency"]), wanted.currency
    )
    nothing = np.full(count, np.nan)
    sides = {"raw_low": np.full((count, FACTORS), np.nan), "prominence_low": nothing, "prominence_high": nothing}
    rows = {**rows, **sides, "raw_high": sides["raw_low"]}
    bids = BidInputs(
        forecasts=forecasts_of(rows),
        joint=shares.joint,
        regions=shares.regions,
        terms=PriceTerms(asked.point, np.zeros(count), np.zeros(count), np.full(count, np.inf), np.ones(count)),
        fit=fit_of(version, rows, shares),
        intrusiveness=nothing,
        tiers=rows["tier"].astype(np.int64),
    )
    target = targets.target_weights(target_cells(version.content))
    scores = score(bids, target, wanted.ceiling, float(version.tolerance), by.calibration)
    told = numbers_of(rows, shares, bids, scores, (nothing, nothing))
    own = version.ceiling_minor is not None
    same = {"ceiling": wanted.ceiling, "tolerance": version.tolerance, "ceiling_is_the_briefs": own}
    told |= {name: np.full(count, float(value)) for name, value in same.items()}
    told["cost"] = np.stack([asked.point, asked.low, asked.high], axis=1)
    dearest = scores.per_thousand_high * (asked.high / asked.point)
    cheapest = scores.per_thousand_low * (asked.low / asked.point)
    told["per_thousand"] = np.stack([scores.per_thousand, cheapest, dearest], axis=1)
    quality = scores.ranking.quality
    return ScoredCandidates(
        rows,
        asked,
        scores,
        numbers.pack(told),
        rank.overall(wanted.ceiling, dearest, quality),
        rank.overall(wanted.ceiling, cheapest, quality),
        _order(rows, scores),
    )


def _in_currency(asked: AskingPrices, codes: Floats, currency: str) -> AskingPrices:
    """Return the prices without those in another currency, for there are no exchange rates here."""
    own = codes == market_columns.code(currency)
    point, low, high, listed = (
        np.where(own, part, np.nan) for part in (asked.point, asked.low, asked.high, asked.listed)
    )
    return AskingPrices(point, low, high, np.where(own, asked.basis, 0), np.where(own, asked.count, 0), listed)


def _order(rows: Rows, scores: BidScores) -> Ints:
    """Return the order of candidates [n]: priced ones by score, then the others by people, with ties by id."""
    overall = scores.ranking.overall
    unknown = np.isnan(overall)
    return np.lexsort(
        (
            rows["channel_id"].view("S16"),
            np.where(unknown, -np.nan_to_num(scores.people.point), 0),
            -np.nan_to_num(overall),
            unknown,
        )
    ).astype(np.int64)


def admitted(found: ScoredCandidates, wanted: BriefWants, by: DiscoveryModels) -> Bools:
    """Return which candidates [n] the filters let through: those of the first pass, and the figures as they are."""
    filters, people = wanted.filters, found.scores.people.point
    shown = shortlist.admitted(values_of(found.rows, by), wanted) & (people > 0)
    limits: Sequence[tuple[Floats, int | None, int | None]] = (
        (found.asking.point, None, filters.price_max),
        (people, filters.reach_min, filters.reach_max),
        (found.rows["followers"].astype(np.float64), filters.followers_min, filters.followers_max),
    )
    for values, least, most in limits:
        if least is not None:
            shown &= values >= least
        if most is not None:
            shown &= values <= most
    return shown


def scored_candidate(
    scored: ScoredCandidates, index: int, version: BriefVersion, details: Mapping[str, Any]
) -> ScoredBid:
    """Return one candidate as a scored bid; `details` has its snapshot's source and day."""
    overall = [scored.scores.ranking.overall[index], scored.overall_low[index], scored.overall_high[index]]
    return scored_bid(
        scored.numbers[index].tolist(),
        int(scored.rows["flags"][index]),
        overall=Estimate(*finite(overall)),
        currency=version.currency,
        source=details["source"],
        taken_on=details["taken_on"],
    )
