"""Give a channel another handle: what was proven of the old one does not hold for the new one.

An admin proves what stands in the profile of one handle. A claim that kept its proof under another handle would be
shown as proven under a name that is somebody else's, and would keep that somebody out.
"""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels import proofs
from marketplace.channels.facts.account_handles import handle_key
from marketplace.channels.models import Channel, ClaimStatus
from marketplace.channels.states import CLAIM_TRANSITIONS
from marketplace.core import db, ids
from marketplace.core.actor import Actor
from marketplace.core.errors import Conflict
from marketplace.core.message import Bilingual
from marketplace.core.states import apply_transition


def rename(session: Session, channel: Channel, handle: str, actor: Actor, parties: Sequence[UUID]) -> None:
    """Give a locked channel a handle in its normal form.

    Another spelling of the handle is the same account. Another handle has to be proven anew, and where it stands in
    for the platform's id it is another account, whose key the channel takes. Raises Conflict if its creator has a
    channel of that handle.
    """
    if channel.handle_key != handle.lower():
        refuse_own(session, channel.creator_id, channel.platform, handle, Channel.id != channel.id)
        unprove(session, channel, handle, actor, parties)
        if channel.account_key == handle_key(channel.handle):
            channel.account_key = handle_key(handle)
    channel.handle = handle


def unprove(session: Session, channel: Channel, handle: str, actor: Actor, parties: Sequence[UUID]) -> None:
    """Let a locked channel's claim fall back to claimed, and the proof that waits lapse, for it is to be called
    otherwise. What was decided on a former proof stays with the handle that it names."""
    waiting = proofs.asked(session, channel)
    if waiting is not None:
        proofs.lapse(session, waiting, actor, parties)
    if channel.claim_status == ClaimStatus.PROVEN:
        apply_transition(
            session,
            channel,
            CLAIM_TRANSITIONS,
            "rename",
            actor,
            parties=parties,
            column="claim_status",
            handle_before=channel.handle,
            handle_after=handle,
        )
        channel.proven_at = None


def refuse_own(session: Session, creator_id: UUID, platform: str, handle: str, *among: sa.ColumnElement[bool]) -> None:
    """Refuse a handle, in its normal form, that a channel of the creator has, and let nobody else give it to one until
    the transaction ends. Raises Conflict."""
    db.lock_name(session, "handles", creator_id)
    query = sa.select(Channel.id).filter_by(creator_id=creator_id, platform=platform)
    own = session.scalar(query.where(Channel.handle_key == sa.func.lower(handle), *among).limit(1))
    if own is not None:
        raise Conflict(
            Bilingual(
                f"这位创作者的账号 {ids.show('chn', own)} 已经用了这个账号名。",
                f"This creator's channel {ids.show('chn', own)} has this handle already.",
            )
        )
