"""Selections as an earlier market stored them."""

from uuid import UUID

import sqlalchemy as sa

from marketplace.core import db
from marketplace.core.clock import now
from marketplace.matching.selection.models import Selection, SelectionStatus


def store_confirmed(selection_id: UUID) -> None:
    """Confirm a selection whatever its set, which may be empty, and without accepting any bid."""
    with db.transaction() as session:
        stored = sa.update(Selection).where(Selection.id == selection_id)
        session.execute(stored.values(status=SelectionStatus.CONFIRMED, confirmed_at=now()))
