"""The proof of a claim that waits for an admin: at most one of a channel."""

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels.models import Channel, ChannelProof, ProofStatus
from marketplace.channels.states import PROOF_TRANSITIONS
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.states import apply_transition


def asked(session: Session, channel: Channel) -> ChannelProof | None:
    return session.scalar(sa.select(ChannelProof).filter_by(channel_id=channel.id, status=ProofStatus.ASKED))


def is_good(proof: ChannelProof) -> bool:
    """Return whether a code can still be looked for; an export never grows too old."""
    return proof.expires_at is not None and proof.expires_at > now()


def lapse(session: Session, proof: ChannelProof, actor: Actor, parties: Iterable[UUID]) -> None:
    """End a proof that waits, so that another may be asked for at once."""
    apply_transition(session, proof, PROOF_TRANSITIONS, "lapse", actor, parties=parties)
    session.flush()
