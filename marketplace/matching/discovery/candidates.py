"""Exact scores of channels that have not bid: by the functions that score bids, at the price that they would ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from marketplace.bids import stated_lengths
from marketplace.bids.pricing_models import PriceTerms
from marketplace.briefs.brief_document import with_defaults
from marketplace.briefs.models import BriefVersion
from marketplace.core.estimate import Estimate, finite
from marketplace.matching.audience import share_columns, targets
from marketplace.matching.audience.arrays import Bools, Floats, Ints, as_floats
from marketplace.matching.audience.grid import region_indices
from marketplace.matching.audience.targets import target_cells
from marketplace.matching.discovery import market_columns, shortlist
from marketplace.matching.discovery.column_store import DiscoveryModels, Rows, price_rows, values_of
from marketplace.matching.discovery.shortlist import BriefWants, ChannelFilters
from marketplace.matching.forecast import flags
from marketplace.matching.forecast.counted_forecasts import counted_forecasts
from marketplace.matching.pricing.asking_price import STANDARD, TIERS, AskingPrices
from marketplace.matching.scoring import numbers, rank
from marketplace.matching.scoring.match_columns import FACTORS
from marketplace.matching.scoring.score import BidInputs, BidScores, score
from marketplace.matching.scoring.score_brief import numbers_of
from marketplace.matching.scoring.scored_bid import ScoredBid, scored_bid
from marketplace.matching.scoring.worth.content_fit import LANGUAGES, LENGTHS, fit_of


@dataclass(frozen=True, eq=False)
class ScoredCandidates:
    """n loaded channels with their asking prices and scores. `overall_low` and `overall_high` [n] include the ends of
    the price as well as those of views and shares. `order` has the rows from the best on."""

    rows: Rows
    asking: AskingPrices
    scores: BidScores
    numbers: Floats
    overall_low: Floats
    overall_high: Floats
    order: Ints


def wants_of(version: BriefVersion, filters: ChannelFilters) -> BriefWants:
    """Return what a version of a brief asks for, in the form that the first pass takes."""
    content = version.content
    markets = content.get("markets") or []
    indices = sorted({index for code in markets for index in region_indices(code)})
    spans = [LENGTHS[tier] for tier in _tiers(version) if tier in LENGTHS]
    ceiling, _ = rank.ceiling_for(version.ceiling_minor, version.currency)
    return BriefWants(
        boxes=shortlist.boxes_of(targets.target_weights(target_cells(version.content))),
        category=version.category,
        markets=market_columns.region_places(indices),
        languages=tuple(sorted({LANGUAGES[market] for market in markets if market in LANGUAGES})),
        seconds=(min(low for low, _ in spans), max(high for _, high in spans)) if spans else None,
        tier=length_of(version),
        currency=version.currency,
        ceiling=ceiling,
        fit_weight=with_defaults(content)["fit_weight"],
        filters=filters,
    )


def length_of(version: BriefVersion) -> int:
    """Return the index of the length tier whose price counts: the first that the brief names, else the standard one."""
    return next((TIERS.index(tier) for tier in _tiers(version) if tier in TIERS), STANDARD)


def _tiers(version: BriefVersion) -> list[str]:
    deliverables = version.content.get("deliverables") or []
    return [tier for deliverable in deliverables for tier in deliverable.get("length_tiers") or []]


def score_rows(version: BriefVersion, wants: BriefWants, rows: Rows, by: DiscoveryModels) -> ScoredCandidates:
    """Return the scores of channels as if each had bid its asking price for one video, without a placement plan."""
    count = len(rows["channel_id"])
    rows = {**rows, "flags": flags.of_target(rows["flags"], target_cells(version.content))}
    shares = share_columns.of_rows(rows)
    views = market_columns.views(rows, by.calibration)
    forecasts, _ = counted_forecasts(rows)
    asking = _in_currency(
        price_rows(rows, views, wants.tier, by.prices), market_columns.codes(rows["currency"]), wants.currency
    )
    unknown = np.full(count, np.nan)
    no_plan = {"raw_low": np.full((count, FACTORS), np.nan), "prominence_low": unknown, "prominence_high": unknown}
    films = dict.fromkeys(stated_lengths.FILM, unknown)
    rows = {**rows, **no_plan, **films, "raw_high": no_plan["raw_low"]}
    bids = BidInputs(
        forecasts=forecasts,
        joint=shares.joint,
        regions=shares.regions,
        terms=PriceTerms(asking.point, np.zeros(count), np.zeros(count), np.full(count, np.inf), np.ones(count)),
        fit=fit_of(version, rows, shares),
        intrusiveness=unknown,
        tiers=rows["tier"].astype(np.int64),
        source_weight=as_floats(rows["source_weight"]),
        lists=shares.lists,
    )
    target = targets.target_weights(target_cells(version.content))
    scores = score(bids, target, wants.ceiling, float(version.tolerance), by.calibration, wants.fit_weight)
    by_name = numbers_of(rows, shares, bids, scores, (unknown, unknown))
    is_the_briefs = version.ceiling_minor is not None
    constants = {
        "ceiling": wants.ceiling,
        "tolerance": version.tolerance,
        "ceiling_is_the_briefs": is_the_briefs,
        "fit_weight": wants.fit_weight,
    }
    by_name |= {name: np.full(count, float(value)) for name, value in constants.items()}
    by_name["cost"] = np.stack([asking.point, asking.low, asking.high], axis=1)
    # The scores take the asking price as certain; its own interval widens the ends.
    dearest = scores.per_thousand_high * (asking.high / asking.point)
    cheapest = scores.per_thousand_low * (asking.low / asking.point)
    by_name["per_thousand"] = np.stack([scores.per_thousand, cheapest, dearest], axis=1)
    quality = scores.ranking.quality
    return ScoredCandidates(
        rows,
        asking,
        scores,
        numbers.pack(by_name),
        rank.overall(wants.ceiling, dearest, quality),
        rank.overall(wants.ceiling, cheapest, quality),
        _order(rows, scores),
    )


def _in_currency(asking: AskingPrices, codes: Floats, currency: str) -> AskingPrices:
    """Return the prices with those in another currency as unknown, because there are no exchange rates here."""
    same = codes == market_columns.code(currency)
    point, low, high, listed = (
        np.where(same, part, np.nan) for part in (asking.point, asking.low, asking.high, asking.listed)
    )
    return AskingPrices(point, low, high, np.where(same, asking.basis, 0), np.where(same, asking.count, 0), listed)


def _order(rows: Rows, scores: BidScores) -> Ints:
    """Return the rows of candidates [n] in order: priced ones by score, then the others by people, with ties by id."""
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


def admitted(scored: ScoredCandidates, wants: BriefWants, by: DiscoveryModels) -> Bools:
    """Return which candidates [n] pass the filters: those of the first pass, and the limits on exact figures."""
    filters, people = wants.filters, scored.scores.people.point
    passing = shortlist.admitted(values_of(scored.rows, by), wants) & (people > 0)
    limits: Sequence[tuple[Floats, int | None, int | None]] = (
        (scored.asking.point, None, filters.price_max),
        (people, filters.reach_min, filters.reach_max),
        (scored.rows["followers"].astype(np.float64), filters.followers_min, filters.followers_max),
    )
    for values, least, most in limits:
        if least is not None:
            passing &= values >= least
        if most is not None:
            passing &= values <= most
    return passing


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
