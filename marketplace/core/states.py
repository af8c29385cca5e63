"""State machines as data: a table of moves, and one function that makes a move."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from marketplace.core import events
from marketplace.core.actor import Actor, Role
from marketplace.core.errors import NotAllowed, WrongState


@dataclass(frozen=True)
class Transition:
    """From which states, to which, by whom."""

    sources: frozenset[StrEnum]
    target: StrEnum
    roles: frozenset[Role]


Transitions = Mapping[str, Transition]


class HasStatus(Protocol):
    id: Any
    status: Any
    version: Any
    __tablename__: Any


def transition(*sources: StrEnum, to: StrEnum, by: Role | tuple[Role, ...]) -> Transition:
    roles = by if isinstance(by, tuple) else (by,)
    return Transition(frozenset(sources), to, frozenset(roles))


def apply_transition(
    session: Session,
    row: HasStatus,
    moves: Transitions,
    name: str,
    actor: Actor,
    *,
    parties: Iterable[UUID],
    **data: Any,
) -> UUID:
    """Make the named move on a row that the caller has locked, raise its version, and record it.

    Returns the event's id.
    """
    wanted = moves[name]
    if actor.role not in wanted.roles:
        raise NotAllowed(f"A {actor.role} may not {name} this.")
    if row.status not in wanted.sources:
        raise WrongState(
            f"Cannot {name} while it is {row.status}; that is possible from: {', '.join(sorted(wanted.sources))}.",
            state=str(row.status),
        )
    before, row.status = row.status, wanted.target
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
        after=row.status,
    )


def diagram(moves: Transitions) -> str:
    """Return the table as a Mermaid state diagram, for the documents."""
    lines = ["stateDiagram-v2"]
    for name, wanted in moves.items():
        who = "/".join(sorted(wanted.roles))
        lines += [f"    {source} --> {wanted.target}: {name} ({who})" for source in sorted(wanted.sources)]
    return "\n".join(lines)
