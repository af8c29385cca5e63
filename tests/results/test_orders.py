"""Commission by files of orders over HTTP: two files with returns, each order once; contested, decided, settled."""

import json
from datetime import timedelta
from types import ModuleType

import pytest
from flask.testing import FlaskClient

from marketplace.core.clock import now
from tests.make.briefs import cny, written
from tests.make.people import somebody
from tests.results import look
from tests.results.look import COMMISSION

pytestmark = pytest.mark.usefixtures("own_market")
HEAD = "order_id,ordered_at,amount,returns"


def csv(*rows: str, days_ago: float = 0.5) -> str:
    """A file of a shop; `@` stands for a time lately."""
    return "\n".join([HEAD, *rows]).replace("@", written(now() - timedelta(days=days_ago)))


def test_two_files_with_returns_pay_the_share_of_what_was_sold_once(client: FlaskClient, worker: ModuleType) -> None:
    owed = look.live(COMMISSION, agency=True)
    with look.day(10):
        first = look.tell_orders(client, owed.brand, owed, csv("A1,@,5000,", "A2,@,1999.99,", "R1,@,1000,A1"))
        assert first.status_code == 201, first.json
        assert (first.json["orders"], first.json["sales_minor"], first.json["status"]) == (2, 599_999, "waiting")
        assert look.answer(client, owed.maker, first.json, "confirm").json["status"] == "stands"
        shown = look.result(client, owed.maker, owed)
        assert (shown["standing"]["sales_minor"], shown["due"]["due_minor"]) == (599_999, 59_999)
    with look.day(35):
        # The second file tells the first order again, one that was sent back whole, and one from after the last day.
        rows = [
            {"order_id": "A1", "ordered_at": written(now()), "amount": 5_000},
            {"order_id": "A3", "ordered_at": written(now() - timedelta(days=10)), "amount_minor": 1_000_000},
            {"order_id": "R2", "ordered_at": written(now()), "amount": "1999.99", "returns": "A2"},
            {"order_id": "A9", "ordered_at": written(now()), "amount": 99},
        ]
        second = look.tell_orders(client, owed.brand, owed, json.dumps(rows), "application/json")
        assert (second.json["orders"], second.json["sales_minor"]) == (1, 800_001)
        assert look.answer(client, owed.maker, second.json, "confirm").status_code == 200
        listed = client.get(f"{look.API}/figures/{second.json['id']}/orders", headers=owed.maker.headers).json
        of_file = {one["order_id"]: one["returned_order_id"] for one in listed["data"]}
        assert of_file == {"R2": "A2", "A3": None}
        assert look.tell_orders(client, owed.maker, owed, json.dumps(rows)).json["rule"] == "file_told_already"
        again = look.tell_orders(client, owed.maker, owed, csv("A3,@,10000,", days_ago=10))
        assert again.json["rule"] == "nothing_new"
    look.settle(worker)
    # 4,000 of the first order and 10,000 of the third: a tenth of 14,000.00.
    assert [row[1:] for row in look.paid(owed)] == [(140_000, 360_000)]


def test_a_contested_file_does_not_count_and_its_orders_may_be_told_anew(
    client: FlaskClient, worker: ModuleType
) -> None:
    owed = look.live(COMMISSION)
    admin = somebody("platform")
    with look.day(20):
        false = look.tell_orders(client, owed.creator, owed, csv("A1,@,90000,")).json
        contested = look.answer(client, owed.brand, false, "contest", reason="订单金额不对")
        assert contested.json["status"] == "contested"
        assert look.answer(client, admin, false, "decide", reason="x", views=3).status_code == 422
        refused = look.answer(client, admin, false, "decide", reason="店铺后台是 900 元", counts=False)
        assert refused.json["status"] == "refused"
        right = look.tell_orders(client, owed.creator, owed, csv("A1,@,900,"))
        assert right.status_code == 201, right.json
        assert look.answer(client, owed.brand, right.json, "confirm").status_code == 200
    look.settle(worker)
    assert [row[1:] for row in look.paid(owed)] == [(20_000, 480_000)]  # the minimum


def test_a_file_that_nobody_answered_waits_for_the_platform(client: FlaskClient, worker: ModuleType) -> None:
    owed = look.live(COMMISSION)
    with look.day(20):
        told = look.tell_orders(client, owed.creator, owed, csv("A1,@,9000,")).json
    look.settle(worker)
    assert look.paid(owed) == []
    with look.day(92):
        assert look.result(client, owed.brand, owed)["waits_for"] == "platform"
        decided = look.answer(client, somebody("platform"), told, "decide", reason="核对", counts=True)
        assert decided.json["status"] == "decided"
    look.settle(worker, 93)
    assert [row[1] for row in look.paid(owed)] == [90_000]


def test_a_hybrid_price_by_actions_is_its_fixed_part_and_so_much_an_order(
    client: FlaskClient, worker: ModuleType
) -> None:
    price = {
        "model": "hybrid",
        "fixed": cny(200_000),
        "variable": {"model": "cpa", "rate": cny(1_000), "cap": cny(100_000)},
    }
    owed = look.live(price)
    with look.day(20):
        told = look.tell_orders(client, owed.brand, owed, csv("A1,@,1,", "A2,@,1,", "A3,@,1,", "R,@,1,A3")).json
        assert look.answer(client, owed.creator, told, "confirm").status_code == 200
    look.settle(worker)
    assert [row[1:] for row in look.paid(owed)] == [(202_000, 98_000)]


def test_a_faulty_row_refuses_the_whole_file_and_nothing_changes(client: FlaskClient) -> None:
    owed = look.live(COMMISSION)
    with look.day(20):
        assert look.tell_orders(client, owed.brand, owed, csv("A1,@,50,")).status_code == 201
        before = look.everything(owed)
        for rows, pointers in (
            (("A2,@,5,", "A3,@,5.001,"), ["/3/amount"]),
            (("A2,@,5,", "A2,@,5,"), ["/3/order_id"]),
            (("A1,@,51,",), ["/2/amount"]),
            (("R1,@,51,A1",), ["/2/amount"]),
            (("R1,@,5,unknown",), ["/2/returns"]),
            (("A2,yesterday,5,",), ["/2/ordered_at"]),
        ):
            got = look.tell_orders(client, owed.brand, owed, csv(*rows))
            assert (got.status_code, [one["pointer"] for one in got.json["errors"]]) == (422, pointers)
        assert look.tell_orders(client, owed.brand, owed, "no orders").status_code == 422
        assert look.tell(client, owed.brand, owed, 3).status_code == 409
        assert look.everything(owed) == before
