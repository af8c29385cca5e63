"""An option counts as a film of its own length: a long plan makes no short film milder."""

import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from marketplace.bids import option_lengths
from marketplace.bids.bid_document import measure_plan
from marketplace.bids.counted_length import in_shorter_film
from marketplace.briefs.models import Brief, BriefVersion
from marketplace.core import db, ids
from marketplace.core.errors import InvalidInput
from marketplace.intrusiveness import timeline
from marketplace.matching.selection import load_inputs
from marketplace.matching.selection.inputs import SetInputs, pack, unpack
from tests.make import bids as make
from tests.make import work
from tests.make.people import somebody
from tests.matching import look
from tests.matching.gates.test_acceptance import accept, gates
from tests.matching.selection.test_service import selected

pytestmark = pytest.mark.usefixtures("own_market")

TIERS = ["1-20", "21-60", "60+"]
ASKED = [{"kind": "video", "count": 1, "length_tiers": TIERS, "platform": None}]
EXPOSURE = {"kind": "product", "start_s": 5, "seconds": 6, "area_share": 0.1, "centre": 0.9, "plot": 0.3}
OFFERS = (("21-60", 3_000_000), ("1-20", 1_500_000), ("60+", 4_500_000))
SHORT = [{"kind": "video", "count": 1, "length_tier": "1-20"}]


def plan(film_s: float, **changes: Any) -> dict[str, Any]:
    return {"duration_s": film_s, "exposures": [{**EXPOSURE, **changes}], "brands": 1}


def options() -> list[dict[str, Any]]:
    return [{"length_tier": tier, "amount": make.cny(amount)} for tier, amount in OFFERS]


def loaded(there: make.Market) -> SetInputs:
    with db.transaction() as session:
        brief = session.get_one(Brief, there.brief_id)
        return load_inputs.load(session, brief, session.get_one(BriefVersion, brief.version_id))


def offered(worker: ModuleType, tolerance: int = 100) -> tuple[make.Market, Any, Any]:
    """A closed brief with a bid of 55 s that is offered in all lengths, and one that is a film of 20 s."""
    there = look.market(deliverables=ASKED, tolerance=tolerance)
    _, long = look.offer(there, plan=plan(55), options=options())
    _, short = look.offer(there, 1_500_000, plan=plan(20), deliverables=SHORT)
    make.close(there)
    work.settle(worker)
    return there, long, short


def figures(inputs: SetInputs, bid: Any) -> dict[int, tuple[float, float]]:
    """How intrusive each option of a bid is, and who notices it."""
    shown = ids.show("bid", bid.id)
    columns = zip(inputs.options.bid_of.tolist(), inputs.options.option.tolist(), strict=True)
    intrusive, noticed = inputs.intrusiveness_of_options(), inputs.noticing_of_options()
    return {
        option: (float(intrusive[row]), float(noticed[row]))
        for row, (of_bid, option) in enumerate(columns)
        if inputs.bids[of_bid].bid_id == shown
    }


def test_an_option_is_as_intrusive_as_a_bid_of_its_length(client: FlaskClient, worker: ModuleType) -> None:
    there, long, short = offered(worker)
    inputs = loaded(there)
    by_option, own = figures(inputs, long), figures(inputs, short)[0]
    assert by_option[0][0] + 1 < own[0]
    assert by_option[1][0] == pytest.approx(own[0])
    assert by_option[1][1] <= own[1] + 1e-12
    assert by_option[2] == by_option[0]  # a longer film than the plan's counts as the bid
    again = unpack(pack(inputs))
    np.testing.assert_array_equal(again.market().intrusiveness, inputs.market().intrusiveness)
    np.testing.assert_array_equal(again.noticing_of_options(), inputs.noticing_of_options())

    between = (by_option[0][0] + own[0]) / 2
    answer = selected(client, worker, there, intrusiveness_max=between, bids_min=1, prove="never")
    chosen = {one["bid_id"]: one for one in answer["result"]["chosen"]}
    assert set(chosen) == {ids.show("bid", long.id)}
    line = chosen[ids.show("bid", long.id)]
    assert line["option"] != 1
    assert line["intrusiveness"] == pytest.approx(by_option[0][0])


def test_a_short_option_above_the_tolerance_is_neither_chosen_nor_accepted(
    client: FlaskClient, worker: ModuleType
) -> None:
    there, long, _ = offered(worker)
    by_option = figures(loaded(there), long)
    tolerance = math.floor(by_option[1][0])
    assert by_option[0][0] < tolerance < by_option[1][0]
    there, long, short = offered(worker, tolerance)
    inputs = loaded(there)
    assert set(figures(inputs, long)) == {0, 2}
    assert {bid.bid_id: bid.gate for bid in inputs.bids} == {
        ids.show("bid", long.id): "",
        ids.show("bid", short.id): "over_tolerance",
    }
    refused = accept(client, there, long.id, {"option": 1})
    assert gates(refused) == ["over_tolerance"]
    assert f"{by_option[1][0]:.1f}" in refused.json["gates"][0]["en"]
    assert accept(client, there, long.id, {"option": 0}).status_code == 200


def test_an_accepted_short_option_keeps_its_measure(client: FlaskClient, worker: ModuleType) -> None:
    there, long, short = offered(worker, 100)
    own = figures(loaded(there), short)[0]
    assert accept(client, there, long.id, {"option": 1}).status_code == 200
    assert figures(loaded(there), long) == {1: (pytest.approx(own[0]), pytest.approx(own[1], abs=0.1))}


@pytest.mark.parametrize("start", [5, {"low": 2, "high": 40}])
@pytest.mark.parametrize("fit", [0.0, 0.7, math.nan])
def test_no_option_is_milder_or_noticed_by_more_than_its_own_film(start: Any, fit: float) -> None:
    told = timeline.from_dict(plan(55, start_s=start, seconds={"low": 1, "high": 15}))
    held = option_lengths.measure(told, 55, 20, fit)
    own = measure_plan(in_shorter_film(told, 20))
    ends = [np.array([each]) for each in (own.raw_low, own.raw_high)]
    bid = measure_plan(told)
    of_bid = [np.array([each]) for each in (bid.raw_low, bid.raw_high)]
    middles = [option_lengths._middle(low[0], high[0], fit) for low, high in (ends, of_bid)]
    assert held.added >= middles[0] - middles[1] - 1e-9
    assert held.added > 0
    assert all(option <= film for option, film in zip(held.noticed, own.noticed, strict=True))
    assert option_lengths.measure(told, 55, 60, fit).added == 0


def test_an_option_without_room_for_the_plan_is_refused() -> None:
    told = [(13.5, None), (14.5, "20.5 s"), ({"low": 13, "high": 30}, None), ({"low": 15, "high": 30}, "21 s")]
    for start, ends in told:
        stored = plan(55, start_s=start)
        errors = list(option_lengths.errors(timeline.from_dict(stored), options()))
        assert [error.pointer for error in errors] == ([] if ends is None else ["/options/1"]), start
        assert all("at most 20 s" in error.detail.en and f"at {ends}" in error.detail.en for error in errors)
    there, who = look.market(deliverables=ASKED), somebody("creator")
    channel_id = look.channel(who)
    with pytest.raises(InvalidInput) as refused:
        make.place(there, who, channel_id, **look.plain(plan=plan(55, start_s=14.5), options=options()))
    assert [error.pointer for error in refused.value.errors] == ["/options/1"]
