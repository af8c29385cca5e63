"""Enter, change and archive channels by hand, and read them with their snapshots and videos."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from marketplace.channels import policy, renames, standing_bids
from marketplace.channels.facts import provenance, text_search
from marketplace.channels.files.bulk_store import handle_key
from marketplace.channels.files.imports import require_creator
from marketplace.channels.models import AudienceSnapshot, Channel, ChannelStatus, ChannelVideo, ClaimStatus
from marketplace.channels.states import CHANNEL_TRANSITIONS
from marketplace.core import db, events, ids
from marketplace.core.actor import Actor
from marketplace.core.errors import Conflict, WrongState
from marketplace.core.http import paging
from marketplace.core.message import Bilingual
from marketplace.core.states import apply_transition

# What of a channel its bids are scored by.
_SCORED = {"verticals", "language"}
_OTHER = aliased(Channel)
_PROVEN_BY_ANOTHER = sa.exists().where(
    _OTHER.platform == Channel.platform,
    sa.or_(_OTHER.account_key == Channel.account_key, _OTHER.handle_key == Channel.handle_key),
    _OTHER.id != Channel.id,
    _OTHER.claim_status == ClaimStatus.PROVEN,
)
# Bidders hold the channel as it is until their bid is written: whoever hands it over, archives it or decides its claim
# locks it FOR UPDATE (db.lock), so that one waits and sees what the other did. FOR SHARE would wait for imports too.
_BIDDING = (
    sa.select(
        Channel.creator_id,
        Channel.name,
        Channel.platform,
        Channel.status,
        Channel.claim_status,
        _PROVEN_BY_ANOTHER.label("proven_by_another"),
    )
    .where(Channel.id == sa.bindparam("channel_id"), policy.OWNED)
    .with_for_update(read=True, key_share=True, of=Channel)
)


def enter(
    session: Session, actor: Actor, *, creator_id: UUID | None, account_key: str | None, **values: Any
) -> Channel:
    """Enter a channel for a creator, who claims the account with it; others may have claimed it too.

    Raises InvalidInput (a creator the actor does not act for), Conflict (this creator has entered the account already,
    or has a channel of the handle).
    """
    creator_id = require_creator(session, actor, creator_id, pointer="/creator_id")
    key = account_key or handle_key(values["handle"])
    known = session.scalar(
        sa.select(Channel.id).filter_by(platform=values["platform"], account_key=key, creator_id=creator_id)
    )
    if known is not None:
        raise Conflict(
            Bilingual(
                f"这个账号已经录入：{ids.show('chn', known)}。",
                f"This account is entered already: it is {ids.show('chn', known)}.",
            ),
            rule="uq_channels_platform_account_key_creator_id",
        )
    renames.refuse_own(
        session, creator_id, values["platform"], values["handle"], Channel.status == ChannelStatus.ACTIVE
    )
    told = provenance.typed_by(actor.role)
    channel = Channel(creator_id=creator_id, account_key=key, details_provenance=told, **values)
    session.add(channel)
    session.flush()
    events.record(
        session, "channels.new", channel.id, actor, parties=event_parties(channel, actor), platform=channel.platform
    )
    return channel


@dataclass(frozen=True)
class BiddingChannel:
    """Whose a channel is, what it is called and where, and whether that is proven."""

    creator_id: UUID
    name: str
    platform: str
    proven: bool


def channel_for_bidding(session: Session, actor: Actor, channel_id: UUID) -> BiddingChannel:
    """Return whose an active channel is that the actor may bid with, and hold it so until the transaction ends.

    A claim that is not proven yet may bid, marked as such. Raises NotFound, and WrongState: archived, the claim was
    refused, or another creator has proven theirs.
    """
    values = {"channel_id": channel_id, "parties": sorted(actor.parties)}
    row = db.run(session, _BIDDING, values).one_or_none()
    if row is None:
        raise db.missing(Channel, channel_id)
    if row.status != ChannelStatus.ACTIVE:
        raise WrongState(Bilingual("这个账号已归档。", "This channel is archived."), state=row.status)
    path = f"POST /channels/{ids.show('chn', channel_id)}/proof"
    prove = Bilingual(f"请先证明它是您的：{path}。", f"Prove that it is yours first: {path}.")
    if row.claim_status == ClaimStatus.REFUSED:
        raise WrongState(
            Bilingual(f"对这个账号的认领已被拒绝。{prove.zh}", f"The claim of this channel was refused. {prove.en}"),
            state=row.claim_status,
        )
    if row.claim_status != ClaimStatus.PROVEN and row.proven_by_another:
        raise WrongState(
            Bilingual(
                f"另一位创作者已证明这个账号是自己的。{prove.zh}",
                f"Another creator has proven that this account is theirs. {prove.en}",
            ),
            state="disputed",
        )
    return BiddingChannel(row.creator_id, row.name, row.platform, row.claim_status == ClaimStatus.PROVEN)


def event_parties(channel: Channel, actor: Actor) -> list[UUID]:
    """Return the parties that an event is shown to: the creator, and the agency or admin who caused it."""
    return [channel.creator_id] + ([actor.party_id] if actor.party_id else [])


def list_channels(
    session: Session,
    actor: Actor,
    *,
    limit: int,
    starting_after: UUID | None,
    platform: str | None,
    vertical: str | None,
    q: str | None,
    creator_id: UUID | None,
) -> paging.Page[Channel]:
    query = sa.select(Channel).where(policy.visible(actor))
    if platform is not None:
        query = query.where(Channel.platform == platform)
    if vertical is not None:
        query = query.where(Channel.verticals.has_key(vertical))
    if q is not None:
        query = query.where(text_search.contains(q, Channel.name, Channel.handle))
    if creator_id is not None:
        query = query.where(Channel.creator_id == creator_id)
    return paging.page(session, query, Channel, limit, starting_after)


def find(session: Session, actor: Actor, channel_id: UUID) -> Channel:
    return db.get(session, Channel, channel_id, policy.visible(actor))


def change(session: Session, actor: Actor, channel_id: UUID, *, version: int, values: Mapping[str, Any]) -> Channel:
    """Change a channel's name and description; its platform and creator cannot change, nor the platform's id.

    Another handle has to be proven anew (see renames). Raises NotFound, and Conflict if its creator has a channel of
    that handle, or for an agency if another one's standing bid would lose its proof, its room or its rank by it.
    """
    channel = db.lock(session, Channel, channel_id, policy.own(actor), version=version)
    changed = sorted(name for name, value in values.items() if getattr(channel, name) != value)
    if changed:
        parties = event_parties(channel, actor)
        told: dict[str, Any] = {"fields": changed}
        is_renamed = "handle" in changed and values["handle"].lower() != channel.handle_key
        if is_renamed or "pacing" in changed:
            standing_bids.refuse_for_agency(session, actor, channel_id)
        if _SCORED.intersection(changed):
            standing_bids.refuse_facts(session, actor, channel_id)
            channel.details_provenance = provenance.typed_by(actor.role)
        if "handle" in changed:
            told |= {"handle_before": channel.handle, "handle_after": values["handle"]}
            renames.rename(session, channel, values["handle"], actor, parties)
        for name in changed:
            setattr(channel, name, values[name])
        channel.version += 1
        events.record(session, "channels.change", channel.id, actor, parties=parties, **told)
    return channel


def archive(session: Session, actor: Actor, channel_id: UUID) -> Channel:
    """Take a channel out of use. Raises NotFound, WrongState, and Conflict for an agency while another one has a bid
    standing with it."""
    channel = db.lock(session, Channel, channel_id, policy.own(actor))
    standing_bids.refuse_for_agency(session, actor, channel_id)
    apply_transition(session, channel, CHANNEL_TRANSITIONS, "archive", actor, parties=event_parties(channel, actor))
    return channel


def restore(session: Session, actor: Actor, channel_id: UUID) -> Channel:
    """Take an archived channel into use again, with its bids. Raises NotFound, WrongState, and Conflict if its creator
    has another channel of its handle by now."""
    channel = db.lock(session, Channel, channel_id, policy.own(actor))
    others = Channel.id != channel.id, Channel.status == ChannelStatus.ACTIVE
    renames.refuse_own(session, channel.creator_id, channel.platform, channel.handle, *others)
    apply_transition(session, channel, CHANNEL_TRANSITIONS, "restore", actor, parties=event_parties(channel, actor))
    return channel


def list_snapshots(
    session: Session, actor: Actor, channel_id: UUID, *, limit: int, starting_after: UUID | None
) -> paging.Page[AudienceSnapshot]:
    """Return a channel's snapshots, the last one entered first."""
    channel = find(session, actor, channel_id)
    query = sa.select(AudienceSnapshot).where(AudienceSnapshot.channel_id == channel.id)
    return paging.page(session, query, AudienceSnapshot, limit, starting_after)


def find_snapshot(session: Session, actor: Actor, snapshot_id: UUID) -> AudienceSnapshot:
    visible_ids = sa.select(Channel.id).where(policy.visible(actor))
    return db.get(session, AudienceSnapshot, snapshot_id, AudienceSnapshot.channel_id.in_(visible_ids))


def list_videos(
    session: Session, actor: Actor, channel_id: UUID, *, limit: int, starting_after: UUID | None
) -> paging.Page[ChannelVideo]:
    channel = find(session, actor, channel_id)
    return paging.page(
        session,
        sa.select(ChannelVideo).where(ChannelVideo.channel_id == channel.id),
        ChannelVideo,
        limit,
        starting_after,
    )
