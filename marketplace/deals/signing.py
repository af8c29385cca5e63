"""What becomes of terms that both sides have confirmed: promises of the channel's days, and what is owed."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids.models import Bid
from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.errors import Conflict
from marketplace.deals import deal_refusals
from marketplace.deals.models import Deal, DealTerms, Deliverable, DeliverableStatus
from marketplace.deals.series import series_slots
from marketplace.deals.terms.terms_document import plan_of, price_of, total_minor
from marketplace.pacing import exclusivity, signed_promises
from marketplace.pacing import service as pacing
from marketplace.pacing.exclusivity import WantedPlacement
from marketplace.pacing.models import CATEGORY
from marketplace.pacing.service import PromisedVideos
from marketplace.pacing.signed_promises import BookedVideo, PromisingDeal

_DAYS = ("publish_starts_on", "due_on")
_TO_OTHERS = sa.text(
    "SELECT min(lower(w.during)) AS first, max(upper(w.during) - 1) AS last FROM exclusivity_windows w"
    " WHERE w.channel_id = :channel AND w.competitor_key = ANY(:keys) AND w.holder_id IS DISTINCT FROM :brand"
    " AND w.during && daterange(:first, :last, '[]')"
)
# Videos for other brands of the category that are signed already would break the promise from its first day.
_OWED_TO_OTHERS = sa.text(
    "SELECT min(b.first_on) AS first, max(b.last_on) AS last FROM pacing_bookings b JOIN deals d ON d.id = b.deal_id"
    " JOIN brief_versions v ON v.id = d.brief_version_id WHERE b.channel_id = :channel AND d.brand_id <> :brand"
    " AND v.category = :category AND b.last_on >= :first AND b.first_on <= :last"
)


def promising(deal: Deal, content: Mapping[str, Any]) -> PromisingDeal:
    """Return a deal as whoever keeps its channel's days knows it."""
    return PromisingDeal(
        deal_id=deal.id,
        bid_id=deal.bid_id,
        channel_id=deal.channel_id,
        creator_id=deal.creator_id,
        agency_id=deal.agency_id,
        brand_id=deal.brand_id,
        brand_name=content["brand"]["name"],
    )


def agree(session: Session, actor: Actor, deal: Deal, bid: Bid, terms: DealTerms) -> None:
    """Write what follows when both sides have confirmed these terms: windows, bookings, deliverables, and what the bid
    costs now. Raises Conflict where the channel's days are promised already or have no room."""
    content = terms.content
    # As the system: what is promised to others counts, and only days leave this room.
    with db.acting_as(session, SYSTEM):
        # Two deals of one channel that are signed at once see each other.
        db.lock_name(session, "deals.sign", deal.channel_id)
        series_slots.require_free(session, deal, content)
        videos = _videos(content)
        if videos:
            first, last = min(video.first for video in videos), max(video.last for video in videos)
            _refuse_promised(session, deal, content, first, last)
            offered = [PromisedVideos(video.first, video.last, 1, video.plan) for video in _new(session, videos)]
            if not pacing.has_room(session, deal.channel_id, offered, but_bid=deal.bid_id):
                raise Conflict(deal_refusals.NO_ROOM, rule="pacing_full")
            signed_promises.book(session, promising(deal, content), videos)
        days = [date.fromisoformat(line[name]) for line in content["deliverables"] for name in _DAYS]
        _promise(session, actor, deal, content, min(days), max(days))
        session.add_all(_deliverables(deal, terms))
        bid.accepted_cost_minor = total_minor(content)
        session.flush()


def _videos(content: Mapping[str, Any]) -> list[BookedVideo]:
    return [
        BookedVideo(
            line["position"],
            date.fromisoformat(line["publish_starts_on"]),
            date.fromisoformat(line["due_on"]),
            plan_of(content, line["position"])["plan"],
            series_slots.place_of(line)[0],
        )
        for line in content["deliverables"]
        if line["kind"] != "image"
    ]


def _new(session: Session, videos: Sequence[BookedVideo]) -> list[BookedVideo]:
    """Return the videos without those of episodes that another deal has booked: an episode is one video for all."""
    one_of_each = {video.episode_id or video.position: video for video in videos}.values()
    return [video for video in one_of_each if not series_slots.booked_already(session, video.episode_id)]


def extend_promise(session: Session, actor: Actor, deal: Deal, content: Mapping[str, Any]) -> None:
    """Let a deal's promise of exclusivity cover the days on which its videos are due now. Raises Conflict. The session
    must act as the system."""
    living = (Deliverable.deal_id == deal.id, Deliverable.status != DeliverableStatus.CANCELLED)
    days = list(session.scalars(sa.select(Deliverable.due_on).where(*living)))
    _promise(session, actor, deal, content, min(days), max(days))


def _refuse_promised(session: Session, deal: Deal, content: Mapping[str, Any], first: date, last: date) -> None:
    product = content["product"]
    wanted = WantedPlacement(deal.brand_id, product["brand_names"], product["category"])
    if deal.channel_id in exclusivity.promised_elsewhere(session, wanted, {deal.channel_id: (first, last)}):
        asked = {"channel": deal.channel_id, "keys": wanted.keys, "brand": deal.brand_id, "first": first, "last": last}
        days = session.execute(_TO_OTHERS, asked).one()
        raise _promised(days.first or first, days.last or last)


def _promise(session: Session, actor: Actor, deal: Deal, content: Mapping[str, Any], first: date, last: date) -> None:
    """Promise a deal's category, where it is sold, from the first day of publication and so long after the last one."""
    wanted = content["rights"]["exclusivity"]
    if wanted is None:
        return
    last += timedelta(days=wanted["days"])
    category = wanted["category"]
    asked = {"channel": deal.channel_id, "brand": deal.brand_id, "first": first, "last": last}
    owed = session.execute(_OWED_TO_OTHERS, {**asked, "category": category}).one()
    if owed.first is not None:
        raise _promised(owed.first, owed.last)
    if not signed_promises.promise_category(session, actor, promising(deal, content), category, first, last):
        keys = [f"{CATEGORY}{category}"]
        days = session.execute(_TO_OTHERS, {**asked, "keys": keys}).one()
        raise _promised(days.first or first, days.last or last)


def _promised(first: date, last: date) -> Conflict:
    return Conflict(deal_refusals.promised(first.isoformat(), last.isoformat()), rule="exclusive_elsewhere")


def _deliverables(deal: Deal, terms: DealTerms) -> list[Deliverable]:
    return [
        Deliverable(
            deal_id=deal.id,
            position=line["position"],
            kind=line["kind"],
            title=line["title"],
            channel_id=deal.channel_id,
            price_minor=price_of(terms.content, line["position"]),
            due_on=date.fromisoformat(line["due_on"]),
            terms_id=terms.id,
            episode_id=series_slots.place_of(line)[0],
            slot=series_slots.place_of(line)[1],
        )
        for line in terms.content["deliverables"]
    ]
