"""The table of duties and the tables of transitions, walked together: nothing that can be left is forgotten."""

import csv
import re
from pathlib import Path

import pytest
from flask import Flask

from marketplace.cli.calls import inbox_call
from marketplace.core import ids
from marketplace.core.actor import Role
from marketplace.core.words.duties import SIDE_NAMES, SIDE_ROLES, Duty, DutySide
from marketplace.core.words.silences import SILENCE, Silence
from marketplace.inbox import service
from marketplace.inbox.duty_table import BY_KEY, DUTIES, SUBJECTS
from marketplace.inbox.unattended import AT_REST, CLOCK
from tests.authorization.world import routes
from tests.docs_pictures import STATES, StateMachine

ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = [f"{duty.code}" for duty in DUTIES]


def states_to_leave(machine: StateMachine) -> set[tuple[str, str]]:
    """The states from which a transition leads away, each with its table."""
    table = machine.model.__tablename__
    return {(table, str(state)) for rule in machine.transitions.values() for state in rule.sources}


@pytest.mark.parametrize("name", STATES)
def test_every_state_that_can_be_left_waits_for_somebody_or_for_the_clock_or_rests(name: str) -> None:
    attended = {(duty.subject, str(duty.state)) for duty in DUTIES}
    for state in states_to_leave(STATES[name]):
        places = [state in attended or state in CLOCK, state in AT_REST]
        assert any(places), f"{state}: name whom it waits for, in a table of duties, or in marketplace/inbox/unattended"
        assert not all(places), f"{state} waits, and so does not rest"


def test_nothing_else_waits() -> None:
    known = {state for machine in STATES.values() for state in states_to_leave(machine)}
    assert (set(CLOCK) | set(AT_REST)) - known == set(), "no state that can be left"
    tables = {machine.model.__tablename__ for machine in STATES.values()}
    over = {(duty.subject, str(duty.state)) for duty in DUTIES if duty.subject in tables} - known
    # Its money is payable again, and somebody has to put it on its way by a new payout.
    assert over == {("payouts", "failed"), ("payouts", "bounced")}, "a state at the end waits for nobody"


def test_a_duty_has_its_place_once() -> None:
    assert len(BY_KEY) == len(DUTIES) == len({duty.code for duty in DUTIES})
    assert set(SUBJECTS) == set(service.QUERIES), "a query for each kind of thing that waits"
    assert set(SUBJECTS) <= set(ids.PREFIXES)


def test_silence_is_told_for_each_duty_and_nothing_else() -> None:
    assert set(SILENCE) == set(Silence) == {duty.silence for duty in DUTIES}
    assert set(SIDE_ROLES) == set(SIDE_NAMES) == set(DutySide) == {duty.side for duty in DUTIES}


@pytest.mark.parametrize("duty", DUTIES, ids=NAMES)
def test_whom_a_duty_waits_for_may_make_its_calls(app: Flask, duty: Duty) -> None:
    with (ROOT / "tests/api/operation_names.csv").open(encoding="utf-8") as file:
        named = {row[2]: (row[0].upper(), row[1].removeprefix("/api/v1")) for row in csv.reader(file)}
    for call in duty.calls:
        method, path = named[call.operation]
        assert (method, re.sub(r"\{\w+\}", "{}", path)) == (call.method, re.sub(r"\{\w+\}", "{}", call.path))
        allowed = set(routes(app)[method, path].allow)
        assert call.operation == "acceptInvite" or set(SIDE_ROLES[duty.side]) <= allowed | {Role.NOBODY}


def test_the_command_names_a_command_for_each_call_and_speaks_both_languages() -> None:
    prefixes = "dlv drf scr dea brf bid rvw mnd ctr chn rcp pyo pty clw dpr dsp rnd"
    known = {prefix: ids.show(prefix, ids.new_id()) for prefix in prefixes.split()}
    for duty in DUTIES:
        assert duty.said.zh != duty.said.en
        for call in duty.calls:
            told = {"method": call.method, "path": "/api/v1" + call.path.format(**known)}
            assert inbox_call.command_of(told).startswith("inlay "), call
