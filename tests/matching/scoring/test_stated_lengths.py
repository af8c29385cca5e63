"""A film's length is only stated in a bid: one that the channel's own videos do not support earns nothing."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from marketplace.bids.counted_length import (
    LONG_FILMS_S,
    SHORT_FILMS_S,
    counted_measures,
    counted_most,
    evidence,
    in_shorter_film,
)
from marketplace.channels.facts.provenance import EXPORT_FILE, OWN_WORD
from marketplace.core import ids
from marketplace.intrusiveness import timeline
from marketplace.intrusiveness.factors import raw_bounds
from marketplace.intrusiveness.notice import notice_share
from marketplace.matching.scoring import recompute_scores
from tests.make import bids as make
from tests.make import channels as make_channels
from tests.make import work
from tests.make.people import somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")

LONG = {
    "deliverables": [{"kind": "video", "count": 1, "length_tiers": ["60+"], "platform": None}],
    "tolerance": 100,
}
OFFER = [{"kind": "video", "count": 1, "length_tier": "60+"}]
EXPOSURE = {"kind": "product", "start_s": 20, "seconds": 10, "area_share": 0.1, "centre": 0.9, "plot": 0.5}


def plan(duration_s: float, *exposures: dict[str, Any]) -> dict[str, Any]:
    return {"duration_s": duration_s, "exposures": list(exposures or [EXPOSURE]), "brands": 1}


def channel(who: Any, lengths: list[float], teller: Any = None) -> Any:
    videos = make_channels.videos(*(700_000 + 10_000 * (place % 7) for place in range(len(lengths))))
    for video, seconds in zip(videos, lengths, strict=True):
        video["duration_s"] = seconds
    return look.channel(who, teller, videos=videos)


def test_a_longer_film_on_paper_scores_no_better_than_the_channels_own_videos_allow(
    client: FlaskClient, worker: ModuleType
) -> None:
    there, who = look.market(**LONG), somebody("creator")
    lengths = [40.0 + 35 * place / 17 for place in range(18)] + [75.0, 75.0]  # 90 % of them last up to 75 s
    channel_id = channel(who, lengths, somebody("platform"))
    found = {}
    for stated in (75, 7_200, 61):
        wording = look.plain(deliverables=OFFER, plan=plan(stated))
        if stated == 75:
            bid = make.place(there, who, channel_id, **wording)
        else:
            make.revise(who, bid.id, **wording)
        work.settle(worker)
        found[stated] = look.match(client, who, bid.id)
    honest, padded, short = (found[stated] for stated in (75, 7_200, 61))
    for name in ("overall", "intrusiveness"):
        assert padded[name] == honest[name], name
    assert padded["parts"]["noticing"] == honest["parts"]["noticing"]
    assert short["overall"] < honest["overall"]  # within what the videos support, length counts
    reason = look.told(padded)["film_length"]
    assert "film_length" not in look.told(honest)
    numbers = {name: number["value"] for name, number in reason["numbers"].items()}
    assert numbers == {"stated": 7_200, "counted": 75, "videos": 20}
    assert "7,200 s; the channel's last 20 videos are 44-75 s; counted as 75 s" in reason["en"]
    assert "方案写 7,200 秒；该账号最近 20 条视频多为 44 至 75 秒；按 75 秒计分" in reason["zh"]
    assert padded["parts"]["film"] == {
        "stated": 7_200,
        "counted": 75,
        "low": pytest.approx(43.91, abs=0.01),
        "high": 75,
        "videos": 20,
    }


def test_the_stored_scores_of_a_padded_plan_follow_from_it(client: FlaskClient, worker: ModuleType) -> None:
    there, who = look.market(**LONG), somebody("creator")
    late = {**EXPOSURE, "start_s": 6_000}
    bid = make.place(there, who, channel(who, []), **look.plain(deliverables=OFFER, plan=plan(7_200, EXPOSURE, late)))
    work.settle(worker)
    match = look.match(client, who, bid.id)
    shown = client.get(f"/api/v1/bids/{ids.show('bid', bid.id)}", headers=who.headers).json
    assert shown["plan"]["duration_s"] == 7_200
    assert match["parts"]["film"]["counted"] == SHORT_FILMS_S
    assert list(recompute_scores.faults(shown, match)) == []
    assert "too few of the channel's videos" in look.told(match)["film_length"]["en"]


TWENTY = [60.0] * 20


@pytest.mark.parametrize(
    ("lengths", "weights", "platform", "videos", "most"),
    [
        ([], [], "douyin", 0, SHORT_FILMS_S),
        ([], [], "youtube", 0, LONG_FILMS_S),
        ([15.0] * 4, [EXPORT_FILE] * 4, "douyin", 4, SHORT_FILMS_S),  # four tell too little
        ([15.0] * 5, [EXPORT_FILE] * 5, "douyin", 5, 15.0),
        ([600.0] * 20, [EXPORT_FILE] * 20, "douyin", 20, 600.0),  # a file of the platform may say more than is usual
        ([7_200.0] * 20, [OWN_WORD] * 20, "douyin", 20, SHORT_FILMS_S),  # a party's own word may not
        ([30.0] * 20, [OWN_WORD] * 20, "douyin", 20, 30.0),
        ([7_200.0] * 15 + TWENTY[:5], [OWN_WORD] * 15 + [EXPORT_FILE] * 5, "douyin", 5, 60.0),
        (TWENTY + [7_200.0] * 20, [EXPORT_FILE] * 40, "douyin", 20, 60.0),  # the last twenty
        ([7_200.0] + [60.0] * 19, [EXPORT_FILE] * 20, "douyin", 20, 60.0),  # one long film is no habit
    ],
)
def test_what_is_known_of_how_long_films_are(
    lengths: list[float], weights: list[float], platform: str, videos: int, most: float
) -> None:
    found = evidence(lengths, weights, platform)
    assert (found.videos, found.most) == (videos, pytest.approx(most))


def test_a_film_is_no_shorter_than_the_bid_promises_and_no_longer_than_it_states() -> None:
    stated, most = np.array([7_200.0, 7_200.0, 55.0, 12.0, 30.0]), np.array([40.0, np.nan, 40.0, np.nan, 10.0])
    tiers, platforms = ["60+", "", "21-60", "1-20", "21-60"], ["douyin"] * 5
    assert counted_most(stated, most, tiers, platforms).tolist() == [60, SHORT_FILMS_S, 40, 12, 21]


@st.composite
def plans(draw: st.DrawFn) -> timeline.Timeline:
    stated = draw(st.floats(60, 7_200))
    exposures = [
        {**EXPOSURE, "start_s": draw(st.floats(0, stated - 12)), "seconds": draw(st.floats(0.2, 12))}
        for _ in range(draw(st.integers(1, 3)))
    ]
    return timeline.from_dict(plan(stated, *exposures))


@given(plans(), st.floats(15, 120))
def test_no_stated_length_makes_a_plan_milder_or_more_noticed_than_a_film_of_the_counted_one(
    stated: timeline.Timeline, counted: float
) -> None:
    found = counted_measures(stated, counted)
    for told in (stated, in_shorter_film(stated, counted)):
        for ours, theirs in zip((found.raw_low, found.raw_high), raw_bounds(told), strict=True):
            assert (ours >= theirs).all()
        assert all(ours <= theirs for ours, theirs in zip(found.noticed, notice_share(told), strict=True))
    held = in_shorter_film(stated, counted)
    assert all(one.start_s.high + one.seconds.low <= held.duration_s + 1e-6 for one in held.exposures)
