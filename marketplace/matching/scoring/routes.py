"""The API of scores: their progress, and milder plans."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

from flask import Response

from marketplace.bids.bid_queries import ShownBid
from marketplace.bids.policy import BIDDERS
from marketplace.bids.schemas import BidOut
from marketplace.core.actor import Permission, Role
from marketplace.core.errors import Unavailable
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.request_handling import actor, session
from marketplace.core.message import Bilingual
from marketplace.matching import recompute
from marketplace.matching.scoring import service
from marketplace.matching.scoring.schemas import RescoreOut
from marketplace.matching.scoring.suggestions import plan_suggestions
from marketplace.matching.scoring.suggestions.plan_suggestions import SuggestionQuestion
from marketplace.matching.scoring.suggestions.schemas import SuggestionsOut

blueprint = GuardedBlueprint(
    "matching", __name__, tag="market", description="Bids with their scores, as a brief's ranking"
)

# Each open stream holds one of the server's threads, so there are few.
_STREAMS = threading.BoundedSemaphore(2)
STREAM_TURNS, STREAM_PAUSE_S = 120, 0.5


@blueprint.get(
    "/briefs/<id('brf'):brief_id>/ranking/stream",
    allow=(Role.BRAND, Role.ADMIN),
    needs=Permission.READ,
    media_type="text/event-stream",
)
def stream_ranking(brief_id: UUID) -> Response:
    """Server-sent events `{total, fresh}` twice a second until all bids are scored as they read, a minute at most."""
    service.find_brief(session(), actor(), brief_id)
    if not _STREAMS.acquire(blocking=False):
        raise Unavailable(
            Bilingual(
                "打开的推送太多，请改为查询排名本身。", "Too many streams are open. Ask for the ranking itself instead."
            ),
            retry_after_s=5,
        )
    slot = ExitStack()
    slot.callback(_STREAMS.release)
    updates = _updates(brief_id, actor(), slot)
    response = Response(updates, content_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
    # A HEAD request, or a client that leaves before the first event, never starts the generator, so its end would not
    # free the slot.
    response.call_on_close(slot.close)
    return response


def _updates(brief_id: UUID, reader: Any, slot: ExitStack) -> Iterator[str]:
    with slot:
        for state in service.watch(brief_id, reader, STREAM_TURNS):
            yield f"data: {json.dumps({'total': state.total, 'fresh': state.told})}\n\n"
            if state.told < state.total:
                time.sleep(STREAM_PAUSE_S)


@blueprint.get(
    "/bids/<id('bid'):bid_id>/suggestions",
    allow=BIDDERS,
    needs=Permission.READ,
    answers=SuggestionsOut,
    then=plan_suggestions.answer,
)
def list_suggestions(bid_id: UUID) -> SuggestionQuestion:
    """What the plan asks of the channel's viewers before shooting, and plans as well noticed that ask less."""
    return plan_suggestions.question(session(), actor(), bid_id)


@blueprint.post(
    "/bids/<id('bid'):bid_id>/suggestions/<id('sug'):suggestion_id>/accept",
    allow=BIDDERS,
    needs=Permission.BIDS,
    answers=BidOut,
    status=201,
)
def accept_suggestion(bid_id: UUID, suggestion_id: UUID) -> ShownBid:
    """Revise the bid to a suggested plan, all else as it was; 409 where the bid has changed since."""
    return plan_suggestions.accept(session(), actor(), bid_id, suggestion_id)


@blueprint.post(
    "/briefs/<id('brf'):brief_id>/score",
    allow=(Role.BRAND, Role.ADMIN),
    needs=Permission.BRIEFS,
    answers=RescoreOut,
    status=202,
)
def score_brief(brief_id: UUID) -> dict[str, UUID]:
    """Ask for the scoring of an open brief's bids again; work that waits already is joined. Those of a closed one were
    scored at the close, and only an admin scores them again."""
    service.refuse_closed(service.find_brief(session(), actor(), brief_id))
    return {"job_id": recompute.ask_again_for_scores(session(), brief_id)}
