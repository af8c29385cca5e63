"""One step of a walk over a table of transitions: a row moves as the table says, and no other way."""

from typing import Any

import pytest

from marketplace.core import states
from marketplace.core.actor import Actor, Role
from marketplace.core.errors import NotAllowed, WrongState
from marketplace.core.states import Transitions
from tests.market import looking


def step(table: Transitions, row: Any, name: str, role: Role) -> None:
    """Try a transition of a row as somebody of this role, and assert that it does what the table says."""
    wanted, before = table[name], row.status
    with looking() as session:
        if role in wanted.roles and before in wanted.sources:
            states.apply_transition(session, row, table, name, Actor(role), parties=[])
            assert (row.status, row.version) == (wanted.target, 2)
        else:
            with pytest.raises(WrongState if role in wanted.roles else NotAllowed):
                states.apply_transition(session, row, table, name, Actor(role), parties=[])
            assert (row.status, row.version) == (before, 1)
