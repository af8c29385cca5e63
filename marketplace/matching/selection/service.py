"""Starts, stores, shows and confirms selections, and shows each bidder the outcome for its own bid."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids import policy as bids_policy
from marketplace.bids.models import Bid, BidStatus
from marketplace.briefs import policy as briefs_policy
from marketplace.briefs.models import Brief, BriefStatus, BriefVersion
from marketplace.core import db, events, ids, states
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, InvalidInput, NotFound, WrongState
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.core.money import Money
from marketplace.matching.gates import acceptance
from marketplace.matching.gates.gate_facts import committed
from marketplace.matching.scoring.score_brief import newest_record
from marketplace.matching.selection import (
    constraints,
    load_inputs,
    outcome,
    policy,
    selection_refusals,
    set_choice,
    set_verification,
    shown_selection,
)
from marketplace.matching.selection.broken_wishes import broken_wishes
from marketplace.matching.selection.inputs import SetInputs, hash_of, pack, unpack
from marketplace.matching.selection.models import Selection, SelectionInputs, SelectionStatus
from marketplace.matching.selection.set_verification import Verification
from marketplace.matching.selection.states import SELECTION_TRANSITIONS

DECIDED = (SelectionStatus.DONE, SelectionStatus.CONFIRMED)


@dataclass(frozen=True)
class HypotheticalWishes:
    """Wishes for a set that is not to be stored, and what it would be chosen from."""

    brief_id: UUID
    wishes: Mapping[str, Any]
    inputs: SetInputs


@dataclass(frozen=True)
class HypotheticalSet:
    """The set that other wishes would give, which was not stored. `outcome` has the form of a selection's result."""

    brief_id: UUID
    outcome: Mapping[str, Any]


@dataclass(frozen=True)
class BidOutcome:
    """The outcome for one bid in the confirmed selection, as its own side may know it: chosen, or why not and how far.

    `lower_percent_from` and `lower_percent_to` bound by how many per cent the price would have had to be lower; None if
    no price would have won.
    """

    bid_id: UUID
    selection_id: UUID
    confirmed_at: datetime
    chosen: bool
    reason: str | None
    lower_percent_from: float | None
    lower_percent_to: float | None
    zh: str
    en: str


def start(session: Session, actor: Actor, brief_id: UUID, loaded: Mapping[str, Any]) -> Selection:
    """Start a selection among a closed brief's bids as a job. Raises NotFound, WrongState, Conflict, InvalidInput."""
    brief, version = _choosable(session, actor, brief_id)
    wishes = _stored_wishes(session, brief, version, loaded)
    _superseded(session, brief_id)
    selection = Selection(brief_id=brief_id, brief_version_id=version.id, brand_id=brief.brand_id, wishes=wishes)
    session.add(selection)
    session.flush()
    selection.job_id = set_choice.ask_for(session, selection, set_choice.SEARCH)
    events.record(session, "selections.start", selection.id, actor, parties=[brief.brand_id], brief_id=str(brief_id))
    session.flush()
    return selection


def what_if(session: Session, actor: Actor, brief_id: UUID, loaded: Mapping[str, Any]) -> HypotheticalWishes:
    """Read what it takes to say which set other limits, another budget or another target would give; see
    `hypothetical`. Nothing is stored. Raises NotFound, WrongState, InvalidInput.
    """
    brief, version = _choosable(session, actor, brief_id)
    wishes = _stored_wishes(session, brief, version, loaded)
    # As the system, as in a search: a bid's gate may come from rows that the brand may not read. It sees only the gate.
    with db.acting_as(session, SYSTEM):
        inputs = load_inputs.load(session, brief, version, loaded["target"], lift_ceiling=loaded["lift_ceiling"])
    return HypotheticalWishes(brief_id, wishes, inputs)


def hypothetical(asked: HypotheticalWishes) -> HypotheticalSet:
    """Return the set that the wishes give. It computes while no transaction is open. Raises Conflict."""
    try:
        found = set_choice.chosen(asked.inputs, asked.wishes)
    except outcome.CannotKeep as error:
        raise Conflict(error.said) from error
    with db.transaction() as session:
        found = set_choice.with_sketches(session, asked.brief_id, found)
        return HypotheticalSet(asked.brief_id, shown_selection.with_gates(session, asked.brief_id, found.result))


def _choosable(session: Session, actor: Actor, brief_id: UUID) -> tuple[Brief, BriefVersion]:
    """Return a closed brief with its current version. Raises NotFound, and WrongState before it has closed."""
    brief = db.get(session, Brief, brief_id, briefs_policy.own(actor))
    if brief.status != BriefStatus.CLOSED:
        raise WrongState(selection_refusals.NOT_CLOSED, state=brief.status)
    return brief, session.get_one(BriefVersion, brief.version_id)


def _stored_wishes(session: Session, brief: Brief, version: BriefVersion, loaded: Mapping[str, Any]) -> dict[str, Any]:
    errors = constraints.validation_errors(loaded, version.currency, load_inputs.choosable(session, brief.id))
    if errors:
        raise InvalidInput(errors=errors)
    # The ceiling is on people of the brief's own target.
    ceiling = None if loaded.get("target") else version.ceiling_minor
    return constraints.document(loaded, version.currency, version.budget_minor, ceiling)


def _superseded(session: Session, brief_id: UUID, but: UUID | None = None) -> Selection | None:
    """Return the confirmed selection of a brief that another may take the place of, because one of its bids is
    accepted no more, or because it has none; None without one, and for the selection ``but`` itself. Raises Conflict if
    it still binds."""
    former = session.scalar(sa.select(Selection).where(Selection.id.in_(_confirmed(brief_id)), Selection.id != but))
    if former is None or former.result is None:
        return None
    chosen = [ids.read("bid", line["bid_id"]) for line in former.result["chosen"]]
    given_up = sa.select(Bid.id).where(Bid.id.in_(chosen), Bid.status != BidStatus.ACCEPTED)
    if chosen and session.scalar(given_up.limit(1)) is None:
        raise Conflict(selection_refusals.CONFIRMED_ALREADY)
    return former


def _confirmed(brief_id: UUID) -> sa.Select[UUID]:
    return sa.select(Selection.id).where(Selection.brief_id == brief_id, Selection.status == SelectionStatus.CONFIRMED)


def find(session: Session, actor: Actor, selection_id: UUID) -> Selection:
    return db.get(session, Selection, selection_id, policy.visible(actor))


def tolerance_of(session: Session, selection: Selection) -> float:
    """Return the highest intrusiveness (0..100) that the brief of a selection tolerates."""
    return float(session.get_one(BriefVersion, selection.brief_version_id).tolerance)


def listing(
    session: Session, actor: Actor, brief_id: UUID, *, limit: int, starting_after: UUID | None
) -> Page[Selection]:
    db.get(session, Brief, brief_id, briefs_policy.own(actor))
    query = sa.select(Selection).where(Selection.brief_id == brief_id, policy.visible(actor))
    return paging.page(session, query, Selection, limit, starting_after)


def confirm(
    session: Session,
    actor: Actor,
    selection_id: UUID,
    *,
    over_budget: bool = False,
    despite: Collection[str] = (),
) -> Selection:
    """Make a selection the brief's final choice and accept its bids, in one act. From then on each bidder may read the
    outcome for its own bid.

    Every member's status and gates are checked now, and every wish of the selection with the brief's other accepted
    bids. Raises NotFound, NotAllowed, WrongState (also where a member has changed since, or a wish no longer holds, or
    the set is empty), GatesShut, and Conflict if another selection of the brief is confirmed or the budget is exceeded.
    """
    selection = db.get(session, Selection, selection_id, policy.visible(actor))
    # The brief first, as every decision on its bids does; the unique index is the second safeguard.
    brief = db.lock(session, Brief, selection.brief_id)
    selection = db.lock(session, Selection, selection_id, policy.visible(actor))
    former = _superseded(session, selection.brief_id, but=selection.id)
    if former is not None:
        parties = [selection.brand_id]
        states.apply_transition(session, former, SELECTION_TRANSITIONS, "supersede", actor, parties=parties)
        former.confirmed_at = None
        session.flush()
    states.apply_transition(
        session,
        selection,
        SELECTION_TRANSITIONS,
        "confirm",
        actor,
        parties=[selection.brand_id, *_bidders(session, selection.brief_id)],
        brief_id=str(selection.brief_id),
    )
    if selection.result is None:
        raise RuntimeError(f"The selection {selection.id} is done without a result.")
    chosen = {ids.read("bid", line["bid_id"]): int(line["option"]) for line in selection.result["chosen"]}
    if not chosen:
        raise WrongState(
            selection_refusals.EMPTY,
            state="empty",
        )
    record = newest_record(session, brief.id)
    if record is not None and record.created_at > selection.created_at:
        raise WrongState(
            selection_refusals.RESCORED,
            state="rescored",
        )
    settled = acceptance.accepted_among(session, chosen)
    acceptance.accept_set(session, actor, brief, chosen, despite)
    _refuse_broken_wishes(session, brief, selection, settled, set(chosen) - settled)
    _refuse_over_budget(session, brief, over_budget)
    selection.confirmed_at = now()
    session.flush()
    return selection


def _refuse_broken_wishes(
    session: Session, brief: Brief, selection: Selection, settled: Collection[UUID], joining: Collection[UUID]
) -> None:
    """Raise WrongState if the brief's accepted bids, the set's among them, do not keep the selection's wishes.

    Of the members ``settled`` were accepted before, and ``joining`` are with this confirmation. Asked after the
    acceptances, because these hold every review as it is until the transaction ends.
    """
    version = session.get_one(BriefVersion, brief.version_id)
    with db.acting_as(session, SYSTEM):
        inputs = load_inputs.load(session, brief, version, joining=joining)
    # The brief's own budget has a refusal of its own, which the brand may set aside.
    budget_binds = constraints.budget(selection.wishes).amount != version.budget_minor
    # Rounded as the inputs were that the set was chosen from.
    members = [ids.show("bid", bid_id) for bid_id in settled]
    changes = broken_wishes(selection.wishes, unpack(pack(inputs)), members, budget_binds=budget_binds)
    if changes:
        raise WrongState(
            selection_refusals.not_kept(changes),
            state="changed",
            changes=[asdict(change) for change in changes],
        )


def _refuse_over_budget(session: Session, brief: Brief, over_budget: bool) -> None:
    version = session.get_one(BriefVersion, brief.version_id)
    spent = committed(session, brief.id)
    if spent > version.budget_minor and not over_budget:
        cost, budget = (Money(version.currency, minor).show() for minor in (spent, version.budget_minor))
        raise Conflict(
            selection_refusals.over_budget(cost, budget),
            state="over_budget",
        )


def _bidders(session: Session, brief_id: UUID) -> list[UUID]:
    sides = session.execute(sa.select(Bid.creator_id, Bid.agency_id).where(Bid.brief_id == brief_id)).all()
    return sorted({party for side in sides for party in side if party is not None})


def verify(session: Session, actor: Actor, selection_id: UUID) -> Verification:
    """Choose again from the stored inputs, and count the set's people with a panel. Raises NotFound, WrongState."""
    selection = find(session, actor, selection_id)
    if selection.status not in DECIDED or selection.result is None:
        raise WrongState(
            selection_refusals.NOT_DONE,
            state=selection.status,
        )
    data = session.scalar(sa.select(SelectionInputs.data).where(SelectionInputs.selection_id == selection.id))
    assert data is not None
    inputs = unpack(data)
    verification = set_verification.verify(
        inputs,
        constraints.limits(selection.wishes, inputs),
        selection.result,
        selection.value or 0.0,
        selection.bound or 0.0,
        selection.model_version,
    )
    if hash_of(data) == selection.inputs_hash:
        return verification
    problem = "The stored inputs are not those of the selection."
    return replace(verification, inputs_unchanged=False, faults=(problem, *verification.faults))


def outcome_of_bid(session: Session, actor: Actor, bid_id: UUID) -> BidOutcome:
    """Return the outcome for one bid, for its own side: a bid that was accepted outside the set has not lost. Raises
    NotFound before a selection is confirmed."""
    bid = db.get(session, Bid, bid_id, bids_policy.own(actor))
    # As the system: row-level security hides the brand's selection. Only the bid's own line is shown, and in a band.
    with db.acting_as(session, SYSTEM):
        selection = session.scalar(sa.select(Selection).where(Selection.id.in_(_confirmed(bid.brief_id))))
    if selection is None or selection.result is None or selection.confirmed_at is None:
        raise NotFound(selection_refusals.NONE_CONFIRMED)
    line = outcome.outcome_line(selection.result, ids.show("bid", bid_id))
    if bid.status == BidStatus.ACCEPTED and not line.chosen:
        line = outcome.ACCEPTED_BY_ITSELF
    if line.chosen and bid.status != BidStatus.ACCEPTED:
        line = line._replace(
            zh="曾经入选，接受后来被撤回。", en="It was chosen, and the acceptance was taken back later."
        )
    return BidOutcome(bid_id, selection.id, selection.confirmed_at, *line)
