"""The selections of bids for a brief, and the inputs that they were chosen from."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base
from marketplace.core.message import Bilingual


class SelectionStatus(StrEnum):
    WAITING = "waiting"
    FOUND = "found"  # has a set and its bound; the exact solver still looks for a better one or a proof
    DONE = "done"
    FAILED = "failed"
    CONFIRMED = "confirmed"


class Selection(Base):
    """One choice of bids for a brief. `wishes` are the stored constraints; `result` is everything that is shown of it.

    `value` are the effective people of the set, `bound` what no set can exceed, `certificate` their ratio.
    `inputs_hash` identifies the stored inputs: the same inputs give the same set.
    """

    __tablename__ = "selections"
    __table_args__ = (
        sa.Index("uq_selections_confirmed", "brief_id", unique=True, postgresql_where=sa.text("status = 'confirmed'")),
    )

    brief_id: Mapped[UUID] = mapped_column(sa.ForeignKey("briefs.id"), index=True)
    brief_version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("brief_versions.id"))
    brand_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    wishes: Mapped[dict[str, Any]]
    status: Mapped[SelectionStatus] = mapped_column(default=SelectionStatus.WAITING)
    job_id: Mapped[UUID | None] = mapped_column(default=None)
    model_version: Mapped[str | None] = mapped_column(default=None)
    inputs_hash: Mapped[str | None] = mapped_column(default=None)
    result: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    bids: Mapped[int | None] = mapped_column(default=None)
    value: Mapped[float | None] = mapped_column(default=None)
    bound: Mapped[float | None] = mapped_column(default=None)
    certificate: Mapped[float | None] = mapped_column(default=None)
    spend_minor: Mapped[int | None] = mapped_column(default=None)
    message: Mapped[Bilingual | None] = mapped_column(default=None)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class SelectionInputs(Base):
    """The inputs of a selection, as `selection.inputs` packs them. Never changed."""

    __tablename__ = "selection_inputs"

    selection_id: Mapped[UUID] = mapped_column(sa.ForeignKey("selections.id"), unique=True)
    data: Mapped[bytes]
