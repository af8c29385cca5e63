"""What follows which event: the table, tried by making each thing happen, and the relay that hands events to it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import ModuleType
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.bids import brief_changes
from marketplace.bids import service as bids_service
from marketplace.bids.models import Bid
from marketplace.channels import service as channels
from marketplace.core import db, events, ids
from marketplace.core.actor import SYSTEM
from marketplace.core.events import Event
from marketplace.core.ids import new_id
from marketplace.core.jobs import Job, JobState
from marketplace.matching.overlap import sketches
from marketplace.matching.pricing.market_deals import FOLLOW_ACCEPTANCE
from marketplace.matching.recompute import MODEL_PAUSE
from marketplace.matching.selection import service as selections
from marketplace.matching.selection import set_choice
from marketplace.matching.selection.schemas import SelectionIn
from tests.make import bids as make
from tests.make import channels as make_channels
from tests.make import deals, overlaps, readings, work
from tests.make import reviews as make_reviews
from tests.matching import look
from workers import reactions
from workers.handlers import load_handlers

pytestmark = pytest.mark.usefixtures("own_market")


def place(client: FlaskClient, there: make.Market) -> None:
    make.place(there, channel_id=make.channel(there.creator.party_id), **look.plain())


def revise(client: FlaskClient, there: make.Market) -> None:
    (bid,) = bids(there)
    make.revise(there.creator, bid, **look.plain(2_000_000))


def withdraw(client: FlaskClient, there: make.Market) -> None:
    (bid,) = bids(there)
    make.withdraw(there.creator, bid)


def accept(client: FlaskClient, there: make.Market) -> None:
    (bid,) = bids(there)
    accept_it(there, bid)


def accept_it(there: make.Market, bid: UUID) -> None:
    # The gate of unknown audiences is not what is tried here.
    make.close(there)
    with db.transaction(there.brand.actor) as session:
        bids_service.take(session, there.brand.actor, db.lock(session, Bid, bid), 0, 3_000_000)


def revise_brief(client: FlaskClient, there: make.Market) -> None:
    headers = {**there.brand.headers, "If-Match": '"2"'}
    assert client.patch(look.path(there.brief_id), json={"title": "第二版"}, headers=headers).status_code == 200


def cancel(client: FlaskClient, there: make.Market) -> None:
    make.cancel(there)


def decline(client: FlaskClient, there: make.Market) -> None:
    (bid,) = bids(there)
    make.close(there)
    make.decline(there, bid)


def confirm_brief(client: FlaskClient, there: make.Market) -> None:
    (bid,) = bids(there)
    with db.transaction(there.brand.actor) as session:
        brief = brief_changes.change(session, there.brand.actor, there.brief_id, loaded={"tolerance": 30}, version=2)
    with db.transaction(there.creator.actor) as session:
        bids_service.confirm_brief(session, there.creator.actor, bid, brief_version_id=brief.version_id)


def step_back(client: FlaskClient, there: make.Market, who: str = "brand") -> None:
    (bid,) = bids(there)
    accept_it(there, bid)
    side = getattr(there, who)
    with db.transaction(side.actor) as session:
        bids_service.step_back(session, side.actor, bid, reason="x")


def back_out(client: FlaskClient, there: make.Market) -> None:
    step_back(client, there, "creator")


def put_back(client: FlaskClient, there: make.Market) -> None:
    (bid,) = bids(there)
    accept_it(there, bid)
    with db.transaction() as session:
        bids_service.put_back(session, there.brand.actor, session.get_one(Bid, bid))


def lapse(client: FlaskClient, there: make.Market) -> None:
    make.close(there)
    with db.transaction() as session:
        session.execute(sa.text("UPDATE briefs SET bids_lapse_at = now() WHERE id = :id"), {"id": there.brief_id})
        assert bids_service.lapse_overdue(session) == 1


def take_back_deal(client: FlaskClient, there: make.Market) -> None:
    with db.transaction() as session:
        events.record(session, "deal_prices.remove", new_id(), SYSTEM, parties=[])


def void(client: FlaskClient, there: make.Market) -> None:
    make.cancel(there)
    with db.transaction() as session:
        assert bids_service.void_for_brief(session, there.brief_id) == 1


def rename(client: FlaskClient, there: make.Market) -> None:
    url, headers = f"/api/v1/channels/{ids.show('chn', there.channel_id)}", {**there.creator.headers, "If-Match": '"1"'}
    assert client.patch(url, json={"verticals": {"food": 1.0}}, headers=headers).status_code == 200


def archive(client: FlaskClient, there: make.Market) -> None:
    with db.transaction(there.creator.actor) as session:
        channels.archive(session, there.creator.actor, there.channel_id)


def restore(client: FlaskClient, there: make.Market) -> None:
    archive(client, there)
    with db.transaction(there.creator.actor) as session:
        channels.restore(session, there.creator.actor, there.channel_id)


def tell(client: FlaskClient, there: make.Market) -> None:
    make_channels.told(there.creator, there.channel_id)


def tell_of_deal(client: FlaskClient, there: make.Market) -> None:
    deals.record(there.creator, there.channel_id, deals.told(brand_id=there.brand.party_id))


def confirm_deal(client: FlaskClient, there: make.Market) -> None:
    row = deals.record(there.creator, there.channel_id, deals.told(brand_id=there.brand.party_id))
    deals.confirm(there.brand, row)


def tell_of_overlap(client: FlaskClient, there: make.Market) -> None:
    overlaps.record(there.creator, there.channel_id, make.channel(there.creator.party_id))


def tell_of_views(client: FlaskClient, there: make.Market) -> None:
    readings.tell(there.creator, there.channel_id, {24: 5_000})


def confirm_overlap(client: FlaskClient, there: make.Market) -> None:
    row = overlaps.record(there.creator, there.channel_id, make.channel(there.creator.party_id))
    overlaps.confirm(row)


def hand_in_sketch(client: FlaskClient, there: make.Market) -> None:
    overlaps.hand_in(there.creator, there.channel_id, range(1_500))


def confirm_sketch(client: FlaskClient, there: make.Market) -> None:
    overlaps.confirm_sketch(overlaps.hand_in(there.creator, there.channel_id, range(1_500)))


def remove_sketch(client: FlaskClient, there: make.Market) -> None:
    row = overlaps.hand_in(there.creator, there.channel_id, range(1_500))
    with db.transaction(there.creator.actor) as session:
        sketches.remove(session, there.creator.actor, row.id)


def select(client: FlaskClient, there: make.Market) -> None:
    make.close(there)
    with db.transaction(there.brand.actor) as session:
        chosen = selections.start(session, there.brand.actor, there.brief_id, SelectionIn().load({"prove": "never"}))
    finish = set_choice.search(chosen.id)
    with db.transaction() as session:
        finish(session)


def override(client: FlaskClient, there: make.Market) -> None:
    """Two people put another intrusiveness in place of the computed one."""
    (bid,) = bids(there)
    make.close(there)
    make_reviews.put(bid, about_id=there.brief_id)
    for admin in make_reviews.admins(2):
        make_reviews.decide(admin, make_reviews.of(bid).id, "override", {"intrusiveness": 95.0})


def reopen(client: FlaskClient, there: make.Market) -> None:
    override(client, there)
    (bid,) = bids(there)
    assert make_reviews.put(bid, "worse", about_id=there.brief_id, **make_reviews.SEVERE)


# What happens, and the work that follows from it: (kind, about the brief?, does it wait for a moment?).
FOLLOWED = (FOLLOW_ACCEPTANCE, False, False)
PAUSED = [(kind, False, True) for kind in work.PAUSED]
FOLLOWS: dict[str, tuple[Callable[[FlaskClient, make.Market], None], list[tuple[str, bool, bool]]]] = {
    "bids.place": (place, [("matching.score", True, False)]),
    "bids.revise": (revise, [("matching.score", True, False)]),
    "bids.withdraw": (withdraw, [("matching.score", True, False)]),
    "bids.decline": (decline, []),
    "bids.accept": (accept, [FOLLOWED]),
    "bids.confirm_brief": (confirm_brief, [("matching.score", True, False)]),  # together with the brief's change
    "bids.step_back": (step_back, [FOLLOWED]),
    "bids.back_out": (back_out, [FOLLOWED]),
    "bids.put_back": (put_back, [FOLLOWED]),
    "bids.lapse": (lapse, []),
    "bids.void": (void, [("bids.void", True, False), FOLLOWED]),  # the first is the call-off's own
    "briefs.revise": (revise_brief, [("matching.score", True, False)]),
    "briefs.cancel": (cancel, [("bids.void", True, False)]),
    "selections.finish": (select, []),
    "reviews.approve": (override, [("matching.apply-overrides", True, False)]),
    "reviews.reopen": (reopen, [("matching.apply-overrides", True, False)]),  # together with the approval's
    "channels.change": (rename, [("matching.features", False, False)]),
    "channels.archive": (archive, [("matching.features", False, False)]),
    "channels.restore": (restore, [("matching.features", False, False)]),  # together with the archiving's
    "audience_snapshots.new": (tell, [("matching.features", False, False), PAUSED[1], PAUSED[3]]),
    "deal_prices.new": (tell_of_deal, [PAUSED[3]]),
    "deal_prices.confirm": (confirm_deal, [PAUSED[3]]),  # together with the telling's
    "deal_prices.remove": (take_back_deal, [PAUSED[3]]),
    "video_readings.new": (tell_of_views, [PAUSED[0]]),
    "audience_overlaps.new": (tell_of_overlap, [PAUSED[2]]),
    "audience_overlaps.confirm": (confirm_overlap, [PAUSED[2]]),  # together with the telling's
    "audience_sketches.new": (hand_in_sketch, [PAUSED[2]]),
    "audience_sketches.confirm": (confirm_sketch, [PAUSED[2]]),  # together with the handing in
    "audience_sketches.remove": (remove_sketch, [PAUSED[2]]),  # together with the handing in
}


def bids(there: make.Market) -> list[UUID]:
    with db.transaction() as session:
        return list(session.scalars(sa.text("SELECT id FROM bids WHERE brief_id = :id"), {"id": there.brief_id}))


AFTERWARDS = ["matching.features", FOLLOW_ACCEPTANCE, *work.PAUSED]


def waiting() -> list[Job]:
    """What waits to be done but for the briefs' own timers and the clock's table."""
    with db.transaction() as session:
        about_briefs = ["matching.score", "matching.apply-overrides", "bids.void"]
        query = sa.select(Job).where(Job.state == JobState.QUEUED, Job.kind.in_(about_briefs))
        more = sa.select(Job).where(Job.state == JobState.QUEUED, Job.kind.in_(AFTERWARDS))
        return [*session.scalars(query.order_by(Job.kind)), *session.scalars(more.order_by(Job.kind))]


def test_every_reaction_is_tried_here() -> None:
    assert set(FOLLOWS) == set(reactions.REACTIONS)


@pytest.mark.parametrize("kind", FOLLOWS)
def test_what_follows_an_event_is_asked_for_once(client: FlaskClient, worker: ModuleType, kind: str) -> None:
    happens, follows = FOLLOWS[kind]
    there = look.market()
    make.place(there, **look.plain())
    work.settle(worker)
    happens(client, there)
    assert waiting() == []
    worker.relay()
    found = waiting()
    assert [(job.kind, job.subject_id == there.brief_id) for job in found] == [follow[:2] for follow in follows]
    # By the job's own times: a busy machine takes longer than the pause to come here.
    pauses = [job.next_at - job.created_at > MODEL_PAUSE / 2 for job in found]
    assert pauses == [waits for _, _, waits in follows]
    # An event is handed on once: nothing new follows from a second relay.
    work.settle(worker)
    assert worker.relay() == 0
    assert waiting() == []


def test_other_events_are_handed_on_and_nothing_follows(worker: ModuleType) -> None:
    work.settle(worker)
    with db.transaction() as session:
        event_id = events.record(session, "parties.test", new_id(), SYSTEM, parties=[])
    assert worker.relay() == 1
    assert waiting() == []
    with db.transaction() as session:
        assert session.get_one(Event, event_id).relayed_at is not None


def test_events_are_handed_on_oldest_first_a_stretch_at_a_time(
    worker: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    work.settle(worker)
    seen: list[list[UUID]] = []
    monkeypatch.setattr(
        worker, "REACTIONS", {"parties.test": lambda _, told: seen.append([one.subject_id for one in told])}
    )
    subjects = sorted(new_id() for _ in range(5))
    rows = [
        Event(
            id=UUID(int=1000 + number),
            kind="parties.test",
            subject_id=subject,
            party_ids=[],
            actor_role="system",
            actor_party_id=None,
            actor_person_id=None,
            request_id=None,
            data={},
        )
        for number, subject in enumerate(subjects)
    ]
    with db.transaction() as session:
        session.add_all(reversed(rows))
    assert [worker.relay(2) for _ in range(4)] == [2, 2, 1, 0]
    assert seen == [subjects[:2], subjects[2:4], subjects[4:]]


def test_a_reaction_that_fails_hands_nothing_on(worker: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    there = look.market()
    work.settle(worker)
    make.place(there, **look.plain())

    def breaks(*_: object) -> None:
        raise RuntimeError("a reaction's own fault")

    # Kinds are gone through in the order of their names: the scoring is asked for before the fault.
    with db.transaction() as session:
        events.record(session, "parties.test", new_id(), SYSTEM, parties=[])
    with monkeypatch.context() as patch:
        patch.setattr(worker, "REACTIONS", {**reactions.REACTIONS, "parties.test": breaks})
        with pytest.raises(RuntimeError):
            worker.relay()
        assert waiting() == []
    assert worker.relay() == 2
    assert [job.subject_id for job in waiting()] == [there.brief_id]
    work.settle(worker)


def test_relays_at_once_hand_every_event_on_once(worker: ModuleType) -> None:
    work.settle(worker)
    markets = [look.market() for _ in range(3)]
    for there in markets:
        for _ in range(10):
            make.place(there, channel_id=make.channel(there.creator.party_id), **look.plain())
    barrier = Barrier(4)

    def relay(_: int) -> int:
        barrier.wait()
        return sum(iter(lambda: worker.relay(4), 0))

    with db.transaction() as session:
        events_before = session.scalar(sa.select(sa.func.count()).where(Event.relayed_at.is_(None)))
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(relay, range(4)))
    assert sum(taken) + worker.relay() == events_before
    assert sorted(job.subject_id for job in waiting() if job.subject_id) == sorted(there.brief_id for there in markets)
    work.settle(worker)


def test_everything_that_is_asked_for_is_somebodys_work(client: FlaskClient, worker: ModuleType) -> None:
    for happens, _ in FOLLOWS.values():
        there = look.market()
        make.place(there, **look.plain())
        happens(client, there)
    work.settle(worker)
    with db.transaction() as session:
        asked = {(queue, kind) for queue, kind in session.execute(sa.select(Job.queue, Job.kind))}
    assert {"matching.score", "matching.features", "matching.fit-model", "bids.void", "briefs.close"} <= {
        kind for _, kind in asked
    }
    assert {(queue, kind) for queue, kind in asked if kind not in load_handlers(queue).kinds} == set()
