"""One brand's briefs, one creator's channel and bids, and everybody who may or may not touch them."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from marketplace.briefs import assets
from marketplace.briefs.models import Brief
from marketplace.channels.models import (
    AudienceSnapshot,
    Channel,
    ChannelImport,
    ChannelTransfer,
    ClaimStatus,
    ImportMode,
)
from marketplace.core import db, ids, jobs
from marketplace.core.actor import Permission
from marketplace.core.clock import now
from marketplace.core.events import Event
from marketplace.core.http.endpoint import Endpoint
from marketplace.core.ids import new_id
from marketplace.core.money import Money
from marketplace.deals.series import episode_days
from marketplace.deals.series.episode_days import NewEpisode
from marketplace.deals.series.models import SeriesEpisode
from marketplace.deliverables import publishing
from marketplace.deliverables.results import telling
from marketplace.identity import api_keys, invites, mandates
from marketplace.identity.mandates import MandateTerms
from marketplace.identity.models import ConsoleSession, Party, SecondFactor
from marketplace.identity.sign_in import credentials
from marketplace.identity.sign_in.credentials import CredentialKind
from marketplace.matching.forecast import features
from marketplace.matching.overlap import service as overlaps
from marketplace.matching.overlap import sketches
from marketplace.matching.pricing import settled_deals
from marketplace.matching.pricing.settled_deals import ReportedDeal
from marketplace.matching.scoring import score_brief
from marketplace.matching.scoring.suggestions import plan_suggestions
from marketplace.matching.selection import service as selections
from marketplace.matching.selection import set_choice
from marketplace.matching.selection.schemas import SelectionIn
from marketplace.stopping import cancelling, pausing, quoting
from marketplace.stopping.disputes import deciding
from marketplace.stopping.disputes import service as disputes
from marketplace.stopping.disputes.deciding import DecidedAmount
from marketplace.stopping.disputes.models import DisputeOutcome
from marketplace.stopping.quotes import CancellationScope
from tests.make import bids as make_bids
from tests.make import briefs as make_briefs
from tests.make import channels as make_channels
from tests.make import checks as make_checks
from tests.make import offered_deals as deals
from tests.make import overlaps as make_overlaps
from tests.make import owed as make_owed
from tests.make import pacing as make_pacing
from tests.make import people
from tests.make import readings as make_readings
from tests.make import reviews as make_reviews
from tests.make import videos as make_videos
from tests.make.moments import travel
from tests.make.people import Somebody, somebody
from tests.make.selections import store_confirmed
from tests.payments import make_world as make_payments

PREFIXES = {
    "party_id": "pty",
    "person_id": "per",
    "membership_id": "mbr",
    "invite_id": "inv",
    "mandate_id": "mnd",
    "key_id": "key",
    "session_id": "ses",
    "channel_id": "chn",
    "transfer_id": "ctr",
    "snapshot_id": "snp",
    "import_id": "imp",
    "brief_id": "brf",
    "version_id": "brv",
    "asset_id": "ast",
    "bid_id": "bid",
    "deal_id": "dea",
    "review_id": "rvw",
    "selection_id": "sel",
    "event_id": "evt",
    "job_id": "job",
    "deal_price_id": "dpr",
    "deliverable_id": "dlv",
    "dispute_id": "dsp",
    "draft_id": "drf",
    "script_id": "scr",
    "series_id": "ser",
    "episode_id": "eps",
    "round_id": "rnd",
    "figure_id": "tfg",
    "overlap_id": "ovl",
    "sketch_id": "skt",
    "video_id": "vfl",
    "upload_id": "vfl",
    "suggestion_id": "sug",
    "check_id": "vck",
    "exclusivity_id": "exw",
    "payment_id": "pay",
    "receipt_id": "rcp",
    "payout_id": "pyo",
    "claw_back_id": "clw",
    "reconciliation_id": "rcn",
}


@dataclass
class World:
    """Who there is (by the matrix' names) and what their ids are (by the path's names, and by subject)."""

    headers: dict[str, dict[str, str]]
    ids: dict[str, UUID]
    by_subject: dict[str, dict[str, UUID]]
    people: dict[str, Somebody]
    quotes: dict[str, str] = field(default_factory=dict)  # of what cancelling costs, by subject

    def id_of(self, name: str, subject: str) -> UUID:
        return self.by_subject.get(subject, {}).get(name) or self.ids[name]


@cache
def routes(app: Flask) -> dict[tuple[str, str], Endpoint]:
    """Return every route under /api/v1 by its method and its path as the matrix writes it."""
    found = {}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1"):
            endpoint: Endpoint = vars(app.view_functions[rule.endpoint])["endpoint"]
            path = re.sub(r"<id\('\w+'\):(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1"))
            found[endpoint.method, path] = endpoint
    return found


def make() -> World:
    """Build it all through the services, as its people would have."""
    owner, other_brand = somebody("brand"), somebody("brand")
    creator, other_creator = somebody("creator"), somebody("creator")
    agency, lapsed, admin = somebody("agency"), somebody("agency"), somebody("platform")
    people.mandate(agency, creator.party_id)
    people.mandate(lapsed, creator.party_id, from_days=-60, to_days=-1)
    people.console(owner)
    with db.transaction() as session:
        session.add(SecondFactor(person_id=owner.person_id, confirmed_at=now()))
        credentials.keep(session, owner.person_id, CredentialKind.APP, ["A" * 32])
    draft = make_briefs.draft(owner)
    there, closing = make_bids.market(owner, creator), make_bids.market(owner, creator)
    open_bid, closed_bid = make_bids.place(there), make_bids.place(closing)
    with db.transaction() as session:
        snapshot_id = _snapshot(session, closing.channel_id)  # without an audience no bid can be accepted
    make_bids.close(closing)
    reader = somebody("brand", scopes=frozenset({Permission.READ}), party_id=owner.party_id)
    scopeless = somebody("creator", scopes=frozenset(), party_id=creator.party_id)
    world = World(
        headers={
            "nobody": {},
            "owner": owner.headers,
            "other_brand": other_brand.headers,
            "creator": creator.headers,
            "other_creator": other_creator.headers,
            "agency": agency.headers,
            "lapsed": lapsed.headers,
            "admin": admin.headers,
            "reader": reader.headers,
            "scopeless": scopeless.headers,
            "revoked": _revoked(owner),
        },
        ids={
            "party_id": owner.party_id,
            "person_id": owner.person_id,
            "membership_id": people.membership_of(owner),
            "brief_id": there.brief_id,
            "channel_id": closing.channel_id,
            "bid_id": open_bid.id,
            "snapshot_id": snapshot_id,
        },
        by_subject={
            "creators": {"party_id": creator.party_id},
            "draft": {"brief_id": draft.id},
            "published": {"brief_id": there.brief_id, "bid_id": open_bid.id, "channel_id": there.channel_id},
            "closed": {"brief_id": closing.brief_id, "bid_id": closed_bid.id},
        },
        people={
            "owner": owner,
            "creator": creator,
            "other_creator": other_creator,
            "lapsed": lapsed,
            "agency": agency,
            "admin": admin,
        },
    )
    _add_rows(world)
    _add_deals(world)
    return world


def _add_deals(world: World) -> None:
    """A deal that waits for its maker, and one whose maker has countered, so that it waits for the brand."""
    owner, creator = world.people["owner"], world.people["creator"]
    world.ids["deal_id"] = deals.offered(there=make_bids.market(owner, creator)).deal_id
    waiting = deals.offered(there=make_bids.market(owner, creator))
    countered = deals.countered(waiting, series=_add_series(world, creator, waiting.there.channel_id))
    world.by_subject["countered"] = {"deal_id": countered.deal_id}
    _add_owed(world)


def _add_series(world: World, creator: Somebody, channel_id: UUID) -> dict[str, Any]:
    """A series of two episodes, and one that takes no further brand; returns the change of a counter that names it."""
    days = [(now() + timedelta(days=make_owed.PUBLISHED_AFTER_DAYS + number)).date() for number in range(2)]
    told = {
        "channel_id": channel_id,
        "title": "s",
        "slots": ["end"],
        "episodes": [NewEpisode("e", day) for day in days],
    }
    with db.transaction(creator.actor) as session:
        world.ids["series_id"] = episode_days.create(session, creator.actor, **told).id
        closed = episode_days.create(session, creator.actor, **told)
        world.by_subject["closed"]["series_id"] = episode_days.close(session, creator.actor, closed.id).id
        of_series = sa.select(SeriesEpisode.id).where(SeriesEpisode.series_id == world.ids["series_id"])
        world.ids["episode_id"] = session.scalars(of_series.order_by(SeriesEpisode.number.desc()).limit(1)).one()
    place = {"position": 1, "episode": 1, "slot": "end"}
    return {"series_id": world.ids["series_id"], "places": [place], "category_shared": False, "movable_days": 14}


def _add_owed(world: World) -> None:
    """A deal under way: what it owes is planned, has a script or a draft that waits, is approved, and is live, of which
    the brand reports that it is gone."""
    owed = make_owed.funded(5, between=(world.people["owner"], world.people["creator"]))
    planned, scripted, drafted, approved, live = owed.ids
    world.by_subject["under_way"] = {"deal_id": owed.deal_id}
    world.ids["deliverable_id"] = planned
    world.ids["owed_check_id"] = make_owed.checked(owed, planned)
    world.ids["script_id"] = make_owed.sent_script(owed, scripted)
    world.ids["round_id"] = make_owed.asked_round(scripted)
    world.ids["draft_id"] = make_owed.sent_draft(owed, drafted)
    world.by_subject["approved"] = {"deliverable_id": approved}
    world.by_subject["live"] = {"deliverable_id": live}
    world.ids["owed_video_id"] = make_owed.told(owed, make_owed.approved_draft(owed, approved))["video_id"]
    with travel(make_owed.publish_day()):
        make_owed.live(owed, live)
        with db.transaction(owed.brand.actor) as session:
            publishing.report(session, owed.brand.actor, live, seen_at=now(), reason="404")
    paused = make_owed.funded(between=(world.people["owner"], world.people["creator"]))
    with db.transaction(owed.brand.actor) as session:
        pausing.pause(session, owed.brand.actor, paused.deal_id, reason="stock ran out")
    world.by_subject["paused"] = {"deal_id": paused.deal_id}
    with db.transaction(owed.brand.actor) as session:
        quote = quoting.show(session, owed.brand.actor, owed.deal_id, side=None, scope=CancellationScope.ALL)
        world.quotes["under_way"] = quote.content_hash
    for subject, who in (("maker_leaves", owed.creator), ("brand_leaves", owed.brand)):
        leaving = make_owed.funded(between=(world.people["owner"], world.people["creator"]))
        with db.transaction(who.actor) as session:
            quote = quoting.show(session, who.actor, leaving.deal_id, side=None, scope=CancellationScope.ALL)
            cancelling.ask(session, who.actor, leaving.deal_id, quote_hash=quote.content_hash, reason="plan changed")
        world.by_subject[subject], world.quotes[subject] = {"deal_id": leaving.deal_id}, quote.content_hash
    _add_disputes(world)
    _add_result(world)
    with db.transaction() as session:  # the world's parties are as they were: whoever verifies one finds it unverified
        parties = [owed.brand.party_id, owed.creator.party_id]
        session.execute(sa.update(Party).where(Party.id.in_(parties)).values(verified_at=None))


def _add_disputes(world: World) -> None:
    """A dispute that waits for a proposal, and one whose proposal waits for a second person."""
    owner, creator, admin = (world.people[name] for name in ("owner", "creator", "admin"))
    for subject in ("disputed", "proposed"):
        owed = make_owed.funded(between=(owner, creator))
        with db.transaction(owner.actor) as session:
            row = disputes.open_one(session, owner.actor, owed.deal_id, reason="not as agreed", deliverable_ids=None)
        with db.transaction(creator.actor) as session:
            disputes.show(session, creator.actor, row.id, body="as agreed")
        world.by_subject[subject] = {"deal_id": owed.deal_id, "deliverable_id": owed.id, "dispute_id": row.id}
    world.ids["dispute_id"] = world.by_subject["disputed"]["dispute_id"]
    first = somebody("platform", party_id=admin.party_id)
    with db.transaction(first.actor) as session:
        amounts = [DecidedAmount(owed.id, 0)]
        given = {"outcome": DisputeOutcome.CANCEL, "amounts": amounts, "reason": "both were heard"}
        deciding.propose(session, first.actor, row.id, **given)


def _add_result(world: World) -> None:
    """A video with a price by views that is live, whose creator has told its views."""
    price = {"model": "cpm", "rate": make_briefs.cny(100), "cap": make_briefs.cny(700_000)}
    counted = make_owed.funded(between=(world.people["owner"], world.people["creator"]), price=price)
    with travel(make_owed.publish_day()):
        make_owed.live(counted)
        today = people.home_day()
        with db.transaction(counted.creator.actor) as session:
            told = telling.tell_views(
                session, counted.creator.actor, counted.id, views=7_000, counted_on=today, evidence="seen"
            )
    world.by_subject["counted"] = {"deliverable_id": counted.id}
    world.ids["figure_id"] = told.id


def _revoked(owner: Somebody) -> dict[str, str]:
    with db.transaction(owner.actor) as session:
        issued = api_keys.create(session, owner.actor, name="gone", scopes=["read"], expires_at=None)
        api_keys.revoke(session, owner.actor, issued.row.id)
    return {"Authorization": f"Bearer {issued.secret}"}


def _add_rows(world: World) -> None:
    """Whatever else a path may name."""
    owner, creator, other, lapsed = (world.people[name] for name in ("owner", "creator", "other_creator", "lapsed"))
    found = world.ids
    with db.transaction() as session:
        world.by_subject["published"]["snapshot_id"] = _snapshot(session, world.by_subject["published"]["channel_id"])
        for subject in ("draft", "published"):
            brief_id = world.by_subject[subject]["brief_id"]
            kept = assets.add_asset(
                session, owner.actor, brief_id, name="label", data=make_briefs.PNG, content_type="image/png"
            )
            world.by_subject[subject]["asset_id"] = kept.id
            written = session.get_one(Brief, brief_id).version_id
            assert written is not None
            world.by_subject[subject]["version_id"] = written
        found["session_id"] = session.scalars(sa.select(ConsoleSession.id).filter_by(person_id=owner.person_id)).one()
        found["key_id"] = api_keys.create(session, owner.actor, name="spare", scopes=["read"], expires_at=None).row.id
        found["invite_id"] = invites.create(session, owner.actor, email="x@example.org", permissions=["read"]).row.id
        terms = MandateTerms(people.home_day(), None, 1000)
        found["mandate_id"] = mandates.offer(session, lapsed.actor, creator_id=other.party_id, terms=terms).id
        found["import_id"] = _import(session, creator)
        found["transfer_id"] = transfer(session, proven(creator), creator, other)
        world.by_subject["proven"] = {"channel_id": proven(creator)}
        found["job_id"] = jobs.enqueue(
            session, "channels.import", queue=jobs.IMPORTS, party_id=creator.party_id, at=now() + timedelta(days=1)
        )
        found["event_id"] = session.scalars(
            sa.select(Event.id).where(Event.kind == "bids.place", Event.subject_id == found["bid_id"])
        ).one()
    with db.transaction() as session:
        while features.refresh(session):
            pass
        for subject in ("published", "closed"):
            score_brief.score_brief(session, world.by_subject[subject]["brief_id"])
    with db.transaction(creator.actor) as session:
        suggested = plan_suggestions.answer(
            plan_suggestions.question(session, creator.actor, found["bid_id"])
        ).suggestions
        found["suggestion_id"] = suggested[0]["id"]
    with db.transaction(owner.actor) as session:
        closed_id = world.by_subject["closed"]["brief_id"]
        wishes = {"prove": "never", "never": [ids.show("bid", world.by_subject["closed"]["bid_id"])]}
        chosen = selections.start(session, owner.actor, closed_id, SelectionIn().load(wishes))
        found["selection_id"] = chosen.id
    store_choice = set_choice.search(chosen.id)
    with db.transaction() as session:
        store_choice(session)
    store_confirmed(chosen.id)
    with db.transaction(creator.actor) as session:
        told = ReportedDeal(Money("CNY", 900_000), now().date(), brand_id=owner.party_id)
        found["deal_price_id"] = settled_deals.record(session, creator.actor, found["channel_id"], told).id
        found["exclusivity_id"] = make_pacing.window(session, creator, found["channel_id"], category="games").id
        found["overlap_id"] = overlaps.record(session, creator.actor, **make_overlaps.told(**pair(world))).id
        found["sketch_id"] = sketches.record(
            session, creator.actor, **make_overlaps.sketch(session, found["channel_id"])
        ).id
    found["video_id"], found["upload_id"] = make_videos.kept(creator), make_videos.announced(creator)
    found["check_id"] = make_checks.done(creator)
    world.by_subject["queued"] = {"check_id": make_checks.queued(creator)}
    world.by_subject["shared"] = {"check_id": make_checks.shared(make_bids.market(owner, creator))[1]}
    world.by_subject["awaited"] = {"video_id": make_videos.awaited(creator)}
    make_readings.tell(creator, found["channel_id"], {24: 5_000}, "v9")
    make_payments.stand_in(world)
    found["review_id"] = make_reviews.review(world.by_subject["closed"]["brief_id"]).id


def pair(world: World) -> dict[str, UUID]:
    return {"channel_id": world.ids["channel_id"], "other_channel_id": world.by_subject["published"]["channel_id"]}


def _snapshot(session: Session, channel_id: UUID) -> UUID:
    snapshot = AudienceSnapshot(
        channel_id=channel_id,
        taken_on=now().date(),
        source="typed",
        import_id=None,
        evidence_hash=new_id().hex,
        followers=10_000,
        facts={},
        margins={},
        rate_card=[],
        flags=[],
    )
    session.add(snapshot)
    session.flush()
    session.get_one(Channel, channel_id).snapshot_id = snapshot.id
    return snapshot.id


def proven(creator: Somebody) -> UUID:
    return make_channels.channel(creator.party_id, claim_status=ClaimStatus.PROVEN).id


def transfer(session: Session, channel_id: UUID, giver: Somebody, taker: Somebody) -> UUID:
    row = ChannelTransfer(channel_id=channel_id, from_creator_id=giver.party_id, to_creator_id=taker.party_id)
    session.add(row)
    session.flush()
    return row.id


def _import(session: Session, creator: Somebody) -> UUID:
    row = ChannelImport(
        party_id=creator.party_id,
        person_id=creator.person_id,
        file_name="me.csv",
        shape=None,
        mode=ImportMode.SKIP_BAD_ROWS,
        create_creators=False,
        size_bytes=1,
        sha256="0" * 64,
    )
    session.add(row)
    session.flush()
    return row.id
