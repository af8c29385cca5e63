"""Deals that are under way: confirmed, paid in, and what they owe in every state of its work."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from marketplace.channels.models import Channel, ClaimStatus
from marketplace.checks import service as checks
from marketplace.core import db
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.core.money import Money
from marketplace.deals import funding
from marketplace.deals import service as deals
from marketplace.deals.models import Deal, DealTerms, Deliverable
from marketplace.deals.terms.terms_document import total_minor
from marketplace.deliverables import publishing, scripts, video_drafts
from marketplace.deliverables.models import ExtraRound, RoundKind
from marketplace.deliverables.publishing import NewPublication
from marketplace.identity.models import Party
from marketplace.payments.receipts import NewReceipt
from tests.make import bids as make_bids
from tests.make import checks as make_checks
from tests.make import offered_deals
from tests.make import videos as make_videos
from tests.make.briefs import cny
from tests.make.people import Somebody, somebody

PUBLISHED_AFTER_DAYS = 25
EXCLUSIVE = {"exclusivity": {"category": "food", "days": 30}}
RIGHTS = dict.fromkeys(("usage", "whitelisting", "raw_files", "exclusivity", "likeness_for_ai"))


@dataclass(frozen=True)
class Owed:
    """A deal's sides, and what it owes in the order of the terms. `maker` acts for the creator: it, or its agency."""

    brand: Somebody
    creator: Somebody
    maker: Somebody
    deal_id: UUID
    bid_id: UUID
    ids: list[UUID]

    @property
    def id(self) -> UUID:
        return self.ids[0]


def agreed(
    count: int = 1,
    *,
    between: tuple[Somebody, Somebody] | None = None,
    agency: bool = False,
    price_minor: int = 800_000,
    price: dict[str, Any] | None = None,
    confirmed: bool = True,
    exclusive: bool = False,
    **brief: Any,
) -> Owed:
    """A deal of so many videos at one price that both sides have confirmed, or the brand alone.

    It is `between` this brand and creator, or new ones; `exclusive`: thirty days of food are this brand's alone, within
    the price; `brief` changes what the brief asks.
    """
    lines = [{"kind": "video", "count": count}]
    asked = {"deliverables": lines, "rights": EXCLUSIVE if exclusive else {}, "least_prominence": None, **brief}
    there = make_bids.market(*(between or ()), **asked)
    by = make_bids.agency_of(there.creator.party_id) if agency else there.creator
    wording = {"options": [], "deliverables": lines, "rights": {**RIGHTS, "exclusivity": cny(0) if exclusive else None}}
    price = price or {"model": "flat", "amount": cny(price_minor)}
    deal = offered_deals.offered(by=by, there=there, price=price, **wording)
    owed = Owed(deal.brand, deal.creator, by, deal.deal_id, deal.bid_id, [])
    if not confirmed:
        return owed
    with db.transaction() as session:
        row = session.get_one(Deal, deal.deal_id)
        content_hash = session.get_one(DealTerms, row.terms_id).content_hash
    with db.transaction(by.actor) as session:
        deals.confirm(session, by.actor, deal.deal_id, content_hash=content_hash, signed_name="林小满")
    return with_ids(owed)


def with_ids(owed: Owed) -> Owed:
    """The same, with what it owes now that both sides have confirmed it."""
    with db.transaction() as session:
        query = sa.select(Deliverable.id).where(Deliverable.deal_id == owed.deal_id).order_by(Deliverable.position)
        return replace(owed, ids=list(session.scalars(query)))


def funded(count: int = 1, **more: Any) -> Owed:
    """The same, paid in: the work may begin."""
    owed = agreed(count, **more)
    fund(owed)
    return owed


def fund(owed: Owed) -> None:
    """Pay a deal in, as two people of the platform record and confirm it."""
    first = somebody("platform")
    second = somebody("platform", party_id=first.party_id)
    with db.transaction() as session:
        deal = session.get_one(Deal, owed.deal_id)
        total = Money(deal.currency, total_minor(session.get_one(DealTerms, deal.terms_id).content))
        claimed = sa.update(Channel).where(Channel.id == deal.channel_id)
        session.execute(claimed.values(claim_status=ClaimStatus.PROVEN))
        session.execute(sa.update(Party).where(Party.id.in_(deal.parties)).values(verified_at=now()))
    with db.transaction(first.actor) as session:
        told = NewReceipt(total, f"bank {new_id().hex}", now().date())
        receipt = funding.record_receipt(session, first.actor, owed.deal_id, told)
    with db.transaction(second.actor) as session:
        assert funding.confirm_receipt(session, second.actor, receipt.id).funded


def checked(owed: Owed, deliverable_id: UUID | None = None, *, data: bytes | None = None, **result: Any) -> UUID:
    """A finished check of a new video that was made for a deliverable; nothing speaks against it unless `result`."""
    video_id = make_videos.kept(owed.maker, data)
    with db.transaction(owed.maker.actor) as session:
        check_id = checks.request_check(
            session,
            owed.maker.actor,
            video_id=video_id,
            deliverable_id=deliverable_id or owed.id,
            names=[],
            buying_link=None,
        ).id
    make_checks.finish(check_id, **{"discloses": True, "duplicates": [], **result})
    return check_id


def sent_script(owed: Owed, deliverable_id: UUID) -> UUID:
    with db.transaction(owed.maker.actor) as session:
        return scripts.send(session, owed.maker.actor, deliverable_id, body="开场：晨跑，喝一口气泡水。").id


def asked_round(deliverable_id: UUID, price_minor: int = 5) -> UUID:
    """One more round of the draft that the brand has asked for, whatever is left of the agreed ones."""
    with db.transaction() as session:
        row = ExtraRound(
            deliverable_id=deliverable_id,
            kind=RoundKind.DRAFT,
            currency="CNY",
            price_minor=price_minor,
            asked_by=None,
            answer_by=now() + timedelta(hours=72),
        )
        session.add(row)
        session.flush()
        return row.id


def approved_script(owed: Owed, deliverable_id: UUID) -> UUID:
    script_id = sent_script(owed, deliverable_id)
    with db.transaction(owed.brand.actor) as session:
        return scripts.approve(session, owed.brand.actor, script_id).id


def sent_draft(owed: Owed, deliverable_id: UUID | None = None, **result: Any) -> UUID:
    """A draft that waits for the brand."""
    place = deliverable_id or owed.id
    check_id = checked(owed, place, **result)
    with db.transaction(owed.maker.actor) as session:
        return video_drafts.send(session, owed.maker.actor, place, check_id=check_id).id


def changed_draft(owed: Owed, deliverable_id: UUID | None = None) -> UUID:
    draft_id = sent_draft(owed, deliverable_id)
    with db.transaction(owed.brand.actor) as session:
        changes = [video_drafts.AskedChange(2.0, "标识再小一些")]
        return video_drafts.request_changes(session, owed.brand.actor, draft_id, changes=changes).id


def approved_draft(owed: Owed, deliverable_id: UUID | None = None, **result: Any) -> UUID:
    draft_id = sent_draft(owed, deliverable_id, **result)
    with db.transaction(owed.brand.actor) as session:
        return video_drafts.approve(session, owed.brand.actor, draft_id).id


def publish_day() -> datetime:
    """A moment of the days on which the deals of these tests publish."""
    return now() + timedelta(days=PUBLISHED_AFTER_DAYS)


def told(owed: Owed, draft_id: UUID) -> dict[str, Any]:
    """What the maker tells of publishing the file of a draft now."""
    with db.transaction() as session:
        video_id = session.get_one(video_drafts.Draft, draft_id).video_id
    return {
        "url": f"https://www.douyin.com/video/{new_id().hex}",
        "published_at": now(),
        "label_seconds": 3.0,
        "video_id": video_id,
    }


def live(owed: Owed, deliverable_id: UUID | None = None) -> UUID:
    """A draft that is approved and published. To be called on a day of publishing."""
    place = deliverable_id or owed.id
    draft_id = approved_draft(owed, place)
    with db.transaction(owed.maker.actor) as session:
        publishing.publish(session, owed.maker.actor, place, NewPublication(**told(owed, draft_id)))
    return draft_id


def status(deliverable_id: UUID) -> str:
    with db.transaction() as session:
        return str(session.get_one(Deliverable, deliverable_id).status)


def deal_status(owed: Owed) -> str:
    with db.transaction() as session:
        return str(session.get_one(Deal, owed.deal_id).status)
