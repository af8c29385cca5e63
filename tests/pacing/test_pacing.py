"""A channel's pacing over the API: its rule, its state with figures, its calendar, and who may read it."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import icalendar
import pytest
from flask.testing import FlaskClient

from marketplace.channels.schemas_pacing import RAMPS
from marketplace.core import db, ids
from marketplace.core.clock import now
from marketplace.intrusiveness import constants
from marketplace.matching.forecast import features
from tests.make import bids as make_bids
from tests.make import channels as make_channels
from tests.make import pacing as make
from tests.make.people import Somebody, somebody

LIMITS = {"share_max": 0.2, "gap_videos": 3, "gap_days": 10, "streak_max": 1, "cool_down_days": 30}


@pytest.fixture
def creator(app: object) -> Somebody:
    return somebody("creator")


def today() -> date:
    return now().date()


def path(channel_id: UUID, *more: str) -> str:
    return "/".join(["/api/v1/channels", ids.show("chn", channel_id), *more])


def get(client: FlaskClient, who: Somebody, channel_id: UUID, *more: str, **query: Any) -> Any:
    return client.get(path(channel_id, "pacing", *more), query_string=query, headers=who.headers)


def choose(client: FlaskClient, who: Somebody, channel_id: UUID, rule: Any) -> Any:
    read = client.get(path(channel_id), headers=who.headers)
    headers = {**who.headers, "If-Match": read.headers["ETag"]}
    return client.patch(path(channel_id), json={"pacing": rule}, headers=headers)


def videos(*told: tuple[int, int, bool | None, str]) -> list[dict[str, Any]]:
    """Videos as (days ago, views, sponsored, title)."""
    return [
        {
            "external_id": f"v{number}",
            "published_at": f"{today() - timedelta(days=ago)}T08:00:00Z",
            "views": views,
            "sponsored": sponsored,
            "title": title,
        }
        for number, (ago, views, sponsored, title) in enumerate(told)
    ]


def told(who: Somebody, *out: tuple[int, int, bool | None, str], followers: int = 50_000) -> UUID:
    """A channel with these videos."""
    channel_id = make_channels.channel(who.party_id).id
    make_channels.told(who, channel_id, taken_on=today().isoformat(), followers=followers, videos=videos(*out))
    return channel_id


PLAIN = [
    (20, 10_000, False, "茶馆 第1集"),
    (17, 12_000, False, "茶馆 第2集"),
    (14, 9_000, None, "厨房"),
    (8, 11_000, False, "咖啡"),
]
OUT = [*PLAIN, (11, 3_000, True, "茶馆 第3集")]


def test_a_channel_takes_a_rule_and_shows_it_as_it_was_given(client: FlaskClient, creator: Somebody) -> None:
    channel_id = make_channels.channel(creator.party_id).id
    assert client.get(path(channel_id), headers=creator.headers).json["pacing"] is None
    answer = choose(client, creator, channel_id, make.RULE)
    assert (answer.status_code, answer.json["pacing"]) == (200, make.RULE)
    assert client.get(path(channel_id), headers=creator.headers).json["pacing"] == make.RULE
    answer = choose(client, creator, channel_id, {"gap_days": 7})
    assert answer.json["pacing"] == make.rule(gap_days=7)
    assert choose(client, creator, channel_id, None).json["pacing"] is None
    assert get(client, creator, channel_id).json["ruled"] is False


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({"share_max": 1.1}, "/pacing/share_max"),
        ({"gap_days": 91}, "/pacing/gap_days"),
        ({"streak_max": 0}, "/pacing/streak_max"),
        ({"ramp": {"preset": "steep"}}, "/pacing/ramp/preset"),
        ({"ramp": {}}, "/pacing/ramp/preset"),
        ({"series": [{"gap_days": 3}]}, "/pacing/series/0/key"),
        ({"series": [{"key": " "}]}, "/pacing/series/0/key"),
        ({"series": [{"key": "Tea"}, {"key": "tea"}]}, "/pacing/series/1/key"),
        ({"often": True}, "/pacing/often"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_name(
    client: FlaskClient, creator: Somebody, rule: dict[str, Any], pointer: str
) -> None:
    channel_id = make_channels.channel(creator.party_id).id
    answer = choose(client, creator, channel_id, rule)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    assert client.get(path(channel_id), headers=creator.headers).json["pacing"] is None


def test_the_names_of_ramps_are_those_of_the_presets() -> None:
    assert set(RAMPS) == set(constants.RAMPS)


def test_the_state_says_why_today_is_full_and_when_it_opens(client: FlaskClient, creator: Somebody) -> None:
    channel_id = told(creator, *OUT)
    assert choose(client, creator, channel_id, LIMITS).status_code == 200
    found = get(client, creator, channel_id).json
    assert (found["ruled"], found["open"], found["as_of"]) == (True, False, today().isoformat())
    # 3,000 of usually 10,500 views: the cool-down; one other video since, where three are asked for.
    assert {one["code"] for one in found["reasons"]} == {"gap_videos", "cool_down"}
    assert all(one["series"] is None and one["zh"].endswith("。") for one in found["reasons"])
    (cool,) = [one for one in found["reasons"] if one["code"] == "cool_down"]
    opens = today() + timedelta(days=19)
    assert "28.6%" in cool["en"]
    assert opens.isoformat() in cool["zh"]
    assert found["next_open"] == opens.isoformat()
    assert opens.isoformat() in found["zh"]
    assert found["figures"] == {
        "videos": 5,
        "sponsored": 1,
        "share": 0.2,
        "streak": 0,
        "videos_since": 1,
        "days_since": 11,
        "booked": 0,
        "pace_days": 8.0,
        "stage": None,
    }
    assert found["ad_seconds"] == {"videos": 0, "low": 0, "high": 0}
    assert found["model_version"] == "pacing/1"


def test_a_series_is_known_by_its_videos_titles(client: FlaskClient, creator: Somebody) -> None:
    channel_id = told(creator, *OUT)
    choose(client, creator, channel_id, {"series": [{"key": "茶馆", "gap_videos": 1}]})
    assert get(client, creator, channel_id).json["open"] is True
    found = get(client, creator, channel_id, series="茶馆").json
    assert [(one["code"], one["series"]) for one in found["reasons"]] == [("gap_videos", "茶馆")]
    answer = get(client, creator, channel_id, series="厨房")
    assert (answer.status_code, answer.json["errors"]) == (
        422,
        [{"pointer": "query:/series", "detail": "Series of the rule: 茶馆."}],
    )


def test_accepted_bids_are_booked_with_the_seconds_of_their_plans(client: FlaskClient) -> None:
    there = make_bids.with_audience(make_bids.market())
    bid = make_bids.place(there)
    choose(client, there.creator, there.channel_id, {"gap_days": 1})
    before = get(client, there.creator, there.channel_id).json
    make_bids.close(there)
    make_bids.accept(there, bid.id)
    found = get(client, there.creator, there.channel_id).json
    assert (before["figures"]["booked"], found["figures"]["booked"]) == (0, 4)
    seconds = found["ad_seconds"]
    assert seconds["videos"] == 4
    assert 0 < seconds["low"] <= seconds["high"] < 4 * 55
    # Four videos from day 21 to day 35: one in the middle of each quarter.
    days = get(client, there.creator, there.channel_id, "calendar", days=40).json["data"]
    full = [number for number, day in enumerate(days) if not day["open"]]
    assert full == [22, 26, 30, 34]
    assert [one["code"] for one in days[22]["reasons"]] == ["gap_days"]


def test_another_agency_sees_the_days_that_are_taken_and_not_the_plans(client: FlaskClient) -> None:
    there = make_bids.with_audience(make_bids.market())
    first, second = (make_bids.agency_of(there.creator.party_id) for _ in range(2))
    bid = make_bids.place(there, first)
    choose(client, there.creator, there.channel_id, {"gap_days": 1})
    make_bids.close(there)
    make_bids.accept(there, bid.id)
    own, rivals = (get(client, who, there.channel_id).json for who in (first, second))
    assert own["figures"] == rivals["figures"] == get(client, there.creator, there.channel_id).json["figures"]
    assert (own["figures"]["booked"], own["ad_seconds"]["videos"]) == (4, 4)
    assert rivals["ad_seconds"] == {"videos": 0, "low": 0, "high": 0}
    days = [get(client, who, there.channel_id, "calendar", days=40).json["data"] for who in (first, second)]
    assert days[0] == days[1]
    assert not all(day["open"] for day in days[1])


def test_the_calendar_is_a_file_that_calendars_read(client: FlaskClient, creator: Somebody) -> None:
    channel_id = told(creator, *OUT)
    choose(client, creator, channel_id, {"gap_days": 14})
    days = get(client, creator, channel_id, "calendar", days=7).json["data"]
    assert [day["open"] for day in days] == [False] * 3 + [True] * 4
    assert [day["day"] for day in days] == [(today() + timedelta(days=number)).isoformat() for number in range(7)]
    answer = get(client, creator, channel_id, "calendar.ics", days=7)
    assert (answer.status_code, answer.content_type) == (200, "text/calendar; charset=utf-8")
    read = icalendar.Calendar.from_ical(answer.data)
    assert (read["version"], read["method"]) == ("2.0", "PUBLISH")
    events = read.walk("VEVENT")
    assert len({str(one["uid"]) for one in events}) == len(events) == 4  # the days' figures differ while it is full
    assert [str(one["transp"]) for one in events] == ["OPAQUE"] * 3 + ["TRANSPARENT"]
    assert (events[-1]["dtstart"].dt, events[-1]["dtend"].dt) == tuple(today() + timedelta(days=n) for n in (3, 7))
    assert "14" in str(events[0]["description"])
    for wrong in ({"days": 0}, {"days": 181}, {"days": "x"}):
        assert get(client, creator, channel_id, "calendar", **wrong).status_code == 422


def test_the_tolerance_is_the_channels_own_difference_with_its_interval(client: FlaskClient, creator: Somebody) -> None:
    channel_id = told(creator, *OUT)
    assert get(client, creator, channel_id).json["tolerance"] is None
    with db.transaction() as session:
        while features.refresh(session):
            pass
    found = get(client, creator, channel_id).json["tolerance"]
    assert found["gap_low"] < found["gap"] < found["gap_high"]
    assert found["views_ratio_low"] < found["views_ratio"] < 1
    assert (found["videos"], found["other_videos"]) == (1, 3)
    assert f"{found['views_ratio']:.0%}" in found["zh"]


def test_a_channel_without_videos_or_rule_is_open(client: FlaskClient, creator: Somebody) -> None:
    channel_id = make_channels.channel(creator.party_id).id
    found = get(client, creator, channel_id).json
    assert (found["open"], found["ruled"], found["next_open"]) == (True, False, today().isoformat())
    assert (found["figures"]["share"], found["tolerance"]) == (None, None)
    assert get(client, somebody("creator"), channel_id).status_code == 404
    assert get(client, somebody("brand"), channel_id).status_code == 403
