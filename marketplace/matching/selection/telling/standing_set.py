"""What still stands of a confirmed set. Its members are accepted with it, and either side may step back from that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids.models import Bid, BidStatus
from marketplace.core import db, ids
from marketplace.core.actor import SYSTEM
from marketplace.matching.overlap import coverage
from marketplace.matching.selection.inputs import SetInputs, unpack
from marketplace.matching.selection.models import Selection, SelectionInputs, SelectionStatus
from marketplace.matching.selection.telling import set_reach


class GoneMember(NamedTuple):
    """A member that is accepted no more, and what it is instead."""

    bid_id: str
    channel_name: str
    status: BidStatus


@dataclass(frozen=True)
class StandingSet:
    """The members of a confirmed set that are accepted now, what they cost together, and whom they reach: those who
    notice (`effective`), and everybody once (`careful`), by the forecasts that the set was chosen by."""

    bids: Sequence[str]
    gone: Sequence[GoneMember]
    spend: Mapping[str, Any]
    effective: float
    careful: float


def standing(session: Session, selection: Selection) -> StandingSet | None:
    """Return what stands of a selection now; None for one that is not confirmed."""
    if selection.status != SelectionStatus.CONFIRMED or selection.result is None:
        return None
    chosen = {ids.read("bid", line["bid_id"]): line for line in selection.result["chosen"]}
    # As the system: row-level security may hide bids of a brief whose set is shown.
    with db.acting_as(session, SYSTEM):
        bids = {bid.id: bid for bid in session.scalars(sa.select(Bid).where(Bid.id.in_(chosen)))}
        data = sa.select(SelectionInputs.data).where(SelectionInputs.selection_id == selection.id)
        accepted = {
            line["bid_id"]: bids[bid_id] for bid_id, line in chosen.items() if bids[bid_id].status == BidStatus.ACCEPTED
        }
        whole = len(accepted) == len(chosen) and all(
            bids[bid_id].accepted_option == line["option"] for bid_id, line in chosen.items()
        )
        # Nothing has changed for nearly every set, and its inputs are large.
        stored = None if whole else session.scalar(data)
    gone = [
        GoneMember(line["bid_id"], line["channel_name"], bids[bid_id].status)
        for bid_id, line in chosen.items()
        if line["bid_id"] not in accepted
    ]
    spend = {
        **selection.result["spend"],
        "amount_minor": sum(bid.accepted_cost_minor or 0 for bid in accepted.values()),
    }
    if stored is None:
        reach = selection.result["reach"]
        effective, careful = selection.value or 0.0, reach["careful"]
    else:
        effective, careful = _people(unpack(stored), {bid: one.accepted_option or 0 for bid, one in accepted.items()})
    return StandingSet(list(accepted), gone, spend, effective, careful)


def _people(inputs: SetInputs, options: Mapping[str, int]) -> tuple[float, float]:
    """Return who notices some bids in these options, and everybody whom they reach, each once."""
    market = inputs.market()
    rows = [
        row
        for row, (bid, option) in enumerate(zip(inputs.options.bid_of, inputs.options.option, strict=True))
        if options.get(inputs.bids[bid].bid_id) == option
    ]
    members = [int(inputs.options.bid_of[row]) for row in rows]
    effective = float(coverage.people(np.sum(market.rates[rows], axis=0), market.units))
    return effective, set_reach.ToldReach(inputs, members).union.people if members else 0.0
