"""State machines as data: a table of transitions, and one function that applies one.

The table is walked by the tests and drawn in the documents, so that no rule about states hides in a service.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, events
from marketplace.core.actor import ROLE_NAMES_ZH, Actor, Role
from marketplace.core.errors import NotAllowed, WrongState
from marketplace.core.message import Bilingual
from marketplace.core.words.state_names import move_name, state_list, state_name


@dataclass(frozen=True)
class Transition:
    """From which states, to which one, by which roles."""

    sources: frozenset[StrEnum]
    target: StrEnum
    roles: frozenset[Role]


Transitions = Mapping[str, Transition]
Row = TypeVar("Row", bound=db.Base)


class HasStatus(Protocol):
    id: Any
    version: Any
    __tablename__: Any


def transition(*sources: StrEnum, to: StrEnum, by: Role | tuple[Role, ...]) -> Transition:
    roles = by if isinstance(by, tuple) else (by,)
    return Transition(frozenset(sources), to, frozenset(roles))


def apply_transition(
    session: Session,
    row: HasStatus,
    transitions: Transitions,
    name: str,
    actor: Actor,
    *,
    parties: Iterable[UUID],
    column: str = "status",
    **data: Any,
) -> UUID:
    """Apply the named transition to a row that the caller has locked, raise its version, and record the event.

    `column` holds the status, where a row has a second one. Returns the event's id. Raises NotAllowed for another role,
    WrongState for a status that it cannot start from.
    """
    rule = transitions[name]
    require_role(rule, name, actor)
    before = getattr(row, column)
    if before not in rule.sources:
        raise wrong_state(rule, name, before)
    setattr(row, column, rule.target)
    row.version += 1
    subject_id: UUID = row.id
    return events.record(
        session,
        f"{row.__tablename__}.{name}",
        subject_id,
        actor,
        parties=parties,
        **data,
        before=before,
        after=rule.target,
    )


def move_row(
    session: Session,
    model: type[Row],
    row_id: UUID,
    transitions: Transitions,
    name: str,
    actor: Actor,
    *,
    parties: Callable[[Row], Iterable[UUID]],
    values: Mapping[str, Any] | None = None,
    **data: Any,
) -> Row:
    """Apply the named transition by one UPDATE whose condition is the status before, and record the event.

    For rows that the caller has not locked: of many at once one moves the row, and the others are refused. `values`
    are columns that change with it. Raises NotAllowed, WrongState, NotFound.
    """
    rule, table = transitions[name], cast(Any, model)
    require_role(rule, name, actor)
    db.get(session, model, row_id)
    before = session.scalars(sa.select(table.status).where(table.id == row_id).with_for_update(key_share=True)).one()
    moved = (
        sa.update(model)
        .where(table.id == row_id, table.status == before, table.status.in_(rule.sources))
        .values(status=rule.target, version=table.version + 1, **(values or {}))
        .returning(model)
    )
    found = session.scalars(moved, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise wrong_state(rule, name, before)
    kind = f"{model.__tablename__}.{name}"
    events.record(session, kind, row_id, actor, parties=parties(found), **data, before=before, after=rule.target)
    return found


def require_role(rule: Transition, name: str, actor: Actor) -> None:
    if actor.role not in rule.roles:
        move = move_name(name)
        raise NotAllowed(
            Bilingual(
                f"{ROLE_NAMES_ZH[actor.role]}不能对它执行“{move.zh}”。",
                f"A {actor.role} may not {move.en} this.",
            )
        )


def wrong_state(rule: Transition, name: str, before: StrEnum) -> WrongState:
    now, possible, move = state_name(before), state_list(rule.sources), move_name(name)
    return WrongState(
        Bilingual(
            f"它现在的状态是“{now.zh}”，不能执行“{move.zh}”；只有这些状态下可以：{possible.zh}。",
            f"Cannot {move.en} while it is {now.en}; that is possible from: {possible.en}.",
        ),
        state=str(before),
    )


def diagram(transitions: Transitions, starts: Iterable[StrEnum]) -> str:
    """Return the table as a Mermaid state diagram, for the documents. ``starts``: what a row can begin with."""
    lines = ["stateDiagram-v2", *(f"    [*] --> {start}" for start in starts)]
    for name, rule in transitions.items():
        roles = "/".join(sorted(rule.roles))
        lines += [f"    {source} --> {rule.target}: {name} ({roles})" for source in sorted(rule.sources)]
    return "\n".join(lines)
