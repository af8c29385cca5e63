"""Who may see which videos."""

import sqlalchemy as sa

from marketplace.core.actor import Actor
from marketplace.video_files.models import VideoFile


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """A party's own, an agency's creators' while the mandate runs, and all of them to the platform."""
    return sa.true() if actor.sees_all else VideoFile.party_id.in_(sorted(actor.parties))
