"""The close of a brief: bidding ends, what every bid is scored on is recorded, and all bids are scored, in one
transaction.

From then on ranking, selection and what-if read that record. Later facts move nothing, until an admin scores the bids
again with a reason, which both sides can read.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids.models import Bid
from marketplace.briefs import policy as briefs_policy
from marketplace.briefs import service as briefs
from marketplace.briefs.models import Brief, BriefStatus
from marketplace.briefs.service import ShownBrief
from marketplace.core import db, events
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.errors import WrongState
from marketplace.core.message import Bilingual
from marketplace.matching.closing import review_round
from marketplace.matching.forecast import features
from marketplace.matching.overlap import service as overlaps
from marketplace.matching.pricing import price_learning
from marketplace.matching.scoring.models import CLOSE_FEATURES, NAMES_AT_CLOSE, RECORDED, CloseRecord
from marketplace.matching.scoring.score_brief import newest_record, score_brief

_FEATURE_NAMES = ", ".join(column.name for column in RECORDED)
_FEATURES = ", ".join(f"f.{column.name}" for column in RECORDED)
_COPY = (
    f"INSERT INTO {CLOSE_FEATURES.name} (record_id, bid_id, channel_id, {_FEATURE_NAMES}, {', '.join(NAMES_AT_CLOSE)})"
)
# The bids that were open at the close, whatever became of them since: a re-scoring reads the same ones.
_COPY_FIRST = sa.text(
    f"{_COPY} SELECT :record_id, b.id, b.channel_id, {_FEATURES}, c.platform, c.account_key, c.handle, c.name"
    " FROM bids b JOIN channels c ON c.id = b.channel_id LEFT JOIN channel_features f ON f.channel_id = b.channel_id"
    " WHERE b.brief_id = :brief_id AND b.status = 'open'"
)
_COPY_AGAIN = sa.text(
    f"{_COPY} SELECT :record_id, o.bid_id, o.channel_id, {_FEATURES},"
    f" {', '.join(f'o.{name}' for name in NAMES_AT_CLOSE)}"
    f" FROM {CLOSE_FEATURES.name} o LEFT JOIN channel_features f ON f.channel_id = o.channel_id"
    " WHERE o.record_id = :former_id"
)


def close(session: Session, actor: Actor, brief_id: UUID) -> ShownBrief:
    """Close a brief for bids before its deadline. Raises NotFound, NotAllowed, WrongState."""
    shown = briefs.close(session, actor, brief_id)
    take_record(session, session.get_one(Brief, brief_id))
    return shown


def close_if_due(session: Session, brief_id: UUID) -> bool:
    """Close a published brief whose deadline has passed. Idempotent."""
    if not briefs.close_if_due(session, brief_id):
        return False
    take_record(session, session.get_one(Brief, brief_id))
    return True


def rescore(session: Session, actor: Actor, brief_id: UUID, *, reason: str) -> CloseRecord:
    """Record anew, from what is known now, what a closed brief's bids are scored on, and score them. An admin's act.

    Both sides of every bid read the event with its reason. Raises NotFound, WrongState.
    """
    brief = db.lock(session, Brief, brief_id, briefs_policy.visible(actor))
    if brief.status != BriefStatus.CLOSED:
        raise WrongState(
            Bilingual(
                "只有已截标的需求可以重新打分；未截标的会自动更新。",
                "Only the bids of a closed brief are re-scored; open ones follow by themselves.",
            )
        )
    record = take_record(session, brief, reason)
    parties = [brief.brand_id, *bidders(session, brief_id)]
    events.record(session, "briefs.rescore", brief.id, actor, parties=parties, reason=reason, number=record.number)
    session.flush()
    return record


def take_record(session: Session, brief: Brief, reason: str | None = None) -> CloseRecord:
    """Record what the bids of a closed brief, which the caller has locked, are scored on; score and review them."""
    if brief.version_id is None:
        raise RuntimeError(f"The brief {brief.id} has no version.")
    with db.acting_as(session, SYSTEM):
        former = newest_record(session, brief.id)
        channels = _channels(session, brief.id, former)
        # All in one model: a refit that has reached only some of the channels yet would compare unlike forecasts.
        features.refresh(session, limit=len(channels), channels=channels)
        record = CloseRecord(
            brief_id=brief.id,
            number=1 if former is None else former.number + 1,
            brief_version_id=brief.version_id,
            forecast_model=features.newest_name(session),
            price_model=price_learning.newest_name(session),
            overlap_model=overlaps.newest_name(session),
            pairs=overlaps.measured_pairs(session, channels),
            reason=reason,
        )
        session.add(record)
        session.flush()
        values = {"record_id": record.id, "brief_id": brief.id, "former_id": former and former.id}
        session.execute(_COPY_FIRST if former is None else _COPY_AGAIN, values)
        score_brief(session, brief.id)
        review_round.ask_people(session, brief)
    return record


def bidders(session: Session, brief_id: UUID) -> list[UUID]:
    """Return the parties on the bidders' sides of a brief: creators, and the agencies that bid for them."""
    sides = session.execute(sa.select(Bid.creator_id, Bid.agency_id).where(Bid.brief_id == brief_id)).all()
    return sorted({party for side in sides for party in side if party is not None})


def _channels(session: Session, brief_id: UUID, former: CloseRecord | None) -> Sequence[UUID]:
    query: Any = sa.select(Bid.channel_id).where(Bid.brief_id == brief_id, Bid.status == "open")
    if former is not None:
        query = sa.select(CLOSE_FEATURES.c.channel_id).where(CLOSE_FEATURES.c.record_id == former.id)
    return session.scalars(query.order_by("channel_id")).all()
