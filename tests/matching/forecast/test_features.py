"""What is known of a channel reaches its bids' scores: the videos, the lists of shares, and what is missing."""

from dataclasses import asdict
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db
from marketplace.core.clock import now
from marketplace.matching.forecast import features
from marketplace.matching.forecast.models import ForecastModel
from marketplace.matching.forecast.platform_blend import PRIOR_BLEND
from marketplace.matching.forecast.pool import CENTRE_PRIOR, PRIOR_POOL, SPREAD_PRIOR
from marketplace.matching.forecast.view_forecast import forecast
from tests.make import bids as make
from tests.make import channels as make_channels
from tests.make import work
from tests.make.people import somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")


def told(client: FlaskClient, worker: ModuleType, **facts: Any) -> dict[str, Any]:
    """The reasons of a bid with a channel of these facts, by code."""
    there, who = look.market(), somebody("creator")
    bid = make.place(there, who, look.channel(who, **facts), **look.plain())
    work.settle(worker)
    return look.told(look.match(client, who, bid.id))


def test_views_come_from_the_videos_and_are_as_old_as_the_snapshot(client: FlaskClient, worker: ModuleType) -> None:
    reasons = told(client, worker, videos=make_channels.videos(*range(90_000, 110_000, 5_000)), taken_on="2026-11-03")
    views = reasons["views_from_history"]["numbers"]["views"]
    assert (views["count"], views["source"], views["date"]) == (4, "typed", "2026-11-03")
    assert 90_000 < views["value"] < 110_000
    assert "views_from_followers" not in reasons


def test_ten_videos_are_used_of_more(client: FlaskClient, worker: ModuleType) -> None:
    reasons = told(client, worker, videos=make_channels.videos(*range(50_000, 64_000, 1_000)))
    assert reasons["views_from_history"]["numbers"]["views"]["count"] == 10


def test_videos_of_the_last_days_are_not_settled_yet(client: FlaskClient, worker: ModuleType) -> None:
    reasons = told(client, worker, videos=make_channels.videos(5, 7, 9), taken_on="2026-10-29")
    # The newest two are a day and two days old on that day.
    assert reasons["views_from_history"]["numbers"]["views"]["count"] == 1


def test_without_videos_followers_alone_tell_and_the_interval_is_wide(client: FlaskClient, worker: ModuleType) -> None:
    known = told(client, worker)["views_from_history"]["numbers"]["views"]
    reasons = told(client, worker, videos=[])
    assert "views_from_history" not in reasons
    guess = reasons["views_from_followers"]["numbers"]["views"]
    assert guess["count"] == 0
    assert guess["high"] / guess["low"] > 5 * known["high"] / known["low"]


def test_more_followers_are_more_views_where_nothing_else_is_known(client: FlaskClient, worker: ModuleType) -> None:
    few, many = (
        told(client, worker, videos=[], followers=count)["views_from_followers"]["numbers"]["views"]["value"]
        for count in (10_000, 1_000_000)
    )
    assert few < many


def test_shares_that_nobody_disclosed_are_told_and_spread(client: FlaskClient, worker: ModuleType) -> None:
    reasons = told(client, worker, genders={"female": 0.5, "male": 0.38, "unknown": 0.12})
    assert reasons["unknown_genders"]["numbers"]["share"]["value"] == pytest.approx(0.12)
    assert "12.0%" in reasons["unknown_genders"]["en"]
    assert not {"unknown_ages", "genders_from_prior"} & set(reasons)


@pytest.mark.parametrize("missing", ["ages", "genders", "regions"])
def test_a_list_that_is_missing_follows_the_population_and_says_so(
    client: FlaskClient, worker: ModuleType, missing: str
) -> None:
    reasons = told(client, worker, **{missing: {}})
    assert [code for code in reasons if code.endswith("_from_prior") and "rest" not in code] == [
        f"{missing}_from_prior"
    ]


def test_a_missing_list_leaves_wider_ends_than_a_told_one(client: FlaskClient, worker: ModuleType) -> None:
    whole = {"CN-GD": 0.5, "CN-SH": 0.5}
    known = told(client, worker, regions=whole)["on_target_share"]["numbers"]["share"]
    # The brief asks for Guangdong and Shanghai, where this audience lives and most people do not.
    unknown = told(client, worker, regions={})["on_target_share"]["numbers"]["share"]
    assert unknown["value"] < known["value"]


def test_a_channel_nobody_told_of_is_scored_without_reach(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    bid = make.place(there, **look.plain())
    work.settle(worker)
    match = look.match(client, there.creator, bid.id)
    assert "no_audience_data" in match["flags"]
    assert (match["overall"], match["overall_low"], match["overall_high"]) == (None, None, None)
    assert not {"views_from_history", "views_from_followers", "people", "overall"} & set(look.told(match))


def test_odd_figures_of_the_snapshot_are_flags_of_the_match(client: FlaskClient, worker: ModuleType) -> None:
    there, who = look.market(), somebody("creator")
    bid = make.place(there, who, look.channel(who, engagement_rate=0.9), **look.plain())
    work.settle(worker)
    assert look.match(client, who, bid.id)["flags"] == ["views_capped", "too_little_known", "snapshot:engagement"]


def test_another_channels_videos_fit_the_model_again_and_every_score_follows(
    client: FlaskClient, worker: ModuleType
) -> None:
    there = look.market()
    who, bid = look.offer(there)
    work.settle(worker)
    before = look.match(client, who, bid.id)
    look.channel(somebody("creator"), videos=make_channels.videos(50, 9_000_000, 3, 80_000, 1, 700))
    work.settle(worker)
    after = look.match(client, who, bid.id)
    assert (before["fresh"], after["fresh"]) == (True, True)
    assert after["fingerprint"] != before["fingerprint"]
    views = [look.told(found)["views_from_history"]["numbers"]["views"] for found in (before, after)]
    assert views[0]["value"] != views[1]["value"]
    fitted = work.of("matching.fit-model")[-1]
    assert fitted.result == {"changed": True}


def test_fitting_the_same_videos_again_changes_nothing(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    who, bid = look.offer(there)
    work.settle(worker)
    before = look.match(client, who, bid.id)
    work.ask("matching.fit-model")
    work.settle(worker)
    assert work.of("matching.fit-model")[-1].result == {"changed": False}
    assert work.of("matching.features")[-1].result == {"channels": 0}
    assert look.match(client, who, bid.id) == before


def test_without_videos_a_told_median_is_believed_more_than_followers(client: FlaskClient, worker: ModuleType) -> None:
    followers = told(client, worker, videos=[])["views_from_followers"]["numbers"]["views"]
    reasons = told(client, worker, videos=[], median_views_30d=20_000)
    assert not {"views_from_followers", "views_from_history"} & set(reasons)
    views = reasons["views_from_median"]["numbers"]["views"]
    assert 15_000 < views["value"] < 27_000
    assert views["high"] / views["low"] < followers["high"] / followers["low"]
    # Single videos tell more than their median.
    both = told(client, worker, median_views_30d=20_000)
    assert "views_from_history" in both
    assert "views_from_median" not in both


def test_the_platforms_own_forecast_counts_and_is_told(client: FlaskClient, worker: ModuleType) -> None:
    plain = told(client, worker)
    assert "platform_forecast" not in plain
    admin = somebody("platform")
    reasons = told(client, worker, teller=admin, expected_views=2_000_000)
    numbers = reasons["platform_forecast"]["numbers"]
    assert (numbers["platform_views"]["value"], numbers["platform_views"]["source"]) == (2_000_000, "typed")
    assert 0.3 < numbers["weight"]["value"] <= 0.5
    views = [one["views_from_history"]["numbers"]["views"]["value"] for one in (plain, reasons)]
    assert views[0] < views[1] < 2_000_000
    far_off = told(client, worker, teller=admin, expected_views=900)
    assert "platform_forecast" not in far_off
    # What the creator types in as the platform's forecast is none of the platform's.
    assert "platform_forecast" not in told(client, worker, expected_views=2_000_000)


def test_sponsored_videos_that_get_less_lower_the_forecast_of_a_placement(
    client: FlaskClient, worker: ModuleType
) -> None:
    views = [400_000 if place % 3 == 2 else 800_000 + place for place in range(12)]
    marked = make_channels.videos(*views)
    for place, video in enumerate(marked):
        video["sponsored"] = place % 3 == 2
    plain = told(client, worker, videos=make_channels.videos(*(count + 1 for count in views)))
    reasons = told(client, worker, videos=marked)
    assert "sponsored_views" not in plain
    numbers = reasons["sponsored_views"]["numbers"]
    assert (numbers["sponsored"]["count"], numbers["others"]["value"]) == (4, 8)
    assert 0.5 < numbers["sponsored"]["value"] < 1
    assert numbers["sponsored"]["low"] < numbers["sponsored"]["value"] < numbers["sponsored"]["high"]
    expected = [one["views_from_history"]["numbers"]["views"]["value"] for one in (plain, reasons)]
    assert expected[1] < 0.9 * expected[0]


def _told_twice(before: int | None) -> None:
    """22 channels whose platform foretold views before their newest video came out, or only after."""
    admin = somebody("platform")
    for number in range(22):
        who = somebody("creator")
        channel = make_channels.channel(who.party_id)
        videos = make_channels.videos(*(1_000 + 37 * number + place for place in range(6)))
        make_channels.told(admin, channel.id, taken_on="2026-10-20", expected_views=before, videos=videos[-1:])
        make_channels.told(admin, channel.id, taken_on="2026-11-10", expected_views=9_999 + number, videos=videos)


def test_the_platforms_weight_is_learnt_from_what_it_said_before_the_video_came() -> None:
    _told_twice(before=None)
    with db.transaction() as session:
        assert features.fit_model(session)
        assert features.load_model(session).blend == PRIOR_BLEND
    _told_twice(before=1_500)
    with db.transaction() as session:
        assert features.fit_model(session)
        content = session.scalars(sa.select(ForecastModel.content).order_by(ForecastModel.id.desc())).first()
        assert content is not None
        assert content["blend"]["pairs"] == [22, 0]
        model = features.load_model(session)
    assert model.blend.pairs == (22, 0)
    assert model.blend.weights[0] != PRIOR_BLEND.weights[0]
    assert model.pool_for("no such vertical") == model.pools["*"]


def test_a_model_of_an_earlier_release_is_read_with_the_priors_of_new_signals() -> None:
    """Until the next fit; its smearing factor was of another kind and is left out."""
    stored = {**asdict(PRIOR_POOL), "centre": [0.1] * 8, "spread": [0.2] * 9, "smear": 1.4}
    with db.transaction() as session:
        content = {"pools": {"*": stored}, "calibration": None, "blend": None, "sponsored": None}
        session.add(ForecastModel(fingerprint="earlier", content=content, channels=1, fitted_at=now()))
        session.flush()
        pool = features.load_model(session, "earlier").pool_for(None)
        session.rollback()
    assert pool.centre == (*[0.1] * 8, *CENTRE_PRIOR[8:])
    assert pool.spread == (*[0.2] * 9, *SPREAD_PRIOR[9:])
    assert pool.smear is None
    assert 700 < np.exp(forecast([900, 900], [40, 41], pool).log_centre) < 900
