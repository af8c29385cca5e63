"""When the bidding on a brief ends: drawn in secret, kept from everybody who acts, and told from the close on."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs import closing_time
from marketplace.briefs.models import Brief, BriefVersion, CloseDraw
from marketplace.core import db, jobs
from marketplace.core.actor import SYSTEM

CLOSE = "briefs.close"


def takes_bids(session: Session, brief_id: UUID, at: datetime) -> bool:
    """Return whether a bid may be placed at `at`: not after the closing moment, even if the close job is late."""
    return bool(session.scalar(sa.select(sa.func.brief_takes_bids(brief_id, at))))


def draw(session: Session, brief: Brief) -> None:
    """Draw the secret closing moment from the current version's deadline and window, and enqueue the close for it."""
    current = session.get_one(BriefVersion, brief.version_id)
    window_s = current.content["closing_window_s"]
    # As the system: neither the brand nor anybody else who acts may read the draw, or when the job is due.
    with db.acting_as(session, SYSTEM):
        drawn = session.get(CloseDraw, brief.id)
        seed = (drawn and drawn.seed) or closing_time.new_seed()
        closes_at = closing_time.closing_moment(seed, brief.id, current.id, brief.bids_close_at, window_s)
        if drawn is None:
            session.add(CloseDraw(id=brief.id, seed=seed, version_id=current.id, closes_at=closes_at))
        else:
            drawn.seed, drawn.version_id, drawn.closes_at = seed, current.id, closes_at
        brief.close_commitment = closing_time.seed_commitment(seed)
        enqueue_close(session, brief, closes_at)


def tell(session: Session, brief: Brief) -> None:
    """Let a brief whose bidding is over say what had been drawn for it; a draft was never drawn for."""
    with db.acting_as(session, SYSTEM):
        drawn = session.get(CloseDraw, brief.id)
    if drawn is not None:
        brief.closes_at, brief.close_seed, brief.close_version_id = drawn.closes_at, drawn.seed, drawn.version_id


def enqueue_close(session: Session, brief: Brief, closes_at: datetime) -> None:
    jobs.enqueue(
        session,
        CLOSE,
        subject_id=brief.id,
        party_id=brief.brand_id,
        dedupe_key=f"{CLOSE}:{brief.id}",
        at=closes_at,
        payload={"secret_time": True},
    )
