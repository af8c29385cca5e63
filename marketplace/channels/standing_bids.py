"""What an agency may not do to a channel while another agency has a bid standing with it.

Two agencies of one creator are rivals: archiving or renaming the channel, promising its days, or a stricter pacing rule
would end the other one's bid, of which the first knows nothing, and figures that the first tells would move its rank.
So a bid is scored on what its own side, the creator or an admin told; what another agency told before it was placed was
there for its side to see. The creator, whose bids all of these are, decides.
"""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import Conflict
from marketplace.core.estimate import strict_json
from marketplace.core.message import Bilingual

# A creator's channel as rows name it: its platform, its key, and the creator.
Claim = tuple[str, str, UUID]

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
# Facts move a bid until its brief closes, when all that it is scored on is recorded.
_SEALED = (
    "EXISTS (SELECT 1 FROM bids b JOIN briefs f ON f.id = b.brief_id WHERE b.channel_id = c.id AND b.status = 'open'"
    " AND b.agency_id <> :agency AND f.status = 'published')"
)
_SEALED_CLAIMS = sa.text(
    "SELECT c.platform, c.account_key, c.creator_id FROM channels c"
    " JOIN jsonb_to_recordset(CAST(:claims AS jsonb)) AS r(platform text, account_key text, creator_id uuid)"
    " ON r.platform = c.platform AND r.account_key = c.account_key AND r.creator_id = c.creator_id"
    f" WHERE {_SEALED}"
)
_IS_SEALED = sa.text(f"SELECT {_SEALED} FROM channels c WHERE c.id = :channel")
FACTS_REFUSED = Bilingual(
    "另一方代理用这个账号提交的报价尚未截标，它的排名不能因您报告的数据而变动；什么都没有改动。请由创作者本人提交这些数据，"
    "或等截标之后再提交。",
    "Another side has a bid with this channel on a brief that still takes bids, and your figures may not move its rank;"
    " nothing was changed. Let the creator hand them in, or do so after the close.",
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


def refuse_facts(session: Session, actor: Actor, channel_id: UUID) -> None:
    """Refuse an agency to tell facts of a channel, which the caller has locked, while another one's bid with it is
    sealed. Raises Conflict."""
    if actor.role != Role.AGENCY or actor.party_id is None:
        return
    with db.acting_as(session, SYSTEM):
        sealed = session.scalar(_IS_SEALED, {"channel": channel_id, "agency": actor.party_id})
    if sealed:
        raise Conflict(FACTS_REFUSED, rule="another_side")


def sealed_claims(session: Session, actor: Actor, claims: Sequence[Claim]) -> set[Claim]:
    """Return those of an agency's claims whose facts it may not tell, as in `refuse_facts`; none of anybody else's."""
    if actor.role != Role.AGENCY or actor.party_id is None or not claims:
        return set()
    rows = [dict(zip(("platform", "account_key", "creator_id"), map(str, claim), strict=True)) for claim in claims]
    with db.acting_as(session, SYSTEM):
        found = session.execute(_SEALED_CLAIMS, {"claims": strict_json(rows), "agency": actor.party_id})
        return {(row.platform, row.account_key, row.creator_id) for row in found}
