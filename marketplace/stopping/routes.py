"""The API of stopping a deal: pause it, and let it go on."""

from typing import Any
from uuid import UUID

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.paging import Page, page_of
from marketplace.core.http.request_handling import actor, session
from marketplace.deals import policy, shown_deals
from marketplace.deals.models import DealParty
from marketplace.deals.schemas import DealOut
from marketplace.deals.shown_deals import ShownDeal
from marketplace.stopping import cancelling, pausing, quoting, stop_records
from marketplace.stopping.models import CancellationQuote, DealStop
from marketplace.stopping.quotes import CancellationScope
from marketplace.stopping.schemas import (
    CancelAgreeIn,
    CancelIn,
    CancellationQuoteOut,
    CancellationQuoteQuery,
    DealStopIn,
    DealStopOut,
)

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
    return _told(pausing.pause(session(), actor(), deal_id, **body).id)


@blueprint.post(f"{_DEAL}/resume", **_ACTS)
def resume_deal(deal_id: UUID) -> ShownDeal:
    """Let a paused deal go on. What was left of the time to answer a draft goes on, and last days of publishing move by
    the days paused. Whoever paused it may at any time; the other side after fourteen days of that side's pauses."""
    return _told(pausing.resume(session(), actor(), deal_id).id)


@blueprint.get(f"{_DEAL}/cancellation-quote", **_READS, query=CancellationQuoteQuery, answers=CancellationQuoteOut)
def get_cancellation_quote(query: dict[str, Any], deal_id: UUID) -> CancellationQuote:
    """What it costs if your side cancels now, for each deliverable by how far it is, with the hash to name. While a
    request to cancel waits, the quote that it goes by."""
    side = DealParty(query["side"]) if query["side"] else None
    return quoting.show(session(), actor(), deal_id, side=side, scope=CancellationScope(query["scope"]))


@blueprint.post(f"{_DEAL}/cancel", **_ACTS, takes=CancelIn)
def cancel_deal(body: dict[str, Any], deal_id: UUID) -> ShownDeal:
    """Ask to cancel by the quote of this hash; the other side has 72 hours. It costs exactly what the quote says: where
    the deal has moved since, 409 `stale-quote` tells what differs. What is late beyond the maker's days is cancelled at
    once, and costs nothing."""
    return _told(cancelling.ask(session(), actor(), deal_id, **body).id)


@blueprint.post(f"{_DEAL}/cancellation/agree", **_ACTS, takes=CancelAgreeIn)
def agree_to_cancel(body: dict[str, Any], deal_id: UUID) -> ShownDeal:
    """Agree to what the other side has asked for, by the hash of its quote. What is live goes on to be settled."""
    return _told(cancelling.agree(session(), actor(), deal_id, **body).id)


@blueprint.post(f"{_DEAL}/cancellation/refuse", **_ACTS, takes=DealStopIn)
def refuse_to_cancel(body: dict[str, Any], deal_id: UUID) -> ShownDeal:
    """Refuse what the other side has asked for, with a reason that both read: the deal goes on as it was."""
    return _told(cancelling.refuse(session(), actor(), deal_id, **body).id)


@blueprint.post(f"{_DEAL}/cancellation/take-back", **_ACTS)
def take_back_cancellation(deal_id: UUID) -> ShownDeal:
    """Take your own request to cancel back: the deal goes on as it was."""
    return _told(cancelling.take_back(session(), actor(), deal_id).id)


def _told(deal_id: UUID) -> ShownDeal:
    return shown_deals.find(session(), actor(), deal_id)
