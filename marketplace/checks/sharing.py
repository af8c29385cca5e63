"""Share the check of a draft with the brand that the draft is made for, and take it back."""

from uuid import UUID

from sqlalchemy.orm import Session

from marketplace.bids import policy as bids_policy
from marketplace.bids.models import Bid, BidStatus
from marketplace.checks import policy
from marketplace.checks.models import VideoCheck
from marketplace.checks.service import ShownCheck, require_result, show
from marketplace.core import db, events
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, WrongState
from marketplace.core.message import Bilingual
from marketplace.core.words.state_names import state_name
from marketplace.video_files import evidence


def share(session: Session, actor: Actor, check_id: UUID) -> ShownCheck:
    """Let the brand of the bid read the check with its keyframes and its newest correction.

    Raises NotFound (also when the bid is another agency's), WrongState (no result yet, or the bid is not accepted),
    Conflict (the check was made for no bid).
    """
    row = db.lock(session, VideoCheck, check_id, policy.own(actor))
    require_result(row)
    if row.bid_id is None:
        raise Conflict(
            Bilingual(
                "这次检查不针对任何报价，所以没有品牌方可以共享；请针对一个报价来检查。",
                "This check was made for no bid, so there is no brand to share it with; check it for a bid.",
            )
        )
    bid = db.get(session, Bid, row.bid_id, bids_policy.own(actor))
    if bid.status != BidStatus.ACCEPTED:
        name = state_name(bid.status)
        raise WrongState(
            Bilingual(
                f"报价的状态是“{name.zh}”：报价被接受之后，成片才共享给品牌方。",
                f"The bid is {name.en}: a draft is shared with the brand once the bid is accepted.",
            ),
            state=str(bid.status),
        )
    if row.shared_at is None:
        row.brand_id, row.shared_at = bid.brand_id, now()
        _record_change(session, actor, row, "share")
    return show(session, actor, row)


def submit(session: Session, actor: Actor, row: VideoCheck, brand_id: UUID) -> None:
    """Let a deal's brand read a locked check that was handed in with what the deal owes: it is not taken back."""
    if row.shared_at is None:
        row.brand_id, row.shared_at = brand_id, now()
        _record_change(session, actor, row, "share")


def unshare(session: Session, actor: Actor, check_id: UUID) -> ShownCheck:
    """Stop sharing a check with the brand. Raises NotFound, Conflict (it is evidence of a deal)."""
    row = db.lock(session, VideoCheck, check_id, policy.own(actor))
    evidence.require_free(session, "video_check", row.id)
    if row.shared_at is not None:
        row.shared_at = None
        _record_change(session, actor, row, "unshare")
    return show(session, actor, row)


def _record_change(session: Session, actor: Actor, row: VideoCheck, name: str) -> None:
    assert row.brand_id is not None
    row.version += 1
    events.record(
        session, f"video_checks.{name}", row.id, actor, parties=[row.party_id, row.brand_id], bid_id=str(row.bid_id)
    )
