"""Fair prices of channels' deliverables, and how a brief's ceiling compares with the prices of past deals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs import policy as briefs_policy
from marketplace.briefs.models import Brief, BriefVersion
from marketplace.channels import policy as channels_policy
from marketplace.channels.models import Channel
from marketplace.core import db
from marketplace.core.actor import Actor
from marketplace.core.message import Message
from marketplace.matching.forecast.pool import T5_AT_90
from marketplace.matching.pricing import messages
from marketplace.matching.pricing.messages import FairPrice
from marketplace.matching.pricing.price_fit import EVERYTHING
from marketplace.matching.pricing.price_learning import OF_SUGGESTION, VIEWS, FittedPrices, deliverables, load_prices
from marketplace.matching.pricing.price_model import BOUGHT, PriceModel, PriceTerm, predict

CHANNEL_COLUMNS = (
    f"c.platform, c.verticals, s.followers, {VIEWS} AS views, {OF_SUGGESTION} AS cpm_currency,"
    " (s.facts->>'suggested_cpm_minor')::float8 AS cpm"
)
# Half the width in logs of the 80 % interval of views: a Student-t with the forecast's few degrees of freedom.
_CHANNEL = sa.text(
    f"SELECT c.id, {CHANNEL_COLUMNS}, {T5_AT_90} * f.scale AS views_doubt FROM channels c"
    " LEFT JOIN audience_snapshots s ON s.id = c.snapshot_id LEFT JOIN channel_features f ON f.channel_id = c.id"
    " WHERE c.id = :channel_id"
)


class AskedDeliverable(NamedTuple):
    """One deliverable of a channel to be priced. `days` are those of exclusivity; `cpm` is the price that the platform
    suggests, in minor units per 1,000 views; `views_doubt` is half the width of the 80 % interval of views, in logs."""

    platform: str
    verticals: Sequence[str]
    followers: float | None
    views: float | None
    currency: str
    cpm: float | None
    length_tier: str | None
    rights: Sequence[str]
    days: float
    views_doubt: float | None = None


@dataclass(frozen=True)
class ChannelPrice:
    """The fair price of one deliverable of a channel, and what rights, exclusivity and length each change."""

    channel_id: UUID
    length_tier: str
    rights: Sequence[str]
    exclusivity_days: int
    fair: FairPrice
    terms: Mapping[str, PriceTerm]
    reasons: Sequence[Message]


def channel_price(
    session: Session,
    actor: Actor,
    channel_id: UUID,
    *,
    length_tier: str,
    rights: Sequence[str],
    exclusivity_days: int,
    currency: str | None,
) -> ChannelPrice:
    """Return the fair price of one deliverable of a channel that the actor may see. Raises NotFound."""
    db.get(session, Channel, channel_id, channels_policy.visible(actor))
    row = session.execute(_CHANNEL, {"channel_id": channel_id}).one()
    bought = [right for right in rights if right in BOUGHT]
    deliverable = asked_deliverable(row, currency or row.cpm_currency, length_tier, bought, exclusivity_days)
    fitted = load_prices(session)
    model = fitted.of(deliverable.currency)
    fair = fair_prices(fitted, [deliverable])[0]
    return ChannelPrice(
        channel_id,
        length_tier,
        bought,
        exclusivity_days,
        fair,
        model.terms,
        [messages.fair_reason(fair), *messages.term_reasons(_bought(model, deliverable))],
    )


def _bought(model: PriceModel, deliverable: AskedDeliverable) -> dict[str, PriceTerm]:
    names = {*deliverable.rights, deliverable.length_tier, *(["exclusivity_month"] if deliverable.days else [])}
    return {name: term for name, term in model.terms.items() if name in names}


def asked_deliverable(
    row: Any, currency: str, length_tier: str | None, rights: Sequence[str], days: float
) -> AskedDeliverable:
    """Return one deliverable of a channel (a row with CHANNEL_COLUMNS and views_doubt) to be priced in a currency."""
    return AskedDeliverable(
        platform=row.platform,
        verticals=row.verticals,
        followers=row.followers,
        views=row.views,
        currency=currency,
        cpm=row.cpm if row.cpm_currency == currency else None,
        length_tier=length_tier,
        rights=rights,
        days=days,
        views_doubt=row.views_doubt,
    )


def fair_prices(fitted: FittedPrices, asked: Sequence[AskedDeliverable]) -> list[FairPrice]:
    """Return the fair prices of deliverables, which may be in several currencies, in their order."""
    by_position: dict[int, FairPrice] = {}
    for currency in {deliverable.currency for deliverable in asked}:
        positions = [position for position, deliverable in enumerate(asked) if deliverable.currency == currency]
        arrays = deliverables([asked[position] for position in positions])
        prediction = predict(
            fitted.of(currency),
            arrays.views,
            arrays.followers,
            arrays.verticals,
            arrays.platforms,
            arrays.lengths,
            arrays.rights,
            arrays.exclusivity_days,
            arrays.suggested_cpm,
            arrays.views_doubt,
        )
        for row, position in enumerate(positions):
            by_position[position] = messages.shown(prediction, row, currency, fitted.fitted_on)
    return [by_position[position] for position in range(len(asked))]


def past_price_warnings(session: Session, actor: Actor, brief_id: UUID) -> list[Message]:
    """Return the warning that a brief's ceiling is below what similar channels were ever bought for, if it is.

    It depends on past deals, not on the bids on this brief. A thousand views reach at most a thousand people, all of
    them on target, so only a ceiling below the price of the views themselves gives a warning. Raises NotFound.
    """
    brief = db.get(session, Brief, brief_id, briefs_policy.own(actor))
    version = session.get_one(BriefVersion, brief.version_id)
    if version.ceiling_minor is None:
        return []
    fitted = load_prices(session)
    model = fitted.of(version.currency)
    name = version.category if version.category in model.per_thousand else EVERYTHING
    if name not in model.per_thousand:
        return [messages.ceiling_unknown_reason(model.deals)]
    exact, deals = model.per_thousand[name]
    # Compared with the rounded price that is shown, so that trying out ceilings reveals no more than its two digits.
    low = messages.two_digits(exact, np.floor)
    if version.ceiling_minor >= low:
        return []
    vertical = None if name == EVERYTHING else name
    return [
        messages.never_so_cheap_reason(version.currency, version.ceiling_minor, low, deals, vertical, fitted.fitted_on)
    ]
