"""One meaning for a number, over HTTP: the shown price over the shown people is the shown cost per thousand."""

import re
import xml.etree.ElementTree as ET
from types import ModuleType
from typing import Any

import pytest
from flask.testing import FlaskClient

from marketplace.core.ids import new_id
from marketplace.core.money import show_minor
from marketplace.drawing.svg import number
from marketplace.matching.overlap import units
from tests.make import bids as make
from tests.make import work
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")

VIDEOS, AMOUNT = 5, 9_000_000
SEVERAL = [{"kind": "video", "count": VIDEOS, "length_tier": "21-60"}]
ASKED = [{"kind": "video", "count": VIDEOS, "length_tiers": ["21-60"], "platform": None}]


@pytest.fixture(scope="module")
def there(own_market: None, worker: ModuleType) -> make.Market:
    """A closed brief for five videos, with a bid for all of them and a bid for one, of channels with the same views."""
    there = look.market(deliverables=ASKED, part_offers=True)
    look.offer(there, AMOUNT, deliverables=SEVERAL)
    look.offer(there, AMOUNT)
    make.close(there)
    work.settle(worker)
    return there


def of_videos(client: FlaskClient, there: make.Market, videos: int) -> Any:
    return next(one for one in look.ranking(client, there)["data"] if one["parts"]["videos"] == videos)


def test_price_over_people_is_the_cost_per_thousand_in_the_ranking(client: FlaskClient, there: make.Market) -> None:
    for videos in (1, VIDEOS):
        parts = of_videos(client, there, videos)["parts"]
        middle, least, most = parts["people"]
        for people, per_thousand in zip((middle, most, least), parts["per_thousand"], strict=True):
            shown = parts["largest_cost"] / people * 1000 if people else None
            assert per_thousand == (None if shown is None else pytest.approx(shown, rel=1e-6))
        assert middle > 0


def test_five_videos_reach_what_the_law_says_of_one(client: FlaskClient, there: make.Market) -> None:
    one, five = (of_videos(client, there, videos)["parts"] for videos in (1, VIDEOS))
    assert five["people"][0] == pytest.approx(one["people"][0] * units.of_several_videos(VIDEOS), rel=0.01)


def test_the_sentences_divide_too(client: FlaskClient, there: make.Market) -> None:
    parts, told = (lambda match: (match["parts"], look.told(match)))(of_videos(client, there, VIDEOS))
    shown = next(told[code] for code in told if code.startswith("per_thousand_"))
    people = float(re.search(r"over ([\d,]+) people", shown["en"])[1].replace(",", ""))  # type: ignore[index]
    assert show_minor("CNY", AMOUNT) in shown["en"]
    assert people == pytest.approx(parts["people"][0], abs=0.5)
    assert shown["numbers"]["per_thousand"]["value"] == pytest.approx(1000 * AMOUNT / people, rel=1e-4)
    counted = told["counted"]["numbers"]
    values = {name: part["value"] for name, part in counted.items()}
    assert values["people"] < people
    assert values["people"] * values["noticing"] * values["suitability"] == pytest.approx(values["counted"])
    assert 1000 * values["cost"] / values["counted"] == pytest.approx(values["per_thousand"])
    # And so does the score itself: anybody can work it out from its sentences.
    times = told["overall"]["numbers"]["quality"]["value"] * values["ceiling"] / values["per_thousand"]
    assert told["overall"]["numbers"]["overall"]["value"] == pytest.approx(100 * times / (1 + times), abs=1e-3)


def test_the_selection_counts_the_people_that_the_score_counts(
    client: FlaskClient, worker: ModuleType, there: make.Market
) -> None:
    headers = {**there.brand.headers, "Idempotency-Key": str(new_id())}
    asked = client.post(look.path(there.brief_id, "selections"), json={}, headers=headers)
    assert asked.status_code == 202, asked.json
    work.settle(worker)
    result = client.get(f"/api/v1/selections/{asked.json['id']}", headers=there.brand.headers).json["result"]
    ranked = {one["bid_id"]: one["parts"] for one in look.ranking(client, there)["data"]}
    assert result["chosen"]
    for line in result["chosen"]:
        parts, price = ranked[line["bid_id"]], line["price"]["amount_minor"]
        assert price == parts["largest_cost"]
        assert line["people_alone"] == pytest.approx(parts["counted_people"], rel=0.02)
        assert line["per_thousand_added"]["amount_minor"] == pytest.approx(
            1000 * price / line["people_lost_without"], abs=1
        )


def test_the_picture_tells_the_people_of_the_text(client: FlaskClient, there: make.Market) -> None:
    match = of_videos(client, there, VIDEOS)
    query = {"name": "reach", "language": "en"}
    answer = client.get(f"/api/v1/bids/{match['bid_id']}/picture", query_string=query, headers=there.brand.headers)
    assert answer.status_code == 200, answer.json
    words = " ".join(part.text or "" for part in ET.fromstring(answer.text).iter())  # noqa: S314 - our own picture
    assert number(match["parts"]["people"][0], "en") in words
