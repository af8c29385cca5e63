"""Mandates: an agency offers, the creator accepts or declines, either side ends. Their days are the creator's."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, events, states
from marketplace.core.actor import Actor
from marketplace.core.errors import FieldError, InvalidInput, NotAllowed, WrongState
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.core.message import Bilingual
from marketplace.identity import party_days, policy
from marketplace.identity.models import Mandate, MandateStatus, Party, PartyKind, PartyStatus
from marketplace.identity.states import MANDATE_TRANSITIONS


@dataclass(frozen=True)
class MandateTerms:
    """The first and the last day (included; None for no end), and the agency's share of what the creator earns."""

    starts_on: date
    ends_on: date | None
    share_basis_points: int

    def as_json(self) -> dict[str, str | int | None]:
        """Return the terms as they are written into events."""
        ends_on = self.ends_on.isoformat() if self.ends_on else None
        return {
            "starts_on": self.starts_on.isoformat(),
            "ends_on": ends_on,
            "share_basis_points": self.share_basis_points,
        }


def offer(session: Session, actor: Actor, *, creator_id: UUID, terms: MandateTerms) -> Mandate:
    """Offer a mandate to a creator.

    Raises InvalidInput, and Conflict for days that another mandate between the two covers.
    """
    creator = session.scalar(
        sa.select(Party).where(
            Party.id == creator_id, Party.kind == PartyKind.CREATOR, Party.status != PartyStatus.SUSPENDED
        )
    )
    if creator is None:
        raise InvalidInput(
            Bilingual("没有可以提议的对象。", "There is nobody to offer this to."),
            errors=[FieldError("/creator_id", Bilingual("没有这位创作者。", "There is no such creator."))],
        )
    return _write(session, actor, creator, terms, MandateStatus.OFFERED, "mandates.offer", "")


def enter(session: Session, actor: Actor, creator: Party, terms: MandateTerms) -> Mandate:
    """Make a mandate in force at once, for a creator whom the agency enters itself and who cannot accept it."""
    return _write(session, actor, creator, terms, MandateStatus.ACTIVE, "mandates.enter", "/mandate")


def _write(
    session: Session, actor: Actor, creator: Party, terms: MandateTerms, status: MandateStatus, kind: str, pointer: str
) -> Mandate:
    if actor.party_id is None:
        raise NotAllowed(Bilingual("授权属于机构。", "A mandate belongs to an agency."))
    if terms.ends_on is not None and terms.ends_on < max(terms.starts_on, party_days.today_of(creator)):
        detail = Bilingual("不能是过去的日期，也不能早于第一天。", "Must be neither past nor before the first day.")
        raise InvalidInput(
            Bilingual("这些日期不行。", "These days cannot be."), errors=[FieldError(f"{pointer}/ends_on", detail)]
        )
    row = Mandate(
        agency_id=actor.party_id,
        creator_id=creator.id,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        share_basis_points=terms.share_basis_points,
        status=status,
    )
    session.add(row)
    session.flush()
    events.record(session, kind, row.id, actor, parties=[row.agency_id, row.creator_id], **terms.as_json())
    return row


def accept(session: Session, actor: Actor, mandate_id: UUID) -> Mandate:
    return _answer(session, actor, mandate_id, "accept")


def decline(session: Session, actor: Actor, mandate_id: UUID) -> Mandate:
    return _answer(session, actor, mandate_id, "decline")


def _answer(session: Session, actor: Actor, mandate_id: UUID, name: str) -> Mandate:
    row = db.lock(session, Mandate, mandate_id, policy.mandates(actor))
    if name == "accept" and row.ends_on is not None and row.ends_on < _today(session, row):
        raise WrongState(Bilingual("这个提议的日期已过。", "The days of this offer are past."), state=str(row.status))
    states.apply_transition(session, row, MANDATE_TRANSITIONS, name, actor, parties=[row.agency_id, row.creator_id])
    return row


def end(session: Session, actor: Actor, mandate_id: UUID, *, ends_on: date) -> Mandate:
    """Bring the last day forward; today ends the mandate at once, and withdraws one that is only offered.

    Raises WrongState (over already, an offer), InvalidInput (a past day, or one later than agreed).
    """
    row = db.lock(session, Mandate, mandate_id, policy.mandates(actor))
    today = _today(session, row)
    if row.status == MandateStatus.ACTIVE and row.ends_on is not None and row.ends_on < today:
        raise WrongState(
            Bilingual("这个授权已在最后一天自行结束。", "This mandate ended by itself on its last day."),
            state=str(row.status),
        )
    if ends_on < today:
        raise InvalidInput(
            Bilingual("什么都没有改动。", "Nothing was changed."),
            errors=[FieldError("/ends_on", Bilingual("必须是今天或以后。", "Must be today or later."))],
        )
    if ends_on == today:
        row.ends_on = max(today, row.starts_on)
        shown = row.ends_on.isoformat()
        states.apply_transition(
            session, row, MANDATE_TRANSITIONS, "end", actor, parties=[row.agency_id, row.creator_id], ends_on=shown
        )
        return row
    if row.status != MandateStatus.ACTIVE:
        raise WrongState(
            Bilingual("只有生效中的授权可以改最后一天。", "Only a mandate in force can be given another last day."),
            state=str(row.status),
        )
    if ends_on < row.starts_on or (row.ends_on is not None and ends_on > row.ends_on):
        detail = Bilingual(
            "不能早于第一天，也不能晚于约定的日期。", "Must be neither before the first day nor later than agreed."
        )
        raise InvalidInput(
            Bilingual("什么都没有改动。", "Nothing was changed."), errors=[FieldError("/ends_on", detail)]
        )
    row.ends_on = ends_on
    row.version += 1
    events.record(
        session, "mandates.shorten", row.id, actor, parties=[row.agency_id, row.creator_id], ends_on=ends_on.isoformat()
    )
    return row


def _today(session: Session, row: Mandate) -> date:
    return party_days.today_of(session.get_one(Party, row.creator_id))


def listing(
    session: Session, actor: Actor, *, limit: int, starting_after: UUID | None, status: str | None = None
) -> Page[Mandate]:
    query = sa.select(Mandate).where(policy.mandates(actor))
    if status is not None:
        query = query.where(Mandate.status == MandateStatus(status))
    return paging.page(session, query, Mandate, limit, starting_after)
