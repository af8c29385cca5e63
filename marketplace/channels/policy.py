"""Who may see channels and imports, and who may change them."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from marketplace.channels.models import Channel, ChannelImport, ChannelProof, ChannelTransfer
from marketplace.core.actor import Actor, Role
from marketplace.core.errors import FieldError, InvalidInput
from marketplace.core.message import Bilingual
from marketplace.operations.seals import stood_at_close, was_closed

OWNERS = (Role.CREATOR, Role.AGENCY)

# This package may not import bids and briefs, which are above it, so their tables are declared here.
_BIDS = sa.table(
    "bids",
    sa.column("channel_id", sa.Uuid),
    sa.column("brief_id", sa.Uuid),
    sa.column("brand_id", sa.Uuid),
    sa.column("status"),
    sa.column("withdrawn_at"),
)
_BRIEFS = sa.table("briefs", sa.column("id", sa.Uuid), sa.column("closed_at"), sa.column("cancelled_at"))


_IDS = ARRAY(sa.Uuid)

# Two rows are one account if the platform's id or the handle is the same; the proven one comes first, else the oldest.
_EARLIER = (
    " AND NOT EXISTS (SELECT 1 FROM channels o WHERE o.platform = {c}.platform AND o.{key} = {c}.{key}"
    " AND o.id <> {c}.id AND o.status = 'active' AND o.claim_status <> 'refused'"
    " AND ((o.claim_status = 'proven') > ({c}.claim_status = 'proven') OR ((o.claim_status = 'proven')"
    " = ({c}.claim_status = 'proven') AND (o.created_at, o.id) < ({c}.created_at, {c}.id))))"
)


def counts_once(alias: str) -> str:
    """Return the SQL condition on `channels` that one row of an account meets, however many have claimed it.

    For whatever learns from channels: an impostor's claim teaches nothing twice.
    """
    earlier = "".join(_EARLIER.format(c=alias, key=key) for key in ("account_key", "handle_key"))
    return f"({alias}.claim_status <> 'refused'{earlier})"


_BEATEN = (
    "EXISTS (SELECT 1 FROM channels o WHERE o.platform = {k}.platform AND o.{key} = {k}.{key} AND o.id <> {c}.id"
    " AND o.claim_status = 'proven')"
)


def holds(alias: str, named: str) -> str:
    """Return the SQL condition on `channels` that the account of that name is proven to be its creator's.

    ``named`` is the alias of a name, a row with `platform`, `account_key` and `handle_key`: what the channel is called,
    or was called when it bid.
    """
    return f"({alias}.claim_status = 'proven' AND {alias}.handle_key = {named}.handle_key)"


def unbeaten(alias: str, named: str = "") -> str:
    """Return the SQL condition on `channels` that a claim may be dealt with: proven, or neither refused nor beaten.

    For whatever offers channels to others. Of several claims that nobody has proven all are shown, each as claimed:
    else whoever takes another's handle would hide the other. ``named``: as in `holds`; without it, the channel itself.
    """
    name = named or alias
    beaten = " OR ".join(_BEATEN.format(c=alias, k=name, key=key) for key in ("account_key", "handle_key"))
    return f"({holds(alias, name)} OR ({alias}.claim_status <> 'refused' AND NOT ({beaten})))"


def _of(parties: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return Channel.creator_id == sa.any_(parties)


# The condition of `own` for an owner, for a statement that is built once and run with `parties` as a parameter.
OWNED = _of(sa.bindparam("parties", type_=_IDS))


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """Owners see their own; a brand sees the channel of every bid that it may see."""
    if actor.sees_all or actor.role in OWNERS:
        return own(actor)
    if actor.role != Role.BRAND:
        return sa.false()
    offered = (
        sa.select(_BIDS.c.channel_id)
        .join(_BRIEFS, _BRIEFS.c.id == _BIDS.c.brief_id)
        .where(_BIDS.c.brand_id == actor.party_id, was_closed(_BRIEFS.c), stood_at_close(_BIDS.c, _BRIEFS.c))
    )
    return Channel.id.in_(offered)


def own(actor: Actor) -> sa.ColumnElement[bool]:
    if actor.sees_all:
        return sa.true()
    return _of(sa.literal(sorted(actor.parties), _IDS)) if actor.role in OWNERS else sa.false()


def imports(actor: Actor) -> sa.ColumnElement[bool]:
    if actor.sees_all:
        return sa.true()
    return ChannelImport.party_id.in_(sorted(actor.parties)) if actor.role in OWNERS else sa.false()


def proofs(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if actor.sees_all else ChannelProof.creator_id.in_(sorted(actor.parties))


def transfers_from(actor: Actor) -> sa.ColumnElement[bool]:
    """Match the offers of the actor itself: no agency gives a channel away, or takes one."""
    return ChannelTransfer.from_creator_id == actor.party_id


def transfers_to(actor: Actor) -> sa.ColumnElement[bool]:
    return ChannelTransfer.to_creator_id == actor.party_id


def transfers(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if actor.sees_all else sa.or_(transfers_from(actor), transfers_to(actor))


def same_account(channel: Channel) -> sa.ColumnElement[bool]:
    """Match every claim of the account, this one too: by the platform's id, or by the handle."""
    return sa.and_(
        Channel.platform == channel.platform,
        sa.or_(Channel.account_key == channel.account_key, Channel.handle_key == channel.handle_key),
    )


def standing_bids(channel_id: UUID) -> sa.Select[Any]:
    """Count the bids with a channel that wait for a decision or are accepted, by status."""
    standing = _BIDS.c.status.in_(("open", "accepted"))
    return (
        sa.select(_BIDS.c.status, sa.func.count())
        .where(_BIDS.c.channel_id == channel_id, standing)
        .group_by(_BIDS.c.status)
        .order_by(_BIDS.c.status.desc())
    )


def creator_of(actor: Actor, creator_id: UUID | None, pointer: str) -> UUID:
    """Return the creator of a new channel: a creator itself, or for an agency one with a live mandate.

    Raises InvalidInput. The caller has to check that an admin's `creator_id` exists.
    """
    if actor.role == Role.CREATOR and actor.party_id and creator_id in (None, actor.party_id):
        return actor.party_id
    if creator_id is not None and (actor.sees_all or (actor.role == Role.AGENCY and creator_id in actor.acts_for)):
        return creator_id
    detail = Bilingual("请写一位您持有有效授权的创作者。", "Name a creator that you hold a live mandate of.")
    if actor.role == Role.CREATOR:
        detail = Bilingual("请不要写这一项。", "Leave it out.")
    raise InvalidInput(
        Bilingual("账号必须属于您代理的创作者。", "The channel must belong to a creator you act for."),
        errors=[FieldError(pointer, detail)],
    )
