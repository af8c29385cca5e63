"""A maker's schedule: series are made, get episodes, are closed; an episode is moved or dropped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels import policy as channels_policy
from marketplace.channels.models import Channel
from marketplace.core import db, events, states
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.errors import Conflict, FieldError, InvalidInput, WrongState
from marketplace.deals import signing
from marketplace.deals.models import Deal, DealTerms, Deliverable, DeliverableStatus
from marketplace.deals.series import policy, series_refusals, series_slots
from marketplace.deals.series.models import EPISODES_MAX, Series, SeriesEpisode
from marketplace.deals.series.states import EPISODE_TRANSITIONS, SERIES_TRANSITIONS
from marketplace.identity.models import Party
from marketplace.identity.party_days import today_of
from marketplace.pacing import exclusivity, signed_promises
from marketplace.pacing import service as pacing
from marketplace.pacing.exclusivity import WantedPlacement
from marketplace.pacing.service import PromisedVideos

_SHOWN = (DeliverableStatus.LIVE, DeliverableStatus.DONE, DeliverableStatus.MISSED)


@dataclass(frozen=True)
class NewEpisode:
    title: str
    airs_on: date


@dataclass(frozen=True)
class _Place:
    """A deal's place in an episode, locked: the deal, what it owes there, and its terms."""

    deal: Deal
    row: Deliverable
    terms: DealTerms


def create(
    session: Session,
    actor: Actor,
    *,
    channel_id: UUID,
    title: str,
    slots: Sequence[str],
    episodes: Sequence[NewEpisode],
) -> Series:
    """Make a series of a channel of one's own. Raises NotFound, InvalidInput (a day that is past)."""
    channel = db.get(session, Channel, channel_id, channels_policy.own(actor))
    creator = session.get_one(Party, channel.creator_id)
    past = [
        FieldError(f"/episodes/{index}/airs_on", series_refusals.PAST)
        for index, one in enumerate(episodes)
        if one.airs_on < today_of(creator)
    ]
    if past:
        raise InvalidInput(errors=past)
    row = Series(creator_id=channel.creator_id, channel_id=channel_id, title=title, slots=list(slots))
    session.add(row)
    session.flush()
    session.add_all(
        SeriesEpisode(series_id=row.id, number=number, title=one.title, airs_on=one.airs_on)
        for number, one in enumerate(episodes, start=1)
    )
    session.flush()
    _tell(session, actor, row, "new", title=title)
    return row


def add_episode(session: Session, actor: Actor, series_id: UUID, *, title: str, airs_on: date) -> Series:
    """Add an episode behind the last one. Raises NotFound, InvalidInput, Conflict (there are EPISODES_MAX)."""
    series = db.lock(session, Series, series_id, policy.own(actor))
    _require_ahead(session, series, airs_on)
    of_series = SeriesEpisode.series_id == series_id
    last = session.scalar(sa.select(sa.func.max(SeriesEpisode.number)).where(of_series)) or 0
    if last >= EPISODES_MAX:
        raise Conflict(series_refusals.FULL)
    session.add(SeriesEpisode(series_id=series_id, number=last + 1, title=title, airs_on=airs_on))
    series.version += 1
    session.flush()
    _tell(session, actor, series, "add_episode", number=last + 1, airs_on=airs_on.isoformat())
    return series


def close(session: Session, actor: Actor, series_id: UUID) -> Series:
    """Sign no further brand for a series; what is signed stands. Raises NotFound, WrongState."""
    return _apply(session, actor, series_id, "close")


def open_again(session: Session, actor: Actor, series_id: UUID) -> Series:
    """Sign brands for a series again. Raises NotFound, WrongState."""
    return _apply(session, actor, series_id, "open_again")


def _apply(session: Session, actor: Actor, series_id: UUID, name: str) -> Series:
    series = db.lock(session, Series, series_id, policy.own(actor))
    states.apply_transition(session, series, SERIES_TRANSITIONS, name, actor, parties=[series.creator_id])
    session.flush()
    return series


def drop(session: Session, actor: Actor, episode_id: UUID, *, reason: str) -> Series:
    """Drop an episode in which nobody has a place. Raises NotFound, WrongState, Conflict (somebody has)."""
    series, episode = _held(session, actor, episode_id)
    if _places(session, episode):
        raise Conflict(series_refusals.IS_TAKEN, rule="episode_taken")
    _move_state(session, actor, series, episode, "drop", reason=reason)
    return series


def move(session: Session, actor: Actor, episode_id: UUID, *, airs_on: date, reason: str) -> Series:
    """Move an episode to another day: every deal on it is due then, and every brand is told.

    Raises NotFound, WrongState, InvalidInput (a past day, the same one), Conflict (a video of it is live, the
    terms of a deal do not let it move that far, the channel is promised elsewhere or has no room then).
    """
    series, episode = _held(session, actor, episode_id)
    states.require_role(EPISODE_TRANSITIONS["move"], "move", actor)
    if episode.status not in EPISODE_TRANSITIONS["move"].sources:
        raise states.wrong_state(EPISODE_TRANSITIONS["move"], "move", episode.status)
    _require_ahead(session, series, airs_on)
    if airs_on == episode.airs_on:
        raise InvalidInput(errors=[FieldError("/airs_on", series_refusals.SAME_DAY)])
    before = episode.airs_on
    episode.airs_on = airs_on
    said: dict[str, Any] = {"airs_on": airs_on.isoformat(), "was_on": before.isoformat(), "reason": reason}
    _move_state(session, actor, series, episode, "move", **said)
    # As the system: the days of all deals move, whichever agency they name.
    with db.acting_as(session, SYSTEM):
        places = _places(session, episode)
        for place in places:
            _require_movable(session, place, airs_on)
        _move_bookings(session, episode, places)
        for place in places:
            _reschedule(session, actor, place, said)
    return series


def _held(session: Session, actor: Actor, episode_id: UUID) -> tuple[Series, SeriesEpisode]:
    """Lock a series, and then one of its episodes, for its maker's side."""
    mine = sa.exists().where(Series.id == SeriesEpisode.series_id, policy.own(actor))
    series_id = db.get(session, SeriesEpisode, episode_id, mine).series_id
    series = db.lock(session, Series, series_id, policy.own(actor))
    return series, db.lock(session, SeriesEpisode, episode_id)


def _places(session: Session, episode: SeriesEpisode) -> list[_Place]:
    """Lock the deals that have a place in an episode, in their order, and what they owe there."""
    with db.acting_as(session, SYSTEM):
        taken = series_slots.taken_places(session, episode.series_id)
        found = []
        for one in (one for one in taken if one.deliverable.episode_id == episode.id):
            deal = db.lock(session, Deal, one.deal.id)
            row = db.lock(session, Deliverable, one.deliverable.id)
            if row.status != DeliverableStatus.CANCELLED:
                found.append(_Place(deal, row, session.get_one(DealTerms, row.terms_id)))
        return found


def _require_ahead(session: Session, series: Series, airs_on: date) -> None:
    if airs_on < today_of(session.get_one(Party, series.creator_id)):
        raise InvalidInput(errors=[FieldError("/airs_on", series_refusals.PAST)])


def _require_movable(session: Session, place: _Place, airs_on: date) -> None:
    if place.row.status in _SHOWN:
        raise WrongState(series_refusals.IS_LIVE, state=str(place.row.status))
    content = place.terms.content
    line = content["deliverables"][place.row.position - 1]
    days = content["series"]["movable_days"]
    if abs(airs_on - date.fromisoformat(line["due_on"])) > timedelta(days=days):
        raise Conflict(series_refusals.too_far(days), rule="movable_days")
    product = content["product"]
    wanted = WantedPlacement(place.deal.brand_id, product["brand_names"], product["category"])
    if exclusivity.promised_elsewhere(session, wanted, {place.deal.channel_id: (airs_on, airs_on)}):
        raise Conflict(series_refusals.promised(airs_on), rule="exclusive_elsewhere")


def _move_bookings(session: Session, episode: SeriesEpisode, places: Sequence[_Place]) -> None:
    """Move the day that the channel keeps for the episode, once for all deals on it."""
    if not places:
        return
    channel_id = places[0].deal.channel_id
    db.lock_name(session, "deals.sign", channel_id)
    booked = signed_promises.take_out(session, [(one.deal.id, one.row.position) for one in places])
    offered = [PromisedVideos(episode.airs_on, episode.airs_on, 1, one.plan) for one in booked[:1]]
    if offered and not pacing.has_room(session, channel_id, offered, but_bid=places[0].deal.bid_id):
        raise Conflict(series_refusals.NO_ROOM, rule="pacing_full")
    signed_promises.put_back(session, booked, episode.airs_on)


def _reschedule(session: Session, actor: Actor, place: _Place, said: dict[str, Any]) -> None:
    """Let what a deal owes be due on the new day of its episode, and tell both of its sides."""
    deal, row = place.deal, place.row
    row.due_on, row.late_since = date.fromisoformat(said["airs_on"]), None
    row.version += 1
    session.flush()
    signing.extend_promise(session, SYSTEM, deal, place.terms.content)
    told = {"deal_id": str(deal.id), "position": row.position, **said}
    events.record(session, "deliverables.reschedule", row.id, actor, parties=deal.parties, **told)
    session.flush()


def _move_state(session: Session, actor: Actor, series: Series, episode: SeriesEpisode, name: str, **data: Any) -> None:
    told = {"series_id": str(series.id), "number": episode.number, **data}
    states.apply_transition(session, episode, EPISODE_TRANSITIONS, name, actor, parties=[series.creator_id], **told)
    series.version += 1
    session.flush()


def _tell(session: Session, actor: Actor, series: Series, name: str, **data: Any) -> None:
    events.record(session, f"series.{name}", series.id, actor, parties=[series.creator_id], **data)
