"""What a party says of its own channel buys no rank: each figure counts by where it comes from, and no more than growth
explains."""

from types import ModuleType
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from flask.testing import FlaskClient

from marketplace.channels.facts.provenance import OWN_WORD
from marketplace.channels.models import Channel
from marketplace.core import db, ids
from marketplace.matching.audience import grid, targets
from marketplace.matching.audience.priors import CHINA
from marketplace.reviews.models import ReviewStatus
from tests.channels_service.claims import proven
from tests.make import bids as make
from tests.make import channels as make_channels
from tests.make import reviews as make_reviews
from tests.make import work
from tests.make.people import Somebody, somebody
from tests.matching import look
from tests.matching.discovery.test_routes import discover, refresh, shown

pytestmark = pytest.mark.usefixtures("own_market")

YOUNG_WOMEN = {"ages": [18, 23], "genders": ["female"], "regions": ["CN-GD"]}
TARGET = [{"ages": {"from": 18, "to": 23}, "genders": ["female"], "regions": ["CN-GD"]}]
EXACTLY = {"ages": {"18-23": 1.0}, "genders": {"female": 1.0}, "regions": {"CN-GD": 1.0}}
MARKET: dict[str, Any] = {"target": TARGET}


def bid_of(
    client: FlaskClient, worker: ModuleType, there: make.Market, teller: Somebody | None = None, **facts: Any
) -> tuple[Somebody, UUID, UUID]:
    who = somebody("creator")
    channel_id = look.channel(who, teller, **facts)
    bid = make.place(there, who, channel_id, **look.plain())
    work.settle(worker)
    return who, channel_id, bid.id


def tell(client: FlaskClient, who: Somebody, channel_id: UUID, **changes: Any) -> Any:
    body = {**make_channels.facts(), "taken_on": "2026-11-02", "videos": [], **changes}
    return client.post(f"/api/v1/channels/{shown(channel_id)}/audience-snapshots", json=body, headers=who.once())


def settled_match(client: FlaskClient, worker: ModuleType, who: Somebody, bid_id: UUID) -> Any:
    work.settle(worker)
    return look.match(client, who, bid_id)


def test_a_proof_of_the_account_proves_no_figure(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    who, channel_id, bid_id = bid_of(client, worker, there)
    before = look.match(client, who, bid_id)
    with db.transaction() as session:
        channel = session.get_one(Channel, channel_id)
        session.expunge(channel)
    proven(client, who, somebody("platform"), channel)
    after = settled_match(client, worker, who, bid_id)
    assert after["overall"] == before["overall"]
    assert after["parts"]["source_weight"] == OWN_WORD
    assert "proven" not in look.told(after)["own_word"]["en"]


def test_lists_that_match_the_target_exactly_count_in_part(client: FlaskClient, worker: ModuleType) -> None:
    there, admin = look.market(**MARKET), somebody("platform")
    who, _, own = bid_of(client, worker, there, **EXACTLY)
    other, _, seen = bid_of(client, worker, there, admin, **EXACTLY)
    prior, target = grid.audience(), targets.target_weights([YOUNG_WOMEN])
    usual = targets.on_target(prior.joint[None, :], prior.regions[None, :], target).point[0]
    # Each list is believed by itself: the cells of both, and the regions.
    cells = OWN_WORD + (1 - OWN_WORD) * float(prior.joint.reshape(grid.AGES_N, -1)[_ages(18, 23), 0].sum())
    regions = OWN_WORD + (1 - OWN_WORD) * float(prior.regions[grid.region_indices("CN-GD")[0]])
    typed, of_admin = look.match(client, who, own), look.match(client, other, seen)
    assert typed["parts"]["share"][0] == pytest.approx(cells * regions, rel=1e-4)
    assert of_admin["parts"]["share"][0] == pytest.approx(1.0, abs=1e-6)
    assert usual < 0.01 < cells * regions < 0.65
    assert typed["overall"] < of_admin["overall"]
    # What is not believed may be anywhere.
    assert typed["parts"]["share"][1] <= OWN_WORD < 1 <= typed["parts"]["share"][2] + 1e-6
    assert "75% of them counts" in look.told(typed)["lists_in_part"]["en"]
    assert "lists_in_part" not in look.told(of_admin)


def _ages(first: int, last: int) -> list[int]:
    start, after = grid.years_between(first, last)
    return sorted({int(age) for age in grid.AGE_OF_YEAR[start:after]})


def test_verticals_count_by_who_told_them(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market(**MARKET)
    who, channel_id, bid_id = bid_of(client, worker, there)
    match = look.match(client, who, bid_id)
    assert match["parts"]["fit_parts"]["category"] == pytest.approx(0.5 + OWN_WORD * 0.5)
    assert "75% of their fit counts" in look.told(match)["verticals_in_part"]["en"]
    admin = somebody("platform")
    path = f"/api/v1/channels/{shown(channel_id)}"
    version = client.get(path, headers=admin.headers).json["version"]
    body = {"verticals": {"food": 0.9, "travel": 0.1}}
    answer = client.patch(path, json=body, headers={**admin.once(), "If-Match": f'"{version}"'})
    assert (answer.status_code, answer.json["details_provenance"]) == (200, "typed_by_admin")
    match = settled_match(client, worker, who, bid_id)
    assert match["parts"]["fit_parts"]["category"] == pytest.approx(0.9 + 0.1 * 0.6)
    assert "verticals_in_part" not in look.told(match)


def test_followers_times_ten_before_the_close_move_no_forecast(client: FlaskClient, worker: ModuleType) -> None:
    """Not even one from followers alone, which rises with them."""
    there = look.market()
    who, channel_id, bid_id = bid_of(client, worker, there, videos=[], followers=50_000)
    before = look.match(client, who, bid_id)
    told = tell(client, who, channel_id, followers=500_000)
    assert told.status_code == 201
    assert (told.json["explained_followers"], told.json["provenance"]) == (50_000, "typed_by_creator")
    assert [flag["code"] for flag in told.json["flags"]] == ["growth_jump"]
    after = settled_match(client, worker, who, bid_id)
    assert after["parts"]["views"][0] == pytest.approx(before["parts"]["views"][0], rel=1e-6)
    assert after["parts"]["counted_people"] == pytest.approx(before["parts"]["counted_people"], rel=1e-6)
    assert "what growth explains" in look.told(after)["views_capped"]["en"].replace("  ", " ")
    # A growth that is usual is believed.
    assert tell(client, who, channel_id, followers=70_000, taken_on="2026-11-03").json["explained_followers"] is None
    grown = settled_match(client, worker, who, bid_id)
    assert before["parts"]["views"][0] < grown["parts"]["views"][0] < 1.3 * before["parts"]["views"][0]


def test_views_times_ten_count_as_what_growth_explains_whatever_is_told_next(
    client: FlaskClient, worker: ModuleType
) -> None:
    there = look.market()
    views = (5_900, 4_700, 6_100, 4_500, 5_000, 5_500)
    who, channel_id, bid_id = bid_of(client, worker, there, videos=make_channels.videos(*views))
    before = look.match(client, who, bid_id)
    ten_times = make_channels.videos(*(10 * count for count in views))
    told = tell(client, who, channel_id, videos=ten_times)
    assert [flag["code"] for flag in told.json["flags"]] == ["video_rewritten"]
    after = settled_match(client, worker, who, bid_id)
    explained = before["parts"]["counted_people"]
    assert after["parts"]["counted_people"] == pytest.approx(explained, rel=0.1)
    listed = client.get(f"/api/v1/channels/{shown(channel_id)}/videos", headers=who.headers).json["data"]
    assert {round(video["views"] / video["explained_views"]) for video in listed} == {10}
    # A snapshot that does not speak of these videos clears nothing.
    assert not tell(client, who, channel_id, taken_on="2026-11-03").json["flags"]
    later = settled_match(client, worker, who, bid_id)
    assert "snapshot:video_rewritten" in later["flags"]
    assert later["parts"]["counted_people"] < 1.1 * explained
    # Nor does the close. Who approves the bid lets the figures stand.
    make.close(there)
    closed = settled_match(client, worker, who, bid_id)
    assert closed["parts"]["counted_people"] < 1.1 * explained
    for person in make_reviews.admins(2):
        standing = make_reviews.of(bid_id)
        if standing.status != ReviewStatus.APPROVED:
            make_reviews.decide(person, standing.id, "approve")
    work.ask("matching.score", there.brief_id)
    cleared = settled_match(client, worker, who, bid_id)
    assert cleared["parts"]["counted_people"] > 5 * explained


def test_discovery_counts_figures_as_the_ranking_does(client: FlaskClient) -> None:
    """A channel that only its own side speaks of comes after one of the same figures that the market's people typed."""
    there = look.market(**MARKET)
    facts = {"rate_card": [{"length_tier": "21-60", "amount_minor": 900_000, "currency": "CNY"}]}
    own, seen = (look.channel(somebody("creator"), teller, **facts) for teller in (None, somebody("platform")))
    jumped = look.channel(who := somebody("creator"), None, **facts)
    make_channels.told(who, jumped, taken_on="2026-11-02", followers=900_000, videos=[], **facts)
    refresh()
    found = {one["channel_id"]: one for one in discover(client, there)}
    typed, of_admin, flagged = (found[shown(one)] for one in (own, seen, jumped))
    weights = [
        {reason["code"]: reason["numbers"] for reason in one["reasons"]}["counted"]["people"]["value"]
        for one in (typed, of_admin)
    ]
    share = typed["share"]["point"] / of_admin["share"]["point"]
    assert weights[0] / weights[1] == pytest.approx(OWN_WORD * share, rel=0.02)
    assert typed["overall"]["point"] < of_admin["overall"]["point"]
    assert flagged["views"]["point"] <= 1.02 * typed["views"]["point"]
    assert "own_word" in {reason["code"] for reason in typed["reasons"]}


def test_another_agencys_figures_never_move_a_sealed_bid(client: FlaskClient, worker: ModuleType) -> None:
    there, creator = look.market(), somebody("creator")
    channel_id = look.channel(creator)
    first, second = (make.agency_of(creator.party_id) for _ in range(2))
    bid = make.place(there, first, channel_id, **look.plain())
    work.settle(worker)
    before = look.match(client, first, bid.id)
    path = f"/api/v1/channels/{shown(channel_id)}"
    refused = tell(client, second, channel_id, followers=10, ages={"51+": 1.0})
    assert (refused.status_code, refused.json["rule"]) == (409, "another_side")
    assert "bid_" not in refused.text
    assert ids.show("pty", first.party_id) not in refused.text
    version = client.get(path, headers=second.headers).json["version"]
    headers = {**second.once(), "If-Match": f'"{version}"'}
    assert client.patch(path, json={"verticals": {"cars": 1.0}}, headers=headers).status_code == 409
    after = settled_match(client, worker, first, bid.id)
    assert (after["overall"], after["fingerprint"]) == (before["overall"], before["fingerprint"])
    # The bid's own side and the creator may tell, and after the close, when nothing moves, so may the other agency.
    assert tell(client, first, channel_id, followers=51_000).json["provenance"] == "typed_by_agency"
    assert tell(client, creator, channel_id, followers=52_000, taken_on="2026-11-03").status_code == 201
    make.close(there)
    work.settle(worker)
    closed = look.match(client, first, bid.id)
    assert tell(client, second, channel_id, followers=10, taken_on="2026-11-04").status_code == 201
    assert settled_match(client, worker, first, bid.id)["overall"] == closed["overall"]


def test_lists_believed_in_part_count_where_they_flatter_no_more_than_in_part() -> None:
    told = grid.audience({"18-23": 1.0}, {"female": 1.0}, {"CN-GD": 1.0})
    prior, half = grid.audience(), grid.believed(told, 0.5, CHINA)
    for name in ("joint", "regions"):
        of_told, usual, counted = (getattr(one, name) for one in (told, prior, half))
        assert counted == pytest.approx(np.where(of_told > usual, (of_told + usual) / 2, of_told))
        assert 0.5 < np.sum(counted) < 1
    assert grid.believed(told, 1.0, CHINA) is told


def test_what_a_party_says_against_its_own_interest_counts_in_full(client: FlaskClient, worker: ModuleType) -> None:
    """An audience abroad, and one of children, are what the side would rather not say."""
    there = look.market(target=[], markets=["CN"])
    ages = {"13-17": 0.6, "18-23": 0.4}
    who, _, bid_id = bid_of(client, worker, there, ages=ages, regions={"US": 0.95, "CN": 0.05})
    parts = look.match(client, who, bid_id)["parts"]
    assert parts["share"][0] == pytest.approx(0.05, abs=1e-4)
    assert parts["minors"] == pytest.approx(0.6, abs=1e-4)
