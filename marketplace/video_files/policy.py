"""Who may see which videos."""

import sqlalchemy as sa

from marketplace.core.actor import Actor
from marketplace.video_files.models import VideoFile


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """Return a party's own videos, those of an agency's creators under a live mandate, or all for the platform."""
    return sa.true() if actor.sees_all else VideoFile.party_id.in_(sorted(actor.parties))
