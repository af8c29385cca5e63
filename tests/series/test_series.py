"""Series: several brands on one schedule, each with a deal of its own."""

from datetime import timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from marketplace.core import db, ids
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.deals import lapsing
from marketplace.deals.models import Deliverable
from marketplace.pacing import service as pacing
from tests.deals import look as deals
from tests.deliverables import look
from tests.make import owed as make
from tests.make import series as make_series
from tests.make import videos as make_videos
from tests.make.moments import travel
from tests.make.people import somebody
from tests.make.series import MadeSeries


@pytest.fixture
def series(client: FlaskClient) -> MadeSeries:
    return make_series.made(client)


def _due(deliverable_id: UUID) -> str:
    with db.transaction() as session:
        return session.get_one(Deliverable, deliverable_id).due_on.isoformat()


def test_terms_name_the_places_and_signing_takes_them(client: FlaskClient, series: MadeSeries) -> None:
    owed = make_series.signed(client, series, "冠名")
    content = deals.terms(client, owed.brand, owed.deal_id)[1]["content"]
    assert (content["series"]["category_shared"], content["series"]["movable_days"]) == (False, 14)
    first = make_series.first_day()
    assert [line["due_on"] for line in content["deliverables"]] == [
        first.isoformat(),
        (first + timedelta(days=2)).isoformat(),
    ]
    assert [line["title"] for line in content["deliverables"]] == ["第 1 集", "第 2 集"]
    shown = deals.shown(client, owed.brand, owed.deal_id)
    assert [one["slot"] for one in shown["deliverables"]] == ["冠名", "冠名"]
    assert shown["series_id"] == ids.show("ser", series.id)
    page = client.get(deals.path(owed.deal_id, "contract"), headers=owed.brand.headers).text
    assert "No other brand of the same category has a place in the series" in page
    place = series.episode(client, 1)["places"][0]
    assert (place["is_taken"], place["category"], place["deal_id"]) == (True, "food", ids.show("dea", owed.deal_id))


def test_brands_see_each_others_category_and_nothing_else(client: FlaskClient, series: MadeSeries) -> None:
    first = make_series.signed(client, series, "冠名")
    second = make_series.signed(client, series, "片尾", category="cars")
    told = series.shown(client, second.brand)
    assert told.status_code == 200
    places = {one["slot"]: one for one in told.json["episodes"][0]["places"]}
    assert places["冠名"] == {
        "slot": "冠名",
        "is_taken": True,
        "category": "food",
        "is_yours": False,
        "deal_id": None,
        "deliverable_id": None,
    }
    assert places["片尾"]["is_yours"]
    assert not places["剧情露出"]["is_taken"]
    for hidden in (ids.show("pty", first.brand.party_id), ids.show("dea", first.deal_id), "800000"):
        assert hidden not in told.text
    assert series.shown(client, somebody("brand")).status_code == 404
    assert series.shown(client, somebody("creator")).status_code == 404
    assert deals.path(first.deal_id) not in client.get("/api/v1/events", headers=second.brand.headers).text


def test_a_second_brand_of_the_category_is_refused_at_signing(client: FlaskClient, series: MadeSeries) -> None:
    first = make_series.signed(client, series, "冠名")
    rival = make_series.offered(series)
    assert make_series.counter(client, rival, series, "片尾").status_code == 200
    before = deals.everything(rival.deal_id)
    answer = deals.confirm(client, rival.brand, rival.deal_id)
    assert (answer.status_code, answer.json["rule"]) == (409, "series_category")
    assert "category Food and drinks" in answer.json["detail"]
    assert first.brand.party_id.hex not in answer.text
    assert deals.everything(rival.deal_id) == before
    assert series.shown(client, rival.brand).json["closed_categories"] == ["food"]
    # Out of the series it can be signed.
    assert deals.counter(client, rival.brand, rival.deal_id, series=None, keep_live_days=30).status_code == 200
    assert deals.confirm(client, rival.creator, rival.deal_id).status_code == 200


def test_a_category_is_shared_where_the_terms_of_both_say_so(client: FlaskClient, series: MadeSeries) -> None:
    make_series.signed(client, series, "冠名", shared=True)
    alone = make_series.offered(series)
    assert make_series.counter(client, alone, series, "片尾").status_code == 200
    answer = deals.confirm(client, alone.brand, alone.deal_id)
    assert (answer.status_code, "Counter with true" in answer.json["detail"]) == (409, True)
    make_series.signed(client, series, "剧情露出", shared=True)


def test_the_same_brand_may_have_several_places(client: FlaskClient, series: MadeSeries) -> None:
    first = make_series.signed(client, series, "冠名")
    make_series.signed(client, series, "片尾", brand=first.brand)


def test_a_slot_is_one_brands_until_its_deal_is_over(client: FlaskClient, series: MadeSeries) -> None:
    first = make_series.signed(client, series, "冠名")
    second = make_series.offered(series, category="cars")
    assert make_series.counter(client, second, series, "冠名").status_code == 200
    answer = deals.confirm(client, second.brand, second.deal_id)
    assert (answer.status_code, answer.json["rule"]) == (409, "slot_taken")
    with travel(now() + timedelta(days=8)):  # the first one is not paid in, and lapses
        with db.transaction() as session:
            lapsing.lapse_overdue(session)
        third = make_series.offered(series, category="cars")
        assert make_series.counter(client, third, series, "冠名").status_code == 200
        assert deals.confirm(client, third.brand, third.deal_id).status_code == 200
    assert deals.shown(client, first.brand, first.deal_id)["status"] == "lapsed"


@pytest.mark.parametrize(
    ("places", "pointer"),
    [
        ([(1, 3, "冠名")], "/changes/series/places/0/episode"),
        ([(1, 1, "条幅")], "/changes/series/places/0/slot"),
        ([(1, 1, "冠名"), (2, 1, "冠名")], "/changes/series/places/1"),
        ([(1, 1, "冠名"), (1, 2, "冠名")], "/changes/series/places/1"),
        ([(3, 1, "冠名")], "/changes/series/places/0/position"),
    ],
)
def test_a_place_that_cannot_be_is_refused_where_it_stands(
    client: FlaskClient, series: MadeSeries, places: list[tuple[int, int, str]], pointer: str
) -> None:
    owed = make_series.offered(series)
    asked = [{"position": at, "episode": number, "slot": slot} for at, number, slot in places]
    named = {"series_id": ids.show("ser", series.id), "places": asked}
    before = deals.everything(owed.deal_id)
    answer = deals.counter(client, owed.creator, owed.deal_id, series=named)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    assert deals.everything(owed.deal_id) == before


def test_a_series_of_another_channel_is_none_of_the_deals(client: FlaskClient, series: MadeSeries) -> None:
    owed = make_series.offered(series)
    for other in (make_series.made(client, series.creator), make_series.made(client)):
        answer = make_series.counter(client, owed, other, "冠名")
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/changes/series/series_id")


def test_the_days_of_an_item_with_a_place_are_its_episodes(client: FlaskClient, series: MadeSeries) -> None:
    owed = make_series.offered(series)
    assert make_series.counter(client, owed, series, "冠名").status_code == 200
    later = (make_series.first_day() + timedelta(days=1)).isoformat()
    answer = deals.counter(client, owed.brand, owed.deal_id, deliverables=[{"position": 1, "due_on": later}])
    assert (answer.status_code, "move the episode" in answer.text) == (422, True)


def test_a_moved_episode_moves_every_deal_on_it_and_tells_every_brand(client: FlaskClient, series: MadeSeries) -> None:
    first = make_series.funded(client, series, "冠名")
    second = make_series.funded(client, series, "片尾", category="cars")
    day = make_series.first_day() + timedelta(days=9)
    episode = series.episode(client, 1)["id"]
    answer = make_series.move(client, series.creator, episode, day)
    assert (answer.status_code, answer.json["episodes"][0]["airs_on"]) == (200, day.isoformat()), answer.json
    for owed in (first, second):
        assert (_due(owed.ids[0]), _due(owed.ids[1])) == (
            day.isoformat(),
            (make_series.first_day() + timedelta(days=2)).isoformat(),
        )
        [event] = [one for one in look.events(owed.ids[0]) if one.kind == "deliverables.reschedule"]
        assert event.data["airs_on"] == day.isoformat()
        assert event.data["reason"] == "主演发烧，晚两天拍"
        assert set(event.party_ids) == {owed.brand.party_id, series.creator.party_id}
    # What was signed stays as it is, and so does the day until which it may be moved.
    assert deals.terms(client, first.brand, first.deal_id)[1]["content"]["deliverables"][0]["due_on"] != day.isoformat()
    further = make_series.move(client, series.creator, episode, make_series.first_day() + timedelta(days=15))
    assert (further.status_code, further.json["rule"]) == (409, "movable_days")
    assert _due(first.ids[0]) == day.isoformat()


def test_an_episode_that_moved_while_terms_were_talked_about_is_not_signed(
    client: FlaskClient, series: MadeSeries
) -> None:
    owed = make_series.offered(series)
    assert make_series.counter(client, owed, series, "冠名").status_code == 200
    day = make_series.first_day() + timedelta(days=1)
    make_series.move(client, series.creator, series.episode(client, 1)["id"], day)
    answer = deals.confirm(client, owed.brand, owed.deal_id)
    assert (answer.status_code, answer.json["rule"]) == (409, "episode_moved")
    again = deals.counter(client, owed.brand, owed.deal_id, series=make_series.places(series, "冠名", (1, 2)))
    assert again.status_code == 200, again.json
    assert deals.confirm(client, owed.creator, owed.deal_id).status_code == 200


def test_one_video_is_one_day_of_the_channel_for_all_its_brands(client: FlaskClient, series: MadeSeries) -> None:
    make_series.signed(client, series, "冠名")
    make_series.signed(client, series, "片尾", category="cars")
    with db.transaction(SYSTEM) as session:
        known = pacing.load(session, [series.channel_id], now().date())[series.channel_id]
    assert len(known.past.booked) == 2  # two episodes, not four videos


def test_one_video_is_approved_by_every_brand_by_its_own_check(
    client: FlaskClient, worker: ModuleType, series: MadeSeries
) -> None:
    first = make_series.funded(client, series, "冠名")
    second = make_series.funded(client, series, "片尾", category="cars")
    data = make_videos.video()
    drafts = {owed.deal_id: make.sent_draft(owed, owed.ids[0], data=data) for owed in (first, second)}
    for owed in (first, second):
        assert look.approve(client, owed.brand, drafts[owed.deal_id]).status_code == 200
        other = second if owed is first else first
        assert look.get(client, owed.brand, "drf", drafts[other.deal_id]).status_code == 404
    # Another episode is another video.
    copy = make.sent_draft(second, second.ids[1], data=data)
    assert [one["code"] for one in look.approve(client, second.brand, copy).json["findings"]] == ["repeat"]
    with travel(make.publish_day()):
        url = "https://www.douyin.com/video/shared"
        for owed in (first, second):
            told = {**make.told(owed, drafts[owed.deal_id]), "url": url}
            assert look.publish(client, owed.maker, owed.ids[0], told).status_code == 201
    with travel(make.publish_day() + timedelta(days=91)):
        look.clock(worker)
    assert [make.status(owed.ids[0]) for owed in (first, second)] == ["done", "done"]


def test_a_moved_episode_is_published_on_its_new_day_and_not_before(client: FlaskClient, series: MadeSeries) -> None:
    owed = make_series.funded(client, series, "冠名")
    draft_id = make.approved_draft(owed, owed.ids[0])
    day = make_series.first_day() + timedelta(days=3)
    make_series.move(client, series.creator, series.episode(client, 1)["id"], day)
    with travel(make.publish_day()):
        early = look.publish(client, owed.maker, owed.ids[0], make.told(owed, draft_id))
        assert (early.status_code, early.json["errors"][0]["pointer"]) == (422, "/published_at")
    with travel(make.publish_day() + timedelta(days=3)):
        assert look.publish(client, owed.maker, owed.ids[0], make.told(owed, draft_id)).status_code == 201
        answer = make_series.move(client, series.creator, series.episode(client, 1)["id"], day + timedelta(days=1))
        assert (answer.status_code, "is live" in answer.json["detail"]) == (409, True)


def test_a_closed_series_takes_no_further_brand(client: FlaskClient, series: MadeSeries) -> None:
    owed = make_series.offered(series)
    assert make_series.counter(client, owed, series, "冠名").status_code == 200
    where = f"/api/v1/series/{ids.show('ser', series.id)}"
    assert client.post(f"{where}/close", headers=series.creator.once()).json["status"] == "closed"
    assert deals.confirm(client, owed.brand, owed.deal_id).status_code == 409
    assert client.post(f"{where}/open-again", headers=series.creator.once()).json["status"] == "open"
    assert deals.confirm(client, owed.brand, owed.deal_id).status_code == 200


def test_only_an_episode_in_which_nobody_has_a_place_is_dropped(client: FlaskClient, series: MadeSeries) -> None:
    make_series.signed(client, series, "冠名", episodes=(1,))
    answers = [_drop(client, series, number) for number in (1, 2)]
    assert [one.status_code for one in answers] == [409, 200]
    assert answers[1].json["episodes"][1]["status"] == "dropped"
    added = client.post(
        f"/api/v1/series/{ids.show('ser', series.id)}/episodes",
        json={"title": "番外", "airs_on": make_series.first_day().isoformat()},
        headers=series.creator.once(),
    )
    assert (added.status_code, added.json["episodes"][2]["number"]) == (201, 3)


def _drop(client: FlaskClient, series: MadeSeries, number: int) -> Any:
    where = f"/api/v1/episodes/{series.episode(client, number)['id']}/drop"
    return client.post(where, json={"reason": "素材不够"}, headers=series.creator.once())
