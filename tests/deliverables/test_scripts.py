"""Scripts: needed where the terms say so, versions, reasons and counted rounds."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from marketplace.core import ids
from tests.deals import look as deals_look
from tests.deliverables import look
from tests.make import owed as make
from tests.make.owed import Owed


@pytest.fixture
def owed(app: Any) -> Owed:
    return make.funded()


def send(client: FlaskClient, owed: Owed, body: str = "开场：晨跑。") -> Any:
    return look.post(client, owed.maker, "dlv", owed.id, "scripts", body=body)


def test_a_script_comes_back_with_reasons_and_its_next_version_is_approved(client: FlaskClient, owed: Owed) -> None:
    first = send(client, owed)
    assert first.status_code == 201, first.json
    script_id = ids.read("scr", first.json["id"])
    answer = look.post(client, owed.brand, "scr", script_id, "send-back", reasons="结尾太长")
    assert (answer.json["status"], answer.json["reasons"]) == ("returned", "结尾太长")
    shown = look.get(client, owed.maker, "dlv", owed.id).json
    assert (shown["status"], shown["waits_for"], shown["script_rounds_left"]) == ("planned", "maker", 0)
    second = ids.read("scr", send(client, owed, "开场：晨跑，短一些。").json["id"])
    assert look.post(client, owed.brand, "scr", second, "approve").json["status"] == "approved"
    listed = look.get(client, owed.brand, "dlv", owed.id, "scripts").json["data"]
    assert [(one["number"], one["status"]) for one in listed] == [(1, "returned"), (2, "approved")]
    assert make.status(owed.id) == "script_approved"


def test_the_rounds_end_with_the_price_of_one_more(client: FlaskClient, owed: Owed) -> None:
    for body in ("一", "二"):
        script_id = ids.read("scr", send(client, owed, body).json["id"])
        before = look.everything(owed.deal_id)
        answer = look.post(client, owed.brand, "scr", script_id, "send-back", reasons="再短")
    assert (answer.status_code, answer.json["type"].split("#")[1]) == (409, "rounds-used")
    assert answer.json["price_minor"] == 80_000
    assert look.everything(owed.deal_id) == before
    assert look.post(client, owed.brand, "scr", script_id, "approve").status_code == 200


def test_an_answered_script_is_not_answered_again(client: FlaskClient, owed: Owed) -> None:
    first = ids.read("scr", send(client, owed).json["id"])
    assert look.post(client, owed.brand, "scr", first, "send-back", reasons="再短").status_code == 200
    assert send(client, owed, "二").status_code == 201
    before = look.everything(owed.deal_id)
    answer = look.post(client, owed.brand, "scr", first, "approve")
    assert (answer.status_code, "newest" in answer.json["detail"]) == (409, True)
    assert look.everything(owed.deal_id) == before


def test_terms_may_ask_for_a_script_before_the_draft(client: FlaskClient) -> None:
    owed = make.agreed(confirmed=False)
    answer = deals_look.counter(client, owed.creator, owed.deal_id, script_needed=True)
    assert answer.status_code == 200, answer.json
    assert deals_look.confirm(client, owed.brand, owed.deal_id).status_code == 200
    owed = make.with_ids(owed)
    make.fund(owed)
    check_id = make.checked(owed)
    answer = look.send_draft(client, owed.maker, owed.id, check_id)
    assert answer.status_code == 409
    assert "ask for a script first" in answer.json["detail"]
    make.approved_script(owed, owed.id)
    assert look.send_draft(client, owed.maker, owed.id, check_id).status_code == 201
