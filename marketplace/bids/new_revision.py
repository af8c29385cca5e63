"""Store a new wording of a bid and make it the current one, and count the wordings that its side may have."""

from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from marketplace.bids.models import Bid, BidCost, BidRevision
from marketplace.briefs.models import Brief
from marketplace.core import db

# One statement inserts a revision and what it costs to make, and makes it current, for two tables reference each other.
# It is built once, because many bids arrive at the same time shortly before a deadline.
_BIDS, _REVISIONS = cast(sa.Table, Bid.__table__), cast(sa.Table, BidRevision.__table__)
_INSERTED = (
    sa.insert(_REVISIONS)
    .values({column.name: sa.bindparam(f"new_{column.name}", type_=column.type) for column in _REVISIONS.columns})
    .returning(_REVISIONS.c.id, _REVISIONS.c.bid_id, _REVISIONS.c.number, _REVISIONS.c.created_at)
    .cte("inserted")
)
_COSTS = cast(sa.Table, BidCost.__table__)
_COST = sa.bindparam("new_cost", type_=_COSTS.c.production_cost_minor.type)
_KEPT_COST = (
    sa.insert(_COSTS)
    .from_select(
        ["id", "created_at", "bid_id", "number", "production_cost_minor"],
        sa.select(_INSERTED.c.id, _INSERTED.c.created_at, _INSERTED.c.bid_id, _INSERTED.c.number, _COST).where(
            _COST.is_not(None)
        ),
    )
    .cte("kept_cost")
)
_SET_REVISION = (
    sa.update(_BIDS)
    .where(_BIDS.c.id == _INSERTED.c.bid_id)
    .values(
        revision_id=_INSERTED.c.id,
        revision_number=_INSERTED.c.number,
        brief_version_id=sa.bindparam("brief_version"),
        answers_in_part=sa.bindparam("in_part"),
        version=sa.bindparam("bid_version"),
        revisions_max=sa.bindparam("most"),
    )
    .add_cte(_KEPT_COST)
)


def make_current(session: Session, bid: Bid, revision: BidRevision, version: int) -> None:
    """Insert a revision and make it the current one."""
    values = {f"new_{column.name}": getattr(revision, column.name) for column in _REVISIONS.columns}
    of_bid = {"brief_version": bid.brief_version_id, "in_part": bid.answers_in_part, "bid_version": version}
    of_bid["most"] = bid.revisions_max
    db.run(session, _SET_REVISION, {**values, **of_bid, "new_cost": revision.production_cost_minor})
    for name, value in (("revision_id", revision.id), ("revision_number", revision.number), ("version", version)):
        set_committed_value(bid, name, value)


def wordings_left(session: Session, bid: Bid) -> int:
    """Return how many wordings a bid that was just inserted may have: what those left that its side had withdrawn, and
    one for a change of the brief since. Nobody gets new ones by withdrawing and bidding again.

    Asked after the insertion: from then on no earlier bid of the channel is open, so that none has a wording more.
    """
    side = Bid.agency_id == bid.agency_id if bid.agency_id else Bid.agency_id.is_(None)
    changed = sa.select(Brief.changed_at).where(Brief.id == bid.brief_id).scalar_subquery()
    former = (
        sa.select(Bid.revisions_max - Bid.revision_number + sa.case((changed > Bid.withdrawn_at, 1), else_=0))
        .where(Bid.brief_id == bid.brief_id, Bid.channel_id == bid.channel_id, Bid.id != bid.id)
        .where(Bid.creator_id == bid.creator_id, side)
        .order_by(Bid.withdrawn_at.desc())
        .limit(1)
    )
    left = session.scalar(former)
    return bid.revisions_max if left is None else left
