"""The API of results: tell views and orders, answer what was told, decide, read what is due."""

from typing import Any
from uuid import UUID

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.bodies import ANY_FILE, MIB, RawBody, RawBodySpec
from marketplace.core.http.paging import Page, page_of
from marketplace.core.http.request_handling import actor, session
from marketplace.deals.policy import SIDES
from marketplace.deliverables import policy
from marketplace.deliverables.results import answering, shown_results, telling, telling_orders
from marketplace.deliverables.results.models import ToldFigure, ToldOrder
from marketplace.deliverables.results.schemas_results import (
    DeliverableResultOut,
    FigureContestIn,
    FigureDecisionIn,
    OrderFileQuery,
    ToldFigureOut,
    ToldOrderOut,
    ToldOrdersQuery,
    ToldViewsIn,
)
from marketplace.deliverables.results.shown_results import ShownFigure, ShownResult

blueprint = GuardedBlueprint(
    "results", __name__, tag="deals", description="What videos with a variable price have come to"
)

FILE = RawBodySpec(4 * MIB, (ANY_FILE, "text/csv", "application/json"))
_READS: dict[str, Any] = {"allow": policy.READERS, "needs": Permission.READ}
_TELLS: dict[str, Any] = {
    "allow": policy.READERS,
    "needs": Permission.DEALS,
    "answers": ToldFigureOut,
    "status": 201,
}
_ANSWERS: dict[str, Any] = {"allow": SIDES, "needs": Permission.DEALS, "answers": ToldFigureOut}
_DELIVERABLE, _FIGURE = "/deliverables/<id('dlv'):deliverable_id>", "/figures/<id('tfg'):figure_id>"


@blueprint.get(f"{_DELIVERABLE}/result", **_READS, answers=DeliverableResultOut)
def get_result(deliverable_id: UUID) -> ShownResult:
    """What a published video with a variable price has come to: all that was told and by whom, what is due by what
    stands, for whom it waits and what silence does."""
    return shown_results.result(session(), actor(), deliverable_id)


@blueprint.post(f"{_DELIVERABLE}/views", **_TELLS, takes=ToldViewsIn)
def tell_views(body: dict[str, Any], deliverable_id: UUID) -> ShownFigure:
    """Tell the views of a published video. One side's word moves nothing until the other side confirms it, or the
    platform decides; the platform's, with its source, stands unless it is contested."""
    return _shown(telling.tell_views(session(), actor(), deliverable_id, **body))


@blueprint.post(f"{_DELIVERABLE}/views/from-export", **{**_TELLS, "allow": (*policy.MAKERS, Role.ADMIN)})
def tell_views_from_export(deliverable_id: UUID) -> ShownFigure:
    """Tell the views that the channel's newest imported export has of this video, which its address names."""
    return _shown(telling.tell_export(session(), actor(), deliverable_id))


@blueprint.post(f"{_DELIVERABLE}/orders", **_TELLS, takes_raw=FILE, query=OrderFileQuery)
def tell_orders(body: RawBody, query: dict[str, Any], deliverable_id: UUID) -> ShownFigure:
    """Hand in a file of orders, CSV (order_id, ordered_at, amount, returns) or JSON. Each order counts once; what came
    back is taken off. One faulty row, and nothing is stored."""
    return _shown(telling_orders.tell_orders(session(), actor(), deliverable_id, body.whole(), evidence=query["name"]))


@blueprint.get(f"{_FIGURE}/orders", **_READS, query=ToldOrdersQuery, answers=page_of(ToldOrderOut))
def list_told_orders(query: dict[str, Any], figure_id: UUID) -> Page[ToldOrder]:
    """The orders that a file added, and what came back of them."""
    return shown_results.orders(session(), actor(), figure_id, **query)


@blueprint.post(f"{_FIGURE}/confirm", **_ANSWERS)
def confirm_figure(figure_id: UUID) -> ShownFigure:
    """Confirm what the other side or the platform told. What both have said stands."""
    return _shown(answering.confirm(session(), actor(), figure_id))


@blueprint.post(f"{_FIGURE}/contest", **_ANSWERS, takes=FigureContestIn)
def contest_figure(body: dict[str, Any], figure_id: UUID) -> ShownFigure:
    """Contest what was told, within the agreed days. The platform decides, and no money moves before."""
    return _shown(answering.contest(session(), actor(), figure_id, **body))


@blueprint.post(f"{_FIGURE}/decide", **{**_ANSWERS, "allow": (Role.ADMIN,)}, takes=FigureDecisionIn)
def decide_figure(body: dict[str, Any], figure_id: UUID) -> ShownFigure:
    """Decide, as the platform, on what is contested or what nobody confirmed."""
    return _shown(answering.decide(session(), actor(), figure_id, **body))


def _shown(row: ToldFigure) -> ShownFigure:
    return shown_results.figure(session(), actor(), row.id)
