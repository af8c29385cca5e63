"""Accept bids on a closed brief: only through open gates, in a named option, and within the budget."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids import bid_queries, policy
from marketplace.bids import service as bids
from marketplace.bids.bid_queries import ShownBid
from marketplace.bids.models import Bid, BidRevision, BidStatus
from marketplace.briefs.models import Brief, BriefStatus
from marketplace.core import db, ids
from marketplace.core.actor import Actor
from marketplace.core.errors import Conflict, FieldError, InvalidInput, WrongState
from marketplace.core.message import Bilingual
from marketplace.core.words.state_names import state_name
from marketplace.deals import service as deals
from marketplace.matching.gates.bid_gates import OVER_BUDGET, OVER_TOLERANCE, SAME_ACCOUNT, ShutGate
from marketplace.matching.gates.gate_facts import gates_of
from marketplace.reviews.verdicts import locked_verdicts


class GatesShut(Conflict):
    """A bid may not be accepted: `gates` names each gate that is shut, why, and what would open it; `bids` does so for
    every bid that was to be accepted with it."""

    code = "gates-shut"
    title = Bilingual("这个报价有一道门槛没有通过", "A gate of this bid is shut")


def accept(
    session: Session,
    actor: Actor,
    bid_id: UUID,
    *,
    option: int | None = None,
    over_budget: bool = False,
    despite: Collection[str] = (),
) -> ShownBid:
    """Accept an open bid on one's closed brief, in one of its options (0: its own price): that offers its deal.

    ``despite`` names limits of the brand's own (BRANDS_OWN) that it sets aside, ``over_budget`` its budget. Raises
    NotFound, WrongState, InvalidInput (the bid has several options and none was named, or not that one), and GatesShut.
    """
    # Acceptances, confirmations and changes of one brief wait for each other here: each sees what the last one spent.
    brief = _lock_brief(session, actor, bid_id)
    bid = db.lock(session, Bid, bid_id, policy.visible(actor))
    _refuse_over(brief)
    if bid.status != BidStatus.OPEN:
        name = state_name(bid.status)
        raise WrongState(
            Bilingual(f"报价的状态是“{name.zh}”，不能接受。", f"Cannot accept this bid while it is {name.en}."),
            state=str(bid.status),
        )
    bids.refuse_lapsed(bid, brief.bids_lapse_at)
    costs = session.get_one(BidRevision, bid.revision_id).option_costs
    chosen = _option(costs, option)
    locked_verdicts(session, [bid_id])  # a reviewer who decides now comes before this, or after
    aside = {*despite, *([OVER_BUDGET] if over_budget else [])}
    shut = gates_of(session, brief, [bid_id], options={bid_id: chosen})[bid_id]
    refuse_shut({bid_id: [gate for gate in shut if gate.code not in aside]})
    _take(session, actor, bid, chosen, costs, shut)
    session.flush()
    return bid_queries.find(session, actor, bid_id)


def accept_set(
    session: Session, actor: Actor, brief: Brief, options: Mapping[UUID, int], aside: Collection[str] = ()
) -> None:
    """Accept several open bids of a brief that the caller has locked, in one act: all of them or none.

    Bids that are accepted already in the same option stay as they are. Raises WrongState with the changes if a bid is
    neither, and GatesShut; whether the set keeps the budget is the caller's to check.
    """
    _refuse_over(brief)
    query = sa.select(Bid).where(Bid.id.in_(list(options))).order_by(Bid.id).with_for_update(of=Bid)
    members = session.scalars(query.execution_options(populate_existing=True)).all()
    changes = [
        Bilingual(
            f"{ids.show('bid', bid.id)} 的状态是“{state_name(bid.status).zh}”",
            f"{ids.show('bid', bid.id)} is {state_name(bid.status).en}",
        )
        for bid in members
        if bid.status != BidStatus.OPEN and not _is_accepted_so(bid, options[bid.id])
    ]
    if changes or len(members) < len(options):
        raise WrongState(_changed(changes), state="changed")
    waiting = [bid for bid in members if bid.status == BidStatus.OPEN]
    locked_verdicts(session, [bid.id for bid in waiting])
    shut = gates_of(session, brief, [bid.id for bid in waiting], options=options)
    refuse_shut({bid.id: [gate for gate in _beside_budget(shut[bid.id]) if gate.code not in aside] for bid in waiting})
    for bid in waiting:
        costs = session.get_one(BidRevision, bid.revision_id).option_costs
        _take(session, actor, bid, options[bid.id], costs, shut[bid.id])
    session.flush()
    # The gates above were read before any of these was accepted: two claims of one account shut each other's only now.
    now_shut = gates_of(session, brief, [bid.id for bid in waiting], options=options)
    refuse_shut({bid_id: [gate for gate in found if gate.code == SAME_ACCOUNT] for bid_id, found in now_shut.items()})


def _take(
    session: Session, actor: Actor, bid: Bid, option: int, costs: Sequence[float], shut: Iterable[ShutGate]
) -> None:
    """Accept a locked bid in spite of these gates, and offer its deal, in one act."""
    aside = [gate.code for gate in shut]
    bids.take(session, actor, bid, option, math.ceil(costs[option]), aside)
    session.flush()
    deals.offer(session, actor, bid, tolerance_aside=OVER_TOLERANCE in aside)


def gates_of_set(session: Session, brief: Brief, options: Mapping[UUID, int]) -> dict[UUID, list[ShutGate]]:
    """Return what keeps each member of a set from being accepted now, by its id: what `accept_set` would refuse unless
    the brand sets it aside, and for a bid that is accepted what has shut since. Whether the set keeps the budget is
    another question. Members that are gone are left out."""
    shut = gates_of(session, brief, list(options), options=options)
    return {bid_id: _beside_budget(gates) for bid_id, gates in shut.items()}


def _beside_budget(gates: Iterable[ShutGate]) -> list[ShutGate]:
    """Return these gates but for the budget's, which asks about a bid alone and not about the set that it is in."""
    return [gate for gate in gates if gate.code != OVER_BUDGET]


def _changed(changes: Sequence[Bilingual]) -> Bilingual:
    zh = "；".join(change.zh for change in changes) or "有一个已不在"
    en = "; ".join(change.en for change in changes) or "one is gone"
    return Bilingual(
        f"选出这个组合之后，报价有变化：{zh}。请重新选择。",
        f"The bids have changed since this set was chosen: {en}. Choose again.",
    )


def accepted_among(session: Session, bid_ids: Collection[UUID]) -> set[UUID]:
    """Return those of these bids that are accepted. The caller has locked their brief."""
    return set(session.scalars(sa.select(Bid.id).where(Bid.id.in_(list(bid_ids)), Bid.status == BidStatus.ACCEPTED)))


def refuse_shut(shut: Mapping[UUID, Sequence[ShutGate]]) -> None:
    """Raise GatesShut if one of these bids has a shut gate. It names the gates of every such bid, in `bids`, so that
    whoever confirms a set can mend all of them at once."""
    kept_out = {ids.show("bid", bid_id): gates for bid_id, gates in shut.items() if gates}
    if not kept_out:
        return
    shown, (first, *_) = next(iter(kept_out.items()))
    more = len(kept_out) - 1
    raise GatesShut(
        Bilingual(
            f"{shown} 不能接受：{first.zh}{first.opens_zh}" + (f"另有 {more} 个报价也不能接受。" if more else ""),
            f"{shown} cannot be accepted: {first.en} {first.opens_en}"
            + (f" Neither can {more} more of the set." if more else ""),
        ),
        gates=[asdict(gate) for gate in kept_out[shown]],
        bid_id=shown,
        bids=[{"bid_id": bid_id, "gates": [asdict(gate) for gate in gates]} for bid_id, gates in kept_out.items()],
    )


def _refuse_over(brief: Brief) -> None:
    if brief.status != BriefStatus.CLOSED:
        raise WrongState(
            Bilingual("需求截标之后、结束之前才能接受报价。", "Bids are accepted while their brief is closed."),
            state=str(brief.status),
        )


def _lock_brief(session: Session, actor: Actor, bid_id: UUID) -> Brief:
    bid = db.get(session, Bid, bid_id, policy.visible(actor))
    return db.lock(session, Brief, bid.brief_id)


def _option(costs: Sequence[float], option: int | None) -> int:
    """Return the index of the option to accept. Raises InvalidInput."""
    if option is None and len(costs) == 1:
        return 0
    if option is None or option >= len(costs):
        last = len(costs) - 1
        text = Bilingual(
            f"请写报价的一个选项，0 到 {last}；0 是它本身的价格。",
            f"Name one of the bid's options, 0 to {last}; 0 is its own price.",
        )
        raise InvalidInput(errors=[FieldError("/option", text)])
    return option


def _is_accepted_so(bid: Bid, option: int) -> bool:
    return bid.status == BidStatus.ACCEPTED and (bid.accepted_option or 0) == option
