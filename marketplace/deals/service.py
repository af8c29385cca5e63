"""Offer a deal, and answer its terms: counter, confirm, decline, withdraw.

Whoever changes a deal keeps its brief as it is, locks its bid, and then the deal, in this order, as acceptances do. So
of several who act at once one comes first, and the others meet what it has made of the deal.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids import service as bids
from marketplace.bids.models import Bid
from marketplace.briefs import bidding
from marketplace.core import db, events, states
from marketplace.core.actor import SYSTEM, Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, WrongState
from marketplace.core.message import Bilingual
from marketplace.deals import deal_refusals, funding, negotiation, policy, signing
from marketplace.deals.first_offer import first_version
from marketplace.deals.models import (
    COUNTERS_MAX,
    Deal,
    DealParty,
    DealSignature,
    DealStatus,
    DealTerms,
    SignatureKey,
)
from marketplace.deals.series import series_slots
from marketplace.deals.states import DEAL_TRANSITIONS
from marketplace.deals.terms import named_parts
from marketplace.deals.terms.terms_diff import differences
from marketplace.deals.terms.terms_document import hash_of
from marketplace.identity.party_days import day_of

# How long a side has to answer terms, and the brand to pay in what both have confirmed.
ANSWER_TIME, FUND_TIME = timedelta(hours=72), timedelta(days=7)


class StaleTerms(Conflict):
    """Other terms are the present ones by now: `changes` tells what differs, `content_hash` names them."""

    code = "stale-terms"
    title = Bilingual("条款已有新的一版", "The terms have a newer version")


def offer(
    session: Session, actor: Actor, bid: Bid, *, tolerance_aside: bool = False, accepted_by: UUID | None = None
) -> Deal:
    """Make the deal of a bid that was accepted just now, which the caller has locked: the brand has confirmed its first
    terms by that act, and the maker's side has ANSWER_TIME to answer.

    ``tolerance_aside``: the brand accepted a plan that is above its brief's tolerance. ``accepted_by``: who accepted
    the bid, where the market's record says so and nobody acts.
    """
    # As the system: what the terms are made of is more than the brand reads, such as the mandate of the day.
    with db.acting_as(session, SYSTEM):
        first = first_version(session, bid, tolerance_aside=tolerance_aside)
        deal = Deal(
            bid_id=bid.id,
            bid_revision_id=first.revision_id,
            brief_id=bid.brief_id,
            brief_version_id=bid.brief_version_id,
            option=bid.accepted_option or 0,
            brand_id=bid.brand_id,
            creator_id=bid.creator_id,
            agency_id=first.agency_id,
            channel_id=bid.channel_id,
            currency=first.content["currency"],
            timezone=first.content["timezone"],
            answer_by=now() + ANSWER_TIME,
        )
        session.add(deal)
        session.flush()
        signer = _Signer(bid.brand_id, accepted_by or actor.person_id, actor.key_id)
        terms = _propose(session, deal, signer, first.content, DealParty.BRAND, note=None)
        _sign(session, deal, signer, terms, DealParty.BRAND, is_record=actor.role == Role.SYSTEM)
        events.record(session, "deals.offer", deal.id, actor, parties=deal.parties, **event_data(deal, terms))
    return deal


def counter(
    session: Session, actor: Actor, deal_id: UUID, *, content_hash: str, changes: Mapping[str, Any], note: str | None
) -> Deal:
    """Answer the other side's terms with other ones; whoever proposes has confirmed them, and the turn passes.

    Raises NotFound, NotAllowed (no live mandate), WrongState (it is over, it is the other side's turn), StaleTerms,
    Conflict (this side has countered COUNTERS_MAX times), InvalidInput with a pointer for each change that cannot be.
    """
    deal, _ = held(session, actor, deal_id)
    side = policy.side_of(actor)
    current = _answerable(session, deal, side, content_hash)
    used = deal.brand_counters if side is DealParty.BRAND else deal.maker_counters
    if deal.status == DealStatus.OFFERED and used >= COUNTERS_MAX:
        raise Conflict(deal_refusals.COUNTERS_USED, rule="counters_used")
    first = current if current.number == 1 else terms_numbered(session, deal, 1)
    today = day_of(deal.timezone, now())
    told = named_parts.named(session, deal, changes)
    content = negotiation.countered(first.content, current.content, told.content, today=today)
    deal.terms_number += 1
    signer = _signer(actor)
    deal.series_id = series_slots.series_of(content)
    terms = _propose(session, deal, signer, content, side, note=note)
    _sign(session, deal, signer, terms, side)
    deal.turn = DealParty.MAKER if side is DealParty.BRAND else DealParty.BRAND
    deal.answer_by = now() + ANSWER_TIME
    if side is DealParty.BRAND:
        deal.brand_counters += 1
    else:
        deal.maker_counters += 1
    apply(session, actor, deal, "counter", **event_data(deal, terms))
    session.flush()
    return deal


def confirm(session: Session, actor: Actor, deal_id: UUID, *, content_hash: str, signed_name: str) -> Deal:
    """Confirm the terms of this hash, which the other side has confirmed: the deal is agreed, its payments are planned,
    and the brand has FUND_TIME to pay it in.

    Raises NotFound, NotAllowed (no live mandate), WrongState (it is over, it is the other side's turn), StaleTerms with
    what differs, and Conflict where the channel's days are promised already or have no room.
    """
    deal, bid = held(session, actor, deal_id)
    side = policy.side_of(actor)
    terms = _answerable(session, deal, side, content_hash)
    _sign(session, deal, _signer(actor), terms, side, typed_name=signed_name)
    deal.turn = deal.answer_by = None
    deal.agreed_at = now()
    deal.fund_by = deal.agreed_at + FUND_TIME
    data = {**event_data(deal, terms), "fund_by": deal.fund_by.isoformat()}
    apply(session, actor, deal, "confirm", **data)
    signing.agree(session, actor, deal, bid, terms)
    session.flush()
    funding.begin(session, actor, deal)
    return deal


def decline(session: Session, actor: Actor, deal_id: UUID, *, reason: str | None) -> Deal:
    """Turn the other side's terms down: the deal lapses, and its bid is open again. Raises as `counter` does."""
    return _turn_away(session, actor, deal_id, "decline", reason)


def withdraw(session: Session, actor: Actor, deal_id: UUID, *, reason: str | None) -> Deal:
    """Take back the terms that this side has confirmed and the other has not: the deal lapses, and its bid is open
    again. Raises as `counter` does."""
    return _turn_away(session, actor, deal_id, "withdraw", reason)


def _turn_away(session: Session, actor: Actor, deal_id: UUID, name: str, reason: str | None) -> Deal:
    deal, bid = held(session, actor, deal_id)
    if deal.status == DealStatus.OFFERED and name != away_name(deal, policy.side_of(actor)):
        raise WrongState(
            deal_refusals.DECLINE_IS_FOR_THE_ANSWER if name == "decline" else deal_refusals.WITHDRAW_IS_FOR_ONES_OWN,
            state=str(deal.turn),
        )
    turn_away(session, actor, deal, name, reason)
    with db.acting_as(session, SYSTEM):
        bids.put_back(session, actor, bid)
    return deal


def away_name(deal: Deal, side: DealParty) -> str:
    """Return by which move a side leaves an offered deal: it declines the other's terms, or withdraws its own."""
    return "decline" if deal.turn == side else "withdraw"


def turn_away(session: Session, actor: Actor, deal: Deal, name: str, reason: str | None) -> None:
    """Let a locked deal that is offered lapse, by this move; its bid is the caller's affair. Raises WrongState."""
    deal.turn = deal.answer_by = None
    deal.ended_at = now()
    said = {"reason": reason} if reason else {}
    apply(session, actor, deal, name, **event_data(deal), **said)
    session.flush()


def held(session: Session, actor: Actor, deal_id: UUID) -> tuple[Deal, Bid]:
    """Keep a deal's brief as it is and lock its bid and the deal, for a side that may act. Raises NotFound,
    NotAllowed."""
    deal = db.get(session, Deal, deal_id, policy.visible(actor))
    policy.require_mandate(session, actor, deal)
    with db.acting_as(session, SYSTEM):
        bidding.hold(session, deal.brief_id)
        bid = db.lock(session, Bid, deal.bid_id)
    return db.lock(session, Deal, deal_id, policy.visible(actor)), bid


def terms_numbered(session: Session, deal: Deal, number: int) -> DealTerms:
    return session.scalars(sa.select(DealTerms).where(DealTerms.deal_id == deal.id, DealTerms.number == number)).one()


def apply(session: Session, actor: Actor, deal: Deal, name: str, **data: Any) -> None:
    """Apply a transition to a locked deal, and tell those whom it names."""
    states.apply_transition(session, deal, DEAL_TRANSITIONS, name, actor, parties=deal.parties, **data)


def event_data(deal: Deal, terms: DealTerms | None = None) -> dict[str, Any]:
    """Return what an event says of a deal: no price, for events are read by more people than terms are."""
    said: dict[str, Any] = {
        "bid_id": str(deal.bid_id),
        "brief_id": str(deal.brief_id),
        "channel_id": str(deal.channel_id),
    }
    if terms is not None:
        said |= {"terms_id": str(terms.id), "terms_number": terms.number, "content_hash": terms.content_hash}
    if deal.answer_by is not None:
        said |= {"turn": str(deal.turn), "answer_by": deal.answer_by.isoformat()}
    return said


def _answerable(session: Session, deal: Deal, side: DealParty, content_hash: str) -> DealTerms:
    """Return the present terms of a deal that this side may answer now, by their hash.

    A deal that is not offered any more is left to the table of transitions to refuse.
    """
    current = session.get_one(DealTerms, deal.terms_id)
    if deal.status != DealStatus.OFFERED:
        return current
    refuse_late(deal.answer_by)
    if current.content_hash != content_hash:
        raise _stale(session, deal, current, content_hash)
    if deal.turn != side:
        raise WrongState(deal_refusals.NOT_YOUR_TURN, state=str(deal.turn))
    return current


def refuse_late(answer_by: datetime | None) -> None:
    """Raise WrongState where the time to answer is over, also if the job that ends the deal is late."""
    if answer_by is not None and now() >= answer_by:
        raise WrongState(deal_refusals.late(answer_by), state="lapsed")


def _stale(session: Session, deal: Deal, current: DealTerms, content_hash: str) -> StaleTerms:
    of_hash = (DealTerms.deal_id == deal.id, DealTerms.content_hash == content_hash)
    meant = session.scalars(sa.select(DealTerms).where(*of_hash).order_by(DealTerms.number.desc())).first()
    changes = [] if meant is None else differences(meant.content, current.content)
    return StaleTerms(
        deal_refusals.STALE,
        content_hash=current.content_hash,
        number=current.number,
        changes=[asdict(change) for change in changes],
    )


@dataclass(frozen=True)
class _Signer:
    """For which party who proposes or confirms, and by which key, if by one."""

    party_id: UUID
    person_id: UUID | None
    key_id: UUID | None


def _signer(actor: Actor) -> _Signer:
    assert actor.party_id is not None, "a side of a deal is a party"
    return _Signer(actor.party_id, actor.person_id, actor.key_id)


def _propose(
    session: Session, deal: Deal, signer: _Signer, content: Mapping[str, Any], side: DealParty, note: str | None
) -> DealTerms:
    terms = DealTerms(
        deal_id=deal.id,
        number=deal.terms_number,
        content=dict(content),
        content_hash=hash_of(content),
        proposed_side=side,
        proposed_by_id=signer.party_id,
        person_id=signer.person_id,
        note=note,
    )
    session.add(terms)
    session.flush()
    deal.terms_id = terms.id
    return terms


def _sign(
    session: Session,
    deal: Deal,
    signer: _Signer,
    terms: DealTerms,
    side: DealParty,
    *,
    typed_name: str | None = None,
    is_record: bool = False,
) -> None:
    key = SignatureKey.API_KEY if signer.key_id else SignatureKey.SESSION
    signature = DealSignature(
        deal_id=deal.id,
        terms_id=terms.id,
        side=side,
        content_hash=terms.content_hash,
        typed_name=typed_name,
        party_id=signer.party_id,
        person_id=signer.person_id,
        key_id=signer.key_id,
        key_kind=SignatureKey.RECORD if is_record else key,
        signed_at=now(),
    )
    session.add(signature)
    session.flush()
