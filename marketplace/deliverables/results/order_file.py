"""Reads a file of orders, CSV or JSON, each row whole or refused with what to mend. Pure.

A row has `order_id` (the shop's name of it), `ordered_at` (a time with its offset), `amount` (in the currency's major
unit, such as 199.00; or `amount_minor`, in its smallest), and for goods that came back `returns`, the id of the order
that they are of: its amount is then what was paid back. `currency` may be told, and has to be the deal's.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from marketplace.core.errors import FieldError, InvalidInput
from marketplace.core.message import Bilingual
from marketplace.core.money import AMOUNT_MAX, MINOR_DIGITS

COLUMNS = ("order_id", "ordered_at", "amount", "amount_minor", "returns", "currency")
ROWS_MAX, FAULTS_MAX, ID_MAX = 20_000, 100, 120
_NO_FILE = Bilingual(
    "读不懂这个文件。请交 CSV（首行为 order_id,ordered_at,amount,returns）或 JSON（这样的对象的数组），用 UTF-8。",
    "This file cannot be read. Send CSV with the headings order_id,ordered_at,amount,returns, or JSON, an array of such"
    " objects, in UTF-8.",
)


@dataclass(frozen=True)
class OrderRow:
    """A row of a file: an order, or, with `returned_order_id`, goods of one that came back."""

    line: int
    order_id: str
    ordered_at: datetime
    amount_minor: int
    returned_order_id: str | None


class _Fault(ValueError):
    def __init__(self, column: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.column, self.said = column, Bilingual(zh, en)


def read_orders(data: bytes, currency: str) -> list[OrderRow]:
    """Return the rows of a file. Raises InvalidInput with a pointer `/row/column` for each fault, the first hundred;
    rows of a CSV count as its lines do, those of JSON from 1."""
    rows: list[OrderRow] = []
    errors: list[FieldError] = []
    seen: dict[str, int] = {}
    for line, told in _rows(data):
        try:
            row = _row(line, told, currency)
            if row.order_id in seen:
                first = seen[row.order_id]
                raise _Fault("order_id", f"与第 {first} 行重复。", f"Row {first} has it already.")
        except _Fault as fault:
            errors.append(FieldError(f"/{line}/{fault.column}", fault.said))
            continue
        seen[row.order_id] = line
        rows.append(row)
    if errors:
        raise InvalidInput(errors=errors[:FAULTS_MAX])
    if not rows:
        raise InvalidInput(Bilingual("文件里没有订单。", "The file has no orders."))
    return rows


def _rows(data: bytes) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        text = data.decode("utf-8-sig")
        told = list(_of_json(text) if text.lstrip()[:1] in ("[", "{") else _of_csv(text))
    except (UnicodeDecodeError, ValueError, csv.Error, RecursionError) as error:
        raise InvalidInput(_NO_FILE) from error
    if len(told) > ROWS_MAX:
        raise InvalidInput(
            Bilingual(f"一个文件至多 {ROWS_MAX} 行：请分成几个。", f"A file has {ROWS_MAX} rows at most: send several.")
        )
    return iter(told)


def _of_csv(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.reader(io.StringIO(text), strict=True)
    heads = [name.strip().lower() for name in next(reader, [])]
    if not {"order_id", "ordered_at"} <= set(heads) or len(set(heads)) < len(heads):
        raise ValueError("no headings of orders")
    for cells in reader:
        if any(cell.strip() for cell in cells):
            if len(cells) > len(heads):
                raise ValueError("a row is longer than the headings")
            yield reader.line_num, {name: cell.strip() for name, cell in zip(heads, cells, strict=False)}


def _of_json(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    told = json.loads(text, parse_float=Decimal)
    rows = told.get("orders") if isinstance(told, dict) else told
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("no array of objects")
    yield from enumerate(rows, start=1)


def _row(line: int, told: Mapping[str, Any], currency: str) -> OrderRow:
    if (told.get("currency") or currency) != currency:
        raise _Fault("currency", f"这笔合作的货币是 {currency}。", f"The deal is in {currency}.")
    order_id = _name(told, "order_id")
    if order_id is None:
        raise _Fault("order_id", "缺少订单号。", "The order's id is missing.")
    returned = _name(told, "returns")
    if returned == order_id:
        raise _Fault(
            "returns",
            "退货行要有自己的编号，`returns` 写原订单号。",
            "Goods that came back have an id of their own; `returns` is the order's.",
        )
    return OrderRow(line, order_id, _time(told), _amount(told, currency), returned)


def _name(told: Mapping[str, Any], column: str) -> str | None:
    value = told.get(column)
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else value
    if text in (None, ""):
        return None
    if not isinstance(text, str) or len(text) > ID_MAX or not text.isprintable():
        raise _Fault(column, f"编号是至多 {ID_MAX} 个字符的文字。", f"An id is text of {ID_MAX} characters at most.")
    return text


def _time(told: Mapping[str, Any]) -> datetime:
    value = told.get("ordered_at")
    try:
        at = datetime.fromisoformat(value if isinstance(value, str) else "")
        if at.tzinfo is None:
            raise ValueError("no offset")
        at = at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _Fault(
            "ordered_at",
            "这里应当是带时区的时间，例如 2026-11-23T16:00:00+08:00。",
            "Must be a time with its offset, such as 2026-11-23T16:00:00+08:00.",
        ) from None
    return at


def _amount(told: Mapping[str, Any], currency: str) -> int:
    minor = told.get("amount_minor") not in (None, "")
    column, digits = ("amount_minor", 0) if minor else ("amount", MINOR_DIGITS[currency])
    value = told.get(column)
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise InvalidOperation
        number = Decimal(value) * 10**digits
        if not number.is_finite() or (number.adjusted() < 20 and number != int(number)):
            raise InvalidOperation
        # Of a number with millions of digits none is written out.
        amount = int(number) if number.adjusted() < 20 else -1
    except (ArithmeticError, ValueError):  # every fault of Decimal is one of arithmetic
        raise _Fault(
            column,
            f"这里应当是数字，至多 {digits} 位小数，不带千分号。",
            f"Must be a number with {digits} decimals at most, without separators.",
        ) from None
    if not 0 <= amount <= AMOUNT_MAX:
        raise _Fault(
            column,
            "不能小于 0，也不能过大；退款写正数，并填 `returns`。",
            "Not below 0, and not that large; what was paid back is above 0, with `returns`.",
        )
    return amount
