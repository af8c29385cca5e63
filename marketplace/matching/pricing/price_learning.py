"""Loads deals, rate cards and suggestions, keeps the models learnt from them, and publishes the index."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.clock import now
from marketplace.core.fingerprint import fingerprint
from marketplace.core.ids import new_id
from marketplace.matching.audience.arrays import Floats, as_floats
from marketplace.matching.forecast.features import main_vertical
from marketplace.matching.forecast.forecast import tier_of
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

# The newest deals, and the rate cards of so many channels, drawn by their ids' hash: the same ones each time.
DEALS_MAX, CARDS_MAX = 10_000, 2_000
# What a platform suggests where nobody's snapshot tells: Xingtu's own suggestion for 369 channels, 2025-11 (10 %,
# median, 90 %: 32, 46, 66 yuan for 1,000 views).
PUBLIC: dict[str, dict[str, SuggestedPrices]] = {"CNY": {"douyin": SuggestedPrices(4600.0, 3200.0, 6600.0, 369)}}
# In which currency a snapshot's platform suggests, and the views that prices are learnt by.
OF_SUGGESTION = f"coalesce(s.rate_card->0->>'currency', '{CURRENCY_OF_SUGGESTIONS}')"
VIEWS = "coalesce((s.facts->>'expected_views')::float8, s.median_views)"
_DEALS = sa.text(
    "SELECT creator_id, deal_minor AS price, currency, length_tier, rights, exclusivity_days AS days, expected_views"
    " AS views, followers, suggested_cpm_minor AS cpm, platform, vertical, confirmed_by IS NOT NULL AS confirmed,"
    " true AS settled FROM deal_prices ORDER BY settled_on DESC, id DESC LIMIT :most"
)
_CARDS = sa.text(
    "SELECT c.creator_id, (line->>'amount_minor')::float8 AS price, line->>'currency' AS currency,"
    " line->>'length_tier' AS length_tier, '{}'::text[] AS rights, 0 AS days,"
    f" {VIEWS} AS views, s.followers,"
    f" CASE WHEN line->>'currency' = {OF_SUGGESTION} THEN (s.facts->>'suggested_cpm_minor')::float8 END AS cpm,"
    " c.platform, c.verticals, false AS confirmed, false AS settled"
    " FROM (SELECT * FROM channels WHERE status = 'active' AND snapshot_id IS NOT NULL"
    " ORDER BY md5(id::text) LIMIT :most) c"
    " JOIN audience_snapshots s ON s.id = c.snapshot_id, jsonb_array_elements(s.rate_card) line"
    " WHERE (line->>'amount_minor')::float8 > 0 AND line->>'currency' IS NOT NULL ORDER BY c.id, line->>'length_tier'"
)
_CPMS = sa.text(
    f"SELECT c.platform, {OF_SUGGESTION} AS currency, (s.facts->>'suggested_cpm_minor')::float8 AS cpm"
    " FROM channels c JOIN audience_snapshots s ON s.id = c.snapshot_id"
    " WHERE c.status = 'active' AND (s.facts->>'suggested_cpm_minor')::float8 > 0 ORDER BY c.id LIMIT :most"
)
_WAITING = sa.text(
    "SELECT id, deal_minor, list_minor, creator_id, brand_key, followers, vertical, platform,"
    " greatest(settled_on, confirmed_at::date) AS counted FROM deal_prices WHERE cell_id IS NULL"
    " AND confirmed_at IS NOT NULL AND list_minor IS NOT NULL AND rights = '{}' AND exclusivity_days = 0 ORDER BY id"
)


@dataclass(frozen=True, eq=False)
class FittedPrices:
    """The newest models by currency, ready for use, and when they were fitted (None: never)."""

    models: dict[str, PriceModel]
    fitted_on: date | None

    def of(self, currency: str) -> PriceModel:
        return self.models.get(currency) or PriceModel(suggested=PUBLIC.get(currency, {}))


UNFITTED = FittedPrices({}, None)


def load_prices(session: Session, before: datetime | None = None) -> FittedPrices:
    """Return the newest models, or the newest of before a moment; what platforms suggest where none was fitted."""
    row: PriceModelRow | None = session.scalar(_newest(sa.select(PriceModelRow), before))
    if row is None:
        return UNFITTED
    return FittedPrices({name: _model(told) for name, told in row.content["models"].items()}, row.fitted_at.date())


def newest_prices(session: Session, before: datetime | None = None) -> str:
    """Return the fingerprint of what load_prices would return."""
    name: str | None = session.scalar(_newest(sa.select(PriceModelRow.fingerprint), before))
    return name or "none"


def _newest(query: sa.Select[Any], before: datetime | None) -> sa.Select[Any]:
    if before is not None:
        query = query.where(PriceModelRow.fitted_at < before)
    return query.order_by(PriceModelRow.id.desc()).limit(1)


def fit_prices(session: Session) -> bool:
    """Fit a model for each currency to the newest deals and to rate cards; returns whether anything is new."""
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
    content = _plain({"version": price_model.MODEL_VERSION, "models": {n: asdict(one) for n, one in models.items()}})
    name = fingerprint(content)
    if newest_prices(session) == name:
        return False
    session.execute(sa.delete(PriceModelRow).where(PriceModelRow.fingerprint == name))
    deals_used, cards_used = (sum(getattr(one, kind) for one in models.values()) for kind in ("deals", "cards"))
    session.add(PriceModelRow(fingerprint=name, content=content, deals=deals_used, cards=cards_used, fitted_at=now()))
    session.flush()
    return True


def _plain(value: Any) -> Any:
    """Return the content as JSON keeps it: what is not known is null."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _model(told: dict[str, Any]) -> PriceModel:
    def ends(row: Sequence[float | None]) -> tuple[float, float, int]:
        low, high, count = (math.nan if part is None else part for part in row)
        return low, high, int(count)

    return PriceModel(
        point=PricePoint(**told["point"]),
        suggested={name: SuggestedPrices(**one) for name, one in told["suggested"].items()},
        terms={name: PriceTerm(**one) for name, one in told["terms"].items()},
        ends=[ends(row) for row in told["ends"]],
        card_ends=ends(told["card_ends"]),
        spread=math.nan if told["spread"] is None else told["spread"],
        deals=told["deals"],
        cards=told["cards"],
        per_thousand={name: (low, count) for name, (low, count) in told["per_thousand"].items()},
    )


def _suggested(cpms: Sequence[Any], currency: str) -> dict[str, SuggestedPrices]:
    own = [row for row in cpms if row.currency == currency]
    found = suggestions(np.array([row.platform for row in own], dtype=np.str_), as_floats([row.cpm for row in own]))
    return {**PUBLIC.get(currency, {}), **found}


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
    """Return rows with views, followers, vertical or verticals, platform, length_tier, rights, days and cpm."""
    mains = [row.vertical if hasattr(row, "vertical") else main_vertical(row.verticals or {}) for row in rows]
    rights = [[right in row.rights for right in BOUGHT] for row in rows]
    return PricedDeliverables(
        views=_known([row.views for row in rows]),
        followers=_known([row.followers for row in rows]),
        verticals=np.array([main or "" for main in mains], dtype=np.str_),
        platforms=np.array([row.platform for row in rows], dtype=np.str_),
        lengths=np.array([row.length_tier or "" for row in rows], dtype=np.str_),
        rights=np.array(rights, dtype=bool).reshape(len(rows), len(BOUGHT)),
        exclusivity_days=as_floats([row.days for row in rows]),
        suggested_cpm=_known([row.cpm for row in rows]),
    )


def _known(values: Sequence[float | None]) -> Floats:
    return as_floats([value if value else math.nan for value in values])


def publish_index(session: Session, today: date) -> int:
    """Tell of the months that are over, for good; returns how many cells are new."""
    db.lock_name(session, "prices")
    rows = session.execute(_WAITING).all()
    if not rows:
        return 0
    found = price_index.cells(_ratios(rows), _month(today))
    for cell in found:
        told = _cell_row(cell)
        session.add(told)
        session.flush()
        ids: list[UUID] = [rows[row].id for row in cell.rows]
        session.execute(sa.update(DealPrice).where(DealPrice.id.in_(ids)).values(cell_id=told.id))
    return len(found)


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
