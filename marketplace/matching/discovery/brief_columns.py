"""Open briefs as arrays, so that one channel is compared with all of them in one pass."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from marketplace.briefs.models import BriefVersion
from marketplace.matching.audience import channel_tags
from marketplace.matching.audience.arrays import Floats, Ints, as_floats
from marketplace.matching.audience.grid import AGES_N, GENDERS_N, REGIONS_N
from marketplace.matching.discovery import market_columns
from marketplace.matching.discovery.candidates import wants_of
from marketplace.matching.discovery.market_columns import PER_PRICE, ChannelColumns
from marketplace.matching.discovery.shortlist import BriefWants, ChannelFilters, ColumnBlock, interested
from marketplace.matching.forecast.view_forecast import UNIQUE_PER_VIEW
from marketplace.matching.scoring import brand_fit, rank
from marketplace.matching.scoring.brand_fit import BrandFit
from marketplace.matching.scoring.worth.content_fit import WEIGHT_OF, believed_parts

_CELLS = AGES_N * GENDERS_N


@dataclass(frozen=True, eq=False)
class BriefRow:
    """A brief's version ready for the pass: the k boxes of its target as masks [k, cells] and [k, regions] with weights
    [k], the nearness of each tag to its category, the mask of its markets' regions, and its wants."""

    cells: Floats
    regions: Floats
    weights: Floats
    nearness: Floats
    markets: Floats
    wanted: BriefWants


def brief_row(version: BriefVersion) -> BriefRow:
    """Return one version as arrays; versions never change, so it may be kept."""
    wanted = wants_of(version, ChannelFilters(day=0))
    first = market_columns.region_places([0])[0]
    return BriefRow(
        cells=np.stack([_mask(places, 0, _CELLS) for places in (box.cells for box in wanted.boxes)]),
        regions=np.stack([_mask(places, first, REGIONS_N) for places in (box.regions for box in wanted.boxes)]),
        weights=as_floats([box.weight for box in wanted.boxes]),
        nearness=channel_tags.category_nearness(wanted.category),
        markets=_mask(wanted.markets, first, REGIONS_N) if wanted.markets else np.zeros(REGIONS_N),
        wanted=wanted,
    )


def _mask(places: Sequence[int], first: int, count: int) -> Floats:
    """Return a mask [count] of these columns, counted from `first`; all ones without any column."""
    mask = np.zeros(count) if places else np.ones(count)
    mask[[place - first for place in places]] = 1.0
    return mask


def best_briefs(channel: ChannelColumns, rows: Sequence[BriefRow], keep: int) -> Ints:
    """Return the indices of up to `keep` briefs with the highest keys for one channel, the best first.

    The key is that of shortlist.first_pass; briefs for which the channel reaches nobody are left out.
    """
    if not rows:
        return np.empty(0, dtype=np.int64)
    own = as_floats(channel.values[:, 0])
    counts = [len(row.weights) for row in rows]
    cells = np.concatenate([row.cells for row in rows])
    regions = np.concatenate([row.regions for row in rows])
    first = market_columns.region_places([0])[0]
    parts = _inside(cells, own[:_CELLS]) * _inside(regions, own[first : first + REGIONS_N])
    parts *= np.concatenate([row.weights * _of_lists(channel, row.wanted) for row in rows])
    share = np.add.reduceat(parts, np.cumsum([0, *counts[:-1]]))
    wanted = [row.wanted for row in rows]
    price = np.array([_price(channel, wants) for wants in wanted])
    ceiling = np.array([wants.ceiling for wants in wanted])
    suits = fits(channel, rows)
    quality = rank.quality_multiplier(suits.rest, np.full(len(rows), np.nan), 1.0)
    quality *= rank.suitability(suits.category, as_floats([wants.fit_weight for wants in wanted]))
    people = float(channel["middle"][0]) * share
    with np.errstate(divide="ignore", invalid="ignore"):
        key = float(channel["careful"][0]) * share * UNIQUE_PER_VIEW * quality * ceiling / 1000 / price
    key = np.where(price > 0, key, -1 / (1 + people))
    usable = np.flatnonzero(people > 0)
    return usable[np.argsort(-key[usable], kind="stable")][:keep]


def _of_lists(channel: ChannelColumns, wanted: BriefWants) -> Floats:
    """Return the share of one channel's audience with the education and interests of each box [k]."""
    block = ColumnBlock(channel.values[:, :1])
    shares = np.ones(len(wanted.boxes))
    for number, box in enumerate(wanted.boxes):
        if box.education:
            shares[number] *= block.sum(box.education)[0]
        if box.interests:
            shares[number] *= interested(block, box)[0]
    return shares


def _inside(masks: Floats, shares: Floats) -> Floats:
    # A mask of all ones means everybody: the 32-bit shares may sum to a little more or less than one.
    inside: Floats = np.where(masks.all(axis=1), 1.0, np.sum(masks * shares, axis=1))
    return inside


def _price(channel: ChannelColumns, wanted: BriefWants) -> float:
    same = channel["currency"][0] == np.float32(market_columns.code(wanted.currency))
    per_price = float(channel[PER_PRICE[wanted.tier]][0])
    return 1 / per_price if same and per_price else float("nan")


def fits(channel: ChannelColumns, rows: Sequence[BriefRow]) -> BrandFit:
    """Return the fit of one channel to each brief [n], as brand_fit.fit gives it."""
    own = as_floats(channel.values[:, 0])
    count, tags = len(rows), market_columns.tag_places(range(len(channel_tags.VERTICALS) + 1))
    shares = np.broadcast_to(own[list(tags)], (count, len(tags)))
    nearness = np.stack([row.nearness for row in rows])
    per_tags = float(channel["per_tags"][0])
    first = market_columns.region_places([0])[0]
    parts = {"category": np.sum(shares * nearness, axis=1) * per_tags if per_tags else np.full(count, np.nan)}
    language, seconds = float(channel["language"][0]), float(channel["seconds"][0]) or np.nan
    parts["language"] = as_floats([_speaks(language, row.wanted) for row in rows])
    markets = np.stack([row.markets for row in rows])
    in_markets = np.minimum(np.sum(markets * own[first : first + REGIONS_N], axis=1), 1.0)
    has_regions = channel["regions_told"][0] > 0 and markets.any(axis=1)
    parts["market"] = np.where(has_regions, in_markets, np.nan)
    spans = as_floats([row.wanted.seconds or (np.nan, np.nan) for row in rows])
    parts["length"] = np.minimum(1.0, np.minimum(seconds / spans[:, 0], spans[:, 1] / seconds))
    weights = {name: channel[name][:1] for name in set(WEIGHT_OF.values())}
    return brand_fit.fit(believed_parts(parts, weights), count)


def _speaks(language: float, wanted: BriefWants) -> float:
    if not language or not wanted.languages:
        return float("nan")
    return float(any(np.float32(market_columns.code(tag)) == np.float32(language) for tag in wanted.languages))
