"""At which price a bid that is out of a stored set would have been in it, worked out where it is asked for.

The same choice is made from the stored inputs at one price after another, while no transaction is open. Nothing is
stored: the same inputs give the same price.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids import policy as bids_policy
from marketplace.bids.models import Bid
from marketplace.core import db, ids
from marketplace.core.actor import Actor
from marketplace.core.errors import WrongState
from marketplace.matching.selection import constraints, outcome, selection_refusals, service
from marketplace.matching.selection.inputs import SetInputs, unpack
from marketplace.matching.selection.models import SelectionInputs


@dataclass(frozen=True)
class PriceQuestion:
    """A bid, what a set was chosen from, and the wishes that it keeps."""

    bid: str
    inputs: SetInputs
    wishes: Mapping[str, Any]


@dataclass(frozen=True)
class LeftOutBid:
    """Why a bid is out of a set, and at which price it would have been in, in the form of a result's line."""

    bid_id: str
    channel_name: str
    option: int
    price: Mapping[str, Any]
    reason: str
    would_win_at: Mapping[str, Any] | None
    would_win_settled: bool
    zh: str
    en: str


def question(session: Session, actor: Actor, selection_id: UUID, bid_id: UUID) -> PriceQuestion:
    """Read what it takes to work a winning price out. Raises NotFound, and WrongState for a bid that is not
    out of the set, before the set is done, or where an older release chose it: it would choose otherwise now."""
    selection, bid = service.find(session, actor, selection_id), ids.show("bid", bid_id)
    db.get(session, Bid, bid_id, sa.and_(bids_policy.visible(actor), Bid.brief_id == selection.brief_id))
    if selection.status not in service.DECIDED or selection.result is None:
        raise WrongState(selection_refusals.NOT_DONE, state=selection.status)
    if all(line["bid_id"] != bid for line in selection.result["left_out"]):
        raise WrongState(selection_refusals.NOT_LEFT_OUT, state="not_left_out")
    if selection.model_version != outcome.MODEL_VERSION:
        raise WrongState(selection_refusals.OLDER_RELEASE, state="older_release")
    data = session.scalar(sa.select(SelectionInputs.data).where(SelectionInputs.selection_id == selection.id))
    assert data is not None
    return PriceQuestion(bid, unpack(data), selection.wishes)


def answer(asked: PriceQuestion) -> LeftOutBid:
    """Return why the bid is out, and its price. It computes while no transaction is open. Raises WrongState where the
    search alone, without the exact solver, takes the bid."""
    line = outcome.left_out_bid(asked.inputs, constraints.limits(asked.wishes, asked.inputs), asked.bid)
    if line is None:
        raise WrongState(selection_refusals.NOT_LEFT_OUT, state="not_left_out")
    return LeftOutBid(**line)
