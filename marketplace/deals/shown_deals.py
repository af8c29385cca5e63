"""Read deals: each with its present terms, who has confirmed them, and what is owed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, ids
from marketplace.core.actor import Actor
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.deals import policy
from marketplace.deals.models import (
    COUNTERS_MAX,
    Deal,
    DealParty,
    DealSignature,
    DealTerms,
    Deliverable,
    SignatureKey,
)
from marketplace.deals.terms.terms_diff import TermsChange, differences
from marketplace.deals.terms.terms_document import total_minor


@dataclass(frozen=True)
class ShownSignature:
    """That a side confirmed a version of the terms: by which name, when, and signed in by what."""

    side: DealParty
    terms_number: int
    content_hash: str
    typed_name: str | None
    party_name: str
    key_kind: SignatureKey
    key_id: UUID | None
    signed_at: datetime


@dataclass(frozen=True)
class ShownDeal:
    """A deal with what its present terms say of it."""

    row: Deal
    content: Mapping[str, Any]
    content_hash: str
    your_side: DealParty | None
    signatures: Sequence[ShownSignature]
    deliverables: Sequence[Deliverable]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)

    @property
    def total_minor(self) -> int:
        return total_minor(self.content)

    @property
    def price_minor(self) -> int:
        return int(self.content["price_minor"])

    @property
    def names(self) -> Mapping[str, Any]:
        """Return what the terms name: the brief's title, the parties and the channel, as they were called then."""
        agency = self.content["agency"]
        return {
            "brief_title": self.content["brief"]["title"],
            "brand_name": self.content["brand"]["name"],
            "creator_name": self.content["creator"]["name"],
            "agency_name": agency and agency["name"],
            "channel_name": self.content["channel"]["name"],
        }

    @property
    def brand_counters_left(self) -> int:
        return COUNTERS_MAX - self.row.brand_counters

    @property
    def maker_counters_left(self) -> int:
        return COUNTERS_MAX - self.row.maker_counters


@dataclass(frozen=True)
class ShownTerms:
    """A version of a deal's terms, and what differs from the one before."""

    row: DealTerms
    changes: Sequence[TermsChange]
    signatures: Sequence[ShownSignature]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)


def find(session: Session, actor: Actor, deal_id: UUID) -> ShownDeal:
    """Return a deal. Raises NotFound."""
    return _shown(session, actor, [db.get(session, Deal, deal_id, policy.visible(actor))])[0]


def listing(
    session: Session,
    actor: Actor,
    *,
    limit: int,
    starting_after: UUID | None,
    status: str | None = None,
    brief_id: UUID | None = None,
    bid_id: UUID | None = None,
) -> Page[ShownDeal]:
    """Return the deals of the actor's party, the newest first; all of them for admins."""
    query = sa.select(Deal).where(policy.visible(actor))
    query = paging.only(query, {Deal.status: status, Deal.brief_id: brief_id, Deal.bid_id: bid_id})
    page = paging.page(session, query, Deal, limit, starting_after)
    return Page(_shown(session, actor, page.data), page.has_more)


def versions(session: Session, actor: Actor, deal_id: UUID) -> Page[ShownTerms]:
    """Return all versions of a deal's terms, the first one first, each with what differs from the one before. There are
    few: each side may counter COUNTERS_MAX times. Raises NotFound."""
    deal = db.get(session, Deal, deal_id, policy.visible(actor))
    rows = session.scalars(sa.select(DealTerms).where(DealTerms.deal_id == deal.id).order_by(DealTerms.number)).all()
    signatures = _signatures(session, [deal.id])
    found = []
    for before, row in zip([None, *rows[:-1]], rows, strict=True):
        changes = [] if before is None else differences(before.content, row.content)
        signed = [one for one in signatures.get(deal.id, ()) if one.terms_number == row.number]
        found.append(ShownTerms(row, changes, signed))
    return Page(found, has_more=False)


def signatures_of(session: Session, deal_id: UUID) -> Sequence[ShownSignature]:
    """Return the signatures of a deal's versions, in the order in which they were made."""
    return _signatures(session, [deal_id]).get(deal_id, ())


def _shown(session: Session, actor: Actor, deals: Sequence[Deal]) -> list[ShownDeal]:
    ids_of = [deal.id for deal in deals]
    terms = {row.id: row for row in _rows(session, DealTerms, DealTerms.id.in_([deal.terms_id for deal in deals]))}
    signatures = _signatures(session, ids_of)
    owed: dict[UUID, list[Deliverable]] = {}
    for row in _rows(session, Deliverable, Deliverable.deal_id.in_(ids_of)):
        owed.setdefault(row.deal_id, []).append(row)
    side = policy.side_of(actor) if actor.role in policy.SIDES else None
    return [
        ShownDeal(
            deal,
            terms[deal.terms_id].content,
            terms[deal.terms_id].content_hash,
            side,
            [one for one in signatures.get(deal.id, ()) if one.terms_number == deal.terms_number],
            sorted(owed.get(deal.id, ()), key=lambda row: row.position),
        )
        for deal in deals
        if deal.terms_id is not None
    ]


def _rows(session: Session, model: Any, where: sa.ColumnElement[bool]) -> Sequence[Any]:
    found: Sequence[Any] = session.scalars(sa.select(model).where(where)).all()
    return found


def _signatures(session: Session, deal_ids: Sequence[UUID]) -> dict[UUID, list[ShownSignature]]:
    """Return the signatures of deals, in the order in which they were made, with the names of the terms' parties."""
    query = (
        sa.select(DealSignature, DealTerms)
        .join(DealTerms, DealTerms.id == DealSignature.terms_id)
        .where(DealSignature.deal_id.in_(deal_ids))
        .order_by(DealSignature.id)
    )
    found: dict[UUID, list[ShownSignature]] = {}
    for signature, terms in session.execute(query):
        shown = ShownSignature(
            side=signature.side,
            terms_number=terms.number,
            content_hash=signature.content_hash,
            typed_name=signature.typed_name,
            party_name=_party_name(terms.content, signature),
            key_kind=signature.key_kind,
            key_id=signature.key_id,
            signed_at=signature.signed_at,
        )
        found.setdefault(signature.deal_id, []).append(shown)
    return found


def _party_name(content: Mapping[str, Any], signature: DealSignature) -> str:
    shown = ids.show("pty", signature.party_id)
    named = (content["brand"], content["creator"], content["agency"] or {})
    return next((party["name"] for party in named if party.get("party_id") == shown), shown)
