"""Extreme but legal inputs through every number: placed, scored, ranked, chosen, drawn. Each is finite or null."""

import json
import re
from contextlib import suppress
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.channels.anomalies import COUNT_MAX
from marketplace.core import db, ids
from marketplace.core.errors import InvalidInput
from marketplace.core.money import AMOUNT_MAX, MINOR_DIGITS
from marketplace.matching.scoring.schemas import BID_PICTURES
from marketplace.matching.selection.schemas import PICTURES
from tests.make import bids as make
from tests.make import channels as make_channels
from tests.make import overlaps as make_overlaps
from tests.make import work
from tests.make.people import Somebody, somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")

AGES = ({}, {"18-23": 1.0}, {"13-17": 0.5, "51+": 0.5})
REGIONS = ({}, {"CN-GD": 1.0}, {"US": 1.0}, {"CN-XZ": 0.01})
COUNTS = (0, 1, 999, 31_207, COUNT_MAX)
PLANS = (
    {"duration_s": 55, "exposures": [], "brands": 1},
    make.plan(),
    {"duration_s": 21, "exposures": [{"kind": "logo", "start_s": 0, "seconds": 0.1, "area_share": 1e-6, "centre": 0}]},
)


def priced(currency: str, budget: int) -> st.SearchStrategy[dict[str, Any]]:
    """A price of each model whose amounts are the least and the most that the brief lets through."""

    def of(amount: int) -> dict[str, Any]:
        return {"amount_minor": amount, "currency": currency}

    amounts, rates = st.sampled_from([1, max(1, budget // 7), budget]), st.sampled_from([1, AMOUNT_MAX])
    caps = st.just(budget)
    cpm = st.builds(lambda rate, cap: {"model": "cpm", "rate": of(rate), "cap": of(cap)}, rates, caps)
    cpa = st.builds(lambda rate, cap: {"model": "cpa", "rate": of(rate), "cap": of(cap)}, rates, caps)
    return st.one_of(
        amounts.map(lambda amount: {"model": "flat", "amount": of(amount)}),
        amounts.map(lambda amount: {"model": "barter", "value": of(amount)}),
        cpm,
        cpa,
        st.builds(
            lambda points, cap: {"model": "commission", "basis_points": points, "cap": of(cap)},
            st.sampled_from([1, 10_000]),
            caps,
        ),
    )


@st.composite
def markets(draw: st.DrawFn) -> dict[str, Any]:
    """A brief and up to eight bids on it."""
    currency = draw(st.sampled_from(sorted(MINOR_DIGITS)))
    budget = draw(st.sampled_from([1, 100_000, 6_000_000, AMOUNT_MAX]))
    target = [] if draw(st.booleans()) else [{"weight": draw(st.sampled_from([1e-9, 1.0])), "regions": ["CN-GD"]}]
    bids = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "followers": st.sampled_from(COUNTS),
                    "views": st.lists(st.sampled_from(COUNTS), max_size=7),
                    "ages": st.sampled_from(AGES),
                    "regions": st.sampled_from(REGIONS),
                    "price": priced(currency, budget),
                    "plan": st.sampled_from(PLANS),
                    "cost": st.sampled_from([None, 0, AMOUNT_MAX]),
                }
            ),
            min_size=1,
            max_size=8,
        )
    )
    return {
        "currency": currency,
        "budget": budget,
        "ceiling": draw(st.sampled_from([1, AMOUNT_MAX])),
        "tolerance": draw(st.sampled_from([0, 35, 100])),
        "product_value": draw(st.sampled_from([None, 1, AMOUNT_MAX])),
        "target": target,
        "overlap": draw(st.sampled_from([None, 0.2, 1.0])),
        "bids": bids,
    }


def _brief(case: dict[str, Any]) -> make.Market:
    def money(amount: int | None) -> Any:
        return amount and {"amount_minor": amount, "currency": case["currency"]}

    product = {"name": "p", "category": "food", "value": money(case["product_value"])}
    return look.market(
        budget=money(case["budget"]),
        ceiling_per_thousand=money(case["ceiling"]),
        product=product,
        tolerance=case["tolerance"],
        target=case["target"],
        publish_window={"starts_at": make.make_briefs.moment(days=20), "ends_at": make.make_briefs.moment(days=21)},
    )


def _placed(there: make.Market, case: dict[str, Any]) -> list[tuple[Somebody, Any]]:
    placed, channels = [], []
    for bid in case["bids"]:
        who = somebody("creator")
        channel = make_channels.channel(who.party_id, language="zh-CN", verticals={"beauty": 1.0})
        make_channels.told(
            who,
            channel.id,
            followers=bid["followers"],
            ages=bid["ages"],
            regions=bid["regions"],
            genders={},
            rate_card=[],
            videos=make_channels.videos(*bid["views"]),
        )
        channels.append((who, channel.id))
        cost = None if bid["cost"] is None else {"amount_minor": bid["cost"], "currency": case["currency"]}
        wording = look.plain(price=bid["price"], plan=bid["plan"], production_cost=cost)
        with suppress(InvalidInput):  # what the brief refuses is not legal
            placed.append((who, make.place(there, who, channel.id, **wording)))
    if case["overlap"] is not None:
        for index, (who, channel) in enumerate(channels):
            for _, other in channels[index + 1 :]:
                row = make_overlaps.record(who, channel, other, value=case["overlap"], people=1_000, other_people=1_000)
                make_overlaps.confirm(row)
    return placed


def _not_finite(token: str) -> Any:
    raise AssertionError(f"an answer holds {token}")


def read(client: FlaskClient, url: str, who: Somebody, body: Any = None) -> Any:
    """Return an answer as JSON, which has neither NaN nor infinity, or the text of a picture."""
    answer = client.get(url, headers=who.headers) if body is None else client.post(url, json=body, headers=who.once())
    text = answer.get_data(as_text=True)
    assert answer.status_code in (200, 202, 404), (url, answer.status_code, text)
    if answer.content_type.startswith("image/svg"):
        assert not re.search(r"\b(nan|inf|infinity)\b", text, re.IGNORECASE), (url, text)
        return text
    return json.loads(text, parse_constant=_not_finite)


def _walk(client: FlaskClient, worker: ModuleType, there: make.Market, placed: list[tuple[Somebody, Any]]) -> Any:
    """Read everything about a closed brief, and return its selection."""
    brief = look.path(there.brief_id)
    assert len(read(client, f"{brief}/ranking?limit=100", there.brand)["data"]) == len(placed)
    for who, bid in placed:
        shown = ids.show("bid", bid.id)
        read(client, f"/api/v1/bids/{shown}/match", who)
        for name in BID_PICTURES:
            for reader in (who, there.brand):
                answer = client.get(f"/api/v1/bids/{shown}/picture?name={name}", headers=reader.headers)
                assert answer.status_code in (200, 404, 422), answer.json
                assert not re.search(r"\b(nan|inf)\b", answer.get_data(as_text=True), re.IGNORECASE)
    read(client, f"{brief}/what-if", there.brand, {})
    started = read(client, f"{brief}/selections", there.brand, {})
    work.settle(worker)
    selection = f"/api/v1/selections/{started['id']}"
    found = read(client, selection, there.brand)
    assert found["status"] == "done"
    read(client, f"{selection}/verification", there.brand)
    for name in PICTURES:
        read(client, f"{selection}/picture?name={name}", there.brand)
    read(client, f"{brief}/price-check", there.brand)
    return found


# An array of numbers has NaN for what is not known (numbers.py); a forecast has it for a channel that told nothing.
STORED = (
    "SELECT count(*) FROM matches, unnest(numbers) n WHERE n IN ('Infinity', '-Infinity')",
    "SELECT count(*) FROM matches WHERE overall IN ('NaN', 'Infinity') OR overall_low IN ('NaN', 'Infinity')"
    " OR overall_high IN ('NaN', 'Infinity')",
    "SELECT count(*) FROM channel_features WHERE 'Infinity' IN (log_centre, scale, df, smear, peers_upper)"
    " OR '-Infinity' IN (log_centre, scale, df, smear, peers_upper)"
    " OR 'NaN' IN (df, ad_load, source_weight, peers_upper)",
    "SELECT count(*) FROM selections WHERE value IN ('NaN', 'Infinity') OR bound IN ('NaN', 'Infinity')"
    " OR certificate IN ('NaN', 'Infinity')",
)


def _stored() -> None:
    with db.transaction() as session:
        for query in STORED:
            assert session.scalar(sa.text(query)) == 0, query


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(case=markets())
def test_extreme_but_legal_inputs_give_finite_numbers(
    client: FlaskClient, worker: ModuleType, case: dict[str, Any]
) -> None:
    there = _brief(case)
    placed = _placed(there, case)
    make.close(there)
    work.settle(worker)
    _walk(client, worker, there, placed)
    _stored()


def test_eight_channels_that_overlap_by_a_fifth_can_be_chosen_among(client: FlaskClient, worker: ModuleType) -> None:
    """28 such overlaps gave a shape of .0104; what-if answered NaN and the selection's job died."""
    bid = {
        "followers": 100_000,
        "views": [31_207, 24_518, 40_933],
        "ages": AGES[1],
        "regions": REGIONS[1],
        "price": {"model": "flat", "amount": make.cny(250_000)},
        "plan": make.plan(),
        "cost": None,
    }
    case = {
        "currency": "CNY",
        "budget": 2_000_000,
        "ceiling": 1_000_000,
        "tolerance": 35,
        "product_value": None,
        "target": [],
        "overlap": 0.2,
        "bids": [{**bid, "views": [count + number for count in (31_207, 24_518, 40_933)]} for number in range(8)],
    }
    there = _brief(case)
    placed = _placed(there, case)
    work.settle(worker)  # the overlaps are fitted before the close records them
    make.close(there)
    found = _walk(client, worker, there, placed)
    _stored()
    assert len(placed) == 8
    reach = found["result"]["reach"]
    assert reach["overlap"]["pairs"] >= 28
    assert reach["pairs_measured"] == reach["pairs"]
    assert 0 < reach["careful"] < reach["summed"]
