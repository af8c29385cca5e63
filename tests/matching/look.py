"""Briefs with bids of told-of channels, and what the routes say of their scores."""

from itertools import count
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient

from marketplace.bids.bid_queries import ShownBid
from marketplace.bids.pricing_models import RIGHTS
from marketplace.core import db, ids
from marketplace.matching.scoring import service
from tests.make import bids as make
from tests.make import channels as make_channels
from tests.make.people import Somebody, somebody

HISTORY = (900_000, 700_000, 1_100_000, 650_000, 800_000, 950_000)
ONE_VIDEO = [{"kind": "video", "count": 1, "length_tier": "21-60"}]
_NUMBERS = count(1)
# Without a ceiling of its own, which would keep the dearer bids out.
BRIEF: dict[str, Any] = {
    "deliverables": [{"kind": "video", "count": 1, "length_tiers": ["21-60"], "platform": None}],
    "ceiling_per_thousand": None,
}


def plain(amount_minor: int = 3_000_000, **changes: Any) -> dict[str, Any]:
    """A wording without rights or options, so that the price alone tells bids apart."""
    price = {"model": "flat", "amount": make.cny(amount_minor)}
    return {"price": price, "deliverables": ONE_VIDEO, "options": [], "rights": dict.fromkeys(RIGHTS), **changes}


def market(**changes: Any) -> make.Market:
    """A published brief for one video; its own channel has no facts."""
    return make.market(**{**BRIEF, **changes})


def channel(who: Somebody, teller: Somebody | None = None, **facts: Any) -> UUID:
    """A channel that was told of by its creator or somebody else, with videos that no other channel has."""
    made = make_channels.channel(who.party_id, language="zh-CN", verticals={"food": 1.0})
    own = next(_NUMBERS)
    make_channels.told(
        teller or who, made.id, **{"videos": make_channels.videos(*(views + own for views in HISTORY)), **facts}
    )
    return made.id


def offer(there: make.Market, amount_minor: int = 3_000_000, **changes: Any) -> tuple[Somebody, ShownBid]:
    """A bid of another creator, with a channel of its own."""
    who = somebody("creator")
    return who, make.place(there, who, channel(who), **plain(amount_minor, **changes))


def path(brief_id: UUID, *more: str) -> str:
    return "/".join(["/api/v1/briefs", ids.show("brf", brief_id), *more])


def ranking(client: FlaskClient, there: make.Market, **query: Any) -> Any:
    answer = client.get(path(there.brief_id, "ranking"), query_string=query, headers=there.brand.headers)
    assert answer.status_code == 200, answer.json
    return answer.json


def match(client: FlaskClient, who: Somebody, bid_id: UUID) -> Any:
    answer = client.get(f"/api/v1/bids/{ids.show('bid', bid_id)}/match", headers=who.headers)
    assert answer.status_code == 200, answer.json
    return answer.json


def told(found: Any) -> dict[str, Any]:
    """A match's reasons by code."""
    return {reason["code"]: reason for reason in found["reasons"]}


def fresh(brief_id: UUID) -> tuple[int, int]:
    """How many bids there are and how many of them have a match on the present inputs."""
    with db.transaction() as session:
        state = service.freshness(session, brief_id)
    return state.total, state.fresh
