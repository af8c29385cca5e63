"""One bid's pictures: its price beside the fair one, its price among the brief's bids, and its reach."""

import math
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids.models import Bid, BidRevision
from marketplace.briefs.models import Brief, BriefStatus
from marketplace.core.actor import Actor
from marketplace.drawing.sheet import say
from marketplace.matching.audience.arrays import Floats, as_floats
from marketplace.matching.pricing.cost import weighted_quantiles
from marketplace.matching.scoring import numbers, price_drawings, service
from marketplace.matching.scoring.price_drawings import A_VIDEO, PER_THOUSAND, FairPriceSpan, PricePeers, ReachFan

_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
_PER_THOUSAND = 1 + len(("point", "low", "high")) * numbers.SPANS.index("per_thousand")
_PEERS = sa.text(
    f"SELECT m.numbers[{_PER_THOUSAND}] FROM matches m JOIN bids b ON b.id = m.id"
    " WHERE b.brief_id = :brief_id AND b.status = ANY(:listed) ORDER BY b.id"
)


def draw(session: Session, actor: Actor, bid_id: UUID, name: str, *, language: str, width: int) -> str:
    """Return a picture of a scored bid as SVG. Who sees the bid sees it. Raises NotFound."""
    match = service.of_bid(session, actor, bid_id)
    made_of = _made_of(match, language)
    if name == "reach":
        middle, low, high = match["parts"]["people"]
        fan = None if None in (middle, low, high) else ReachFan(low, middle, high)
        return price_drawings.forecast_fan(
            fan, channel=match["channel_name"], made_of=made_of, language=language, width=width
        )
    bid = session.get_one(Bid, bid_id)
    currency = match["parts"]["currency"]
    if name == "price":
        cost = match["parts"]["cost"][0]
        videos = session.get_one(BidRevision, bid.revision_id).terms[-1]
        told = match["parts"]["fair_price"]
        fair = None if told["point"] is None else FairPriceSpan(told["low"], told["point"], told["high"])
        words = [reason[language] for reason in match["reasons"] if "fair_price" in reason["code"]]
        return price_drawings.price_among_peers(
            A_VIDEO,
            None if cost is None else cost / videos,
            fair,
            None,
            currency,
            made_of=f"{' '.join(words)} {made_of}".strip(),
            language=language,
            width=width,
        )
    middle, low, high = match["parts"]["per_thousand"]
    peers, hidden = _peers(session, actor, bid, language)
    forecast = None if None in (middle, low, high) or not low > 0 else FairPriceSpan(low, middle, high)
    return price_drawings.price_among_peers(
        PER_THOUSAND,
        middle,
        forecast,
        peers,
        currency,
        made_of=made_of,
        hidden_reason=hidden,
        language=language,
        width=width,
    )


def _peers(session: Session, actor: Actor, bid: Bid, language: str) -> tuple[PricePeers | None, str | None]:
    """Return the prices per thousand people of all bids on the brief, for those who may read its ranking."""
    brief = session.get_one(Brief, bid.brief_id)
    if not actor.sees_all and brief.brand_id != actor.party_id:
        return None, say(
            language, "其他报价只给品牌方和审核员看。", "The other bids are for the brand and the reviewers."
        )
    if brief.status != BriefStatus.CLOSED:
        return None, say(language, "截止前报价密封，不作比较。", "Bids are sealed until the close.")
    values = as_floats(session.scalars(_PEERS, {"brief_id": bid.brief_id, "listed": list(service.LISTED)}).all())
    return _box(values[np.isfinite(values) & (values > 0)]), None


def _box(values: Floats) -> PricePeers:
    if not len(values):
        return PricePeers(math.nan, math.nan, math.nan, math.nan, math.nan, 0)
    p10, p25, p50, p75, p90 = weighted_quantiles(values, np.ones(len(values)), _QUANTILES).tolist()
    return PricePeers(p10, p25, p50, p75, p90, len(values))


def _made_of(match: dict[str, Any], language: str) -> str:
    told = match["parts"]
    source, day, model = told["source"], told["taken_on"], match["model_version"]
    return say(
        language,
        f"数据来源：{source or '无'}，{day or '日期未知'}；评分模型 {model}，{match['scored_at']:%Y-%m-%d}。",
        f"Source: {source or 'none'}, {day or 'date not known'}; scoring model {model}, {match['scored_at']:%Y-%m-%d}.",
    )
