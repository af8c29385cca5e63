"""The result of one video with its history, opened when the video is published, and final when its figures are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, events
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import WrongState
from marketplace.deals.models import UNDER_WAY, DeliverableStatus
from marketplace.deals.terms.terms_document import RESULTS
from marketplace.deliverables import owed_work
from marketplace.deliverables.models import Publication
from marketplace.deliverables.owed_work import OwedWork
from marketplace.deliverables.results import figure_history, result_refusals
from marketplace.deliverables.results.figure_history import AnsweredFigure, ResultDays, ResultOutlook
from marketplace.deliverables.results.models import (
    DeliverableResult,
    FigureAnswer,
    ResultMeasure,
    ToldFigure,
    ToldOrder,
)
from marketplace.deliverables.results.result_price import DuePrice, due_price, measure_of
from marketplace.identity.party_days import day_of


@dataclass(frozen=True)
class ResultHistory:
    """A video's result with all that was told and answered."""

    owed: OwedWork
    row: DeliverableResult
    publications: Sequence[Publication]
    days: ResultDays
    told: Sequence[AnsweredFigure]
    orders: Sequence[ToldOrder]

    @property
    def published_at(self) -> datetime:
        """Return when it was published first."""
        return min(one.published_at for one in self.publications)

    @property
    def outlook(self) -> ResultOutlook:
        return figure_history.outlook(self.row.measure, self.told, self.orders, self.days, at=now())

    def due(self, found: ResultOutlook) -> DuePrice:
        return due_price(self.owed.content, self.owed.row.position, found.figures)


def open_result(session: Session, owed: OwedWork) -> None:
    """Open the result of a video that was just published wherever it has to be, if its price follows one. The caller
    has locked the deal."""
    measure = measure_of(owed.content)
    if measure is None:
        return
    days = days_of(owed, _publications(session, owed.row.id))
    with db.acting_as(session, SYSTEM):
        session.add(
            DeliverableResult(
                deliverable_id=owed.row.id,
                measure=measure,
                final_on=days.final_on,
                look_at=days.end_of(days.final_on),
            )
        )
        session.flush()


def days_of(owed: OwedWork, publications: Sequence[Publication]) -> ResultDays:
    """Return when the figures of a published video are told, contested and final, by its terms: of one on several
    channels after the last publication, and its views are those of all of them together."""
    terms = owed.content.get("results") or RESULTS  # deals that were signed before the terms said it
    days = [day_of(owed.deal.timezone, one.published_at) for one in publications]
    final_on = max(days) + timedelta(days=terms["final_days"])
    return ResultDays(min(days), final_on, terms["contest_days"], owed.deal.timezone)


def hold(session: Session, actor: Actor, deliverable_id: UUID) -> ResultHistory:
    """Lock the result of a live video for whoever may act on it. Raises NotFound, NotAllowed, and WrongState: its deal
    is over or disputed, it is not live, its price follows nothing, or its result is final."""
    return _require_open(session, owed_work.hold(session, actor, deliverable_id, while_=UNDER_WAY))


def history(session: Session, owed: OwedWork) -> ResultHistory:
    """Return the result of a video for reading. Raises WrongState where it has none."""
    if measure_of(owed.content) is None:
        raise WrongState(result_refusals.NO_VARIABLE_PRICE, state=str(owed.row.status))
    of_it = {"deliverable_id": owed.row.id}
    row = session.scalars(sa.select(DeliverableResult).filter_by(**of_it)).one_or_none()
    if row is None:
        raise WrongState(result_refusals.NOT_PUBLISHED, state=str(owed.row.status))
    publications = _publications(session, owed.row.id)
    days = days_of(owed, publications)
    figures = session.scalars(sa.select(ToldFigure).filter_by(**of_it).order_by(ToldFigure.number)).all()
    answers: dict[UUID, list[FigureAnswer]] = {}
    query = sa.select(FigureAnswer).where(FigureAnswer.figure_id.in_([one.id for one in figures]))
    for answer in session.scalars(query.order_by(FigureAnswer.id)):
        answers.setdefault(answer.figure_id, []).append(answer)
    told = [AnsweredFigure(one, answers.get(one.id, []), days.contest_days) for one in figures]
    orders: Sequence[ToldOrder] = ()
    if row.measure == ResultMeasure.ORDERS:
        orders = session.scalars(sa.select(ToldOrder).filter_by(**of_it).order_by(ToldOrder.id)).all()
    return ResultHistory(owed, row, publications, days, told, orders)


def look(session: Session, deliverable_id: UUID) -> bool:
    """Make a result final if it is, and else note when to look again; returns whether it was made final.

    A second run finds nothing to do; nor does one for a video that is not live, or whose deal is over or disputed.
    """
    owed = owed_work.lock(session, deliverable_id)
    if owed.row.status != DeliverableStatus.LIVE or owed.deal.status not in UNDER_WAY:
        return False
    found = history(session, owed)
    return found.row.final_at is None and settle(session, SYSTEM, found)


def settle(session: Session, actor: Actor, found: ResultHistory) -> bool:
    """Make a locked result final where its history is, by whoever said the last word; returns whether it was."""
    end = found.outlook
    with db.acting_as(session, SYSTEM):
        row = session.get_one(DeliverableResult, found.row.id, populate_existing=True)
        row.look_at = end.until
        if end.is_final:
            figures, due = end.figures, found.due(end)
            row.views, row.actions, row.sales_minor = figures.views, figures.actions, figures.sales_minor
            row.final_at, row.due_minor = now(), due.due_minor
            deal = found.owed.deal
            said = {
                "deal_id": str(deal.id),
                "position": found.owed.row.position,
                "views": figures.views,
                "actions": figures.actions,
                "sales_minor": figures.sales_minor,
                "due_minor": due.due_minor,
                "currency": deal.currency,
            }
            events.record(session, "deliverables.final_result", row.deliverable_id, actor, parties=deal.parties, **said)
        session.flush()
    return end.is_final


def _publications(session: Session, deliverable_id: UUID) -> Sequence[Publication]:
    of_it = {"deliverable_id": deliverable_id}
    return session.scalars(sa.select(Publication).filter_by(**of_it).order_by(Publication.id)).all()


def _require_open(session: Session, owed: OwedWork) -> ResultHistory:
    found = history(session, owed)
    owed_work.require_status(owed, DeliverableStatus.LIVE)
    if found.row.final_at is not None:
        raise WrongState(result_refusals.FINAL, state="final")
    return found
