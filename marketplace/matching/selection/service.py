"""Asks for selections, keeps and shows them, confirms one, and tells each bidder how its own bid fared."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids import policy as bids_policy
from marketplace.bids.models import Bid
from marketplace.briefs import policy as briefs_policy
from marketplace.briefs.models import Brief, BriefStatus, BriefVersion
from marketplace.core import db, events, ids, jobs, states
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, InvalidInput, NotFound, WrongState
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.matching.scoring import service as matching
from marketplace.matching.selection import constraints, load_inputs, outcome, policy
from marketplace.matching.selection.inputs import SetInputs, hash_of, pack, unpack
from marketplace.matching.selection.models import Selection, SelectionInputs, SelectionStatus
from marketplace.matching.selection.states import SELECTION_TRANSITIONS

SEARCH, PROVE = "selections.search", "selections.prove"
DECIDED = (SelectionStatus.DONE, SelectionStatus.CONFIRMED)


def start(session: Session, actor: Actor, brief_id: UUID, loaded: Mapping[str, Any]) -> Selection:
    """Ask for a selection of a closed brief's bids. Raises NotFound, WrongState, Conflict, InvalidInput."""
    brief, version = _choosable(session, actor, brief_id)
    stored = _checked(session, brief, version, loaded)
    if session.scalar(_confirmed(brief_id)) is not None:
        raise Conflict("A selection of this brief is confirmed already.")
    made = Selection(brief_id=brief_id, brief_version_id=version.id, brand_id=brief.brand_id, wishes=stored)
    session.add(made)
    session.flush()
    made.job_id = _ask(session, made, SEARCH)
    events.record(session, "selections.start", made.id, actor, parties=[brief.brand_id], brief_id=str(brief_id))
    session.flush()
    return made


def what_if(session: Session, actor: Actor, brief_id: UUID, loaded: Mapping[str, Any]) -> dict[str, Any]:
    """Return which set it would be with other limits, another budget or target. Nothing is stored."""
    brief, version = _choosable(session, actor, brief_id)
    stored = _checked(session, brief, version, loaded)
    # As in a search: what bars a bid may stand in rows that are not the brand's to read. It is told the gate alone.
    with db.acting_as(session, SYSTEM):
        inputs = load_inputs.load(session, brief, version, loaded["target"])
    limits = constraints.limits(stored, inputs)
    try:
        found = outcome.search(inputs, limits)
    except outcome.CannotKeep as error:
        raise Conflict(str(error)) from error
    return {"brief_id": brief_id, "outcome": outcome.tell(inputs, limits, found)}


def _choosable(session: Session, actor: Actor, brief_id: UUID) -> tuple[Brief, BriefVersion]:
    """Return a closed brief whose bids all have fresh scores, in its present wording."""
    brief = db.get(session, Brief, brief_id, briefs_policy.own(actor))
    if brief.status != BriefStatus.CLOSED:
        raise WrongState("Bids are chosen when the brief has closed.", state=brief.status)
    state = matching.freshness(session, brief_id)
    if state.fresh < state.total:
        raise Conflict(f"{state.fresh} of {state.total} bids have fresh scores. Ask again in a few seconds.")
    return brief, session.get_one(BriefVersion, brief.version_id)


def _checked(session: Session, brief: Brief, version: BriefVersion, loaded: Mapping[str, Any]) -> dict[str, Any]:
    found = constraints.faults(loaded, version.currency, load_inputs.choosable(session, brief.id))
    if found:
        raise InvalidInput(errors=found)
    return constraints.document(loaded, version.currency, version.budget_minor)


def _ask(session: Session, made: Selection, kind: str) -> UUID:
    lease_s = 120 if kind == SEARCH else int(made.wishes["time_limit_s"]) + 120
    return jobs.enqueue(
        session,
        kind,
        queue=jobs.SCORING,
        subject_id=made.id,
        party_id=made.brand_id,
        dedupe_key=f"{kind}:{made.id}",
        lease_s=lease_s,
        max_attempts=4,
    )


def _confirmed(brief_id: UUID) -> sa.Select[UUID]:
    return sa.select(Selection.id).where(Selection.brief_id == brief_id, Selection.status == SelectionStatus.CONFIRMED)


def find(session: Session, actor: Actor, selection_id: UUID) -> Selection:
    return db.get(session, Selection, selection_id, policy.visible(actor))


def listing(
    session: Session, actor: Actor, brief_id: UUID, *, limit: int, starting_after: UUID | None
) -> Page[Selection]:
    db.get(session, Brief, brief_id, briefs_policy.own(actor))
    query = sa.select(Selection).where(Selection.brief_id == brief_id, policy.visible(actor))
    return paging.page(session, query, Selection, limit, starting_after)


def confirm(session: Session, actor: Actor, selection_id: UUID) -> Selection:
    """Make it the brief's choice, once and for all; from then on each bidder may read how its bid fared."""
    made = db.lock(session, Selection, selection_id, policy.visible(actor))
    # Two confirmations of one brief wait for each other here; the unique index is the second net.
    db.lock(session, Brief, made.brief_id)
    if session.scalar(_confirmed(made.brief_id)) not in (None, made.id):
        raise Conflict("A selection of this brief is confirmed already.")
    states.apply_transition(
        session,
        made,
        SELECTION_TRANSITIONS,
        "confirm",
        actor,
        parties=[made.brand_id, *_bidders(session, made.brief_id)],
        brief_id=str(made.brief_id),
    )
    made.confirmed_at = now()
    session.flush()
    return made


def _bidders(session: Session, brief_id: UUID) -> list[UUID]:
    sides = session.execute(sa.select(Bid.creator_id, Bid.agency_id).where(Bid.brief_id == brief_id)).all()
    return sorted({party for side in sides for party in side if party is not None})


def search(session: Session, selection_id: UUID) -> dict[str, Any]:
    """Gather the inputs, choose, and keep both; the exact solver follows where it is wanted. Twice is harmless."""
    made = db.lock(session, Selection, selection_id)
    if made.status != SelectionStatus.WAITING:
        return {"status": made.status}
    brief = session.get_one(Brief, made.brief_id)
    inputs = load_inputs.load(session, brief, session.get_one(BriefVersion, made.brief_version_id))
    data = pack(inputs)
    session.add(SelectionInputs(selection_id=made.id, data=data))
    made.inputs_hash, made.model_version = hash_of(data), outcome.MODEL_VERSION
    # What is stored is what is chosen from: shares are rounded on their way in.
    inputs = unpack(data)
    limits = constraints.limits(made.wishes, inputs)
    try:
        found = outcome.search(inputs, limits)
    except outcome.CannotKeep as error:
        return _fail(session, made, str(error))
    _keep(made, outcome.tell(inputs, limits, found), found)
    if outcome.worth_proving(inputs, found, made.wishes["prove"]):
        states.apply_transition(session, made, SELECTION_TRANSITIONS, "find", SYSTEM, parties=[made.brand_id])
        made.job_id = _ask(session, made, PROVE)
    else:
        _finish(session, made)
    return {"status": made.status, "bids": made.bids}


def prove(session: Session, selection_id: UUID, progress: outcome.Progress) -> dict[str, Any]:
    """Let the exact solver better the set or prove it, within its time."""
    made = session.get_one(Selection, selection_id)
    if made.status != SelectionStatus.FOUND:
        return {"status": made.status}
    inputs = stored_inputs(session, made)
    limits = constraints.limits(made.wishes, inputs)

    def report(stage: str, done: int, total: int | None) -> None:
        # No row is locked meanwhile; a word now and then, for a transaction that stays idle is ended by the server.
        session.execute(sa.text("SELECT 1"))
        progress(stage, done, total)

    found = outcome.prove(inputs, limits, int(made.wishes["time_limit_s"]), report)
    made = db.lock(session, Selection, selection_id)
    if made.status == SelectionStatus.FOUND:
        _keep(made, outcome.tell(inputs, limits, found), found)
        _finish(session, made)
    return {"status": made.status, "certificate": made.certificate}


def give_up(session: Session, selection_id: UUID, message: str) -> None:
    """End a selection whose job cannot be done. One that has a set keeps it, as far as it was proved."""
    made = db.lock(session, Selection, selection_id)
    if made.status == SelectionStatus.FOUND:
        made.message = message
        _finish(session, made)
    elif made.status == SelectionStatus.WAITING:
        _fail(session, made, message)


def stored_inputs(session: Session, made: Selection) -> SetInputs:
    data = session.scalar(sa.select(SelectionInputs.data).where(SelectionInputs.selection_id == made.id))
    if data is None:
        raise NotFound("This selection has no inputs yet.")
    return unpack(data)


def _keep(made: Selection, told: dict[str, Any], found: outcome.FoundSet) -> None:
    made.result = told
    made.bids, made.value, made.spend_minor = len(told["chosen"]), found.value, found.spend
    made.bound, made.certificate = found.bound, found.certificate


def _finish(session: Session, made: Selection) -> None:
    made.finished_at = now()
    states.apply_transition(
        session, made, SELECTION_TRANSITIONS, "finish", SYSTEM, parties=[made.brand_id], bids=made.bids
    )


def _fail(session: Session, made: Selection, message: str) -> dict[str, Any]:
    made.message, made.finished_at = message, now()
    states.apply_transition(session, made, SELECTION_TRANSITIONS, "fail", SYSTEM, parties=[made.brand_id])
    return {"status": made.status}


def verify(session: Session, actor: Actor, selection_id: UUID) -> dict[str, Any]:
    """Choose again from the stored inputs, and count the set's people by a panel. Raises NotFound, WrongState."""
    made = find(session, actor, selection_id)
    if made.status not in DECIDED or made.result is None:
        raise WrongState("There is nothing to verify before the selection is done.", state=made.status)
    data = session.scalar(sa.select(SelectionInputs.data).where(SelectionInputs.selection_id == made.id))
    assert data is not None
    inputs = unpack(data)
    unchanged = hash_of(data) == made.inputs_hash
    told = outcome.verify(
        inputs, constraints.limits(made.wishes, inputs), made.result, made.value or 0.0, made.model_version
    )
    faults = [*([] if unchanged else ["The stored inputs are not those of the selection."]), *told.pop("faults")]
    return {"inputs_unchanged": unchanged, **told, "faults": faults}


def of_bid(session: Session, actor: Actor, bid_id: UUID) -> dict[str, Any]:
    """Return how one bid fared in the confirmed selection, for its own side. Raises NotFound before that."""
    bid = db.get(session, Bid, bid_id, bids_policy.own(actor))
    # Row-level security hides the brand's selection; of it only the bid's own line is told, and in a band.
    with db.acting_as(session, SYSTEM):
        made = session.scalar(sa.select(Selection).where(Selection.id.in_(_confirmed(bid.brief_id))))
    if made is None or made.result is None or made.confirmed_at is None:
        raise NotFound("No selection of this brief is confirmed yet.")
    told = outcome.fared(made.result, ids.show("bid", bid_id))
    return {"bid_id": bid_id, "selection_id": made.id, "confirmed_at": made.confirmed_at, **told}
