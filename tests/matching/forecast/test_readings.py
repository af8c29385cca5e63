"""Views of published videos over time: told, refused, learnt from, and the forecast that is made of them."""

import math
from datetime import timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core import db, ids
from marketplace.core.clock import now
from marketplace.matching.forecast import readings
from marketplace.matching.forecast.early import PRIOR_EARLY
from tests.make import readings as make
from tests.make import work
from tests.make.people import Somebody, somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")


def one() -> tuple[Somebody, UUID]:
    who = somebody("creator")
    return who, look.channel(who)


def path(channel_id: UUID, noun: str = "video-readings") -> str:
    return f"/api/v1/channels/{ids.show('chn', channel_id)}/{noun}"


def body(views: dict[float, int], **changes: Any) -> dict[str, Any]:
    rows = [
        {**row, **{name: row[name].isoformat() for name in ("published_at", "taken_at")}, **changes}
        for row in make.rows(views)
    ]
    return {"readings": rows, "source": "后台截图"}


def forecast(client: FlaskClient, who: Somebody, channel_id: UUID, video: str = "v1") -> Any:
    answer = client.get(path(channel_id, f"video-forecasts?video={video}"), headers=who.headers)
    assert answer.status_code == 200, answer.json
    (body,) = answer.json["data"]
    return body


def test_readings_are_told_and_told_again_without_harm(client: FlaskClient) -> None:
    who, channel_id = one()
    first = client.post(path(channel_id), json=body({24: 5_000, 72: 8_000}), headers=who.once())
    assert first.status_code == 201, first.json
    assert [(row["hours"], row["views"], row["source"]) for row in first.json["data"]] == [
        (24.0, 5_000, "后台截图"),
        (72.0, 8_000, "后台截图"),
    ]
    again = client.post(path(channel_id), json=body({72: 8_000, 100: 9_000}), headers=who.once())
    assert [row["hours"] for row in again.json["data"]] == [24.0, 72.0, 100.0]
    listed = client.get(path(channel_id) + "?video=v1", headers=who.headers).json["data"]
    assert {row["id"] for row in listed} == {row["id"] for row in again.json["data"]}
    assert client.get(path(channel_id) + "?video=other", headers=who.headers).json["data"] == []
    for stranger in (somebody("creator"), somebody("brand")):
        assert client.get(path(channel_id), headers=stranger.headers).status_code == 404
        assert client.post(path(channel_id), json=body({24: 1}), headers=stranger.once()).status_code in (403, 404)


@pytest.mark.parametrize(
    ("views", "changes", "pointer"),
    [
        ({90: 4_000}, {}, "/readings/0/views"),  # fallen by more than a twentieth
        ({24: 5_001}, {}, "/readings/0/views"),  # another count of the same moment
        ({12: 6_000}, {}, "/readings/0/views"),  # more before than after
        ({90: 9_000}, {"published_at": "2026-01-01T00:00:00+00:00"}, "/readings/0/published_at"),
        ({-1: 9_000}, {}, "/readings/0/taken_at"),
        ({90: 9_000}, {"taken_at": (now() + timedelta(days=1)).isoformat()}, "/readings/0/taken_at"),
        ({90: -1}, {}, "/readings/0/views"),
        ({90: 9_000}, {"external_id": ""}, "/readings/0/external_id"),
    ],
)
def test_readings_that_cannot_be_are_refused_and_change_nothing(
    client: FlaskClient, views: dict[float, int], changes: dict[str, Any], pointer: str
) -> None:
    who, channel_id = one()
    make.tell(who, channel_id, {24: 5_000, 72: 8_000})
    answer = client.post(path(channel_id), json=body(views, **changes), headers=who.once())
    assert answer.status_code == 422, answer.json
    assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer]
    assert len(client.get(path(channel_id), headers=who.headers).json["data"]) == 2


def test_a_little_may_be_taken_back(client: FlaskClient) -> None:
    who, channel_id = one()
    make.tell(who, channel_id, {24: 5_000})
    assert len(make.tell(who, channel_id, {30: 4_800})) == 2


def test_a_forecast_says_what_it_is_made_of(client: FlaskClient, worker: ModuleType) -> None:
    who, channel_id = one()
    work.settle(worker)
    assert client.get(path(channel_id, "video-forecasts"), headers=who.headers).json["data"] == []
    make.tell(who, channel_id, {24: 5_000})
    body = forecast(client, who, channel_id)
    before, soon, both = body["before"], body["early"], body["forecast"]
    assert body["settled_videos"] == 0
    for ends in (before, soon, both):
        assert ends["low"] < ends["point"] < ends["high"]
    # Both together lie between the two and are surer than the early views alone.
    low, high = sorted([before["point"], soon["point"]])
    assert low <= both["point"] <= high
    widths = [math.log(ends["high"] / ends["low"]) for ends in (before, soon, both)]
    assert widths[2] < widths[1]
    first, second = body["reasons"]
    assert first["code"] == "views_after_publication"
    assert "a prior" in first["en"]
    assert "先验" in first["zh"]
    day = (make.PUBLISHED + timedelta(days=1)).date().isoformat()
    assert first["numbers"]["so_far"] == {"value": 5_000, "unit": "views", "source": "typed", "date": day}
    assert second["code"] == "behind_forecast"  # of some 800,000
    assert body["percentile"] <= 20
    make.tell(who, channel_id, {72: 900_000 * 3})
    ahead = forecast(client, who, channel_id)
    assert ahead["reasons"][1]["code"] == "ahead_of_forecast"
    assert ahead["forecast"]["low"] >= ahead["views"]


def test_the_workers_learn_how_views_grow(client: FlaskClient, worker: ModuleType) -> None:
    who, channel_id = one()
    work.settle(worker)
    rng = np.random.default_rng(7)
    for number in range(40):
        final = float(np.exp(rng.normal(11, 1)))
        day, three = (final * share * float(np.exp(rng.normal(0, 0.05))) for share in (0.25, 0.5))
        make.tell(who, channel_id, {24: int(day), 72: int(three), 725: int(final)}, f"film {number}")
    work.settle(worker)
    with db.transaction() as session:
        growth = readings.load_growth(session)
    assert growth.fitted_on == now().date()
    assert growth.model.videos == (40, 40)
    # Twenty videos' worth of the prior pulls log 4 and log 2 towards .5 and .2.
    assert PRIOR_EARLY.growth[0] < growth.model.growth[0] <= math.log(4) * 1.02
    assert PRIOR_EARLY.growth[1] < growth.model.growth[1] <= math.log(2) * 1.02
    make.tell(who, channel_id, {24: 10_000}, "new")
    body = forecast(client, who, channel_id, "new")
    assert body["settled_videos"] == 40
    assert body["early"]["point"] > 10_000 * math.exp(PRIOR_EARLY.growth[0])
    jobs_before = len(work.of("matching.fit-growth"))
    work.settle(worker)
    assert len(work.of("matching.fit-growth")) == jobs_before + 1
    assert {job.state for job in work.of("matching.fit-growth")} == {"done"}


@given(st.floats(0.2, 1.5), st.floats(1.0, 1e6))
def test_between_readings_views_follow_a_power_of_time(power: float, views: float) -> None:
    hours = np.array([6.0, 30.0, 100.0, 800.0])
    counted = views * hours**power
    for at in (6.0, 24.0, 72.0, 720.0, 800.0):
        assert readings.views_at(hours, counted, at) == pytest.approx(max(views * at**power, 1.0), rel=1e-9)
    assert math.isnan(readings.views_at(hours, counted, 3.0))
    assert readings.views_at(hours, counted, 5.5) == pytest.approx(counted[0])
    assert math.isnan(readings.views_at(hours, counted, 1_000.0))
