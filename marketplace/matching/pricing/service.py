"""Fair prices where they are told: of a channel, beside a bid's own price, under a creator's costs, over a ceiling."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids.models import Bid, BidRevision
from marketplace.briefs import policy as briefs_policy
from marketplace.briefs.models import Brief, BriefVersion
from marketplace.channels import policy as channels_policy
from marketplace.channels.models import Channel
from marketplace.core import db
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.matching.audience.arrays import as_floats
from marketplace.matching.pricing import messages as price_words
from marketplace.matching.pricing.cost import floor_check
from marketplace.matching.pricing.messages import FairPrice
from marketplace.matching.pricing.price_fit import EVERYTHING
from marketplace.matching.pricing.price_learning import OF_SUGGESTION, VIEWS, Fitted, deliverables, load_prices
from marketplace.matching.pricing.price_model import BOUGHT, DAYS_UNIT, PriceModel, Term, predict
from marketplace.matching.scoring import numbers
from marketplace.matching.scoring.messages import floor_reason

# Yuan that video platforms pay for 10,000 plays, as creators told in 2017-2018: the middle and the ends.
PAID_PER_10_000 = {"CNY": (1_450, 1_000, 1_900)}
_OF_CHANNEL = (
    f"c.platform, c.verticals, s.followers, {VIEWS} AS views, {OF_SUGGESTION} AS cpm_currency,"
    " (s.facts->>'suggested_cpm_minor')::float8 AS cpm"
)
_CHANNEL = sa.text(
    f"SELECT c.id, {_OF_CHANNEL} FROM channels c LEFT JOIN audience_snapshots s ON s.id = c.snapshot_id"
    " WHERE c.id = :channel_id"
)
_BIDS = sa.text(
    f"SELECT b.id, r.price -> 'rights' AS rights, r.terms, r.deliverables, r.currency,"
    f" v.content -> 'rights' -> 'exclusivity' ->> 'days' AS days, {_OF_CHANNEL}"
    " FROM bids b JOIN bid_revisions r ON r.id = b.revision_id JOIN brief_versions v ON v.id = r.brief_version_id"
    " JOIN channels c ON c.id = b.channel_id LEFT JOIN audience_snapshots s ON s.id = c.snapshot_id"
    " WHERE b.id = ANY(:bids)"
)
_SHARE = sa.text(
    "SELECT share_basis_points FROM mandates WHERE agency_id = :agency AND creator_id = :creator AND status = 'active'"
    " AND starts_on <= :today AND (ends_on IS NULL OR ends_on >= :today)"
)
_PER_THOUSAND = numbers.SPANS.index("per_thousand") * len(numbers.GROUPS["per_thousand"]) + 1
_STANDING = (
    "FROM matches m JOIN bids b ON b.id = m.id WHERE m.brief_id = :brief_id"
    " AND b.status IN ('open', 'accepted', 'declined')"
)
_WITHIN = sa.text(f"SELECT EXISTS (SELECT 1 {_STANDING} AND m.numbers[{_PER_THOUSAND}] <= :ceiling)")
_CHEAPEST = sa.text(
    f"SELECT min(m.numbers[{_PER_THOUSAND}]) AS cheapest, count(*) AS bids {_STANDING}"
    f" AND m.numbers[{_PER_THOUSAND}] < 'Infinity'"
)


@dataclass(frozen=True)
class ChannelPrice:
    """What one deliverable of a channel is fairly priced at, and what rights, exclusivity and length each change."""

    channel_id: UUID
    length_tier: str
    rights: Sequence[str]
    exclusivity_days: int
    fair: FairPrice
    terms: Mapping[str, Term]
    reasons: list[dict[str, Any]]


def of_channel(
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
    asked = _asked(row, currency or row.cpm_currency, length_tier, bought, exclusivity_days)
    fitted = load_prices(session)
    model = fitted.of(asked.currency)
    fair = _fair(fitted, [asked])[0]
    return ChannelPrice(
        channel_id,
        length_tier,
        bought,
        exclusivity_days,
        fair,
        model.terms,
        [price_words.fair_reason(fair), *price_words.term_reasons(_bought(model, asked))],
    )


def _bought(model: PriceModel, asked: SimpleNamespace) -> dict[str, Term]:
    wanted = {*asked.rights, asked.length_tier, *(["exclusivity_month"] if asked.days else [])}
    return {name: term for name, term in model.terms.items() if name in wanted}


def _asked(row: Any, currency: str, length_tier: str | None, rights: Sequence[str], days: float) -> SimpleNamespace:
    """Return a channel's row as a deliverable that is to be priced in a currency."""
    return SimpleNamespace(
        platform=row.platform,
        verticals=row.verticals,
        followers=row.followers,
        views=row.views,
        currency=currency,
        cpm=row.cpm if row.cpm_currency == currency else None,
        length_tier=length_tier,
        rights=rights,
        days=days,
    )


def _fair(fitted: Fitted, asked: Sequence[SimpleNamespace]) -> list[FairPrice]:
    """Return the fair prices of deliverables, of any currencies, in their order."""
    found: dict[int, FairPrice] = {}
    for currency in {one.currency for one in asked}:
        places = [place for place, one in enumerate(asked) if one.currency == currency]
        what = deliverables([asked[place] for place in places])
        told = predict(
            fitted.of(currency),
            what.views,
            what.followers,
            what.verticals,
            what.platforms,
            what.lengths,
            what.rights,
            what.exclusivity_days,
            what.suggested_cpm,
        )
        for number, place in enumerate(places):
            found[place] = price_words.shown(told, number, currency, fitted.fitted_on)
    return [found[place] for place in range(len(asked))]


def add_to(session: Session, matches: Sequence[dict[str, Any]]) -> None:
    """Put the fair price beside each match's own, among its parts and its reasons."""
    rows = {row.id: row for row in session.execute(_BIDS, {"bids": [match["bid_id"] for match in matches]})}
    known = [match for match in matches if match["bid_id"] in rows]
    if not known:
        return
    fairs = _fair(load_prices(session), [_bid_asked(rows[match["bid_id"]]) for match in known])
    for match, fair in zip(known, fairs, strict=True):
        cost, videos = match["parts"]["cost"][0], rows[match["bid_id"]].terms[-1]
        match["parts"]["fair_price"] = fair.numbers()
        match["reasons"].append(price_words.fair_reason(fair, None if cost is None else cost / videos))


def _bid_asked(row: Any) -> SimpleNamespace:
    tiers = [one.get("length_tier") for one in row.deliverables if one["kind"] != "image"]
    priced = [name for name, amount in (row.rights or {}).items() if amount]
    days = float(row.days or DAYS_UNIT) if "exclusivity" in priced else 0.0
    return _asked(row, row.currency, tiers[0] if tiers else None, priced, days)


def floor_reasons(session: Session, bid: Bid, revision: BidRevision, match: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the creator's side alone may read of its costs: a bid under its making and shares, and what the
    platform pays for the views anyway."""
    found = []
    told = match["parts"]
    low = told["cost"][1]
    # The guaranteed part where nobody knows what the variable one will bring.
    sure = revision.terms[0] + revision.terms[2] if low is None else low
    if revision.production_cost_minor:
        values = {"agency": bid.agency_id, "creator": bid.creator_id, "today": now().date()}
        share = session.scalar(_SHARE, values) or 0
        check = floor_check(*(as_floats([one]) for one in (revision.production_cost_minor, 1, share, 0, sure)))
        warning = floor_reason(revision.currency, float(check.floor[0]), sure)
        found += [warning] if warning else []
    paid, views = PAID_PER_10_000.get(revision.currency), told["views"]
    if paid is not None and None not in views:
        amounts = [one * count * revision.terms[-1] / 10_000 for one, count in zip(paid, views, strict=True)]
        found.append(price_words.paid_anyway_reason(revision.currency, *amounts))
    return found


def ceiling_warnings(session: Session, brief: Brief) -> list[dict[str, Any]]:
    """Return the warning that all bids on a closed brief are over its own ceiling; empty where one is not."""
    version = session.get_one(BriefVersion, brief.version_id)
    if version.ceiling_minor is None:
        return []
    if session.scalar(_WITHIN, {"brief_id": brief.id, "ceiling": version.ceiling_minor}):
        return []
    row = session.execute(_CHEAPEST, {"brief_id": brief.id}).one()
    if not row.bids:
        return []
    return [price_words.ceiling_reason(version.currency, version.ceiling_minor, row.cheapest, row.bids)]


def of_brief(session: Session, actor: Actor, brief_id: UUID) -> list[dict[str, Any]]:
    """Return how a brief's ceiling stands to what like channels were ever bought for; of no bid on it. Raises NotFound.

    A thousand views are at most a thousand people, all of them on target: only a ceiling under the price of the views
    themselves is warned of.
    """
    brief = db.get(session, Brief, brief_id, briefs_policy.own(actor))
    version = session.get_one(BriefVersion, brief.version_id)
    if version.ceiling_minor is None:
        return []
    fitted = load_prices(session)
    model = fitted.of(version.currency)
    name = version.category if version.category in model.per_thousand else EVERYTHING
    if name not in model.per_thousand:
        return [price_words.ceiling_unknown_reason(model.deals)]
    exact, deals = model.per_thousand[name]
    # Compared as it is told: by trying ceilings nobody learns more than the two digits.
    low = price_words.two_digits(exact, np.floor)
    if version.ceiling_minor >= low:
        return []
    vertical = None if name == EVERYTHING else name
    return [
        price_words.never_so_cheap_reason(
            version.currency, version.ceiling_minor, low, deals, vertical, fitted.fitted_on
        )
    ]
