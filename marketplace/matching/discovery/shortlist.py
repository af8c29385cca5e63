"""The best channels for a brief among all channels: one pass over columns, before a few hundred are scored exactly.

The key of the first pass (see first_pass) is that of a bid at the channel's likely price without a placement plan,

    x = quality * ceiling / (1000 * price / (careful views * share on target * people per view)),

and -1 / (1 + people) if no price is known, so that these channels come last, by reach.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from marketplace.briefs.brief_document import FIT_WEIGHT
from marketplace.channels.facts.provenance import believed
from marketplace.matching.audience import channel_tags
from marketplace.matching.audience.arrays import Bools, Ints
from marketplace.matching.audience.channel_tags import category_nearness
from marketplace.matching.audience.grid import AGES_N, EDUCATION_N, GENDERS_N, REGIONS_N
from marketplace.matching.audience.targets import TargetWeights
from marketplace.matching.discovery.first_pass import Look, Singles, best_rows, quality
from marketplace.matching.discovery.market_columns import (
    PER_PRICE,
    PLACES,
    WHOLE_PLACES,
    ChannelColumns,
    code,
    education_places,
    interest_places,
    joint_places,
    region_places,
    tag_places,
    vertical_place,
)
from marketplace.matching.forecast.view_forecast import UNIQUE_PER_VIEW
from marketplace.matching.scoring import brand_fit
from marketplace.matching.scoring.rank import NEUTRAL_FIT, REST_WEIGHT

SLACK = 1e-4
FEW = 0.25  # share of a block: if fewer rows pass the filters, only those are computed
_ROOM_UNKNOWN = 0.5 * (1 - REST_WEIGHT)


@dataclass(frozen=True)
class ChannelFilters:
    """The filters on channels; None leaves out a filter. `day` is today, in days since 1970; `language` is a primary
    subtag, `region` a country or one of its parts; `price_max` is in minor units of the brief's currency for one video,
    `reach_min` and `reach_max` are people on target."""

    day: float
    platform: str | None = None
    vertical: str | None = None
    region: str | None = None
    language: str | None = None
    followers_min: int | None = None
    followers_max: int | None = None
    ad_load_max: float | None = None
    price_max: int | None = None
    reach_min: int | None = None
    reach_max: int | None = None
    represented: bool | None = None
    told_within_days: int | None = None


class ColumnBox(NamedTuple):
    """A box of a target as columns: of ages by genders, of regions, of education (each empty for everybody), the terms
    of its interests (see InterestEvent), and its weight, at most ``most``."""

    cells: tuple[int, ...]
    regions: tuple[int, ...]
    education: tuple[int, ...]
    interests: tuple[tuple[int, tuple[int, ...]], ...]
    weight: float
    most: float


@dataclass(frozen=True)
class BriefWants:
    """What a brief asks for, in terms of the columns: disjoint boxes of the target, the category, markets, languages,
    the range of lengths in seconds, the tier of length whose price counts, the currency, the ceiling in minor units per
    1,000 people on target, and the share of the value that follows the content's fit."""

    boxes: tuple[ColumnBox, ...]
    category: str
    markets: tuple[int, ...]
    languages: tuple[str, ...]
    seconds: tuple[float, float] | None
    tier: int
    currency: str
    ceiling: float
    fit_weight: float = FIT_WEIGHT
    filters: ChannelFilters = field(default_factory=lambda: ChannelFilters(day=0))


def boxes_of(target: TargetWeights) -> tuple[ColumnBox, ...]:
    """Return a target's boxes as columns; a part that covers everybody has none."""
    return tuple(
        ColumnBox(
            () if len(box.ages) * len(box.genders) == AGES_N * GENDERS_N else joint_places(box.ages, box.genders),
            () if len(box.regions) == REGIONS_N else region_places(box.regions),
            () if len(box.education) == EDUCATION_N else education_places(box.education),
            tuple((factor, interest_places(interests)) for factor, interests in box.interests.terms),
            box.weight,
            box.most,
        )
        for box in target.boxes
    )


def first_pass(table: ChannelColumns, wants: BriefWants, best: int, keep: int) -> Ints:
    """Return rows among which the `best` highest exact scores are, the highest key first (first_pass.best_rows)."""
    return best_rows(table.values, _look(wants), best, keep)


class ColumnBlock:
    """A block of the columns: all of its rows, or only the given ones."""

    def __init__(self, values: Singles, rows: Ints | None = None) -> None:
        self._values, self._rows = values, rows
        self._sums: dict[tuple[int, ...], Singles] = {}

    def __len__(self) -> int:
        return self._values.shape[1] if self._rows is None else len(self._rows)

    def __getitem__(self, name: str) -> Singles:
        return self.at(PLACES[name])

    def at(self, column: int) -> Singles:
        values: Singles = self._values[column]
        return values if self._rows is None else values[self._rows]

    def sum(self, columns: tuple[int, ...]) -> Singles:
        """Return the sum of columns, computed only once."""
        if columns not in self._sums:
            whole = len(columns) >= len(WHOLE_PLACES) and set(WHOLE_PLACES) <= set(columns)
            rest = tuple(sorted({*columns} - {*WHOLE_PLACES})) if whole else columns
            total = self["whole"].copy() if whole else np.zeros(len(self), dtype=np.float32)
            for column in rest:
                total += self.at(column)
            self._sums[columns] = total
        return self._sums[columns]


def _look(wants: BriefWants) -> Look:
    """Return the function that computes the keys of a block [WIDTH, b], for the channels that pass the filters."""
    fits = fit_function(wants)
    at_neutral = 1 - wants.fit_weight * (1 - NEUTRAL_FIT)
    worth = np.float32(UNIQUE_PER_VIEW * wants.ceiling / 1000 / at_neutral)
    per_price, currency = PER_PRICE[wants.tier], np.float32(code(wants.currency))

    def look(values: Singles, least: np.float32) -> tuple[Ints, Singles]:
        passing = _pass_filters(ColumnBlock(values), wants)
        rows = np.flatnonzero(passing)
        if not len(rows):
            return rows, np.empty(0, dtype=np.float32)
        is_few = len(rows) < FEW * values.shape[1]
        block = ColumnBlock(values, rows if is_few else None)
        share = on_target(block, wants)
        within_reach = _within_reach(block, wants, share)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            category, rest = fits(block)
            key = quality(rest * np.float32(REST_WEIGHT) + np.float32(_ROOM_UNKNOWN - 0.5))
            category *= np.float32(wants.fit_weight)
            category += np.float32(1 - wants.fit_weight)
            for factor in (category, block["careful"], share, block[per_price]):
                key *= factor
            key *= worth
            people = block["middle"] * share
            unpriced = (block[per_price] <= 0) | (block["currency"] != currency)
            key[unpriced] = -1 / (1 + people[unpriced])
            kept = (key >= least) & (people > 0) & within_reach
        if not is_few:
            kept &= passing
        indices = np.flatnonzero(kept)
        return rows[indices] if is_few else indices, key[indices]

    return look


def on_target(block: ColumnBlock, wants: BriefWants) -> Singles:
    """Return the share of each audience that is on target [b], as targets.on_target computes it."""
    share = np.zeros(len(block), dtype=np.float32)
    for box in wants.boxes:
        parts = [block.sum(columns) for columns in (box.cells, box.regions, box.education) if columns]
        if box.interests:
            parts.append(interested(block, box))
        if not parts:
            share += np.float32(box.weight)
            continue
        part = parts[0] * np.float32(box.weight)
        for other in parts[1:]:
            part = part * other
        share += part
    most = np.float32(max((box.most for box in wants.boxes), default=0.0))
    capped: Singles = np.minimum(share, most)
    return capped


def interested(block: ColumnBlock, box: ColumnBox) -> Singles:
    """Return the share of each audience [b] with a box's interests, as InterestEvent.point computes it."""
    total = np.zeros(len(block), dtype=np.float32)
    for factor, columns in box.interests:
        without = np.full(len(block), np.float32(factor))
        for column in columns:
            without *= 1 - block.at(column)
        total += without
    return np.clip(total, 0, 1)


def fit_function(wants: BriefWants) -> Callable[[ColumnBlock], tuple[Singles, Singles]]:
    """Return the function that computes the two halves of a block's fit [b]: that of the category and that of all other
    known parts, as brand_fit.fit weighs them."""
    nearness = category_nearness(wants.category)
    groups = [
        (tag_places(np.flatnonzero(nearness == worth).tolist()), worth - channel_tags.FAR)
        for worth in (channel_tags.SAME, channel_tags.NEAR)
    ]
    languages = [np.float32(code(tag)) for tag in wants.languages]
    worth = {name: np.float32(weight) for name, weight in brand_fit.WEIGHTS.items()}

    def fits(block: ColumnBlock) -> tuple[Singles, Singles]:
        tagged = block["tagged"]
        near = np.zeros(len(block), dtype=np.float32)
        for columns, above_far in groups:
            near += block.sum(columns) * np.float32(above_far)
        near *= block["per_tags"]
        near += tagged * np.float32(channel_tags.FAR)
        near += (1 - tagged) * np.float32(brand_fit.NEUTRAL)
        middling, of_details, of_length = brand_fit.NEUTRAL, block["details_weight"], block["length_weight"]
        near = believed(near, middling, of_details)
        total, weight = np.zeros((2, len(block)), dtype=np.float32)
        if languages:
            spoken = block["language"]
            for language in languages:
                total += (spoken == language) * of_details * worth["language"]
            is_known = (spoken > 0) * worth["language"]
            total += is_known * (1 - of_details) * np.float32(middling)
            weight += is_known
        if wants.markets:
            market_weight = block["regions_told"] * worth["market"]
            total += np.minimum(block.sum(wants.markets), np.float32(1)) * market_weight
            weight += market_weight
        if wants.seconds:
            seconds, (short, long) = block["seconds"], wants.seconds
            close = np.minimum(seconds * np.float32(1 / short), np.float32(long) / seconds)
            is_known = (seconds > 0) * worth["length"]
            total += believed(np.minimum(close, np.float32(1)), middling, of_length) * is_known
            weight += is_known
        rest: Singles = total / weight
        return near, np.nan_to_num(rest, copy=False, nan=brand_fit.NEUTRAL) if not weight.all() else rest

    return fits


def admitted(values: Singles, wants: BriefWants) -> Bools:
    """Return which channels [b] pass the filters. Limits on prices and people are widened by SLACK, for rounding."""
    block = ColumnBlock(values)
    return _pass_filters(block, wants) & _within_reach(block, wants, on_target(block, wants))


def _pass_filters(block: ColumnBlock, wants: BriefWants) -> Bools:
    filters = wants.filters
    passing: Bools = block["live"] > 0
    region = "country" if filters.region is None or "-" not in filters.region else "region"
    same = {"platform": filters.platform, "language": filters.language, region: filters.region}
    codes: dict[str, float | None] = {name: code(text) for name, text in same.items() if text is not None}
    lows: dict[str, float | None] = {"followers": filters.followers_min, "taken_on": _ago(filters)}
    highs: dict[str, float | None] = {"followers": filters.followers_max, "ad_load": filters.ad_load_max}
    if filters.price_max is not None:
        codes["currency"] = code(wants.currency)
        lows[PER_PRICE[wants.tier]] = (1 - SLACK) / max(filters.price_max, 1)
    for limits, holds in ((codes, np.equal), (lows, np.greater_equal), (highs, np.less_equal)):
        for name, limit in limits.items():
            if limit is not None:
                passing &= holds(block[name], np.float32(limit))
    if filters.vertical is not None:
        passing &= block.at(vertical_place(filters.vertical)) > 0
    if filters.represented is not None:
        passing &= (block["agency_until"] > filters.day) == filters.represented
    return passing


def _within_reach(block: ColumnBlock, wants: BriefWants, share: Singles) -> Bools | bool:
    least, most = wants.filters.reach_min, wants.filters.reach_max
    if least is None and most is None:
        return True
    people = block["middle"] * share * np.float32(UNIQUE_PER_VIEW)
    within: Bools = people >= np.float32((least or 0) * (1 - SLACK))
    if most is not None:
        within &= people <= np.float32(most * (1 + SLACK))
    return within


def _ago(filters: ChannelFilters) -> int | None:
    return None if filters.told_within_days is None else int(filters.day) - filters.told_within_days
