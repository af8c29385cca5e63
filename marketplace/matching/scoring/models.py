"""The stored scores: one match for each bid, and the record of what every bid was scored on when its brief closed."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.channels.models import HANDLE_KEY
from marketplace.core.db import Base
from marketplace.matching.forecast.models import ChannelFeatures


class Match(Base):
    """A bid's scores, under the bid's own id. Fresh while the revision, brief version, features and model that it was
    computed from are still the current ones.

    `numbers` holds every number that the reasons are written from, in the order of `scoring.numbers`; `rank` is the
    position within the brief, from 1; `peers` identifies the set of bids that it was compared with; `flags` are the
    bits of `forecast.flags`. `computed` holds what was computed where reviewers have put another value in its place.
    """

    __tablename__ = "matches"
    __table_args__ = (sa.Index("ix_matches_brief_rank", "brief_id", "rank"),)

    # No foreign keys: the ids come from the bid's own rows in the transaction that writes the match.
    brief_id: Mapped[UUID]
    revision_id: Mapped[UUID]
    brief_version_id: Mapped[UUID]
    snapshot_id: Mapped[UUID | None]
    features_fingerprint: Mapped[str | None]
    model_version: Mapped[str]
    fingerprint: Mapped[str]
    rank: Mapped[int]
    overall: Mapped[float | None]
    overall_low: Mapped[float | None]
    overall_high: Mapped[float | None]
    numbers: Mapped[list[float]] = mapped_column(ARRAY(sa.Double))
    peers: Mapped[str]
    flags: Mapped[int]
    scored_at: Mapped[datetime]
    computed: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), default=None)


class CloseRecord(Base):
    """What a brief's bids are scored on from its close on: the models by their fingerprints, the measured overlaps.

    `number` is 1 for the record that the close made; each re-scoring by an admin, with its reason, adds one, and the
    newest counts. Former ones stay, so that a score can be shown to follow from its inputs. `pairs` are the measured
    overlaps among the channels, each [channel, other channel, people, people of the other, share of the smaller].
    """

    __tablename__ = "close_records"
    __table_args__ = (sa.UniqueConstraint("brief_id", "number"),)

    brief_id: Mapped[UUID] = mapped_column(sa.ForeignKey("briefs.id"))
    number: Mapped[int]
    brief_version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("brief_versions.id"))
    forecast_model: Mapped[str | None]
    price_model: Mapped[str | None]
    overlap_model: Mapped[str | None]
    pairs: Mapped[list[Any]]
    reason: Mapped[str | None] = mapped_column(default=None)


# The columns of a channel's features that a record keeps: all but what identifies the row.
RECORDED = tuple(
    column
    for column in sa.inspect(ChannelFeatures).columns
    if column.name not in {"id", "created_at", "channel_id", "changed"}
)

# Under which name a channel bid: it may be called otherwise later, and the ranking and the gates keep to this one.
NAMES_AT_CLOSE = ("platform", "account_key", "handle", "channel_name")
# Joins what channel `c` of bid `b` was called at the close, which is the same in every record of its brief; until then,
# what it is called now.
CLOSE_NAMES = (
    "CROSS JOIN LATERAL (SELECT 1 AS choice, n.platform, n.account_key, n.handle, n.handle_key, n.channel_name"
    " FROM close_features n WHERE n.bid_id = {b}.id UNION ALL"
    " SELECT 2, {c}.platform, {c}.account_key, {c}.handle, {c}.handle_key, {c}.name ORDER BY choice LIMIT 1) {k}"
)

# A bid's features as a record keeps them. Each is NULL for a channel without a snapshot. A table without a class: the
# columns follow those of ChannelFeatures, and scoring reads both by the same SQL.
CLOSE_FEATURES = sa.Table(
    "close_features",
    Base.metadata,
    sa.Column("record_id", sa.Uuid, sa.ForeignKey("close_records.id"), primary_key=True),
    sa.Column("bid_id", sa.Uuid, sa.ForeignKey("bids.id"), primary_key=True, index=True),
    sa.Column("channel_id", sa.Uuid, nullable=False),
    *(sa.Column(column.name, column.type, nullable=True) for column in RECORDED),
    *(sa.Column(name, sa.Text, nullable=False) for name in NAMES_AT_CLOSE),
    sa.Column("handle_key", sa.Text, sa.Computed(HANDLE_KEY, persisted=True), nullable=False),
)
