"""Which ranked bids are smaller than a deal that is worth its work: a selection leaves them out unless it is told
otherwise."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core.message import Message
from marketplace.core.money import Money, show_minor
from marketplace.matching.pricing import deal_handling
from marketplace.matching.ranking.ranked_bid import RankedBid

TOO_SMALL = "too_small"
# What was accepted stays in every set. The dearest of a bid's options is the one that could be large enough.
_DEAREST = sa.text(
    "SELECT b.id, (SELECT max(cost) FROM unnest(r.option_costs) cost) AS dearest FROM bids b"
    " JOIN bid_revisions r ON r.id = b.revision_id WHERE b.id = ANY(:bids) AND b.status <> 'accepted'"
)


def with_small_bids(session: Session, matches: Sequence[RankedBid]) -> list[RankedBid]:
    """Return the matches, those of bids that are too small for a selection's default with the reason."""
    rows = session.execute(_DEAREST, {"bids": [match.bid_id for match in matches]})
    return list(_marked(matches, {row.id: row for row in rows}))


def _marked(matches: Sequence[RankedBid], rows: dict[Any, Any]) -> Iterator[RankedBid]:
    for match in matches:
        row = rows.get(match.bid_id)
        least = deal_handling.smallest_useful(deal_handling.usual(match.scored.currency))
        if row is None or row.dearest is None or row.dearest >= least.amount:
            yield match
        else:
            yield replace(match, too_small=True).with_reasons([_too_small(row.dearest, least)])


def _too_small(dearest: float, least: Money) -> Message:
    price, times = show_minor(least.currency, dearest), deal_handling.SMALLEST_IN_HANDLINGS
    return Message(
        TOO_SMALL,
        f"金额太小：最高 {price}，低于一单合作处理成本的 {times} 倍 {least.show()}；组合选择默认不选它"
        "（可在请求中降低 smallest_bid）",
        f"Too small: {price} at the most, below {least.show()}, {times} times the work on a deal; a selection leaves it"
        " out unless its smallest_bid is set lower",
        {
            "price": {"value": dearest, "unit": f"{least.currency} minor"},
            "smallest": {"value": least.amount, "unit": f"{least.currency} minor"},
        },
    )
