"""Prove that a claimed account is one's own: a creator's side asks, an admin looks and decides, the evidence is kept.

Several creators may claim one account; at most one claim is proven, and proving one refuses the others. What was
refused may be proven later, for an account may be sold, and a first proof may not have been good enough.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels import policy, proofs
from marketplace.channels.models import (
    AudienceSnapshot,
    Channel,
    ChannelImport,
    ChannelProof,
    ChannelStatus,
    ClaimStatus,
    ImportStatus,
    ProofKind,
    ProofStatus,
)
from marketplace.channels.schemas import SHAPES
from marketplace.channels.service import event_parties
from marketplace.channels.states import CLAIM_TRANSITIONS, PROOF_TRANSITIONS
from marketplace.core import db, events, ids
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.errors import FieldError, InvalidInput, NotAllowed, WrongState
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.core.message import Bilingual
from marketplace.core.states import apply_transition
from marketplace.core.words.state_names import state_name
from marketplace.identity.models import Party

CODE_DAYS = 14
CODE_LETTERS = 8  # so many that nobody's profile holds them by chance
PLATFORM_SHAPES = frozenset(SHAPES) - {"inlay"}  # anybody can write a table with Inlay's own columns


@dataclass(frozen=True)
class RivalClaim:
    """Another creator's claim of the same account."""

    channel: Channel
    creator: Party


@dataclass(frozen=True)
class ShownClaim:
    """A claim as an admin sees it: whose it is, what was offered as proof, and who else claims the account."""

    channel: Channel
    creator: Party
    proofs: Sequence[ChannelProof]
    rivals: Sequence[RivalClaim]

    @property
    def version(self) -> int:
        return self.channel.version


def ask(session: Session, actor: Actor, channel_id: UUID, *, kind: str, import_id: UUID | None) -> ChannelProof:
    """Offer a proof of one's own claim: a code to put into the profile, or an imported export file of the platform.

    While a code is good, asking again returns it. Another kind of proof takes the place of the one before. Raises
    NotFound, WrongState (archived, or proven already), InvalidInput (a file that shows nothing of this channel).
    """
    channel = db.lock(session, Channel, channel_id, policy.own(actor))
    if channel.status != ChannelStatus.ACTIVE or channel.claim_status == ClaimStatus.PROVEN:
        state = "proven" if channel.status == ChannelStatus.ACTIVE else str(channel.status)
        name = state_name(state)
        raise WrongState(
            Bilingual(
                f"这个账号的状态是“{name.zh}”，没有什么要证明。",
                f"This channel is {name.en}; there is nothing to prove.",
            ),
            state=state,
        )
    wanted = ProofKind(kind)
    if (wanted == ProofKind.PLATFORM_EXPORT) != (import_id is not None):
        detail = Bilingual(
            "请写导入的文件，且只在 platform_export 这一类写。",
            "Name the imported file, and only for the kind platform_export.",
        )
        raise InvalidInput(errors=[FieldError("/import_id", detail)])
    asked = proofs.asked(session, channel)
    if asked is not None and wanted == ProofKind.CODE_IN_PROFILE and proofs.is_good(asked):
        return asked
    if import_id is not None:
        _require_export(session, actor, channel, import_id)
    if asked is not None:
        proofs.lapse(session, asked, actor, [channel.creator_id])
    proof = ChannelProof(
        channel_id=channel.id,
        creator_id=channel.creator_id,
        handle=channel.handle,
        kind=wanted,
        import_id=import_id,
    )
    if wanted == ProofKind.CODE_IN_PROFILE:
        proof.code = "inlay-" + "".join(secrets.choice(ids.ALPHABET) for _ in range(CODE_LETTERS))
        proof.expires_at = now() + timedelta(days=CODE_DAYS)
    session.add(proof)
    events.record(
        session,
        "channel_proofs.ask",
        proof.id,
        actor,
        parties=event_parties(channel, actor),
        channel_id=ids.show("chn", channel.id),
        proof_kind=wanted,
    )
    return proof


def _require_export(session: Session, actor: Actor, channel: Channel, import_id: UUID) -> None:
    file = db.get(session, ChannelImport, import_id, policy.imports(actor))
    told = sa.select(AudienceSnapshot.source).where(
        AudienceSnapshot.channel_id == channel.id, AudienceSnapshot.import_id == file.id
    )
    sources = set(session.scalars(told))
    if file.status == ImportStatus.DONE and sources & PLATFORM_SHAPES:
        return
    if sources:
        shapes = ", ".join(sorted(PLATFORM_SHAPES))
        detail = Bilingual(
            f"只有平台自己的导出文件才能证明：{shapes}。", f"Only a platform's own export proves anything: {shapes}."
        )
    else:
        detail = Bilingual("这个文件没有带来这个账号的数据。", "This file brought no facts of this channel.")
    raise InvalidInput(errors=[FieldError("/import_id", detail)])


def list_proofs(
    session: Session, actor: Actor, channel_id: UUID, *, limit: int, starting_after: UUID | None
) -> Page[ChannelProof]:
    """Return what a channel's own side has offered as proof, and how it was decided."""
    channel = db.get(session, Channel, channel_id, policy.own(actor))
    query = sa.select(ChannelProof).where(ChannelProof.channel_id == channel.id, policy.proofs(actor))
    return paging.page(session, query, ChannelProof, limit, starting_after)


def queue(
    session: Session, actor: Actor, *, limit: int, starting_after: UUID | None, status: str | None
) -> Page[ShownClaim]:
    """Return the claims whose proof waits for an admin, or those of a status."""
    waits = sa.select(ChannelProof.id).where(
        ChannelProof.channel_id == Channel.id,
        ChannelProof.status == ProofStatus.ASKED,
        sa.or_(ChannelProof.expires_at.is_(None), ChannelProof.expires_at > now()),
    )
    chosen = waits.exists() if status is None else Channel.claim_status == ClaimStatus(status)
    page = paging.page(session, sa.select(Channel).where(policy.own(actor), chosen), Channel, limit, starting_after)
    return Page([_shown(session, channel) for channel in page.data], page.has_more)


def find(session: Session, actor: Actor, channel_id: UUID) -> ShownClaim:
    return _shown(session, db.get(session, Channel, channel_id, policy.own(actor)))


def _shown(session: Session, channel: Channel) -> ShownClaim:
    offered = sa.select(ChannelProof).where(ChannelProof.channel_id == channel.id).order_by(ChannelProof.id.desc())
    rivals = session.execute(
        sa.select(Channel, Party)
        .join(Party, Party.id == Channel.creator_id)
        .where(policy.same_account(channel), Channel.id != channel.id)
        .order_by(Channel.id)
    )
    return ShownClaim(
        channel,
        session.get_one(Party, channel.creator_id),
        session.scalars(offered).all(),
        [RivalClaim(rival, creator) for rival, creator in rivals],
    )


def prove(
    session: Session, actor: Actor, channel_id: UUID, *, reason: str, evidence: str, evidence_sha256: str | None
) -> ShownClaim:
    """Accept the proof that waits, and refuse every other claim of the account.

    Raises NotFound, WrongState (nothing waits, the code is no longer good, proven already).
    """
    channel, others = _lock_account(session, channel_id)
    proof = proofs.asked(session, channel)
    if proof is None:
        raise WrongState(
            Bilingual(
                "还没有提交认领证明；请创作者先索取验证码。",
                "Nothing was offered as proof; the creator asks for a code first.",
            ),
            state="not asked",
        )
    if proof.kind == ProofKind.CODE_IN_PROFILE and not proofs.is_good(proof):
        raise WrongState(
            Bilingual("验证码已过期；请创作者重新索取。", "The code has lapsed; the creator asks for a new one."),
            state="lapsed",
        )
    file = session.get(ChannelImport, proof.import_id) if proof.import_id else None
    sha256 = evidence_sha256 or (file.sha256 if file else hashlib.sha256(evidence.encode()).hexdigest())
    proof.evidence, proof.evidence_sha256 = evidence, sha256
    _decide(session, actor, proof, "accept", reason)
    for other in others:
        # Not to be told who has proven it: the two creators may be strangers.
        if other.claim_status != ClaimStatus.REFUSED:
            _move(session, actor, other, "supplant", reason="Another claim of this account was proven.")
    session.flush()  # the other must no longer be proven when this one becomes so
    _move(session, actor, channel, "prove", reason=reason, evidence_sha256=sha256)
    return _shown(session, channel)


def refuse(session: Session, actor: Actor, channel_id: UUID, *, reason: str) -> ShownClaim:
    """Refuse a claim, also one that was proven, with the proof that waits. Raises NotFound, WrongState."""
    channel, _ = _lock_account(session, channel_id)
    proof = proofs.asked(session, channel)
    if proof is not None:
        _decide(session, actor, proof, "refuse", reason)
    if proof is None or channel.claim_status != ClaimStatus.REFUSED:
        _move(session, actor, channel, "refuse", reason=reason)
    return _shown(session, channel)


def _lock_account(session: Session, channel_id: UUID) -> tuple[Channel, list[Channel]]:
    """Lock all claims of an account in one order, so that two admins who decide at once do so one after the other.

    The others are those on the same id of the platform; on the same handle where one of the two is known by it alone.
    Two ids with one handle are two accounts, of which one was renamed: an admin sees both and decides each.
    """
    wanted = db.get(session, Channel, channel_id)
    query = sa.select(Channel).where(policy.same_account(wanted)).order_by(Channel.id)
    rows = session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()
    (channel,) = (row for row in rows if row.id == channel_id)
    return channel, [row for row in rows if row.id != channel_id and _is_same(row, channel)]


def _is_same(one: Channel, other: Channel) -> bool:
    by_handle_alone = one.account_key == one.handle_key or other.account_key == other.handle_key
    return one.account_key == other.account_key or by_handle_alone


def _move(session: Session, actor: Actor, channel: Channel, name: str, **data: str) -> None:
    parties = [channel.creator_id]
    apply_transition(session, channel, CLAIM_TRANSITIONS, name, actor, parties=parties, column="claim_status", **data)
    channel.proven_at = now() if channel.claim_status == ClaimStatus.PROVEN else None


def _decide(session: Session, actor: Actor, proof: ChannelProof, name: str, reason: str) -> None:
    if actor.person_id is None:
        raise NotAllowed(Bilingual("认领证明要由人来查看。", "A proof is looked at by a person."))
    proof.reason, proof.decided_by, proof.decided_at = reason, actor.person_id, now()
    apply_transition(session, proof, PROOF_TRANSITIONS, name, actor, parties=[proof.creator_id], reason=reason)
