"""Loads what the first terms of a deal are made of: the bid's wording, its brief, the parties, the mandate of the day.

The session must see all rows.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids.models import Bid, BidRevision
from marketplace.briefs.brief_document import with_defaults
from marketplace.briefs.models import BriefVersion
from marketplace.channels.models import Channel
from marketplace.core import ids
from marketplace.core.clock import now
from marketplace.deals.terms.named_parts import channel_named
from marketplace.deals.terms.terms_document import BidOffer, first_terms
from marketplace.identity.models import Mandate, MandateStatus, Party


@dataclass(frozen=True)
class FirstVersion:
    """The content of a deal's first terms, the revision that they are made of, and the agency of the day."""

    content: dict[str, Any]
    revision_id: UUID
    agency_id: UUID | None


def first_version(session: Session, bid: Bid, *, tolerance_aside: bool) -> FirstVersion:
    """Return the first terms of a bid that is accepted in an option."""
    assert bid.accepted_cost_minor is not None, "only an accepted bid has terms"
    revision = session.get_one(BidRevision, bid.revision_id)
    version = session.get_one(BriefVersion, bid.brief_version_id)
    creator = session.get_one(Party, bid.creator_id)
    agency_id = bid.agency_id or _only_agency(session, creator)
    offer = BidOffer(
        named=_named(session, bid, revision, version, agency_id),
        brief=with_defaults(version.content),
        price=revision.price,
        options=revision.options,
        deliverables=revision.deliverables,
        plan=revision.plan,
        option=bid.accepted_option or 0,
        cost_minor=bid.accepted_cost_minor,
        currency=revision.currency,
        timezone=creator.timezone,
        tolerance_aside=tolerance_aside,
    )
    return FirstVersion(first_terms(offer), revision.id, agency_id)


def _only_agency(session: Session, creator: Party) -> UUID | None:
    """Return the agency whose mandate of a creator covers today, if there is one alone: of several nobody knows which
    was meant."""
    covers = sa.func.mandate_covers(Mandate.starts_on, Mandate.ends_on, creator.timezone, now())
    in_force = (Mandate.creator_id == creator.id, Mandate.status == MandateStatus.ACTIVE, covers)
    agencies = session.scalars(sa.select(Mandate.agency_id).where(*in_force).distinct().limit(2)).all()
    return agencies[0] if len(agencies) == 1 else None


def _named(
    session: Session, bid: Bid, revision: BidRevision, version: BriefVersion, agency_id: UUID | None
) -> dict[str, Any]:
    channel = session.get_one(Channel, bid.channel_id)
    return {
        "bid": {
            "bid_id": ids.show("bid", bid.id),
            "revision_id": ids.show("rev", revision.id),
            "revision_number": revision.number,
            "option": bid.accepted_option or 0,
        },
        "brief": {
            "brief_id": ids.show("brf", bid.brief_id),
            "version_id": ids.show("brv", version.id),
            "version_number": version.number,
            "title": version.title,
        },
        "brand": _party(session, bid.brand_id),
        "creator": _party(session, bid.creator_id),
        "agency": None if agency_id is None else _party(session, agency_id),
        "channel": channel_named(channel),
    }


def _party(session: Session, party_id: UUID) -> dict[str, str]:
    return {"party_id": ids.show("pty", party_id), "name": session.get_one(Party, party_id).name}
