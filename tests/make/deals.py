"""Prices that deals closed at, told through the services."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from marketplace.core import db
from marketplace.core.clock import now
from marketplace.core.money import Money
from marketplace.matching.pricing import price_learning, settled_deals
from marketplace.matching.pricing.models import DealPrice
from marketplace.matching.pricing.settled_deals import ReportedDeal
from tests.make.people import Somebody, somebody
from tests.matching import look


def today() -> date:
    """Read anew by every test: a run may go on past midnight."""
    return now().date()


def next_month() -> date:
    """The first day of the month that comes."""
    return (today().replace(day=1) + timedelta(days=32)).replace(day=1)


def told(amount: int = 500_000, **changes: Any) -> ReportedDeal:
    return ReportedDeal(**{"deal_price": Money("CNY", amount), "settled_on": today() - timedelta(days=9), **changes})


def record(who: Somebody, channel_id: UUID, given: ReportedDeal) -> DealPrice:
    with db.transaction(who.actor) as session:
        return settled_deals.record(session, who.actor, channel_id, given)


def confirm(who: Somebody, row: DealPrice) -> DealPrice:
    with db.transaction(who.actor) as session:
        return settled_deals.confirm(session, who.actor, row.id)


def seen(who: Somebody) -> list[UUID]:
    with db.transaction(who.actor) as session:
        return [row.id for row in settled_deals.listed(session, who.actor, limit=100, starting_after=None).data]


def one_channel(**facts: Any) -> tuple[Somebody, UUID]:
    who = somebody("creator")
    return who, look.channel(who, **facts)


def prove(*parties: Somebody) -> None:
    """Let admins have verified these parties."""
    with db.transaction() as session:
        statement = sa.text("UPDATE parties SET verified_at = now() WHERE id = ANY(:ids)")
        session.execute(statement, {"ids": [one.party_id for one in parties]})


def closed_deals(count: int, brands: list[Somebody] | None = None, **changes: Any) -> list[DealPrice]:
    """Settled deals of as many creators, told and confirmed by the platform."""
    admin, brands = somebody("platform"), brands or [somebody("brand") for _ in range(6)]
    rows = []
    for number in range(count):
        _, channel_id = one_channel()
        given = told(500_000 + 10_000 * number, brand_id=brands[number % len(brands)].party_id, **changes)
        rows.append(record(admin, channel_id, given))
    return rows


def fit() -> bool:
    with db.transaction() as session:
        return price_learning.fit_prices(session)
