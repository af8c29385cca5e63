"""The API of stopping a deal: pause it, and let it go on."""

from typing import Any
from uuid import UUID

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.paging import Page, page_of
from marketplace.core.http.request_handling import actor, session
from marketplace.deals import policy, shown_deals
from marketplace.deals.schemas import DealOut
from marketplace.deals.shown_deals import ShownDeal
from marketplace.stopping import pausing, stop_records
from marketplace.stopping.models import DealStop
from marketplace.stopping.schemas import DealStopIn, DealStopOut

blueprint = GuardedBlueprint(
    "stopping",
    __name__,
    tag="deals",
    description="Stopping a deal: pauses, cancellations with their quotes, disputes",
)

_READS: dict[str, Any] = {"allow": (*policy.SIDES, Role.ADMIN), "needs": Permission.READ}
_ACTS: dict[str, Any] = {"allow": policy.SIDES, "needs": Permission.DEALS, "answers": DealOut}
_DEAL = "/deals/<id('dea'):deal_id>"


@blueprint.get(f"{_DEAL}/stops", **_READS, answers=page_of(DealStopOut))
def list_deal_stops(deal_id: UUID) -> Page[DealStop]:
    """All pauses of a deal and requests to cancel it, the newest first, each with its reason and its end."""
    return Page(stop_records.listing(session(), actor(), deal_id), has_more=False)


@blueprint.post(f"{_DEAL}/pause", **_ACTS, takes=DealStopIn)
def pause_deal(body: dict[str, Any], deal_id: UUID) -> ShownDeal:
    """Pause a deal, with a reason that both sides read. Until it goes on there is no script, draft or publication, and
    no silence that approves; what is live already stays so, and is settled."""
    return shown_deals.find(session(), actor(), pausing.pause(session(), actor(), deal_id, **body).id)


@blueprint.post(f"{_DEAL}/resume", **_ACTS)
def resume_deal(deal_id: UUID) -> ShownDeal:
    """Let a paused deal go on. What was left of the time to answer a draft goes on, and last days of publishing move by
    the days paused. Whoever paused it may at any time; the other side after fourteen days of that side's pauses."""
    return shown_deals.find(session(), actor(), pausing.resume(session(), actor(), deal_id).id)
