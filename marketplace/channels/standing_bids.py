"""What an agency may not do to a channel while another agency has a bid standing with it.

Two agencies of one creator are rivals: archiving or renaming the channel, promising its days, or a stricter pacing rule
would end the other one's bid, of which the first knows nothing. The creator, whose bids all of these are, decides.
"""

from collections.abc import Collection
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import Conflict
from marketplace.core.message import Bilingual

# A bid stands while it waits for a decision, and once it is accepted until the last day of its brief's window. Whether
# days are asked for or not, an open bid stands on all of them: which ones would tell another agency the brief.
_STANDING = sa.text(
    "SELECT DISTINCT b.channel_id FROM bids b JOIN briefs f ON f.id = b.brief_id"
    " JOIN brief_versions v ON v.id = f.version_id"
    " WHERE b.channel_id = ANY(:channels) AND b.agency_id <> :agency AND f.status <> 'cancelled'"
    " AND (b.status = 'open' AND (f.bids_lapse_at IS NULL OR f.bids_lapse_at > :at)"
    "  OR b.status = 'accepted' AND left(v.content -> 'publish_window' ->> 'to', 10)::date >= :first"
    "  AND left(v.content -> 'publish_window' ->> 'from', 10)::date <= :last)"
)
_REFUSAL = Bilingual(
    "另一方代理在这个账号上有尚未了结的报价，这件事由创作者本人决定；什么都没有改动。",
    "Another side has something standing with this channel, so its creator decides this; nothing was changed.",
)


def refuse_for_agency(session: Session, actor: Actor, channel_id: UUID, days: tuple[date, date] | None = None) -> None:
    """Refuse an agency what would touch another agency's standing bid with a channel that the caller has locked.

    ``days``: the first and the last one concerned, else all. Creators and admins are refused nothing. Raises Conflict.
    """
    if actor.role != Role.AGENCY or actor.party_id is None:
        return
    if of_other_agencies(session, actor.party_id, [channel_id], days):
        raise Conflict(_REFUSAL, rule="another_side")


def of_other_agencies(
    session: Session, agency_id: UUID, channel_ids: Collection[UUID], days: tuple[date, date] | None = None
) -> set[UUID]:
    """Return those of the channels with which an agency other than this one has a bid standing."""
    at = now()
    first, last = days or (at.date() - timedelta(days=1), date.max)
    values = {"channels": sorted(channel_ids), "agency": agency_id, "at": at, "first": first, "last": last}
    # As the system: another agency's bids are hidden from this one, which learns only that there is something.
    with db.acting_as(session, SYSTEM):
        return set(session.scalars(_STANDING, values))
