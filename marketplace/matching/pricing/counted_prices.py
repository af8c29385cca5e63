"""What counts of a bid's price: sales at prior rates, videos up to those asked, no less than the market settles at."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from marketplace.bids.pricing_models import PriceTerms
from marketplace.briefs.models import BriefVersion
from marketplace.core.column_copy import Column
from marketplace.matching.audience import channel_tags
from marketplace.matching.audience.arrays import Floats
from marketplace.matching.audience.share_columns import ShareColumns
from marketplace.matching.pricing import cost
from marketplace.matching.pricing.market_floor import MarketFloor, market_floor
from marketplace.matching.pricing.price_model import PriceModel, Texts

Rows = Mapping[str, Column]


def counted_terms(version: BriefVersion, rows: Rows) -> PriceTerms[Floats]:
    """Return the terms of n bids: sales at the vertical's prior rates, and no more videos than the brief asks for."""
    terms = cost.by_prior_rates(
        cost.terms_from_rows(_floats(rows, "terms")),
        _floats(rows, "per_sale"),
        _floats(rows, "share_of_sales"),
        version.category,
        version.currency,
    )
    return terms._replace(videos=np.minimum(terms.videos, videos_asked(version.content)))


def videos_asked(content: Mapping[str, Any]) -> float:
    """Return how many videos a brief asks of each bid; what a bid offers beyond them buys no rank."""
    deliverables = content.get("deliverables") or []
    return float(max(1, sum(one.get("count") or 1 for one in deliverables if one.get("kind") != "image")))


def floor_of(version: BriefVersion, rows: Rows, shares: ShareColumns, model: PriceModel) -> MarketFloor:
    """Return what a video of each of n bids' channels costs at the least, by what deals settle at."""
    return market_floor(
        model,
        version.currency,
        _floats(rows, "price_views"),
        _floats(rows, "followers"),
        channel_tags.main_tags(shares.tags),
        _texts(rows, "platform"),
        _texts(rows, "length_tier"),
        _floats(rows, "suggested_cpm"),
    )


def _floats(rows: Rows, name: str) -> Floats:
    return rows[name].astype(np.float64)


def _texts(rows: Rows, name: str) -> Texts:
    return np.char.strip(np.char.decode(rows[name], "utf-8"))
