"""Loads deals, rate cards and suggestions, stores the models fitted to them, and publishes the index."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels.policy import counts_once
from marketplace.core import db
from marketplace.core.clock import now
from marketplace.core.estimate import known_or_null
from marketplace.core.fingerprint import fingerprint
from marketplace.core.ids import new_id
from marketplace.matching.audience.arrays import Floats, as_floats
from marketplace.matching.forecast.features import main_vertical
from marketplace.matching.forecast.view_forecast import tier_of
from marketplace.matching.pricing import price_index, price_model
from marketplace.matching.pricing.cost import CURRENCY_OF_SUGGESTIONS
from marketplace.matching.pricing.models import DealPrice, PriceIndexCell, PriceModelRow
from marketplace.matching.pricing.price_fit import PriceRecords, fit, suggestions
from marketplace.matching.pricing.price_index import DIMENSIONS, IndexCell, PriceRatios
from marketplace.matching.pricing.price_model import (
    BOUGHT,
    PricedDeliverables,
    PriceModel,
    PricePoint,
    PriceTerm,
    SuggestedPrices,
)

# The most deals, and the most channels whose rate cards count: chosen by the hash of their ids, so that each fit takes
# the same ones.
DEALS_MAX, CARDS_MAX = 10_000, 2_000
# What a platform suggests where no snapshot says: Xingtu's own suggestion for 369 channels, 2025-11 (10 %,
# median, 90 %: 32, 46, 66 yuan for 1,000 views).
PUBLIC: dict[str, dict[str, SuggestedPrices]] = {"CNY": {"douyin": SuggestedPrices(4600.0, 3200.0, 6600.0, 369)}}
# SQL for the currency of a snapshot's suggestion, and for the views that prices are fitted to.
OF_SUGGESTION = f"coalesce(s.rate_card->0->>'currency', '{CURRENCY_OF_SUGGESTIONS}')"
VIEWS = "coalesce((s.facts->>'expected_views')::float8, s.median_views)"
# SQL for the deals (d) that teach anything. Anybody may sign up, invent deals and confirm them from the other side, so
# what parties report counts only if both are proven or the platform vouches for it. An acceptance on this market binds
# nobody's money yet, so it counts if the brand that would pay is proven, until a video of its deal is settled: then
# each settled video counts, and the acceptance no more. A deal counts once, however many report it.
COUNTING = (
    "d.removed_at IS NULL AND CASE WHEN d.source = 'market' THEN party_is_proven(d.brand_id)"
    " AND NOT EXISTS (SELECT FROM deal_prices o WHERE o.bid_id = d.bid_id AND o.deliverable_id IS NOT NULL)"
    " WHEN d.source IN ('admin', 'platform_deal') OR d.confirmed_by = 'platform' THEN true"
    " ELSE party_is_proven(d.brand_id) AND party_is_proven(d.creator_id) END"
    " AND (d.source = 'market' OR d.deliverable_id IS NOT NULL"
    " OR NOT EXISTS (SELECT FROM deal_prices o WHERE o.channel_id = d.channel_id"
    " AND o.brand_key = d.brand_key AND o.deal_minor = d.deal_minor AND o.currency = d.currency"
    " AND o.removed_at IS NULL AND (o.source = 'market' OR o.deliverable_id IS NOT NULL"
    " OR o.settled_on = d.settled_on AND (o.confirmed_at IS NULL, o.id) < (d.confirmed_at IS NULL, d.id))))"
)
_DEALS = sa.text(
    "SELECT creator_id, deal_minor AS price, currency, length_tier, rights, exclusivity_days AS days, expected_views"
    " AS views, followers, suggested_cpm_minor AS cpm, platform, vertical, confirmed_by IS NOT NULL AS confirmed,"
    f" true AS settled FROM deal_prices d WHERE {COUNTING} ORDER BY settled_on DESC, id DESC LIMIT :most"
)
_CARDS = sa.text(
    "SELECT c.creator_id, (line->>'amount_minor')::float8 AS price, line->>'currency' AS currency,"
    " line->>'length_tier' AS length_tier, '{}'::text[] AS rights, 0 AS days,"
    f" {VIEWS} AS views, s.followers,"
    f" CASE WHEN line->>'currency' = {OF_SUGGESTION} THEN (s.facts->>'suggested_cpm_minor')::float8 END AS cpm,"
    " c.platform, c.verticals, false AS confirmed, false AS settled"
    " FROM (SELECT a.* FROM channels a WHERE a.status = 'active' AND a.snapshot_id IS NOT NULL"
    f" AND {counts_once('a')} ORDER BY md5(a.id::text) LIMIT :most) c"
    " JOIN audience_snapshots s ON s.id = c.snapshot_id, jsonb_array_elements(s.rate_card) line"
    " WHERE (line->>'amount_minor')::float8 > 0 AND line->>'currency' IS NOT NULL ORDER BY c.id, line->>'length_tier'"
)
_CPMS = sa.text(
    f"SELECT c.platform, {OF_SUGGESTION} AS currency, (s.facts->>'suggested_cpm_minor')::float8 AS cpm"
    " FROM channels c JOIN audience_snapshots s ON s.id = c.snapshot_id"
    f" WHERE c.status = 'active' AND {counts_once('c')} AND (s.facts->>'suggested_cpm_minor')::float8 > 0"
    " ORDER BY c.id LIMIT :most"
)
_UNPUBLISHED = sa.text(
    "SELECT id, deal_minor, list_minor, creator_id, brand_key, followers, vertical, platform,"
    f" greatest(settled_on, confirmed_at::date) AS counted FROM deal_prices d WHERE cell_id IS NULL AND {COUNTING}"
    # What is told to everybody asks for more: no sham creator beside an honest one.
    " AND (d.source <> 'market' OR party_is_proven(d.creator_id))"
    # What an acceptance told already is not told again when its videos are settled.
    " AND (d.deliverable_id IS NULL OR NOT EXISTS (SELECT FROM deal_prices o WHERE o.bid_id = d.bid_id"
    " AND o.source = 'market' AND o.cell_id IS NOT NULL))"
    " AND confirmed_at IS NOT NULL AND list_minor IS NOT NULL AND rights = '{}' AND exclusivity_days = 0 ORDER BY id"
)


@dataclass(frozen=True, eq=False)
class FittedPrices:
    """The newest models by currency, ready for use, and the day they were fitted (None: never)."""

    models: dict[str, PriceModel]
    fitted_on: date | None

    def of(self, currency: str) -> PriceModel:
        """Return the model of a currency, or one of public suggestions alone."""
        return self.models.get(currency) or PriceModel(suggested=PUBLIC.get(currency, {}))


UNFITTED = FittedPrices({}, None)


def load_prices(session: Session, before: datetime | None = None) -> FittedPrices:
    """Return the newest models, or the newest fitted before a moment; UNFITTED without any."""
    return _fitted(session.scalar(_newest(sa.select(PriceModelRow), before)))


def _fitted(row: PriceModelRow | None) -> FittedPrices:
    if row is None:
        return UNFITTED
    return FittedPrices({name: _model(stored) for name, stored in row.content["models"].items()}, row.fitted_at.date())


def newest_name(session: Session) -> str | None:
    """Return the fingerprint of the newest models; None before the first fit."""
    name: str | None = session.scalar(_newest(sa.select(PriceModelRow.fingerprint), None))
    return name


def load_named(session: Session, name: str | None) -> FittedPrices:
    """Return the models with this fingerprint; UNFITTED for None."""
    if name is None:
        return UNFITTED
    return _fitted(session.scalar(sa.select(PriceModelRow).where(PriceModelRow.fingerprint == name)))


def newest_prices(session: Session, before: datetime | None = None) -> str:
    """Return the fingerprint of what load_prices would return."""
    name: str | None = session.scalar(_newest(sa.select(PriceModelRow.fingerprint), before))
    return name or "none"


def _newest(query: sa.Select[Any], before: datetime | None) -> sa.Select[Any]:
    if before is not None:
        query = query.where(PriceModelRow.fitted_at < before)
    return query.order_by(PriceModelRow.id.desc()).limit(1)


def fit_prices(session: Session) -> bool:
    """Fit a model for each currency to the newest deals and to rate cards; return whether the models are new."""
    db.lock_name(session, "prices")
    deals = session.execute(_DEALS, {"most": DEALS_MAX}).all()
    cards = session.execute(_CARDS, {"most": CARDS_MAX}).all()
    rows = [*deals, *cards]
    if not rows:
        return False
    cpms = session.execute(_CPMS, {"most": DEALS_MAX}).all()
    models = {
        currency: fit(_records([row for row in rows if row.currency == currency]), _suggested(cpms, currency))
        for currency in sorted({row.currency for row in rows})
    }
    content = known_or_null(
        {
            "version": price_model.MODEL_VERSION,
            "models": {currency: asdict(model) for currency, model in models.items()},
        }
    )
    name = fingerprint(content)
    if newest_prices(session) == name:
        return False
    session.execute(sa.delete(PriceModelRow).where(PriceModelRow.fingerprint == name))
    deals_used, cards_used = (sum(getattr(model, kind) for model in models.values()) for kind in ("deals", "cards"))
    session.add(PriceModelRow(fingerprint=name, content=content, deals=deals_used, cards=cards_used, fitted_at=now()))
    session.flush()
    return True


def _model(stored: dict[str, Any]) -> PriceModel:
    def ends(row: Sequence[float | None]) -> tuple[float, float, int]:
        low, high, count = (math.nan if part is None else part for part in row)
        return low, high, int(count)

    return PriceModel(
        point=PricePoint(**stored["point"]),
        suggested={name: SuggestedPrices(**values) for name, values in stored["suggested"].items()},
        terms={name: PriceTerm(**values) for name, values in stored["terms"].items()},
        ends=[ends(row) for row in stored["ends"]],
        card_ends=ends(stored["card_ends"]),
        spread=math.nan if stored["spread"] is None else stored["spread"],
        deals=stored["deals"],
        cards=stored["cards"],
        per_thousand={name: (low, count) for name, (low, count) in stored["per_thousand"].items()},
    )


def _suggested(cpms: Sequence[Any], currency: str) -> dict[str, SuggestedPrices]:
    in_currency = [row for row in cpms if row.currency == currency]
    suggested = suggestions(
        np.array([row.platform for row in in_currency], dtype=np.str_), as_floats([row.cpm for row in in_currency])
    )
    return {**PUBLIC.get(currency, {}), **suggested}


def _records(rows: Sequence[Any]) -> PriceRecords:
    _, creators = np.unique([row.creator_id.hex for row in rows], return_inverse=True)
    return PriceRecords(
        deliverables(rows),
        as_floats([row.price for row in rows]),
        creators.astype(np.int64),
        np.array([row.settled for row in rows], dtype=bool),
        np.array([row.confirmed for row in rows], dtype=bool),
    )


def deliverables(rows: Sequence[Any]) -> PricedDeliverables:
    """Return rows as deliverables; they have views, followers, vertical or verticals, platform, length_tier, rights,
    days and cpm."""
    verticals = [row.vertical if hasattr(row, "vertical") else main_vertical(row.verticals or {}) for row in rows]
    rights = [[right in row.rights for right in BOUGHT] for row in rows]
    return PricedDeliverables(
        views=_known([row.views for row in rows]),
        followers=_known([row.followers for row in rows]),
        verticals=np.array([main or "" for main in verticals], dtype=np.str_),
        platforms=np.array([row.platform for row in rows], dtype=np.str_),
        lengths=np.array([row.length_tier or "" for row in rows], dtype=np.str_),
        rights=np.array(rights, dtype=bool).reshape(len(rows), len(BOUGHT)),
        exclusivity_days=as_floats([row.days for row in rows]),
        suggested_cpm=_known([row.cpm for row in rows]),
        views_doubt=_known([getattr(row, "views_doubt", None) for row in rows]),
    )


def _known(values: Sequence[float | None]) -> Floats:
    return as_floats([value if value else math.nan for value in values])


def publish_index(session: Session, today: date) -> int:
    """Publish the index cells of the months that are over, for good; return the number of new cells."""
    db.lock_name(session, "prices")
    rows = session.execute(_UNPUBLISHED).all()
    if not rows:
        return 0
    cells = price_index.cells(_ratios(rows), _month(today))
    for cell in cells:
        published = _cell_row(cell)
        session.add(published)
        session.flush()
        ids: list[UUID] = [rows[row].id for row in cell.rows]
        session.execute(sa.update(DealPrice).where(DealPrice.id.in_(ids)).values(cell_id=published.id))
    return len(cells)


def _ratios(rows: Sequence[Any]) -> PriceRatios:
    followers = _known([row.followers for row in rows])
    tiers = [int(tier) if known else None for tier, known in zip(tier_of(followers), ~np.isnan(followers), strict=True)]
    _, creators = np.unique([row.creator_id.hex for row in rows], return_inverse=True)
    keys = sorted({row.brand_key for row in rows if row.brand_key})
    return PriceRatios(
        ratio=as_floats([row.deal_minor / row.list_minor for row in rows]),
        creators=creators.astype(np.int64),
        brands=np.array([keys.index(row.brand_key) if row.brand_key else -1 for row in rows], dtype=np.int64),
        months=np.array([_month(row.counted) for row in rows], dtype=np.int64),
        groups={
            "tier": tiers,
            "vertical": [row.vertical or None for row in rows],
            "platform": [row.platform for row in rows],
        },
    )


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _cell_row(cell: IndexCell) -> PriceIndexCell:
    by: dict[str, Any] = {name: cell.by.get(name) for name in DIMENSIONS}
    return PriceIndexCell(
        id=new_id(),
        first_month=_first_day(cell.first),
        last_month=_first_day(cell.last),
        median=cell.median,
        low=cell.low,
        high=cell.high,
        deals=cell.deals,
        **by,
    )
