"""Who may read which event, and what of it while bids are sealed."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor, Role
from marketplace.core.events import Event
from marketplace.operations import agency_reach, seals

# What happens to a party's people, seats, keys, sessions and mandates is never read by way of a mandate.
OF_THE_PARTY_ITSELF = (
    "parties",
    "people",
    "memberships",
    "invites",
    "mandates",
    "api_keys",
    "console_sessions",
)
# A deal names everybody whose it is: nobody else reads of it, also not for a mandate that came later.
OF_A_DEAL = ("deals", "deliverables", "payments", "receipts", "payouts", "claw_backs")
SEALED_NOUN = "bids"

# This room may not import bids and briefs, which are above it, so their tables are declared here.
_TIME = sa.DateTime(timezone=True)
_BIDS = sa.table(
    "bids",
    sa.column("id", sa.Uuid),
    sa.column("brief_id", sa.Uuid),
    sa.column("status"),
    sa.column("withdrawn_at", _TIME),
)
_BRIEFS = sa.table("briefs", sa.column("id", sa.Uuid), sa.column("closed_at", _TIME), sa.column("cancelled_at", _TIME))


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the events that an actor may read.

    A party reads those that name it. An agency also reads its creators' from the time of its mandate on, but only
    where no other agency is named, nor acted, and none of OF_THE_PARTY_ITSELF or OF_A_DEAL.
    """
    if actor.sees_all:
        return sa.true()
    if actor.party_id is None:
        return sa.false()
    named = Event.party_ids.contains([actor.party_id])
    if not actor.acts_for:
        return named
    noun = sa.func.split_part(Event.kind, ".", 1)
    by_mandate = sa.and_(
        noun.not_in((*OF_THE_PARTY_ITSELF, *OF_A_DEAL)),
        ~agency_reach.names_other_agency(actor, sa.func.array_append(Event.party_ids, Event.actor_party_id)),
        agency_reach.under_mandate(actor, lambda creator: creator == sa.any_(Event.party_ids), Event.created_at),
    )
    # The overlap alone is what the index can look up.
    return sa.and_(Event.party_ids.overlap(sorted(actor.parties)), sa.or_(named, by_mandate))


@contextmanager
def masked(session: Session, actor: Actor) -> Iterator[None]:
    """Let an admin's events of sealed bids be read within, whose rows are hidden from admins: they are shown without
    what is sealed, so that whoever follows the stream misses none."""
    with db.acting_as(session, SYSTEM) if actor.role == Role.ADMIN else nullcontext():
        yield


def sealed(session: Session, actor: Actor, events: Iterable[Event]) -> set[UUID]:
    """Return those of the events that must not say whose bid they are about.

    Bids are sealed from admins too until their brief is closed, and for good if either ends before. Their events
    stay in the stream, so that whoever follows it misses none, and are shown in full from the close on.
    """
    if actor.role != Role.ADMIN:
        return set()
    of_bids = {event.id: event.subject_id for event in events if event.kind.startswith(f"{SEALED_NOUN}.")}
    if not of_bids:
        return set()
    unsealed = sa.and_(seals.was_closed(_BRIEFS.c), seals.stood_at_close(_BIDS.c, _BRIEFS.c))
    query = sa.select(_BIDS.c.id).join(_BRIEFS, _BRIEFS.c.id == _BIDS.c.brief_id)
    closed = set(session.scalars(query.where(_BIDS.c.id.in_(set(of_bids.values())), unsealed)))
    return {event_id for event_id, bid_id in of_bids.items() if bid_id not in closed}


def is_unsealed(session: Session, brief_id: UUID) -> bool:
    """Return whether the bids of a brief are sealed no more."""
    return bool(session.scalar(sa.select(sa.exists().where(_BRIEFS.c.id == brief_id, seals.was_closed(_BRIEFS.c)))))
