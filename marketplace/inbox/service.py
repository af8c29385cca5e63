"""Read an inbox: every open duty of whoever asks, the oldest date first, what has no date last."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, ids
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.errors import FieldError, InvalidInput
from marketplace.core.http.paging import Page
from marketplace.core.message import Bilingual
from marketplace.identity.models import Membership
from marketplace.inbox import deals_waiting, duty_table, market_waiting, money_waiting, people_waiting
from marketplace.inbox.open_duty import EPOCH, Asker, DutyQuery, OpenDuty, Query

QUERIES: Mapping[str, DutyQuery] = {
    "deals": deals_waiting.deals,
    "deliverables": deals_waiting.deliverables,
    "extra_rounds": deals_waiting.rounds,
    "takedown_reports": deals_waiting.takedowns,
    "disputes": deals_waiting.disputes,
    "briefs": market_waiting.briefs,
    "bids": market_waiting.bids,
    "reviews": market_waiting.reviews,
    "deal_prices": market_waiting.prices,
    "mandates": people_waiting.mandates,
    "invites": people_waiting.seats,
    "channel_transfers": people_waiting.transfers,
    "channel_proofs": people_waiting.proofs,
    "receipts": money_waiting.receipts,
    "payouts": money_waiting.payouts,
    "claw_backs": money_waiting.claw_backs,
}
# Of strangers by row-level security: the query names the person itself.
_AS_SYSTEM = frozenset({"invites"})
_COMMON = ("subject_id", "state", "side", "variant", "about", "by", "since")
# Where a page ended: a moment in microseconds since 1970, or none, and an id.
CURSOR = r"^(-|[0-9]{1,16})\.[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}$"


def listing(
    session: Session, actor: Actor, *, limit: int, starting_after: str | None = None, subject: str | None = None
) -> Page[OpenDuty]:
    """Return what waits for the actor. Raises InvalidInput for a cursor that is none."""
    asker = _asker(session, actor)
    after = None if starting_after is None else _read_cursor(starting_after)
    found: list[OpenDuty] = []
    for kind, make in QUERIES.items():
        query = make(asker) if subject in (None, kind) else None
        if query is not None:
            found += _some(session, kind, _from(query, after).limit(limit + 1))
    found.sort(key=_place)
    return Page(found[:limit], len(found) > limit)


def _asker(session: Session, actor: Actor) -> Asker:
    seats: list[UUID] = []
    if actor.sees_all and actor.person_id is not None:
        seats = list(session.scalars(sa.select(Membership.party_id).where(Membership.person_id == actor.person_id)))
    return Asker(actor, duty_table.sides_of(actor.role), seats)


def _some(session: Session, kind: str, query: Query) -> list[OpenDuty]:
    if kind in _AS_SYSTEM:
        with db.acting_as(session, SYSTEM):
            rows = db.run(session, query).mappings().all()
    else:
        rows = db.run(session, query).mappings().all()
    return [_open(kind, dict(row)) for row in rows]


def _open(kind: str, row: Mapping[str, Any]) -> OpenDuty:
    duty = duty_table.BY_KEY[kind, row["state"], row["side"], row["variant"]]
    more = {name: value for name, value in row.items() if name not in _COMMON and value is not None}
    return OpenDuty(duty, row["subject_id"], row["about"], row["by"], row["since"], more)


def _from(query: Query, after: tuple[datetime | None, UUID] | None) -> Query:
    """Return the rows of a query in the order of the inbox, from a place on."""
    rows = query.subquery()
    ordered = sa.select(rows).order_by(rows.c.by.asc().nulls_last(), rows.c.subject_id)
    if after is None:
        return ordered
    by, subject_id = after
    if by is None:
        return ordered.where(rows.c.by.is_(None), rows.c.subject_id > subject_id)
    later = sa.or_(rows.c.by > by, sa.and_(rows.c.by == by, rows.c.subject_id > subject_id))
    return ordered.where(sa.or_(later, rows.c.by.is_(None)))


def _place(one: OpenDuty) -> tuple[bool, datetime, UUID]:
    return one.by is None, one.by or EPOCH, one.subject_id


def _read_cursor(text: str) -> tuple[datetime | None, UUID]:
    at, _, shown = text.partition(".")
    prefix = shown.partition("_")[0]
    try:
        if not re.fullmatch(CURSOR, text):
            raise ValueError
        by = None if at == "-" else EPOCH + timedelta(microseconds=int(at))
        return by, ids.read(prefix, shown)
    except (ValueError, OverflowError) as error:
        detail = Bilingual("这不是待办的编号。", "This is no duty's id.")
        raise InvalidInput(errors=[FieldError("query:/starting_after", detail)]) from error
