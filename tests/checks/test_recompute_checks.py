"""What a check keeps is enough to work its scores out again, and a number that does not follow is found."""

import copy
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.checks import corrections, recompute_checks
from marketplace.core import db, ids
from marketplace.core.ids import new_id
from tests.make import bids as make_bids
from tests.make import checks as make_checks

_VIDEO = sa.text(
    "INSERT INTO videos (id, created_at, channel_id, external_id, published_at, views, duration_s, sponsored)"
    " VALUES (:id, now(), :channel, :name, now() - make_interval(days => :days), 1000, 60, :sponsored)"
)


def checked(client: FlaskClient) -> dict[str, Any]:
    """A check for a bid on a channel with a history, scored and corrected."""
    there = make_bids.market()
    with db.transaction() as session:
        for days in range(1, 9):
            values = {"id": new_id(), "channel": there.channel_id, "name": f"v{days}", "days": days}
            session.execute(_VIDEO, {**values, "sponsored": days in (2, 5)})
    there, check_id = make_checks.for_a_bid(there)
    exposures = [{"kind": "speech", "start_s": 3, "seconds": 6.5, "claims": 2, "mentions": 1, "cta": True}]
    with db.transaction(there.creator.actor) as session:
        corrections.correct(session, there.creator.actor, check_id, timeline={"exposures": exposures}, note=None)
    path = f"/api/v1/video-checks/{ids.show('vck', check_id)}"
    return dict(client.get(path, headers=there.creator.headers).json)


def test_stored_scores_follow_from_what_is_stored(client: FlaskClient) -> None:
    check = checked(client)
    assert recompute_checks.same_version(check)
    assert check["terms"]["plan"]["duration_s"] == 55
    assert len(check["terms"]["past"]) == 8
    channel = check["result"]["intrusiveness"]["channel"]
    assert (channel["videos"], channel["sponsored"]) == (8, 2)
    assert channel["after"]["point"] > channel["unsponsored"]["point"]
    parts = check["result"]["intrusiveness"]["exposures"]
    assert [sorted(one) for one in parts] == [["alone", "en", "index", "marginal", "zh"]]
    assert "points alone" in parts[0]["en"]
    assert list(recompute_checks.differences(check)) == []


def test_a_number_that_does_not_follow_is_named(client: FlaskClient) -> None:
    check = checked(client)
    for way in (
        ("result", "intrusiveness", "score", "point"),
        ("result", "intrusiveness", "channel", "after", "high"),
        ("result", "intrusiveness", "exposures", 0, "marginal"),
        ("result", "intrusiveness", "prominence", "low"),
        ("corrected", "intrusiveness", "score", "low"),
        ("corrected", "plan", "kept"),
    ):
        spoilt = copy.deepcopy(check)
        inner: Any = spoilt
        for name in way[:-1]:
            inner = inner[name]
        inner[way[-1]] = (not inner[way[-1]]) if isinstance(inner[way[-1]], bool) else inner[way[-1]] + 0.5
        [difference] = recompute_checks.differences(spoilt)
        assert difference.startswith("/" + "/".join(map(str, way))), difference


def test_what_was_scored_before_there_was_a_part_is_held_against_the_rest(client: FlaskClient) -> None:
    check = checked(client)
    del check["result"]["intrusiveness"]["channel"]
    del check["terms"]["past"]
    del check["corrected"]["intrusiveness"]["channel"]
    for one in check["result"]["intrusiveness"]["exposures"]:
        del one["zh"], one["en"]
    assert list(recompute_checks.differences(check)) == []
