"""Pictures of one bid: sound SVG whatever the numbers are, and of other bids only for who may read the ranking."""

import math
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core import ids
from marketplace.matching.pricing.cost import COMPARABLES_MIN
from marketplace.matching.scoring.price_drawings import (
    A_VIDEO,
    PER_THOUSAND,
    FairPriceSpan,
    PricePeers,
    PriceSubject,
    ReachFan,
    forecast_fan,
    price_among_peers,
)
from marketplace.matching.scoring.schemas import BID_PICTURES
from tests.make import bids as make
from tests.make import work
from tests.make.people import Somebody, somebody
from tests.matching import look

AMOUNT = st.floats(1.0, 1e13)


def sound(svg: str, width: int) -> str:
    """Return the words of a picture after looking at its making: XML, nothing from outside, all of it on the sheet."""
    tree = ET.fromstring(svg)  # noqa: S314 - our own picture
    assert tree.tag == "{http://www.w3.org/2000/svg}svg"
    assert float(tree.attrib["width"]) == width
    height = float(tree.attrib["height"])
    for shape in tree.iter():
        assert shape.tag.rpartition("}")[2] in {"svg", "title", "desc", "rect", "text", "line", "circle", "path"}
        assert not {"href", "style", "onload"} & set(shape.attrib)
        for name, value in shape.attrib.items():
            if name in ("x", "x1", "x2", "cx", "width"):
                assert 0 <= float(value) <= width
            elif name in ("y", "y1", "y2", "cy", "height"):
                assert 0 <= float(value) <= height
    return " ".join(part.text or "" for part in tree.iter())


@given(
    subject=st.sampled_from([A_VIDEO, PER_THOUSAND]),
    own=st.one_of(st.none(), AMOUNT, st.just(math.nan), st.just(0.0)),
    fair=st.one_of(st.none(), st.lists(AMOUNT, min_size=3, max_size=3).map(sorted)),
    peers=st.one_of(st.none(), st.lists(AMOUNT, min_size=5, max_size=5).map(sorted)),
    count=st.integers(0, 10_000),
    ceiling=st.one_of(st.none(), AMOUNT),
    language=st.sampled_from(["zh", "en"]),
    width=st.integers(320, 1600),
    made_of=st.text(max_size=200),
)
def test_any_price_is_drawn_on_the_sheet(
    subject: PriceSubject,
    own: float | None,
    fair: list[float] | None,
    peers: list[float] | None,
    count: int,
    ceiling: float | None,
    language: str,
    width: int,
    made_of: str,
) -> None:
    box = None if peers is None else PricePeers(*peers, count)
    span = None if fair is None else FairPriceSpan(*fair)
    svg = price_among_peers(
        subject, own, span, box, "CNY", made_of=made_of, ceiling=ceiling, language=language, width=width
    )
    words = sound(svg, width)
    is_drawn = fair is not None or (box is not None and count >= COMPARABLES_MIN)
    assert ("ceiling" in words or "需求的上限" in words) >= (ceiling is not None and is_drawn)
    drawn = svg.count("<rect") - 1
    assert drawn == (fair is not None) + (box is not None and count >= COMPARABLES_MIN)
    if box is not None and count < COMPARABLES_MIN:
        assert str(COMPARABLES_MIN) in words


@given(
    people=st.one_of(st.none(), st.lists(st.floats(0, 1e9), min_size=3, max_size=3).map(sorted)),
    channel=st.text(max_size=120),
    language=st.sampled_from(["zh", "en"]),
    width=st.integers(320, 1600),
)
def test_any_forecast_is_drawn_on_the_sheet(
    people: list[float] | None, channel: str, language: str, width: int
) -> None:
    fan = None if people is None else ReachFan(*people)
    svg = forecast_fan(fan, channel=channel, made_of="x", language=language, width=width)
    sound(svg, width)
    assert (svg.count("<rect") == 2) == (fan is not None)


def test_ends_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ValueError, match="must rise"):
        price_among_peers(A_VIDEO, 5.0, FairPriceSpan(9.0, 5.0, 20.0), None, "CNY", made_of="")
    with pytest.raises(ValueError, match="must rise"):
        forecast_fan(ReachFan(9.0, 5.0, 20.0), channel="x", made_of="")
    with pytest.raises(ValueError, match="320 to 1600"):
        forecast_fan(None, channel="x", made_of="", width=10)


def test_a_price_is_told_to_lie_where_it_lies() -> None:
    span, box = FairPriceSpan(100.0, 200.0, 400.0), PricePeers(50.0, 100.0, 200.0, 300.0, 600.0, 40)
    for own, word in ((60.0, "below the fair"), (200.0, "within the fair"), (900.0, "above the fair")):
        assert word in price_among_peers(A_VIDEO, own, span, box, "CNY", made_of="", language="en")
    dear = price_among_peers(
        PER_THOUSAND, 900.0, FairPriceSpan(800.0, 900.0, 1000.0), box, "CNY", made_of="", language="en"
    )
    assert "higher than at least nine in ten of the bids on this brief" in dear
    assert "fair price" not in dear


def drawn(client: FlaskClient, bid_id: str, reader: Somebody, name: str, language: str = "en") -> str:
    url = f"/api/v1/bids/{bid_id}/picture?name={name}&language={language}&width=640"
    answer = client.get(url, headers=reader.headers)
    assert (answer.status_code, answer.content_type) == (200, "image/svg+xml"), answer.data
    return sound(answer.get_data(as_text=True), 640)


@pytest.mark.usefixtures("own_market")
def test_other_bids_are_drawn_for_the_brand_alone(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    prices = range(1_000_000, 1_000_000 * (COMPARABLES_MIN + 1), 1_000_000)
    offers = [look.offer(there, amount) for amount in prices]
    (who, bid) = offers[0]
    name = ids.show("bid", bid.id)
    work.settle(worker)
    # Before the close the bidder reads of itself alone, and the brand of nobody.
    assert "The other bids are for the brand" in drawn(client, name, who, "peers")
    sealed = client.get(f"/api/v1/bids/{name}/picture", headers=there.brand.headers)
    assert sealed.status_code == 404
    make.close(there)
    work.settle(worker)
    assert "The other bids are for the brand" in drawn(client, name, who, "peers")
    for reader in (there.brand, somebody("platform")):
        words = drawn(client, name, reader, "peers")
        assert f"{COMPARABLES_MIN} bids on this brief: median" in words
        assert "lower than at least three in four" in words
    for picture in BID_PICTURES:
        for language, made_of in (("zh", "评分模型"), ("en", "scoring model")):
            assert made_of in drawn(client, name, who, picture, language)
    assert "This price: CNY 10,000.00" in drawn(client, name, there.brand, "price")
    assert client.get(f"/api/v1/bids/{name}/picture?name=x", headers=who.headers).status_code == 422
