"""Answer what was told: the other side confirms or contests it, and the platform decides what is in dispute."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, events
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, FieldError, InvalidInput
from marketplace.deals import policy as deals_policy
from marketplace.deals.models import Deliverable
from marketplace.deliverables import policy
from marketplace.deliverables.results import result_refusals, result_state
from marketplace.deliverables.results.figure_history import WITH_PLATFORM, AnsweredFigure
from marketplace.deliverables.results.models import FigureAnswer, FigureAnswerKind, ResultMeasure, ToldFigure
from marketplace.deliverables.results.result_state import ResultHistory
from marketplace.payments import policy as payments_policy

_MOVES = {FigureAnswerKind.CONFIRM: "confirm", FigureAnswerKind.CONTEST: "contest", FigureAnswerKind.DECIDE: "decide"}


def confirm(session: Session, actor: Actor, figure_id: UUID) -> ToldFigure:
    """Confirm a figure that the other side or the platform told. Raises NotFound, NotAllowed, WrongState, Conflict."""
    found, figure = _held(session, actor, figure_id)
    _require_to_answer(actor, figure)
    return _answer(session, actor, found, figure, FigureAnswerKind.CONFIRM)


def contest(session: Session, actor: Actor, figure_id: UUID, *, reason: str, views: int | None = None) -> ToldFigure:
    """Contest a figure in the days after it was told, with a reason, and the views that the side claims instead. The
    platform decides. Raises NotFound, NotAllowed, WrongState, Conflict, InvalidInput."""
    found, figure = _held(session, actor, figure_id)
    _require_to_answer(actor, figure)
    if now() >= figure.answer_by:
        raise Conflict(result_refusals.TOO_LATE, rule="contest_over")
    if views is not None and figure.row.measure != ResultMeasure.VIEWS:
        raise InvalidInput(errors=[FieldError("/views", result_refusals.NONE_OF_IT)])
    return _answer(session, actor, found, figure, FigureAnswerKind.CONTEST, reason=reason, views=views)


def decide(
    session: Session,
    actor: Actor,
    figure_id: UUID,
    *,
    reason: str,
    views: int | None = None,
    counts: bool | None = None,
) -> ToldFigure:
    """Decide, as the platform, on a figure that is contested or that nobody confirmed: how many views it was, or
    whether a file of orders counts. Whoever told it does not decide on it, nor does somebody of a party of the deal.

    Raises NotFound, WrongState, Conflict, InvalidInput.
    """
    found, figure = _held(session, actor, figure_id)
    person_id = payments_policy.require_person(actor)
    payments_policy.require_no_side(session, person_id, found.owed.deal.parties)
    if figure.row.person_id == person_id:
        raise Conflict(result_refusals.OWN_TELLING, rule="two_people")
    if figure.status(now()) not in WITH_PLATFORM:
        raise Conflict(result_refusals.NOT_WITH_PLATFORM, rule="not_with_platform")
    by_views = figure.row.measure == ResultMeasure.VIEWS
    errors = []
    if (views is None) == by_views:
        text = result_refusals.SAY_VIEWS if by_views else result_refusals.NONE_OF_IT
        errors.append(FieldError("/views", text))
    if (counts is None) != by_views:
        text = result_refusals.NONE_OF_IT if by_views else result_refusals.SAY_COUNTS
        errors.append(FieldError("/counts", text))
    if errors:
        raise InvalidInput(errors=errors)
    said = {"reason": reason, "views": views, "counts": counts}
    return _answer(session, actor, found, figure, FigureAnswerKind.DECIDE, **said)


def find(session: Session, actor: Actor, figure_id: UUID) -> ToldFigure:
    """Return a told figure. Raises NotFound."""
    seen = sa.exists().where(Deliverable.id == ToldFigure.deliverable_id, policy.visible(actor))
    return db.get(session, ToldFigure, figure_id, seen)


def _held(session: Session, actor: Actor, figure_id: UUID) -> tuple[ResultHistory, AnsweredFigure]:
    row = find(session, actor, figure_id)
    found = result_state.hold(session, actor, row.deliverable_id)
    return found, next(one for one in found.told if one.row.id == figure_id)


def _require_to_answer(actor: Actor, figure: AnsweredFigure) -> None:
    side = deals_policy.side_of(actor)
    if side not in figure.answerers:
        raise Conflict(result_refusals.OWN_FIGURE, rule="own_figure")
    if side not in figure.asked or figure.decision is not None:
        raise Conflict(result_refusals.ANSWERED, rule="answered")


def _answer(
    session: Session, actor: Actor, found: ResultHistory, figure: AnsweredFigure, kind: FigureAnswerKind, **said: Any
) -> ToldFigure:
    assert actor.party_id is not None
    deal = found.owed.deal
    side = None if kind == FigureAnswerKind.DECIDE else deals_policy.side_of(actor)
    row = FigureAnswer(
        figure_id=figure.row.id, kind=kind, side=side, party_id=actor.party_id, person_id=actor.person_id, **said
    )
    with db.acting_as(session, SYSTEM):
        session.add(row)
        session.flush()
    told = {"figure_id": str(figure.row.id), "deal_id": str(deal.id), **said}
    name = f"deliverables.{_MOVES[kind]}_figure"
    events.record(session, name, figure.row.deliverable_id, actor, parties=deal.parties, **told)
    result_state.settle(session, actor, result_state.history(session, found.owed))
    return figure.row
