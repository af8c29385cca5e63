"""Sets are chosen by who notices and told by everybody whom they reach."""

from types import ModuleType

import pytest
from flask.testing import FlaskClient

from marketplace.core import ids
from tests.make import bids as make
from tests.make import channels as make_channels
from tests.make.people import somebody
from tests.matching import look
from tests.matching.gates.test_acceptance import post, selection

pytestmark = pytest.mark.usefixtures("own_market")

FLASH = {**make.plan()["exposures"][0], "start_s": 30.0, "seconds": 0.1, "area_share": 0.01, "centre": 0.1}


def test_a_set_is_chosen_by_who_notices(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market(budget=make.cny(3_000_000), tolerance=90)
    # It reaches a little more people, of whom hardly any notice.
    who = somebody("creator")
    corner = make.place(
        there,
        who,
        look.channel(who, videos=make_channels.videos(*(views * 1.05 for views in look.HISTORY))),
        **look.plain(2_000_000, plan={**make.plan(), "exposures": [FLASH]}),
    ).id
    _, seen = look.offer(there, 2_000_000)
    make.close(there)
    assert look.ranking(client, there)["data"][0]["bid_id"] == ids.show("bid", seen.id)
    found = selection(client, worker, there, largest_share=1)["result"]
    assert [line["bid_id"] for line in found["chosen"]] == [ids.show("bid", seen.id)]
    [out] = found["left_out"]
    assert (out["bid_id"], out["reason"]) == (ids.show("bid", corner), "others_bring_more")
    assert 0 < found["reach"]["notice"] < found["reach"]["careful"]
    # The fit is the usual one or less, so that no more count than notice.
    assert 0 < found["reach"]["effective"] < found["reach"]["careful"]


def test_contacts_are_limited_among_all_whom_a_set_reaches(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    for amount in (900_000, 950_000, 1_000_000):
        look.offer(there, amount)
    make.close(there)
    free = selection(client, worker, there)["result"]
    assert len(free["chosen"]) == 3
    cap = free["reach"]["contacts_per_person"] * 0.98
    for prove in ("never", "always"):
        limited = selection(client, worker, there, contacts_per_person_max=cap, prove=prove)["result"]
        assert 0 < len(limited["chosen"]) < 3
        assert limited["proof"]["bound"] >= limited["proof"]["effective"]


def test_what_a_bid_adds_is_held_against_the_ceiling_alike_when_it_is_confirmed(
    client: FlaskClient, worker: ModuleType
) -> None:
    there = look.market(tolerance=90, ceiling_per_thousand=make.cny(20_000))
    # Of the people whom it reaches hardly any notice; the ceiling is on those whom it reaches.
    look.offer(there, 900_000, plan={**make.plan(), "exposures": [FLASH]})
    make.close(there)
    chosen = selection(client, worker, there)
    assert len(chosen["result"]["chosen"]) == 1
    answer = post(client, there.brand, f"selections/{chosen['id']}/confirm")
    assert (answer.status_code, answer.json["status"]) == (200, "confirmed")
