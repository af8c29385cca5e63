"""Tell the orders that a commission or a price by actions follows: files of a shop, each order counted once."""

import hashlib
from uuid import UUID

from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict
from marketplace.deliverables.results import order_file, order_matching, result_refusals, telling
from marketplace.deliverables.results.figure_history import FigureStatus
from marketplace.deliverables.results.models import ResultMeasure, ToldFigure, ToldOrder
from marketplace.identity.party_days import day_of


def tell_orders(session: Session, actor: Actor, deliverable_id: UUID, data: bytes, *, evidence: str) -> ToldFigure:
    """Tell the orders of a file, and what came back of them. Of rows that are known nothing counts twice, and orders
    from before the publication or after the last day that counts are passed over.

    Raises NotFound, NotAllowed, WrongState, Conflict (the file, or all of its rows, were told already), and
    InvalidInput with a pointer for each row that cannot be.
    """
    found = telling.held(session, actor, deliverable_id, ResultMeasure.ORDERS)
    sha256 = hashlib.sha256(data).hexdigest()
    # What the platform let not count may be told anew.
    refused = {one.row.id for one in found.told if one.status(now()) == FigureStatus.REFUSED}
    if any(one.row.evidence_sha256 == sha256 for one in found.told if one.row.id not in refused):
        raise Conflict(result_refusals.FILE_TOLD_ALREADY, rule="file_told_already")
    currency = found.owed.deal.currency
    new = order_matching.new_rows(
        order_file.read_orders(data, currency),
        {
            order.order_id: (order.amount_minor, order.returned_order_id)
            for order in found.orders
            if order.figure_id not in refused
        },
        since=found.published_at,
        until=found.days.end_of(found.days.final_on),
        currency=currency,
    )
    if not new:
        raise Conflict(result_refusals.NOTHING_NEW, rule="nothing_new")
    today, source = day_of(found.owed.deal.timezone, now()), telling.source_of(actor)
    figure = telling.add(session, actor, found, source=source, counted_on=today, evidence=evidence, sha256=sha256)
    with db.acting_as(session, SYSTEM):
        orders = [
            {
                "figure_id": figure.id,
                "deliverable_id": deliverable_id,
                "order_id": row.order_id,
                "ordered_at": row.ordered_at,
                "amount_minor": row.amount_minor,
                "returned_order_id": row.returned_order_id,
            }
            for row in new
        ]
        db.write_many(session, ToldOrder, orders)
    telling.tell(session, actor, found, figure, orders=len(new))
    return figure
