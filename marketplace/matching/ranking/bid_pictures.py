"""Pictures of one bid: its price beside the fair price, its price among the brief's bids, and its reach."""

import math
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids.models import Bid, BidRevision
from marketplace.briefs.models import Brief, BriefVersion
from marketplace.core.actor import Actor
from marketplace.core.estimate import Estimate
from marketplace.core.message import Message
from marketplace.drawing.sheet import say
from marketplace.matching.audience.arrays import Floats, as_floats
from marketplace.matching.pricing.cost import weighted_quantiles
from marketplace.matching.pricing.messages import FairPrice
from marketplace.matching.ranking import service, small_bids
from marketplace.matching.ranking.ranked_bid import RankedBid
from marketplace.matching.scoring import numbers, price_drawings
from marketplace.matching.scoring.price_drawings import A_VIDEO, PER_THOUSAND, FairPriceSpan, PricePeers, ReachFan
from marketplace.matching.scoring.ranked_match import RankedMatch

_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
_PEERS = sa.text(
    f"SELECT {numbers.sql('per_thousand', 'point')} FROM matches m JOIN bids b ON b.id = m.id"
    " WHERE b.brief_id = :brief_id AND EXISTS (SELECT 1 FROM close_features k WHERE k.bid_id = b.id) ORDER BY b.id"
)


def draw(session: Session, actor: Actor, bid_id: UUID, name: str, *, language: str, width: int) -> str:
    """Return a picture of a scored bid as SVG, for whoever may see the bid. `name` is "price" (beside the fair price),
    "reach", or the price per thousand people among the brief's bids. Raises NotFound."""
    match = service.match_of_bid(session, actor, bid_id)
    made_of = _made_of(match, language)
    if name == "reach":
        middle, low, high = match.scored.people
        fan = None if middle is None or low is None or high is None else ReachFan(low, middle, high)
        return price_drawings.forecast_fan(
            fan, channel=match.channel_name, made_of=made_of, language=language, width=width
        )
    bid = session.get_one(Bid, bid_id)
    currency = match.scored.currency
    if name == "price":
        cost = match.scored.cost.point
        videos = session.get_one(BidRevision, bid.revision_id).terms[-1]
        texts = [_text(reason, language) for reason in match.reasons if "fair_price" in reason.code]
        return price_drawings.price_among_peers(
            A_VIDEO,
            None if cost is None else cost / videos,
            _span(match.fair_price),
            None,
            currency,
            made_of=f"{' '.join(texts)} {made_of}".strip(),
            language=language,
            width=width,
        )
    middle, low, _ = match.scored.per_thousand
    peers, hidden = _peers(session, actor, bid, language)
    positive = low is not None and low > 0
    forecast = _span(match.scored.per_thousand) if positive else None
    return price_drawings.price_among_peers(
        PER_THOUSAND,
        middle,
        forecast,
        peers,
        currency,
        made_of=made_of,
        hidden_reason=hidden,
        ceiling=_ceiling(session, bid),
        language=language,
        width=width,
    )


def _peers(session: Session, actor: Actor, bid: Bid, language: str) -> tuple[PricePeers | None, str | None]:
    """Return the prices per thousand people of all bids on the brief, or else why this actor may not see them."""
    brief = session.get_one(Brief, bid.brief_id)
    if not actor.sees_all and brief.brand_id != actor.party_id:
        return None, say(
            language, "其他报价只给品牌方和审核员看。", "The other bids are for the brand and the reviewers."
        )
    if not brief.was_closed:
        return None, say(language, "截止前报价密封，不作比较。", "Bids are sealed until the close.")
    values = as_floats(session.scalars(_PEERS, {"brief_id": bid.brief_id}).all())
    return _box(values[np.isfinite(values) & (values > 0)]), None


def _ceiling(session: Session, bid: Bid) -> float | None:
    """Return what the bid's brief pays at most per 1,000 people, in minor units; None where it names nothing."""
    version = session.get_one(BriefVersion, session.get_one(Brief, bid.brief_id).version_id)
    return None if version.ceiling_minor is None else float(version.ceiling_minor)


def _box(values: Floats) -> PricePeers:
    if not len(values):
        return PricePeers(math.nan, math.nan, math.nan, math.nan, math.nan, 0)
    p10, p25, p50, p75, p90 = weighted_quantiles(values, np.ones(len(values)), _QUANTILES).tolist()
    return PricePeers(p10, p25, p50, p75, p90, len(values))


def _span(price: FairPrice | Estimate | None) -> FairPriceSpan | None:
    if price is None or price.point is None or price.low is None or price.high is None:
        return None
    return FairPriceSpan(price.low, price.point, price.high)


def _text(message: Message, language: str) -> str:
    return message.zh if language == "zh" else message.en


def _made_of(match: RankedBid, language: str) -> str:
    """Return what a picture is made of, and first whether the bid is too small for a set."""
    small = [reason for reason in match.reasons if reason.code == small_bids.TOO_SMALL]
    told = "".join(say(language, f"{reason.zh}。", f"{reason.en}. ") for reason in small)
    return told + _origin(match, language)


def _origin(match: RankedMatch, language: str) -> str:
    source, day, model = match.scored.source, match.scored.taken_on, match.model_version
    return say(
        language,
        f"数据来源：{source or '无'}，{day or '日期未知'}；评分模型 {model}，{match.scored_at:%Y-%m-%d}。",
        f"Source: {source or 'none'}, {day or 'date not known'}; scoring model {model}, {match.scored_at:%Y-%m-%d}.",
    )
