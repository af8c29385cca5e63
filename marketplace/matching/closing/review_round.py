"""Put the bids of a closed brief before the reviewers, in view of the gates that keep some of them out anyway."""

from uuid import UUID

from sqlalchemy.orm import Session

from marketplace.bids import service as bids
from marketplace.bids.bid_queries import ShownBid, find
from marketplace.briefs.models import Brief
from marketplace.core.actor import Actor
from marketplace.matching.gates.gate_facts import gates_of
from marketplace.matching.scoring import review_queue

# Gates that a review itself shuts say nothing of whether a review is worth a person's time.
_OF_REVIEWS = frozenset(
    {"review_open", "review_needed", "review_held", "review_rejected", "price_below_market", "part_offer"}
)


def ask_people(session: Session, brief: Brief) -> int:
    """Put the bids that need a person into the queue; return how many reviews are new or changed."""
    gates = gates_of(session, brief)
    kept_out = {bid for bid, shut in gates.items() if any(gate.code not in _OF_REVIEWS for gate in shut)}
    return review_queue.queue_reviews(session, brief, kept_out)


def ask_for_review(session: Session, actor: Actor, bid_id: UUID) -> ShownBid:
    """Ask a person about a bid that was deferred, or that a rule let pass. Raises NotFound, WrongState, Conflict."""
    bid = bids.lock_for_review(session, actor, bid_id)
    review_queue.ask_for(session, actor, session.get_one(Brief, bid.brief_id), bid_id)
    session.flush()
    return find(session, actor, bid_id)
