"""The fair price beside a bid's own price, what the creator's side may read about its costs, and the warning to a brand
that every bid exceeds its ceiling."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids.models import Bid, BidRevision
from marketplace.bids.pricing_models import PriceTerms
from marketplace.briefs.models import Brief, BriefVersion
from marketplace.core import db
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.message import Message
from marketplace.matching.audience.arrays import as_floats
from marketplace.matching.pricing.cost import floor_check
from marketplace.matching.pricing.messages import FairPrice, ceiling_reason, fair_reason, paid_anyway_reason
from marketplace.matching.pricing.price_learning import load_named, load_prices
from marketplace.matching.pricing.price_model import DAYS_UNIT
from marketplace.matching.pricing.service import CHANNEL_COLUMNS, AskedDeliverable, asked_deliverable, fair_prices
from marketplace.matching.scoring import numbers
from marketplace.matching.scoring.messages import floor_reason
from marketplace.matching.scoring.models import CloseRecord
from marketplace.matching.scoring.ranked_match import RankedMatch
from marketplace.matching.scoring.scored_bid import ScoredBid

# Minor units that video platforms pay for 10,000 plays, as creators reported in 2017-2018: the middle and both ends.
PAID_PER_10_000 = {"CNY": (1_450, 1_000, 1_900)}

_LOW, _HIGH = numbers.sql("views", "low"), numbers.sql("views", "high")
_BIDS = sa.text(
    f"SELECT b.id, r.price -> 'rights' AS rights, r.terms, r.deliverables, r.currency,"
    f" v.content -> 'rights' -> 'exclusivity' ->> 'days' AS days, {CHANNEL_COLUMNS},"
    # Half the width of the 80 % interval of views in logs.
    f" CASE WHEN {_LOW} > 0 AND {_HIGH} < 'Infinity' THEN ln({_HIGH} / {_LOW}) / 2 END AS views_doubt"
    " FROM bids b JOIN bid_revisions r ON r.id = b.revision_id JOIN brief_versions v ON v.id = r.brief_version_id"
    " JOIN channels c ON c.id = b.channel_id LEFT JOIN matches m ON m.id = b.id"
    # What the bid was scored on, so that a closed brief's fair prices move no more than its scores do.
    " LEFT JOIN audience_snapshots s ON s.id = coalesce(m.snapshot_id, c.snapshot_id)"
    " WHERE b.id = ANY(:bids)"
)
_SHARE = sa.text(
    "SELECT m.share_basis_points FROM mandates m JOIN parties c ON c.id = m.creator_id WHERE m.agency_id = :agency"
    " AND m.creator_id = :creator AND m.status = 'active'"
    " AND mandate_covers(m.starts_on, m.ends_on, c.timezone, :now)"
)

_PER_THOUSAND = numbers.sql("per_thousand", "point")
_STANDING = (
    "FROM matches m JOIN bids b ON b.id = m.id WHERE m.brief_id = :brief_id"
    " AND b.status IN ('open', 'accepted', 'declined')"
)
_WITHIN = sa.text(f"SELECT EXISTS (SELECT 1 {_STANDING} AND {_PER_THOUSAND} <= :ceiling)")
_CHEAPEST = sa.text(
    f"SELECT min({_PER_THOUSAND}) AS cheapest, count(*) AS bids {_STANDING} AND {_PER_THOUSAND} < 'Infinity'"
)


def with_fair_prices(
    session: Session, matches: Sequence[RankedMatch], record: CloseRecord | None = None
) -> list[RankedMatch]:
    """Return the matches, each with its fair price among its parts and its reasons.

    With a ``record`` the prices are of its model; else of the newest.
    """
    # As the system: an agency's bid is priced as it was scored, also when it acts for the creator no more.
    with db.acting_as(session, SYSTEM):
        rows = {row.id: row for row in session.execute(_BIDS, {"bids": [match.bid_id for match in matches]})}
    with_rows = [match for match in matches if match.bid_id in rows]
    if not with_rows:
        return list(matches)
    fitted = load_prices(session) if record is None else load_named(session, record.price_model)
    prices = fair_prices(fitted, [_deliverable_of(rows[match.bid_id]) for match in with_rows])
    fair_price_of = {match.bid_id: price for match, price in zip(with_rows, prices, strict=True)}
    return [
        _with_fair_price(match, fair_price_of[match.bid_id], rows[match.bid_id]) if match.bid_id in rows else match
        for match in matches
    ]


def _with_fair_price(match: RankedMatch, fair: FairPrice, row: Any) -> RankedMatch:
    cost, videos = match.scored.cost.point, row.terms[-1]
    return match.with_fair_price(fair, fair_reason(fair, None if cost is None else cost / videos))


def _deliverable_of(row: Any) -> AskedDeliverable:
    tiers = [deliverable.get("length_tier") for deliverable in row.deliverables if deliverable["kind"] != "image"]
    priced = [name for name, amount in (row.rights or {}).items() if amount]
    days = float(row.days or DAYS_UNIT) if "exclusivity" in priced else 0.0
    return asked_deliverable(row, row.currency, tiers[0] if tiers else None, priced, days)


def floor_reasons(session: Session, bid: Bid, revision: BidRevision, scored: ScoredBid) -> list[Message]:
    """Return what only the creator's side may read about its costs.

    That is a warning if the bid is less than the production cost and the shares of others, and what the platform pays
    for the views in any case.
    """
    reasons: list[Message] = []
    terms = PriceTerms(*revision.terms)
    # Without a forecast the variable part is not known; only the guaranteed part is certain.
    guaranteed = terms.fixed + terms.floor if scored.cost.low is None else scored.cost.low
    if revision.production_cost_minor:
        values = {"agency": bid.agency_id, "creator": bid.creator_id, "now": now()}
        share = session.scalar(_SHARE, values) or 0
        check = floor_check(
            *(as_floats([value]) for value in (revision.production_cost_minor, 1, share, 0, guaranteed))
        )
        warning = floor_reason(revision.currency, float(check.floor[0]), guaranteed)
        reasons += [warning] if warning else []
    paid_per_10_000 = PAID_PER_10_000.get(revision.currency)
    views = [count for count in scored.views if count is not None]
    if paid_per_10_000 is not None and len(views) == len(paid_per_10_000):
        amounts = [rate * count * terms.videos / 10_000 for rate, count in zip(paid_per_10_000, views, strict=True)]
        reasons.append(paid_anyway_reason(revision.currency, *amounts))
    return reasons


def ceiling_warnings(session: Session, brief: Brief) -> list[Message]:
    """Return the warning that all bids on a closed brief exceed its own ceiling; empty if one of them does not."""
    version = session.get_one(BriefVersion, brief.version_id)
    if version.ceiling_minor is None:
        return []
    if session.scalar(_WITHIN, {"brief_id": brief.id, "ceiling": version.ceiling_minor}):
        return []
    row = session.execute(_CHEAPEST, {"brief_id": brief.id}).one()
    if not row.bids:
        return []
    return [ceiling_reason(version.currency, version.ceiling_minor, row.cheapest, row.bids)]
