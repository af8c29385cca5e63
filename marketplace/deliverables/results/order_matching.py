"""Which rows of a file of orders are new and count, held against what files before it told. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from marketplace.core.errors import FieldError, InvalidInput
from marketplace.core.money import Money
from marketplace.deliverables.results import order_file, result_refusals
from marketplace.deliverables.results.order_file import OrderRow

# What was told under an id: how much, and of which order it came back (None: it is an order).
KnownRow = tuple[int, str | None]


def new_rows(
    rows: Sequence[OrderRow], known: Mapping[str, KnownRow], *, since: datetime, until: datetime, currency: str
) -> list[OrderRow]:
    """Return the rows that count: orders from ``since`` and before ``until``, and what came back of such, whenever.

    Rows that are known are passed over, and so are orders of other times with what came back of them. Raises
    InvalidInput for a row that contradicts what was told, returns of an order that nobody told, and more that came back
    than was paid.
    """
    unknown = [row for row in rows if row.order_id not in known]
    errors = [
        FieldError(f"/{row.line}/amount", result_refusals.told_otherwise(_shown(known[row.order_id], currency)))
        for row in rows
        if row.order_id in known and known[row.order_id] != (row.amount_minor, row.returned_order_id)
    ]
    orders = [row for row in unknown if row.returned_order_id is None and since <= row.ordered_at < until]
    sold = {id_: amount for id_, (amount, returned) in known.items() if returned is None}
    sold |= {row.order_id: row.amount_minor for row in orders}
    passed_over = {row.order_id for row in rows} - sold.keys()
    back: dict[str, int] = {}
    for amount, returned in known.values():
        if returned is not None:
            back[returned] = back.get(returned, 0) + amount
    returns = []
    for row in unknown:
        order_id = row.returned_order_id
        if order_id is None or order_id in passed_over:
            continue
        if order_id not in sold:
            errors.append(FieldError(f"/{row.line}/returns", result_refusals.unknown_order(order_id)))
            continue
        back[order_id] = back.get(order_id, 0) + row.amount_minor
        if back[order_id] > sold[order_id]:
            paid = Money(currency, sold[order_id]).show()
            errors.append(FieldError(f"/{row.line}/amount", result_refusals.more_back_than_paid(paid)))
        returns.append(row)
    if errors:
        raise InvalidInput(errors=errors[: order_file.FAULTS_MAX])
    return orders + returns


def _shown(known: KnownRow, currency: str) -> str:
    amount, returned = known
    return Money(currency, amount).show() + (f" ({returned})" if returned else "")
