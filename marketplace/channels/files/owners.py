"""Find the creator of each row of a file, by id or name, among those that the importing party acts for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels.models import ChannelImport
from marketplace.core import ids
from marketplace.core.actor import Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import NotAllowed
from marketplace.core.message import Bilingual
from marketplace.identity import service as identity
from marketplace.identity.models import Party, PartyStatus
from marketplace.identity.sign_in.authentication import ROLES

# Mandates are queried again for each batch, so one that ends while a file is read is respected from then on.
_CREATORS = (
    "SELECT p.id, p.name FROM parties p WHERE p.kind = 'creator' AND p.status <> 'suspended' AND {which}"
    " AND mandate_holds(CAST(:agency AS uuid), p.id, :now)"
)
_BY_NAME = sa.text(_CREATORS.format(which="p.name = ANY(:wanted)"))
_BY_ID = sa.text(_CREATORS.format(which="p.id = ANY(:wanted)"))


@dataclass(frozen=True)
class ImportSource:
    """Who uploaded a file, the creator of all its rows (None: each row names its own), whether to enter new ones."""

    actor: Actor
    creator_id: UUID | None
    create: bool


@dataclass(frozen=True)
class NamedCreator:
    """The creator that a row names."""

    creator_id: str | None
    creator_name: str | None


@dataclass(frozen=True)
class UnknownCreator:
    """Why a row has no creator: the column to correct, its value, and the reason."""

    column: str
    value: str
    zh: str
    en: str


def load_source(session: Session, row: ChannelImport, creator_id: UUID | None) -> ImportSource:
    """Return the importing party as it is now. Raises NotAllowed if it may no longer import."""
    party = session.get_one(Party, row.party_id)
    if party.status == PartyStatus.SUSPENDED:
        raise NotAllowed(Bilingual("交来这个文件的主体已被暂停。", "The party that handed this file in is suspended."))
    actor = Actor(role=ROLES[party.kind], party_id=party.id, person_id=row.person_id)
    if actor.role == Role.AGENCY and creator_id is not None and not _by_id(session, actor, [creator_id]):
        raise NotAllowed(
            Bilingual(
                "这个文件所属创作者的授权已经结束。", "The mandate of the creator whom this file is for has ended."
            )
        )
    return ImportSource(actor, creator_id, row.create_creators)


def resolve_creators(
    session: Session, source: ImportSource, rows: Sequence[NamedCreator]
) -> list[UUID | UnknownCreator]:
    """Return each row's creator, or why it has none; enters unknown names as new creators if the source allows it."""
    if source.creator_id is not None:
        return [_only(source.creator_id, row) for row in rows]
    known = _by_id(
        session, source.actor, sorted({creator_id for row in rows if (creator_id := _parse_id(row.creator_id))})
    )
    names = {row.creator_name for row in rows if row.creator_id is None and row.creator_name}
    named = _by_name(session, source.actor, sorted(names))
    if source.create:
        for name in sorted(names - set(named)):
            named[name] = [identity.enter_creator(session, source.actor, name=name).party.id]
    return [_creator_of(row, known, named) for row in rows]


def _only(creator_id: UUID, row: NamedCreator) -> UUID | UnknownCreator:
    if row.creator_id is None or _parse_id(row.creator_id) == creator_id:
        return creator_id
    return UnknownCreator(
        "creator_id",
        row.creator_id,
        "此文件只能导入同一位创作者的账号。",
        "This file is for one creator only; this row names another.",
    )


def _creator_of(
    row: NamedCreator, known: Mapping[UUID, str], named: Mapping[str, Sequence[UUID]]
) -> UUID | UnknownCreator:
    if row.creator_id is not None:
        creator_id = _parse_id(row.creator_id)
        if creator_id is not None and creator_id in known:
            return creator_id
        return UnknownCreator(
            "creator_id",
            row.creator_id,
            "没有这位创作者，或您没有其有效授权。",
            "There is no such creator, or you hold no live mandate of theirs.",
        )
    if row.creator_name is None:
        return UnknownCreator(
            "creator_name", "", "请填写创作者名称或编号。", "Name the creator by creator_name or creator_id."
        )
    owners = named.get(row.creator_name, ())
    if len(owners) == 1:
        return owners[0]
    if owners:
        return UnknownCreator(
            "creator_name",
            row.creator_name,
            f"有 {len(owners)} 位创作者同名，请填写 creator_id。",
            f"{len(owners)} creators have this name; give creator_id.",
        )
    return UnknownCreator(
        "creator_name",
        row.creator_name,
        "没有这位创作者，或您没有其有效授权；用 create_creators=true（命令行 --create-creators）可新建。",
        "There is no such creator, or you hold no live mandate of theirs; create_creators=true (--create-creators)"
        " enters it.",
    )


def _by_id(session: Session, actor: Actor, wanted: Sequence[UUID]) -> dict[UUID, str]:
    if not wanted:
        return {}
    return {row.id: row.name for row in session.execute(_BY_ID, _parameters(actor, wanted))}


def _by_name(session: Session, actor: Actor, wanted: Sequence[str]) -> dict[str, list[UUID]]:
    named: dict[str, list[UUID]] = {}
    if wanted:
        for row in session.execute(_BY_NAME, _parameters(actor, wanted)):
            named.setdefault(row.name, []).append(row.id)
    return named


def _parameters(actor: Actor, wanted: Sequence[UUID] | Sequence[str]) -> dict[str, object]:
    agency = actor.party_id if actor.role == Role.AGENCY else None
    return {"wanted": list(wanted), "agency": agency, "now": now()}


def _parse_id(text: str | None) -> UUID | None:
    try:
        return None if text is None else ids.read("pty", text)
    except ValueError:
        return None
