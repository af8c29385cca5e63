"""Series of a creator's channel, and deals with several brands on them, made over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient

from marketplace.channels.models import ClaimStatus
from marketplace.core import db, ids
from marketplace.core.clock import now
from marketplace.deals.models import Deal
from marketplace.identity.party_days import day_of
from tests.deals import look as deals
from tests.make import briefs as make_briefs
from tests.make import channels as make_channels
from tests.make import offered_deals
from tests.make import owed as make
from tests.make.bids import Market
from tests.make.briefs import cny, published
from tests.make.owed import Owed
from tests.make.people import Somebody, somebody

API = "/api/v1"
SLOTS = ("冠名", "剧情露出", "片尾")


@dataclass(frozen=True)
class MadeSeries:
    creator: Somebody
    channel_id: UUID
    id: UUID

    def shown(self, client: FlaskClient, who: Somebody) -> Any:
        return client.get(f"{API}/series/{ids.show('ser', self.id)}", headers=who.headers)

    def episode(self, client: FlaskClient, number: int) -> Any:
        return self.shown(client, self.creator).json["episodes"][number - 1]


def first_day() -> date:
    """The day of the first episode, in the days on which the deals of tests publish."""
    return day_of("Asia/Shanghai", now() + timedelta(days=make.PUBLISHED_AFTER_DAYS))


def made(
    client: FlaskClient, creator: Somebody | None = None, *, episodes: int = 2, by: Somebody | None = None
) -> MadeSeries:
    """A series whose episodes come out every two days."""
    creator = creator or somebody("creator")
    channel = make_channels.channel(creator.party_id, claim_status=ClaimStatus.PROVEN)
    body = {
        "channel_id": ids.show("chn", channel.id),
        "title": "城里人慢生活",
        "slots": list(SLOTS),
        "episodes": [
            {"title": f"第 {number + 1} 集", "airs_on": (first_day() + timedelta(days=2 * number)).isoformat()}
            for number in range(episodes)
        ],
    }
    answer = client.post(f"{API}/series", json=body, headers=(by or creator).once())
    assert answer.status_code == 201, answer.json
    return MadeSeries(creator, channel.id, ids.read("ser", answer.json["id"]))


def offered(
    series: MadeSeries,
    brand: Somebody | None = None,
    *,
    count: int = 2,
    category: str = "food",
    price_minor: int = 800_000,
    by: Somebody | None = None,
    **brief: Any,
) -> Owed:
    """A deal of the series' channel that the brand has offered: the maker's turn."""
    brand = brand or somebody("brand")
    lines = [{"kind": "video", "count": count}]
    product = make_product(category)
    asked = {"deliverables": lines, "rights": {}, "least_prominence": None, "product": product, **brief}
    there = Market(brand, series.creator, published(brand, **asked).id, series.channel_id)
    wording = {"options": [], "deliverables": lines, "rights": make.RIGHTS}
    price = {"model": "flat", "amount": cny(price_minor)}
    deal = offered_deals.offered(by=by, there=there, price=price, **wording)
    return Owed(brand, series.creator, by or series.creator, deal.deal_id, deal.bid_id, [])


def make_product(category: str) -> dict[str, Any]:
    return {**make_briefs.document()["product"], "category": category}


def places(series: MadeSeries, slot: str, episodes: Sequence[int], **more: Any) -> dict[str, Any]:
    """The change of a counter that puts item after item into a slot of these episodes."""
    asked = [{"position": at, "episode": number, "slot": slot} for at, number in enumerate(episodes, start=1)]
    return {"series_id": ids.show("ser", series.id), "places": asked, **more}


def counter(
    client: FlaskClient, owed: Owed, series: MadeSeries, slot: str, episodes: Sequence[int] = (1, 2), **more: Any
) -> Any:
    changes = {"series": places(series, slot, episodes, **more)}
    return deals.counter(client, owed.maker, owed.deal_id, **changes)


def signed(
    client: FlaskClient,
    series: MadeSeries,
    slot: str,
    *,
    episodes: Sequence[int] = (1, 2),
    shared: bool = False,
    changes: dict[str, Any] | None = None,
    **more: Any,
) -> Owed:
    """A deal with places in the series that both sides have confirmed."""
    owed = offered(series, count=len(episodes), **more)
    asked = {"series": places(series, slot, episodes, category_shared=shared), **(changes or {})}
    answer = deals.counter(client, owed.maker, owed.deal_id, **asked)
    assert answer.status_code == 200, answer.json
    answer = deals.confirm(client, owed.brand, owed.deal_id)
    assert answer.status_code == 200, answer.json
    return make.with_ids(owed)


def funded(client: FlaskClient, series: MadeSeries, slot: str, **more: Any) -> Owed:
    owed = signed(client, series, slot, **more)
    make.fund(owed)
    return owed


def move(client: FlaskClient, who: Somebody, episode_id: str, airs_on: date, reason: str = "主演发烧，晚两天拍") -> Any:
    body = {"airs_on": airs_on.isoformat(), "reason": reason}
    return client.post(f"{API}/episodes/{episode_id}/move", json=body, headers=who.once())


def timezone_of(owed: Owed) -> str:
    with db.transaction() as session:
        return session.get_one(Deal, owed.deal_id).timezone
