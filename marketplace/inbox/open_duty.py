"""What a query of open duties returns, and one duty as it stands in an inbox."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from marketplace.core import ids
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.message import Bilingual
from marketplace.core.words import silences
from marketplace.core.words.duties import Duty, DutyCall, DutySide
from marketplace.core.words.silences import ToldSilence


@dataclass(frozen=True)
class Asker:
    """Who looks into their inbox: which sides they are, and the parties that the person sits in."""

    actor: Actor
    sides: frozenset[DutySide]
    seats: Sequence[UUID] = ()

    def sits_in(self, *parties: Any) -> sa.ColumnElement[bool]:
        """Match what is money of a party in which the person sits: somebody else has to do it."""
        return sa.or_(sa.false(), *(party.in_(self.seats) for party in parties)) if self.seats else sa.false()

    def is_another(self, first: Any) -> sa.ColumnElement[bool]:
        """Match what somebody else, or nobody in person, did the first step of. Nothing for nobody in person."""
        person_id = self.actor.person_id
        return sa.false() if person_id is None else first.is_distinct_from(person_id)


Query = sa.Select[Any]
# Makes the query of the open duties of one kind for whoever asks; None where they can have none.
DutyQuery = Callable[[Asker], Query | None]


def columns(
    *,
    subject_id: Any,
    state: Any,
    side: Any,
    by: Any,
    since: Any,
    about: Any,
    variant: Any = "",
    **more_ids: Any,
) -> list[Any]:
    """Return the columns that each query has. `more_ids` are other ids that its calls need, by the prefixes of their
    nouns; the subject's own is known."""
    told = {"state": state, "side": side, "variant": variant, "about": about}
    plain = [sa.cast(value, sa.Text).label(name) for name, value in told.items()]
    times = [sa.cast(by, sa.DateTime(timezone=True)).label("by"), since.label("since")]
    return [subject_id.label("subject_id"), *plain, *times, *(one.label(name) for name, one in more_ids.items())]


def end_of_day(day: Any, timezone: Any) -> Any:
    """Return the moment at which a day is over in a time zone."""
    return sa.func.timezone(timezone, sa.cast(day + 1, sa.DateTime))


@dataclass(frozen=True)
class ShownCall:
    """A call that answers a duty, with its id filled in."""

    operation: str
    method: str
    path: str


@dataclass(frozen=True)
class OpenDuty:
    """One thing that waits for whoever reads this: since when, by when, what silence does, and what to call."""

    duty: Duty
    subject_id: UUID
    about: str | None
    by: datetime | None
    since: datetime
    ids: Mapping[str, UUID] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Where it stands in the inbox: its date in microseconds since 1970, and what it is about."""
        return f"{cursor_time(self.by)}.{self.subject}"

    @property
    def code(self) -> str:
        return self.duty.code

    @property
    def subject_kind(self) -> str:
        return self.duty.subject

    @property
    def subject(self) -> str:
        return ids.show(ids.PREFIXES[self.duty.subject], self.subject_id)

    @property
    def waits_for(self) -> DutySide:
        return self.duty.side

    @property
    def is_overdue(self) -> bool:
        return self.by is not None and self.by <= now()

    @property
    def said(self) -> Bilingual:
        return self.duty.said

    @property
    def silence(self) -> ToldSilence:
        return silences.tell(self.duty.silence)

    @property
    def calls(self) -> Sequence[ShownCall]:
        return [ShownCall(call.operation, call.method, self._path(call)) for call in self.duty.calls]

    def _path(self, call: DutyCall) -> str:
        known = {**self.ids, ids.PREFIXES[self.duty.subject]: self.subject_id}
        return "/api/v1" + call.path.format(**{prefix: ids.show(prefix, id_) for prefix, id_ in known.items()})


EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def cursor_time(by: datetime | None) -> str:
    if by is None:
        return "-"
    passed = by - EPOCH
    return str((passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds)
