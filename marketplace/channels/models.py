"""Creators' accounts on platforms, the dated facts of their audiences, and the files that these came from."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.channels.facts import platform_names
from marketplace.channels.facts.account_handles import INVISIBLE
from marketplace.channels.facts.provenance import Provenance
from marketplace.core.db import Base

# Of rows that no door writes: tests and repairs. Whoever writes a figure says where it comes from.
_TYPED = Provenance.TYPED_BY_CREATOR.value
# A handle as platforms compare it, in SQL. What was stored before handles had a normal form gets it here.
HANDLE_KEY = f"lower(ltrim(btrim(normalize(regexp_replace(handle, '{INVISIBLE}', '', 'g'), NFKC)), '@'))"


class ChannelStatus(StrEnum):
    ACTIVE = "active"
    ARCHIVED = "archived"


class ClaimStatus(StrEnum):
    """How far it is certain that a channel is its creator's: several may claim one account, one of them is proven."""

    CLAIMED = "claimed"
    PROVEN = "proven"
    REFUSED = "refused"


class ProofKind(StrEnum):
    CODE_IN_PROFILE = "code_in_profile"
    PLATFORM_EXPORT = "platform_export"


class ProofStatus(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    LAPSED = "lapsed"


class TransferStatus(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class ImportStatus(StrEnum):
    RECEIVED = "received"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ImportMode(StrEnum):
    ALL_OR_NOTHING = "all_or_nothing"
    SKIP_BAD_ROWS = "skip_bad_rows"


class Channel(Base):
    """A creator's claim of one account on one platform. `account_key` is the platform's own id, or else the handle.

    Others may claim the same account; what is known of who is right is `claim_status`. `handle_key` is the handle as
    platforms compare it. `discoverable`: whether its owner lets brands find it whose briefs it has not bid on. `pacing`
    is the rule for its placements as schemas_pacing.PacingRule loads it (NULL: none). `details_provenance` is where its
    verticals and its language come from.
    """

    __tablename__ = "channels"
    __table_args__ = (
        sa.UniqueConstraint("platform", "account_key", "creator_id"),
        sa.Index(
            "uq_channels_one_proven",
            "platform",
            "account_key",
            unique=True,
            postgresql_where=sa.text("claim_status = 'proven'"),
        ),
        sa.Index("ix_channels_platform_handle_key", "platform", "handle_key"),
    )

    creator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    platform: Mapped[str]
    account_key: Mapped[str]
    handle: Mapped[str]
    name: Mapped[str]
    url: Mapped[str | None] = mapped_column(default=None)
    language: Mapped[str | None] = mapped_column(default=None)
    region: Mapped[str | None] = mapped_column(default=None)
    verticals: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    status: Mapped[ChannelStatus] = mapped_column(default=ChannelStatus.ACTIVE)
    snapshot_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("audience_snapshots.id", use_alter=True, name="fk_channels_snapshot_id"), default=None
    )
    discoverable: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    pacing: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), default=None)
    claim_status: Mapped[ClaimStatus] = mapped_column(default=ClaimStatus.CLAIMED, server_default="claimed")
    proven_at: Mapped[datetime | None] = mapped_column(default=None)
    details_provenance: Mapped[Provenance] = mapped_column(default=Provenance.TYPED_BY_CREATOR, server_default=_TYPED)
    handle_key: Mapped[str] = mapped_column(sa.Computed(HANDLE_KEY, persisted=True), init=False)
    version: Mapped[int] = mapped_column(default=1)

    @property
    def platform_known(self) -> bool:
        return platform_names.is_known(self.platform)


class ChannelProof(Base):
    """What a creator's side offers as proof of a claim, and what an admin saw of it and decided.

    `handle` is the account's as it was when the proof was asked for. `code` is to stand in its profile until
    `expires_at`; `import_id` is the platform's export file. Of the evidence the words are kept, and the SHA-256 of the
    file, or of the words where there is none.
    """

    __tablename__ = "channel_proofs"
    __table_args__ = (
        sa.CheckConstraint(
            "(kind = 'code_in_profile') = (code IS NOT NULL AND expires_at IS NOT NULL)", name="code_that_expires"
        ),
        sa.CheckConstraint("(kind = 'platform_export') = (import_id IS NOT NULL)", name="export_named"),
        sa.Index(
            "uq_channel_proofs_one_asked", "channel_id", unique=True, postgresql_where=sa.text("status = 'asked'")
        ),
    )

    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("channels.id"), index=True)
    creator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"))
    handle: Mapped[str]
    kind: Mapped[ProofKind]
    code: Mapped[str | None] = mapped_column(default=None)
    import_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("imports.id"), default=None)
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    status: Mapped[ProofStatus] = mapped_column(default=ProofStatus.ASKED)
    reason: Mapped[str | None] = mapped_column(default=None)
    evidence: Mapped[str | None] = mapped_column(default=None)
    evidence_sha256: Mapped[str | None] = mapped_column(default=None)
    decided_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"), default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class ChannelTransfer(Base):
    """A proven channel that its creator hands over to another one."""

    __tablename__ = "channel_transfers"
    __table_args__ = (
        sa.CheckConstraint("from_creator_id <> to_creator_id", name="to_another"),
        sa.Index(
            "uq_channel_transfers_one_offered",
            "channel_id",
            unique=True,
            postgresql_where=sa.text("status = 'offered'"),
        ),
    )

    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("channels.id"))
    from_creator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    to_creator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    status: Mapped[TransferStatus] = mapped_column(default=TransferStatus.OFFERED)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class AudienceSnapshot(Base):
    """Dated audience facts of a channel with their source and evidence. Never changed, only replaced by a newer one.

    `provenance` is where the followers and the figures come from, `lists_provenance` the audience lists (`margins`).
    `explained_followers`: what followers that jump count as until a person has looked (NULL: no jump).
    """

    __tablename__ = "audience_snapshots"
    __table_args__ = (
        sa.UniqueConstraint("channel_id", "evidence_hash"),
        sa.CheckConstraint("followers >= 0", name="followers_not_negative"),
    )

    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("channels.id"), index=True)
    taken_on: Mapped[date]
    source: Mapped[str]
    import_id: Mapped[UUID | None]
    evidence_hash: Mapped[str]
    followers: Mapped[int]
    facts: Mapped[dict[str, Any]]
    margins: Mapped[dict[str, Any]]
    rate_card: Mapped[list[dict[str, Any]]]
    flags: Mapped[list[dict[str, Any]]]
    series_hash: Mapped[str | None] = mapped_column(default=None, index=True)
    median_views: Mapped[int | None] = mapped_column(default=None)
    provenance: Mapped[Provenance] = mapped_column(default=Provenance.TYPED_BY_CREATOR, server_default=_TYPED)
    lists_provenance: Mapped[Provenance] = mapped_column(default=Provenance.TYPED_BY_CREATOR, server_default=_TYPED)
    explained_followers: Mapped[int | None] = mapped_column(default=None)


class ChannelVideo(Base):
    """A published video of a channel as last reported.

    `believed_views` and `believed_on` are the last views that growth explains and their day (NULL: those first told);
    what is told later is compared with them. `explained_views` is what views that growth does not explain count as
    until a person has looked (NULL: they are explained). `provenance` is where the counts come from,
    `details_provenance` the length and the mark as sponsored.
    """

    __tablename__ = "videos"
    __table_args__ = (
        sa.UniqueConstraint("channel_id", "external_id"),
        sa.Index("ix_videos_channel_published", "channel_id", "published_at"),
    )

    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("channels.id"))
    external_id: Mapped[str]
    published_at: Mapped[datetime]
    views: Mapped[int]
    likes: Mapped[int | None] = mapped_column(default=None)
    comments: Mapped[int | None] = mapped_column(default=None)
    shares: Mapped[int | None] = mapped_column(default=None)
    duration_s: Mapped[float | None] = mapped_column(default=None)
    sponsored: Mapped[bool | None] = mapped_column(default=None)
    title: Mapped[str | None] = mapped_column(default=None)
    believed_views: Mapped[int | None] = mapped_column(default=None)
    believed_on: Mapped[date | None] = mapped_column(default=None)
    explained_views: Mapped[int | None] = mapped_column(default=None)
    provenance: Mapped[Provenance] = mapped_column(default=Provenance.TYPED_BY_CREATOR, server_default=_TYPED)
    details_provenance: Mapped[Provenance] = mapped_column(default=Provenance.TYPED_BY_CREATOR, server_default=_TYPED)


class ChannelImport(Base):
    """An uploaded file of channels, and what became of its rows.

    `options` is what was said of the file when it was handed in, `reading` what it was read as
    (`files/tables/reading_report.py`).
    """

    __tablename__ = "imports"

    party_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    person_id: Mapped[UUID | None]
    file_name: Mapped[str]
    shape: Mapped[str | None]
    mode: Mapped[ImportMode]
    create_creators: Mapped[bool]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    status: Mapped[ImportStatus] = mapped_column(default=ImportStatus.RECEIVED)
    job_id: Mapped[UUID | None] = mapped_column(default=None)
    rows_done: Mapped[int] = mapped_column(default=0)
    rows_bad: Mapped[int] = mapped_column(default=0)
    channels_new: Mapped[int] = mapped_column(default=0)
    snapshots_new: Mapped[int] = mapped_column(default=0)
    message_zh: Mapped[str | None] = mapped_column(default=None)
    message_en: Mapped[str | None] = mapped_column(default=None)
    options: Mapped[dict[str, Any]] = mapped_column(default_factory=dict, server_default="{}")
    reading: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), default=None)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class ImportChunk(Base):
    """A chunk of the file's bytes, stored in the database so that a worker on any host can read it."""

    __tablename__ = "import_chunks"
    __table_args__ = (sa.UniqueConstraint("import_id", "number"),)

    import_id: Mapped[UUID] = mapped_column(sa.ForeignKey("imports.id"))
    number: Mapped[int]
    data: Mapped[bytes]


class ImportRowError(Base):
    """One error in one row of a file."""

    __tablename__ = "import_faults"
    __table_args__ = (sa.Index("ix_import_faults_place", "import_id", "row_number"),)

    import_id: Mapped[UUID] = mapped_column(sa.ForeignKey("imports.id"))
    row_number: Mapped[int]
    column_name: Mapped[str]
    value: Mapped[str]
    message_zh: Mapped[str]
    message_en: Mapped[str]
