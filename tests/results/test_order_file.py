"""Files of orders, read row by row, and held against what was told before."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from marketplace.core.errors import InvalidInput
from marketplace.deliverables.results.figure_history import sum_of
from marketplace.deliverables.results.models import ToldOrder
from marketplace.deliverables.results.order_file import ROWS_MAX, OrderRow, read_orders
from marketplace.deliverables.results.order_matching import KnownRow, new_rows
from tests.results.look import NOON, UNKNOWN_ID

HEAD = "order_id,ordered_at,amount,returns\n"
AT = "2027-03-01T12:00:00+08:00"


def faults(data: str | bytes, currency: str = "CNY") -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        read_orders(data.encode() if isinstance(data, str) else data, currency)
    assert all(one.detail.zh and one.detail.en for one in caught.value.errors)
    return [one.pointer for one in caught.value.errors]


def test_csv_and_json_tell_the_same() -> None:
    told = f"{HEAD}A1,{AT},199.00,\nA2,{AT},0.5,\nR1,{AT},50,A1\n"
    orders = [
        {"order_id": "A1", "ordered_at": AT, "amount_minor": 19_900},
        {"order_id": "A2", "ordered_at": AT, "amount": "0.50"},
        {"order_id": "R1", "ordered_at": AT, "amount": 50, "returns": "A1", "currency": "CNY"},
    ]
    found = read_orders(("\ufeff" + told).encode(), "CNY")
    assert [(row.order_id, row.amount_minor, row.returned_order_id) for row in found] == [
        ("A1", 19_900, None),
        ("A2", 50, None),
        ("R1", 5_000, "A1"),
    ]
    for body in (orders, {"orders": orders}):
        again = read_orders(json.dumps(body).encode(), "CNY")
        assert [row.line for row in again] == [1, 2, 3]
        assert [(row.order_id, row.ordered_at, row.amount_minor) for row in again] == [
            (row.order_id, row.ordered_at, row.amount_minor) for row in found
        ]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (f",{AT},5,", "order_id"),
        ("A1,2027-03-01,5,", "ordered_at"),
        ("A1,yesterday,5,", "ordered_at"),
        (f"A1,{AT},5.001,", "amount"),
        (f"A1,{AT},-5,", "amount"),
        (f'A1,{AT},"1,000",', "amount"),
        (f"A1,{AT},nan,", "amount"),
        (f"A1,{AT},1e999999,", "amount"),
        (f"A1,{AT},,", "amount"),
        (f"A1,{AT},5,A1", "returns"),
        (f"{'x' * 121},{AT},5,", "order_id"),
    ],
)
def test_a_faulty_row_is_named_by_its_line_and_column(row: str, column: str) -> None:
    assert faults(f"{HEAD}OK,{AT},5,\n{row}\n") == [f"/3/{column}"]


def test_other_faults_of_files() -> None:
    assert faults(f"{HEAD}A1,{AT},5,\nA1,{AT},5,\n") == ["/3/order_id"]
    assert faults("order_id,ordered_at,amount,currency\nA1," + AT + ",5,USD\n") == ["/2/currency"]
    assert faults(f"{HEAD}A1,{AT},5.5,\n", "JPY") == ["/2/amount"]
    many = HEAD + "".join(f"A{n},{AT},5,\n" for n in range(ROWS_MAX + 1))
    for data in (
        b"\xff\xfe\x00",
        "",
        HEAD,
        "id,amount\n1,2\n",
        "[1]",
        '{"orders": 3}',
        "[",
        f"{HEAD}a,b,c,d,e\n",
        many,
    ):
        assert faults(data) == []
    assert len(faults(HEAD + "".join(f"A{n},{AT},x,\n" for n in range(150)))) == 100


def row(order_id: str, amount: int, returned: str | None = None, *, days: float = 1) -> OrderRow:
    return OrderRow(1, order_id, NOON + timedelta(days=days), amount, returned)


def new(rows: list[OrderRow], known: dict[str, KnownRow] | None = None) -> list[str]:
    end = NOON + timedelta(days=30)
    return [one.order_id for one in new_rows(rows, known or {}, since=NOON, until=end, currency="CNY")]


def test_an_order_counts_once_and_only_in_its_days() -> None:
    assert new([row("a", 5), row("b", 5)], {"a": (5, None)}) == ["b"]
    assert new([row("early", 5, days=-1), row("late", 5, days=31), row("ok", 5)]) == ["ok"]
    # What comes back may come late, and what came back of an order that does not count is passed over.
    assert new([row("r", 5, "a", days=45), row("late", 5, days=31), row("s", 5, "late")], {"a": (5, None)}) == ["r"]


@pytest.mark.parametrize(
    "told", [row("a", 6), row("r", 2, "nobody"), row("r", 6, "a"), row("q", 3, "a"), row("back", 2, "a")]
)
def test_a_row_that_contradicts_what_was_told_is_refused(told: OrderRow) -> None:
    with pytest.raises(InvalidInput) as caught:
        new([told], {"a": (5, None), "back": (3, "a")})
    assert len(caught.value.errors) == 1


def test_what_orders_sold_is_less_what_came_back_and_whole_returns_are_no_orders() -> None:
    def told(order_id: str, amount: int, returned: str | None = None) -> ToldOrder:
        return ToldOrder(
            figure_id=UNKNOWN_ID,
            deliverable_id=UNKNOWN_ID,
            order_id=order_id,
            ordered_at=datetime.now(UTC),
            amount_minor=amount,
            returned_order_id=returned,
        )

    orders = [told("a", 100), told("b", 50), told("c", 0), told("a", 100), told("r", 30, "a"), told("s", 50, "b")]
    found = sum_of([*orders, told("r", 30, "a"), told("t", 9, "nobody")])
    assert (found.actions, found.sales_minor) == (2, 70)
