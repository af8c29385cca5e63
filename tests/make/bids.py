"""Bids in every state, placed through the services."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from marketplace.bids import brief_changes, service
from marketplace.bids.bid_queries import ShownBid
from marketplace.bids.schemas import BidRevisionIn
from marketplace.channels.models import Channel
from marketplace.core import db, ids
from marketplace.core.ids import new_id
from marketplace.deals import lapsing, policy
from marketplace.matching.closing import service as closing
from marketplace.matching.gates import acceptance
from marketplace.matching.gates.bid_gates import BRANDS_OWN
from tests.make import briefs as make_briefs
from tests.make import channels as make_channels
from tests.make.briefs import cny
from tests.make.people import Somebody, again, mandate, somebody

# In no other number of these tests, so that it can be looked for in whatever leaves the house.
PRODUCTION_COST_MINOR = 7_654_321


def plan(**changes: Any) -> dict[str, Any]:
    """A plan with numbers, intervals and words."""
    return {
        "duration_s": 55,
        "exposures": [
            {
                "kind": "product",
                "start_s": {"low": 20.5, "high": 22},
                "seconds": {"low": 1.5, "high": 3},
                "area_share": "in-hand",
                "centre": "off-centre",
                "plot": {"low": 0.5, "high": 0.9},
                "cta": False,
                "description": "女主角拿起瓶子",
            },
            {"kind": "logo", "start_s": 40, "seconds": 2.25, "area_share": 0.01, "centre": 1e-05, "clarity": 0.9},
        ],
        "brands": 1,
        **changes,
    }


def minimal(**changes: Any) -> dict[str, Any]:
    """A wording with nothing in it that may be left out, for a brief that asks one question."""
    return {
        "price": {"model": "flat", "amount": cny(8_000_000)},
        "deliverables": [{"kind": "series", "count": 4}, {"kind": "image", "count": 2}],
        "rights": dict.fromkeys(("usage", "whitelisting", "raw_files", "exclusivity")),
        "plan": plan(),
        "answers": ["三个月前"],
        **changes,
    }


def document(**changes: Any) -> dict[str, Any]:
    """A wording with every field filled in, just as it is shown again."""
    return {
        **minimal(),
        "rights": {
            "usage": cny(300_000),
            "whitelisting": cny(0),
            "raw_files": None,
            "exclusivity": cny(1_000_000),
            "likeness_for_ai": None,
        },
        "options": [
            {"length_tier": "21-60", "amount": cny(8_000_000)},
            {"length_tier": "60+", "amount": cny(8_500_000)},
        ],
        "deliverables": [
            {
                "kind": "series",
                "count": 4,
                "length_tier": "21-60",
                "publish_starts_at": make_briefs.moment(days=21),
                "publish_ends_at": make_briefs.moment(days=35),
            },
            {"kind": "image", "count": 2, "length_tier": None, "publish_starts_at": None, "publish_ends_at": None},
        ],
        "production_cost": cny(PRODUCTION_COST_MINOR),
        "forecast_claim": {"views": {"low": 200_000, "high": 900_000}},
        "message": "可按脚本再压缩露出时长。",
        **changes,
    }


@dataclass(frozen=True)
class Market:
    """A published brief, and a creator's channel to bid with."""

    brand: Somebody
    creator: Somebody
    brief_id: UUID
    channel_id: UUID

    @property
    def offers(self) -> str:
        return f"/api/v1/briefs/{ids.show('brf', self.brief_id)}/bids"

    def body(self, **changes: Any) -> dict[str, Any]:
        return {"channel_id": ids.show("chn", self.channel_id), **document(**changes)}


def channel(creator_id: UUID) -> UUID:
    """Another channel of the creator."""
    handle = f"b{new_id().hex}"
    with db.transaction() as session:
        row = Channel(creator_id=creator_id, platform="douyin", account_key=handle, handle=handle, name="频道")
        session.add(row)
        session.flush()
        return row.id


def market(brand: Somebody | None = None, creator: Somebody | None = None, **changes: Any) -> Market:
    brand, creator = brand or somebody("brand"), creator or somebody("creator")
    brief = make_briefs.published(brand, **changes)
    return Market(brand, creator, brief.id, channel(creator.party_id))


def with_audience(there: Market) -> Market:
    """The market, with facts of its channel's audience: without any, no bid of it can be accepted."""
    make_channels.told(there.creator, there.channel_id)
    return there


def agency_of(creator_id: UUID, **days: int) -> Somebody:
    """An agency with a mandate of the creator; its `actor` is as it would be found now."""
    agency = somebody("agency")
    mandate(agency, creator_id, **days)
    return Somebody(agency.party_id, agency.person_id, agency.key_id, agency.headers, again(agency))


def _as(who: Somebody, call: Callable[[Session], ShownBid]) -> ShownBid:
    with db.transaction(who.actor) as session:
        return call(session)


def loaded(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = BidRevisionIn().load(document(**changes))
    return found


def place(there: Market, by: Somebody | None = None, channel_id: UUID | None = None, **changes: Any) -> ShownBid:
    who, channel = by or there.creator, channel_id or there.channel_id
    wording = loaded(**changes)
    return _as(
        who, lambda session: service.place(session, who.actor, there.brief_id, channel_id=channel, loaded=wording)
    )


def revise(who: Somebody, bid_id: UUID, **changes: Any) -> ShownBid:
    return _as(who, lambda session: service.revise(session, who.actor, bid_id, loaded=loaded(**changes)))


def withdraw(who: Somebody, bid_id: UUID) -> ShownBid:
    return _as(who, lambda session: service.withdraw(session, who.actor, bid_id))


# Accepting a bid in its own price, whatever limits of the brand's own it passes.
ACCEPTS: Mapping[str, Any] = {"option": 0, "over_budget": True, "despite": sorted(BRANDS_OWN)}


def accept(there: Market, bid_id: UUID, **said: Any) -> ShownBid:
    """Accept a bid in its own price, whatever limits of the brand's own it passes."""
    said = {**ACCEPTS, **said}
    return _as(there.brand, lambda session: acceptance.accept(session, there.brand.actor, bid_id, **said))


def decline(there: Market, bid_id: UUID) -> ShownBid:
    return _as(there.brand, lambda session: service.decline(session, there.brand.actor, bid_id))


def close(there: Market) -> None:
    with db.transaction(there.brand.actor) as session:
        closing.close(session, there.brand.actor, there.brief_id)


def rescore(there: Market, admin: Somebody, reason: str = "补充了实测数据") -> None:
    with db.transaction(admin.actor) as session:
        closing.rescore(session, admin.actor, there.brief_id, reason=reason)


def cancel(there: Market) -> None:
    with db.transaction(there.brand.actor) as session:
        brief_changes.cancel(session, there.brand.actor, there.brief_id, reason="停产")


def void(there: Market) -> int:
    """Do what the job does that follows a cancellation; returns how many bids it ended."""
    with db.transaction() as session:
        lapsing.lapse_for_brief(session, there.brief_id)
        return service.void_for_brief(session, there.brief_id, bound=policy.bound())


def standing(status: str) -> tuple[Market, ShownBid]:
    """A market whose brief is over and whose one bid has come to this state."""
    there = with_audience(market())
    bid = place(there)
    if status == "void":
        cancel(there)
        void(there)
        return there, bid
    close(there)
    if status == "withdrawn":
        withdraw(there.creator, bid.id)
    elif status in ("accepted", "declined"):
        {"accepted": accept, "declined": decline}[status](there, bid.id)
    return there, bid
