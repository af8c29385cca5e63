"""The fair price beside a bid's own: what its side may read of its costs, and what the brand of its ceiling."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids.models import Bid, BidRevision
from marketplace.briefs.models import Brief, BriefVersion
from marketplace.core.clock import now
from marketplace.matching.audience.arrays import as_floats
from marketplace.matching.pricing import messages as price_words
from marketplace.matching.pricing.cost import floor_check
from marketplace.matching.pricing.price_learning import load_prices
from marketplace.matching.pricing.price_model import DAYS_UNIT
from marketplace.matching.pricing.service import _OF_CHANNEL, _asked, _fair
from marketplace.matching.scoring import numbers
from marketplace.matching.scoring.messages import floor_reason

# Yuan that video platforms pay for 10,000 plays, as creators told in 2017-2018: the middle and the ends.
PAID_PER_10_000 = {"CNY": (1_450, 1_000, 1_900)}


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
        match["reasons"].append(price_words.fair_reason(fair, None if cost is None else cost / videos).as_json())


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
        found.append(price_words.paid_anyway_reason(revision.currency, *amounts).as_json())
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
    return [price_words.ceiling_reason(version.currency, version.ceiling_minor, row.cheapest, row.bids).as_json()]
