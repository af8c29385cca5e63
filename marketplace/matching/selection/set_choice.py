"""The work of a selection's jobs: choosing a set and proving it, while no transaction is open; then storing it.

A search takes seconds and a proof minutes. A transaction that waited so long would hold a connection, and the server
ends those that idle. So each job reads in one transaction, computes, and stores in the transaction that ends it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs.models import Brief, BriefVersion
from marketplace.core import db, jobs, states
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.errors import NotFound
from marketplace.core.message import Bilingual
from marketplace.matching.selection import constraints, load_inputs, outcome, selection_refusals
from marketplace.matching.selection.inputs import SetInputs, hash_of, pack, unpack
from marketplace.matching.selection.models import Selection, SelectionInputs, SelectionStatus
from marketplace.matching.selection.states import SELECTION_TRANSITIONS
from marketplace.matching.selection.telling import sketched_reach

SEARCH, PROVE = "selections.search", "selections.prove"
# Stores what was computed, in the transaction that ends the job.
Finish = Callable[[Session], Selection]


@dataclass(frozen=True)
class ChosenResult:
    """A set that was found, with everything that is shown of it."""

    found_set: outcome.FoundSet
    result: dict[str, Any]


def ask_for(session: Session, selection: Selection, kind: str) -> UUID:
    # A lease longer than the solver's time limit, so that no second worker takes the job while the first one solves.
    lease_s = 120 if kind == SEARCH else int(selection.wishes["time_limit_s"]) + 120
    return jobs.enqueue(
        session,
        kind,
        queue=jobs.SCORING,
        subject_id=selection.id,
        party_id=selection.brand_id,
        dedupe_key=f"{kind}:{selection.id}",
        lease_s=lease_s,
        max_attempts=4,
    )


def chosen(inputs: SetInputs, wishes: Mapping[str, Any], choices: int | None = None) -> ChosenResult:
    """Return the set that wishes give; ``choices``: how many are made again for winning prices. Raises CannotKeep."""
    limits = constraints.limits(wishes, inputs)
    found_set = outcome.search(inputs, limits)
    by_default = wishes.get("by_default", ())
    return ChosenResult(found_set, outcome.describe(inputs, limits, found_set, by_default, choices=choices))


def with_sketches(session: Session, brief_id: UUID, found: ChosenResult) -> ChosenResult:
    """Return a set with what the sketches of its channels tell as well."""
    union = sketched_reach.union_of_set(session, brief_id, found.result)
    return replace(found, result=sketched_reach.beside(found.result, union))


def search(selection_id: UUID) -> Finish:
    """Choose from the bids as they are now. What is returned stores the inputs and the set, and starts the exact solver
    if it is worth it. Idempotent."""
    with db.transaction() as session:
        selection = session.get_one(Selection, selection_id)
        if selection.status != SelectionStatus.WAITING:
            return lambda session: session.get_one(Selection, selection_id)
        brief = session.get_one(Brief, selection.brief_id)
        version = session.get_one(BriefVersion, selection.brief_version_id)
        wishes = selection.wishes
        data = pack(load_inputs.load(session, brief, version, lift_ceiling=bool(wishes.get("lift_ceiling"))))
    # Choose from what is stored, because storing rounds the shares.
    inputs = unpack(data)
    found: ChosenResult | None = None
    problem: Bilingual | None = None
    try:
        found = chosen(inputs, wishes, outcome.CHOICES_STORED)
    except outcome.CannotKeep as error:
        problem = error.said

    def finish(session: Session) -> Selection:
        selection = db.lock(session, Selection, selection_id)
        if selection.status != SelectionStatus.WAITING:
            return selection
        session.add(SelectionInputs(selection_id=selection.id, data=data))
        selection.inputs_hash, selection.model_version = hash_of(data), outcome.MODEL_VERSION
        if found is None:
            assert problem is not None
            _fail(session, selection, problem)
            return selection
        _store_result(session, selection, found)
        if outcome.worth_proving(inputs, found.found_set, wishes["prove"]):
            parties = [selection.brand_id]
            states.apply_transition(session, selection, SELECTION_TRANSITIONS, "find", SYSTEM, parties=parties)
            selection.job_id = ask_for(session, selection, PROVE)
        else:
            _finish(session, selection)
        return selection

    return finish


def prove(selection_id: UUID, progress: outcome.Progress) -> Finish:
    """Let the exact solver improve the set or prove it, within its time limit. What is returned stores that."""
    with db.transaction() as session:
        selection = session.get_one(Selection, selection_id)
        if selection.status != SelectionStatus.FOUND:
            return lambda session: session.get_one(Selection, selection_id)
        inputs, wishes = stored_inputs(session, selection), selection.wishes
    limits = constraints.limits(wishes, inputs)
    found_set = outcome.prove(inputs, limits, int(wishes["time_limit_s"]), progress)
    by_default = wishes.get("by_default", ())
    shown = outcome.describe(inputs, limits, found_set, by_default, choices=outcome.CHOICES_STORED)
    found = ChosenResult(found_set, shown)

    def finish(session: Session) -> Selection:
        selection = db.lock(session, Selection, selection_id)
        if selection.status == SelectionStatus.FOUND:
            _store_result(session, selection, found)
            _finish(session, selection)
        return selection

    return finish


def give_up(session: Session, selection_id: UUID, message: Bilingual) -> None:
    """End a selection whose job cannot be done. A selection that has a set keeps it, with the proof so far."""
    selection = db.lock(session, Selection, selection_id)
    if selection.status == SelectionStatus.FOUND:
        selection.message = message
        _finish(session, selection)
    elif selection.status == SelectionStatus.WAITING:
        _fail(session, selection, message)


def stored_inputs(session: Session, selection: Selection) -> SetInputs:
    data = session.scalar(sa.select(SelectionInputs.data).where(SelectionInputs.selection_id == selection.id))
    if data is None:
        raise NotFound(selection_refusals.NO_INPUTS)
    return unpack(data)


def _store_result(session: Session, selection: Selection, found: ChosenResult) -> None:
    selection.result = with_sketches(session, selection.brief_id, found).result
    selection.bids, selection.value = len(found.result["chosen"]), found.found_set.value
    selection.spend_minor = found.found_set.spend
    selection.bound, selection.certificate = found.found_set.bound, found.found_set.certificate


def _finish(session: Session, selection: Selection) -> None:
    selection.finished_at = now()
    states.apply_transition(
        session, selection, SELECTION_TRANSITIONS, "finish", SYSTEM, parties=[selection.brand_id], bids=selection.bids
    )


def _fail(session: Session, selection: Selection, message: Bilingual) -> None:
    selection.message, selection.finished_at = message, now()
    states.apply_transition(session, selection, SELECTION_TRANSITIONS, "fail", SYSTEM, parties=[selection.brand_id])
