"""Hand a proven channel over to another creator: one offers, the other accepts; its history stays with the channel."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels import policy
from marketplace.channels.models import Channel, ChannelStatus, ChannelTransfer, ClaimStatus, TransferStatus
from marketplace.channels.states import TRANSFER_TRANSITIONS
from marketplace.core import db, events, ids
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, FieldError, InvalidInput, WrongState
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.core.message import Bilingual
from marketplace.core.states import apply_transition
from marketplace.core.words.state_names import state_name
from marketplace.identity.models import Party, PartyKind, PartyStatus


@dataclass(frozen=True)
class ShownTransfer:
    """A transfer and the channel that it is about."""

    row: ChannelTransfer
    channel: Channel

    @property
    def version(self) -> int:
        return self.row.version


def offer(session: Session, actor: Actor, channel_id: UUID, *, creator_id: UUID) -> ShownTransfer:
    """Offer one's own proven channel to another creator.

    Raises NotFound, WrongState (not proven, archived, with open or accepted bids), InvalidInput (nobody to offer it
    to), and Conflict while another offer is open.
    """
    channel = db.lock(session, Channel, channel_id, policy.own(actor))
    taker = session.scalar(sa.select(Party).where(Party.id == creator_id, Party.kind == PartyKind.CREATOR))
    if taker is None or taker.id == channel.creator_id or taker.status != PartyStatus.ACTIVE:
        detail = Bilingual(
            "没有这个 id 的另一位创作者可以接受转让。", "There is no other creator of this id who could accept."
        )
        raise InvalidInput(errors=[FieldError("/creator_id", detail)])
    _require_free(session, channel)
    row = ChannelTransfer(channel_id=channel.id, from_creator_id=channel.creator_id, to_creator_id=taker.id)
    session.add(row)
    session.flush()
    events.record(session, "channel_transfers.offer", row.id, actor, parties=_sides(row), **_told(channel))
    return ShownTransfer(row, channel)


def accept(session: Session, actor: Actor, transfer_id: UUID) -> ShownTransfer:
    """Take the channel over, with its facts and its proof. Raises NotFound, NotAllowed, WrongState, Conflict.

    The channel is locked first, as an offer does, and the transfer after it.
    """
    seen = db.get(session, ChannelTransfer, transfer_id, policy.transfers_to(actor))
    channel = db.lock(session, Channel, seen.channel_id)
    row = db.lock(session, ChannelTransfer, transfer_id)
    apply_transition(session, row, TRANSFER_TRANSITIONS, "accept", actor, parties=_sides(row), **_told(channel))
    row.decided_at = now()
    if channel.creator_id != row.from_creator_id:
        raise WrongState(Bilingual("这个账号现在已属于别人。", "The channel has another owner by now."), state="gone")
    _require_free(session, channel)
    own = session.scalar(
        sa.select(Channel.id).filter_by(
            platform=channel.platform, account_key=channel.account_key, creator_id=row.to_creator_id
        )
    )
    if own is not None:
        shown = ids.show("chn", own)
        raise Conflict(
            Bilingual(
                f"您自己已用 {shown} 认领了这个账号。请去证明那个认领：POST /channels/{shown}/proof。",
                f"You claim this account yourself with {shown}. Prove that claim instead: POST "
                f"/channels/{shown}/proof.",
            )
        )
    channel.creator_id = row.to_creator_id
    channel.version += 1
    events.record(
        session, "channels.transfer", channel.id, actor, parties=_sides(row), transfer=ids.show("ctr", row.id)
    )
    return ShownTransfer(row, channel)


def decline(session: Session, actor: Actor, transfer_id: UUID) -> ShownTransfer:
    """Refuse to take the channel."""
    return _end(session, actor, transfer_id, "decline", policy.transfers_to(actor))


def withdraw(session: Session, actor: Actor, transfer_id: UUID) -> ShownTransfer:
    """Take the offer back."""
    return _end(session, actor, transfer_id, "withdraw", policy.transfers_from(actor))


def _end(session: Session, actor: Actor, transfer_id: UUID, name: str, side: sa.ColumnElement[bool]) -> ShownTransfer:
    row = db.lock(session, ChannelTransfer, transfer_id, side)
    channel = session.get_one(Channel, row.channel_id)
    apply_transition(session, row, TRANSFER_TRANSITIONS, name, actor, parties=_sides(row), **_told(channel))
    row.decided_at = now()
    return ShownTransfer(row, channel)


def listing(
    session: Session, actor: Actor, *, limit: int, starting_after: UUID | None, status: str | None
) -> Page[ShownTransfer]:
    query = sa.select(ChannelTransfer).where(policy.transfers(actor))
    if status is not None:
        query = query.where(ChannelTransfer.status == TransferStatus(status))
    page = paging.page(session, query, ChannelTransfer, limit, starting_after)
    wanted = sa.select(Channel).where(Channel.id.in_([row.channel_id for row in page.data]))
    channels = {channel.id: channel for channel in session.scalars(wanted)}
    return Page([ShownTransfer(row, channels[row.channel_id]) for row in page.data], page.has_more)


def _require_free(session: Session, channel: Channel) -> None:
    if channel.status != ChannelStatus.ACTIVE or channel.claim_status != ClaimStatus.PROVEN:
        state = str(channel.claim_status if channel.status == ChannelStatus.ACTIVE else channel.status)
        name = state_name(state)
        raise WrongState(
            Bilingual(
                f"只有已证实且在用的账号可以转让；这个账号的状态是“{name.zh}”。",
                f"Only a proven channel in use is handed over; this one is {name.en}.",
            ),
            state=state,
        )
    # Whoever takes the channel over does not see the bids of the other, and must not be bound by them.
    with db.acting_as(session, SYSTEM):
        standing = session.execute(policy.standing_bids(channel.id)).all()
    if standing:
        counts = [(count, state_name(status)) for status, count in standing]
        counts_zh = "和".join(f"{count} 个“{name.zh}”的" for count, name in counts)
        counts_en = " and ".join(f"{count} {name.en}" for count, name in counts)
        raise WrongState(
            Bilingual(
                f"它有 {counts_zh}报价。请先撤回或退出；未决的也可以等对方决定。",
                f"It has {counts_en} bids. Withdraw them or step back from them first; open ones may also be decided.",
            ),
            state=f"bids {standing[0][0]}",
        )


def _sides(row: ChannelTransfer) -> list[UUID]:
    return [row.from_creator_id, row.to_creator_id]


def _told(channel: Channel) -> dict[str, str]:
    return {"channel_id": ids.show("chn", channel.id), "platform": channel.platform, "handle": channel.handle}
