"""Enter audience facts by hand, with the importer's checks, and export one's own channels as records."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels import peers, policy, standing_bids
from marketplace.channels.facts import provenance
from marketplace.channels.files import bulk_store
from marketplace.channels.files.shapes import record_builder
from marketplace.channels.files.shapes.cell_values import RowCells
from marketplace.channels.files.shapes.record_builder import ShapeReading
from marketplace.channels.models import AudienceSnapshot, Channel, ChannelStatus, ChannelVideo
from marketplace.channels.records import ChannelRecord
from marketplace.channels.service import event_parties
from marketplace.core import db, events
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, FieldError, InvalidInput, WrongState
from marketplace.core.message import Bilingual
from marketplace.identity.models import Party

SOURCE = "typed"
_DETAILS = (
    "platform",
    "account_key",
    "handle",
    "name",
    "url",
    "language",
    "region",
    "verticals",
    "details_provenance",
)
FACTS = (
    "growth_30d",
    "engagement_rate",
    "completion_rate",
    "median_views_30d",
    "expected_views",
    "suggested_cpm_minor",
)
# The checks' name for a column -> the field of the request body.
BODY_FIELDS = {"age": "ages", "gender": "genders", "region": "regions"}
VIDEO_FIELDS = ("published_at", "views", "likes", "comments", "shares")
EXPORT_BATCH = 200
EXPORTED_VIDEOS_MAX = 200


def enter_snapshot(session: Session, actor: Actor, channel_id: UUID, values: Mapping[str, Any]) -> AudienceSnapshot:
    """Store dated facts of one's own channel with their videos.

    Raises InvalidInput with every error that the checks find, WrongState for an archived channel, Conflict for facts
    that are stored already, or that an agency may not tell while another one's bid is sealed (standing_bids).
    """
    channel = db.lock(session, Channel, channel_id, policy.own(actor))
    if channel.status != ChannelStatus.ACTIVE:
        raise WrongState(
            Bilingual("已归档的账号不再接收新数据。", "An archived channel takes no new facts."),
            state=str(channel.status),
        )
    standing_bids.refuse_facts(session, actor, channel_id)
    record = _check(channel, values)
    known, told = {name: getattr(channel, name) for name in _DETAILS}, provenance.typed_by(actor.role)
    entry = bulk_store.told_entry(channel.creator_id, known, record.snapshot, record.videos, told=told)
    market = peers.load_for_channel(session, channel.platform, record.snapshot["followers"])
    stored = bulk_store.store(session, [entry], None, market)
    if not stored.snapshot_ids:
        raise Conflict(
            Bilingual("这些数据已经有了。", "These facts are there already."),
            rule="uq_audience_snapshots_channel_id_evidence_hash",
        )
    session.refresh(channel)
    events.record(
        session,
        "audience_snapshots.new",
        stored.snapshot_ids[0],
        actor,
        parties=event_parties(channel, actor),
        import_id=None,
        channels_new=0,
        snapshots_new=1,
    )
    return session.get_one(AudienceSnapshot, stored.snapshot_ids[0])


def _check(channel: Channel, values: Mapping[str, Any]) -> ChannelRecord:
    reading = ShapeReading(
        source=SOURCE,
        platform=channel.platform,
        account_key=channel.account_key,
        handle=channel.handle,
        name=channel.name,
        taken_on=values["taken_on"],
        followers=values["followers"],
        facts={name: values[name] for name in FACTS},
        ages=values["ages"],
        genders=values["genders"],
        regions=values["regions"],
        whole_regions=False,
        education=values["education"],
        interests=values["interests"],
        labels={},
        rate_card=values["rate_card"],
        videos=values["videos"],
    )
    # The evidence hash covers the day too, so the same figures of another day are new evidence.
    result = record_builder.build_record(RowCells(0, values), reading, now().date())
    if isinstance(result, ChannelRecord):
        return result
    errors = [FieldError(_pointer(error.column), Bilingual(error.zh, error.en)) for error in result]
    raise InvalidInput(
        Bilingual("这些数据没有通过检查，什么都没有改动。", "The checks refuse these facts; nothing was changed."),
        errors=errors,
    )


def _pointer(column: str) -> str:
    return "/videos" if column in VIDEO_FIELDS else f"/{BODY_FIELDS.get(column, column)}"


def export_records(session: Session, actor: Actor) -> Iterator[ChannelRecord]:
    """Yield one's own channels that have facts, oldest first, as an importer reads them. Reads them in batches."""
    after = UUID(int=0)
    while True:
        query = (
            sa.select(Channel, AudienceSnapshot, Party.name)
            .join(AudienceSnapshot, AudienceSnapshot.id == Channel.snapshot_id)
            .join(Party, Party.id == Channel.creator_id)
            .where(policy.own(actor), Channel.id > after)
            .order_by(Channel.id)
            .limit(EXPORT_BATCH)
        )
        rows = session.execute(query).all()
        videos = _videos(session, [channel.id for channel, _, _ in rows])
        for channel, snapshot, creator in rows:
            yield _record(channel, snapshot, creator, videos.get(channel.id, []))
        if len(rows) < EXPORT_BATCH:
            return
        after = rows[-1][0].id
        session.expunge_all()


def _videos(session: Session, channel_ids: Sequence[UUID]) -> dict[UUID, list[ChannelVideo]]:
    by_channel: dict[UUID, list[ChannelVideo]] = {}
    query = sa.select(ChannelVideo).where(ChannelVideo.channel_id.in_(channel_ids))
    for video in session.scalars(
        query.order_by(ChannelVideo.channel_id, ChannelVideo.published_at.desc(), ChannelVideo.id)
    ):
        newest = by_channel.setdefault(video.channel_id, [])
        if len(newest) < EXPORTED_VIDEOS_MAX:
            newest.append(video)
    return by_channel


def _record(
    channel: Channel, snapshot: AudienceSnapshot, creator: str, videos: Sequence[ChannelVideo]
) -> ChannelRecord:
    columns = (
        "external_id",
        "published_at",
        "views",
        "likes",
        "comments",
        "shares",
        "duration_s",
        "sponsored",
        "title",
    )
    facts = ("taken_on", "source", "evidence_hash", "followers", "facts", "margins", "rate_card")
    return ChannelRecord(
        row=0,
        platform=channel.platform,
        account_key=channel.account_key,
        handle=channel.handle,
        name=channel.name,
        snapshot={name: getattr(snapshot, name) for name in facts},
        videos=tuple({name: getattr(video, name) for name in columns} for video in videos),
        creator_name=creator,
        url=channel.url,
        language=channel.language,
        region=channel.region,
        verticals=channel.verticals,
        claim_status=channel.claim_status,
    )
