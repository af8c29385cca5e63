"""Windows of exclusivity: who may tell them, what clashes, and which briefs they bar."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from marketplace.core import db, ids
from marketplace.core.events import Event
from marketplace.core.ids import new_id
from marketplace.pacing import exclusivity
from marketplace.pacing.exclusivity import WantedPlacement, fold
from marketplace.pacing.models import ONE_HOLDER, ExclusivityWindow
from tests.make import channels as make_channels
from tests.make import pacing as make
from tests.make.people import Somebody, mandate, somebody


@pytest.fixture
def creator(app: object) -> Somebody:
    return somebody("creator")


@pytest.fixture
def channel_id(creator: Somebody) -> UUID:
    return make_channels.channel(creator.party_id).id


def path(channel_id: UUID, *more: str) -> str:
    return "/".join(["/api/v1/channels", ids.show("chn", channel_id), "exclusivity", *more])


def tell(client: FlaskClient, who: Somebody, channel_id: UUID, **changes: Any) -> Any:
    return client.post(path(channel_id), json={**make.WINDOW, **changes}, headers=who.once())


def count(session: Session, channel_id: UUID) -> int:
    session.rollback()
    return session.scalar(sa.select(sa.func.count()).where(ExclusivityWindow.channel_id == channel_id)) or 0


def test_a_window_is_told_listed_and_taken_back(
    client: FlaskClient, session: Session, creator: Somebody, channel_id: UUID
) -> None:
    answer = tell(client, creator, channel_id)
    assert answer.status_code == 201, answer.json
    assert {name: answer.json[name] for name in make.WINDOW} == make.WINDOW
    listed = client.get(path(channel_id), headers=creator.headers).json["data"]
    assert listed == [answer.json]
    window = answer.json["id"]
    assert client.delete(path(channel_id, window), headers=creator.headers).status_code == 204
    assert client.delete(path(channel_id, window), headers=creator.headers).status_code == 404
    assert client.get(path(channel_id), headers=creator.headers).json["data"] == []
    kinds = session.scalars(
        sa.select(Event.kind).where(Event.subject_id == ids.read("exw", window)).order_by(Event.id)
    ).all()
    assert kinds == ["exclusivity_windows.new", "exclusivity_windows.remove"]


def test_another_agency_learns_the_days_and_not_for_whom(
    client: FlaskClient, creator: Somebody, channel_id: UUID
) -> None:
    first, second = somebody("agency"), somebody("agency")
    for agency in (first, second):
        mandate(agency, creator.party_id)
    told = tell(client, first, channel_id, holder="Zephyr-holder", note="Zephyr-note").json
    hidden = {**told, "holder": None, "holder_id": None, "note": None}
    assert client.get(path(channel_id), headers=second.headers).json["data"] == [hidden]
    assert client.get(path(channel_id), headers=creator.headers).json["data"] == [told]
    clash = tell(client, second, channel_id)
    assert (clash.status_code, clash.json["clashes_with"]) == (409, told["id"])
    removed = client.delete(path(channel_id, told["id"]), headers=second.headers)
    assert removed.status_code == 403
    assert "Zephyr" not in clash.text + removed.text
    assert "Zephyr-holder" in tell(client, creator, channel_id).text
    assert client.delete(path(channel_id, told["id"]), headers=creator.headers).status_code == 204


def test_a_second_window_over_the_same_names_the_first(
    client: FlaskClient, session: Session, creator: Somebody, channel_id: UUID
) -> None:
    first = tell(client, creator, channel_id).json
    answer = tell(client, creator, channel_id, starts_on="2030-03-31", ends_on="2030-04-30", holder="别家")
    assert answer.status_code == 409
    assert (answer.json["rule"], answer.json["clashes_with"]) == (ONE_HOLDER, first["id"])
    for told in (first["id"], "清泉", "2030-03-01", "2030-03-31", "category:food"):
        assert told in answer.json["detail"]
    assert count(session, channel_id) == 1
    # The day after, another category, a competitor by name and another channel do not clash.
    assert tell(client, creator, channel_id, starts_on="2030-04-01", ends_on="2030-04-30").status_code == 201
    assert tell(client, creator, channel_id, category="games").status_code == 201
    assert tell(client, creator, channel_id, category=None, brand="Pop Cola").status_code == 201
    again = tell(client, creator, channel_id, category=None, brand=" ＰＯＰ cola ")
    assert (again.status_code, "brand:popcola" in again.json["detail"]) == (409, True)
    other = make_channels.channel(creator.party_id).id
    assert tell(client, creator, other).status_code == 201


def test_of_two_at_once_one_is_kept(app: Flask, session: Session, creator: Somebody, channel_id: UUID) -> None:
    def send(_: int) -> int:
        return int(tell(app.test_client(), creator, channel_id).status_code)

    with ThreadPoolExecutor(6) as pool:
        found = sorted(pool.map(send, range(6)))
    assert found[0] == 201
    assert set(found[1:]) <= {409, 503}
    assert count(session, channel_id) == 1


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"brand": "Pop"}, "/category"),
        ({"category": None}, "/category"),
        ({"category": "soup"}, "/category"),
        ({"ends_on": "2030-02-28"}, "/ends_on"),
        ({"ends_on": "2034-01-01"}, "/ends_on"),
        ({"category": None, "brand": "   "}, "/brand"),
        ({"holder_id": ids.show("pty", new_id())}, "/holder_id"),
        ({"starts_on": "1999-01-01"}, "/starts_on"),
    ],
)
def test_a_window_that_cannot_be_is_refused_by_name(
    client: FlaskClient, session: Session, creator: Somebody, channel_id: UUID, changes: dict[str, Any], pointer: str
) -> None:
    answer = tell(client, creator, channel_id, **changes)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    assert count(session, channel_id) == 0


def test_only_a_brand_can_be_the_holder(client: FlaskClient, creator: Somebody, channel_id: UUID) -> None:
    brand = somebody("brand")
    wrong = tell(client, creator, channel_id, holder_id=ids.show("pty", creator.party_id))
    assert wrong.json["errors"][0]["pointer"] == "/holder_id"
    right = tell(client, creator, channel_id, holder_id=ids.show("pty", brand.party_id))
    assert (right.status_code, right.json["holder_id"]) == (201, ids.show("pty", brand.party_id))


def test_a_window_is_its_channels_sides_alone(client: FlaskClient, creator: Somebody, channel_id: UUID) -> None:
    agency, other, brand = somebody("agency"), somebody("creator"), somebody("brand")
    mandate(agency, creator.party_id)
    window = tell(client, agency, channel_id).json["id"]
    for who in (other, somebody("agency")):
        assert tell(client, who, channel_id).status_code == 404
        assert client.get(path(channel_id), headers=who.headers).status_code == 404
        assert client.delete(path(channel_id, window), headers=who.headers).status_code == 404
    elsewhere = make_channels.channel(creator.party_id).id
    assert client.delete(path(elsewhere, window), headers=creator.headers).status_code == 404
    # Row-level security is the second net: whoever forgets the policy sees nothing.
    for who, rows in ((brand, 0), (other, 0), (creator, 1)):
        with db.transaction(who.actor) as session:
            assert len(session.scalars(sa.select(ExclusivityWindow).where(_on(channel_id))).all()) == rows


def _on(channel_id: UUID) -> sa.ColumnElement[bool]:
    return ExclusivityWindow.channel_id == channel_id


def test_windows_bar_other_brands_of_the_category_or_the_name(creator: Somebody, channel_id: UUID) -> None:
    holder, rival = new_id(), new_id()
    brand = somebody("brand")
    with db.transaction(creator.actor) as session:
        make.window(session, creator, channel_id, holder="Clear Spring", holder_id=ids.show("pty", brand.party_id))
        make.window(session, creator, channel_id, category="games", holder="Clear Spring")
        make.window(session, creator, channel_id, category=None, brand="Pop Cola")
    march, april = date(2030, 3, 31), date(2030, 4, 1)
    with db.transaction() as session:
        for wanted, days, barred in (
            (WantedPlacement(rival, ["Other"], "food"), (march, april), True),
            (WantedPlacement(rival, ["Other"], "food"), (april, april), False),
            (WantedPlacement(rival, ["Other"], "food"), (date(2030, 2, 1), date(2030, 2, 28)), False),
            (WantedPlacement(rival, ["Other"], "food"), (date(2030, 2, 1), date(2030, 3, 1)), True),
            (WantedPlacement(brand.party_id, ["Other"], "food"), (march, march), False),
            # The holder of the first takes part here, so its name alone is not enough.
            (WantedPlacement(rival, ["clearspring"], "food"), (march, march), True),
            (WantedPlacement(holder, ["ＣＬＥＡＲ spring"], "games"), (march, march), False),
            (WantedPlacement(rival, ["Other"], "games"), (march, march), True),
            (WantedPlacement(rival, ["popcola"], "pets"), (march, march), True),
            (WantedPlacement(rival, ["Other"], "pets"), (march, march), False),
        ):
            found = exclusivity.promised_elsewhere(session, wanted, {channel_id: days})
            assert found == ({channel_id} if barred else set()), (wanted, days)


@given(st.text(max_size=20), st.text(max_size=5))
def test_folding_a_name_twice_changes_nothing_more(name: str, space: str) -> None:
    assert fold(fold(name)) == fold(name)
    assert fold(f" {name}\t") == fold(name)
