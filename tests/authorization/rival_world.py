"""Two brands, two creators and two agencies of one of them, who are rivals, and the secrets that each has from whom.

A secret is a pattern: an amount or a word that stands in nothing else of the tests. `sees` names who may read it, and
`from_the_close` those who may once the brief is closed on which the bid was placed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs import assets
from marketplace.channels.models import Channel, ChannelImport, ImportMode
from marketplace.checks import service as checks
from marketplace.core import db, ids, jobs
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.core.money import Money
from marketplace.deals import funding
from marketplace.deals.series import episode_days
from marketplace.deals.series.episode_days import NewEpisode
from marketplace.deals.series.models import SeriesEpisode
from marketplace.deliverables import scripts
from marketplace.deliverables.results import telling
from marketplace.identity import api_keys, invites, mandates
from marketplace.identity.mandates import MandateTerms
from marketplace.identity.models import ConsoleSession, Person
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
from marketplace.payments import claw_backs
from marketplace.payments import service as payments
from marketplace.payments.receipts import NewReceipt
from marketplace.stopping.disputes import service as disputes
from tests.authorization.world import proven, transfer
from tests.make import bids as make_bids
from tests.make import briefs as make_briefs
from tests.make import offered_deals, people
from tests.make import overlaps as make_overlaps
from tests.make import owed as make_owed
from tests.make import pacing as make_pacing
from tests.make import reviews as make_reviews
from tests.make import videos as make_videos
from tests.make.moments import travel
from tests.make.people import Somebody, again, somebody
from tests.make.selections import store_confirmed
from tests.matching import look
from tests.payments import make as make_payments

# Whoever calls. `creator` has a mandate with either agency; `first` and `second` are these.
CALLERS = ("brand", "rival_brand", "creator", "rival_creator", "first", "second", "admin")


@dataclass(frozen=True)
class RivalSecret:
    """What must be read by nobody but those named."""

    name: str
    pattern: re.Pattern[str]
    sees: frozenset[str]
    from_the_close: frozenset[str] = frozenset()

    def hidden_from(self, caller: str, *, closed: bool) -> bool:
        return caller not in (self.sees | self.from_the_close if closed else self.sees)


@dataclass
class RivalWorld:
    """Who there is, what ids each one's things have by the names of paths, and the secrets."""

    people: dict[str, Somebody]
    ids: dict[str, dict[str, UUID]] = field(default_factory=dict)
    more_ids: list[dict[str, UUID]] = field(default_factory=list)
    bids: dict[tuple[str, str], UUID] = field(default_factory=dict)
    secrets: list[RivalSecret] = field(default_factory=list)
    markets: dict[str, make_bids.Market] = field(default_factory=dict)

    def keep(self, name: str, pattern: str, *sees: str) -> None:
        """Keep what the admins may read too."""
        self.seal(name, pattern, "admin", *sees)

    def seal(self, name: str, pattern: str, *sees: str, from_the_close: tuple[str, ...] = ()) -> None:
        secret = RivalSecret(name, re.compile(pattern), frozenset(sees), frozenset(from_the_close))
        self.secrets.append(secret)


def make() -> RivalWorld:
    kinds = {"brand": "brand", "rival_brand": "brand", "creator": "creator", "rival_creator": "creator"}
    world = RivalWorld({name: somebody(kind) for name, kind in kinds.items()})
    world.people["admin"] = somebody("platform")
    for name in ("first", "second"):
        agency = make_bids.agency_of(world.people["creator"].party_id)
        world.people[name] = Somebody(agency.party_id, agency.person_id, agency.key_id, agency.headers, again(agency))
    brand = world.people["brand"]
    world.markets = {state: look.market(brand=brand) for state in ("called off", "open", "closed")}
    sides = (("first", 1), ("second", 2), ("creator", 3), ("rival_creator", 4))
    for name, number in sides:
        _bids(world, name, number)
    make_bids.close(world.markets["closed"])
    for name, number in sides:
        _side(world, name, number)
    make_bids.cancel(world.markets["called off"])
    make_bids.void(world.markets["called off"])
    for name, number in (("brand", 5), ("rival_brand", 6)):
        _brand(world, name, number)
    _deal(world)
    _score_and_choose(world)
    return world


def _amount(number: int, kind: int) -> int:
    """An amount whose digits no other number of the tests has."""
    return 1_917_003 + number * 100_010 + kind * 1_001


def _owner_of_channels(world: RivalWorld, name: str) -> Somebody:
    return world.people["creator" if name in ("first", "second") else name]


def _readers(name: str) -> tuple[str, ...]:
    """Who reads what a side does: itself, the creator of an agency, and both agencies what the creator does itself."""
    if name in ("first", "second"):
        return (name, "creator")
    return (name, "first", "second") if name == "creator" else (name,)


def _bids(world: RivalWorld, name: str, number: int) -> None:
    who, readers = world.people[name], _readers(name)
    found = world.ids.setdefault(name, {})
    found["channel_id"] = look.channel(_owner_of_channels(world, name))
    for kind, (state, there) in enumerate(world.markets.items()):
        price, cost, word = _amount(number, kind), _amount(number, kind + 20), f"{name}-says-{state}-{number}"
        offer = look.plain(price, message=word, production_cost=make_bids.cny(cost))
        bid_id = make_bids.place(there, who, found["channel_id"], **offer).id
        world.more_ids.append({"bid_id": bid_id, "brief_id": there.brief_id})
        world.bids[name, state] = bid_id
        found |= world.more_ids[-1]
        # The brand and the admins are shown a sealed bid only after the close, the cost of making it never. The
        # platform follows sealed bids in its stream of events by an id that says nothing of whose they are.
        seen_by = ("brand", "admin") if state != "called off" else ()
        world.seal(f"{name}'s price, {state}", rf"\b{price}\b", *readers, from_the_close=seen_by)
        world.seal(f"{name}'s message, {state}", word, *readers, from_the_close=seen_by)
        world.seal(f"{name}'s bid, {state}", ids.show("bid", bid_id), *readers, "admin", from_the_close=seen_by)
        world.seal(f"{name}'s cost, {state}", rf"\b{cost}\b", *readers)


def _side(world: RivalWorld, name: str, number: int) -> None:
    """What an agency or a creator has beside bids."""
    who, found, readers = world.people[name], world.ids[name], _readers(name)
    channel_id, brand_id = found["channel_id"], world.people["rival_brand"].party_id
    told, word = _amount(number, 5), f"{name}-keeps-{number}"
    with db.transaction(who.actor) as session:
        deal = ReportedDeal(Money("CNY", told), now().date(), brand_id=brand_id, evidence=f"{word}-deal")
        found["deal_price_id"] = settled_deals.record(session, who.actor, channel_id, deal).id
        window = make_pacing.window(session, who, channel_id, category="games", holder=f"{word}-holder", note=word)
        found["exclusivity_id"] = window.id
        pair = {"channel_id": channel_id, "other_channel_id": make_bids.channel(world.people["brand"].party_id)}
        found["overlap_id"] = overlaps.record(
            session, who.actor, **make_overlaps.told(**pair, source=f"{word}-source")
        ).id
        found["sketch_id"] = sketches.record(
            session, who.actor, **make_overlaps.sketch(session, channel_id, source=f"{word}-list")
        ).id
        found["invite_id"] = invites.create(
            session, who.actor, email=f"{word}@example.org", permissions=["read"]
        ).row.id
        key = api_keys.create(session, who.actor, name=f"{word}-key", scopes=["read"], expires_at=None)
        found["key_id"] = key.row.id
        found["suggestion_id"] = plan_suggestions.answer(
            plan_suggestions.question(session, who.actor, found["bid_id"])
        ).suggestions[0]["id"]
    owner = _owner_of_channels(world, name)
    with db.transaction() as session:
        found["transfer_id"] = transfer(session, proven(owner), owner, somebody("creator"))
    found["video_id"], found["upload_id"] = make_videos.kept(owner), make_videos.announced(who)
    for state in ("called off", "open"):
        with db.transaction(who.actor) as session:
            found["check_id"] = checks.request_check(
                session,
                who.actor,
                video_id=found["video_id"],
                bid_id=world.bids[name, state],
                names=[f"{word}-name-{state}"],
                buying_link=None,
            ).id
        world.more_ids.append({"check_id": found["check_id"]})
    with db.transaction() as session:
        snapshot_id = session.get_one(Channel, channel_id).snapshot_id
        assert snapshot_id is not None
        found["snapshot_id"] = snapshot_id
        found["import_id"], found["job_id"] = _import(session, who, f"{word}.csv")
    world.keep(f"{name}'s deal price", rf"\b{told}\b", *readers, "rival_brand")
    world.keep(f"{name}'s evidence", f"{word}-deal", *readers, "rival_brand")
    for what in ("holder", "source"):
        world.keep(f"{name}'s {what}", f"{word}-{what}", *readers)
    world.seal(f"{name}'s check, open", f"{word}-name-open", *readers, from_the_close=("admin",))
    world.seal(f"{name}'s check, called off", f"{word}-name-called off", *readers)
    world.keep(f"{name}'s import", rf"{word}\.csv", *(readers if name == "creator" else (name,)))
    for what in ("-key", "@example"):
        world.keep(f"{name}'s {what}", f"{word}{what}", name)
    found["party_id"], found["membership_id"] = who.party_id, people.membership_of(who)
    found["person_id"] = who.person_id
    people.console(who)
    with db.transaction() as session:
        email = session.get_one(Person, who.person_id).email
        found["session_id"] = session.scalars(sa.select(ConsoleSession.id).filter_by(person_id=who.person_id)).one()
    world.keep(f"{name}'s e-mail", email, name)
    if name in ("first", "second"):
        share = 2_300 + number * 7
        rival = world.people["rival_creator"]
        with db.transaction(who.actor) as session:
            terms = MandateTerms(now().date(), None, share)
            found["mandate_id"] = mandates.offer(session, who.actor, creator_id=rival.party_id, terms=terms).id
        world.keep(f"{name}'s share", rf'share_basis_points"?\W+{share}\b', name, "rival_creator")


def _import(session: Session, who: Somebody, file_name: str) -> tuple[UUID, UUID]:
    row = ChannelImport(
        party_id=who.party_id,
        person_id=who.person_id,
        file_name=file_name,
        shape=None,
        mode=ImportMode.SKIP_BAD_ROWS,
        create_creators=False,
        size_bytes=1,
        sha256=new_id().hex * 2,
    )
    session.add(row)
    session.flush()
    return row.id, jobs.enqueue(session, "channels.import", queue=jobs.IMPORTS, party_id=who.party_id, at=now())


def _brand(world: RivalWorld, name: str, number: int) -> None:
    who, word = world.people[name], f"{name}-drafts-{number}"
    found = world.ids.setdefault(name, {})
    budget, told = _amount(number, 6), _amount(number, 7)
    draft = make_briefs.draft(who, title=f"{word}-title", budget=make_briefs.cny(budget))
    with db.transaction(who.actor) as session:
        asset = assets.add_asset(
            session, who.actor, draft.id, name=f"{word}-asset", data=make_briefs.PNG, content_type="image/png"
        )
        key = api_keys.create(session, who.actor, name=f"{word}-key", scopes=["read"], expires_at=None)
        invite = invites.create(session, who.actor, email=f"{word}@example.org", permissions=["read"])
    with db.transaction() as session:
        deal = ReportedDeal(Money("CNY", told), now().date(), brand_id=who.party_id)
        channel_id = world.ids["rival_creator"]["channel_id"]
        found["deal_price_id"] = settled_deals.record(session, world.people["admin"].actor, channel_id, deal).id
    found |= {"brief_id": draft.id, "version_id": draft.version_id, "asset_id": asset.id}
    found |= {"key_id": key.row.id, "invite_id": invite.row.id}
    found |= {"party_id": who.party_id, "membership_id": people.membership_of(who)}
    found["upload_id"] = make_videos.announced(who)
    world.keep(f"{name}'s deal price", rf"\b{told}\b", name, "rival_creator")
    world.keep(f"{name}'s draft", f"{word}-title", name)
    world.keep(f"{name}'s budget", rf"\b{budget}\b", name)
    world.keep(f"{name}'s asset", f"{word}-asset", name)
    for what in ("-key", "@example"):
        world.keep(f"{name}'s {what}", f"{word}{what}", name)


def _deal(world: RivalWorld) -> None:
    """A deal of the rival brand with the creator, through its first agency, with money of it in each place."""
    brand, creator, agency = (world.people[name] for name in ("rival_brand", "creator", "first"))
    price = _amount(7, 8)
    there = look.market(brand=brand, creator=creator)
    deal = offered_deals.agreed(offered_deals.offered(by=agency, there=there, **look.plain(price)))
    make_payments.prove(there.channel_id, brand.party_id, agency.party_id)
    first, second = make_payments.admins()
    given = NewReceipt(Money("CNY", price), "rival-transfer", now().date())
    with db.transaction(first.actor) as session:
        receipt_id = funding.record_receipt(session, first.actor, deal.deal_id, given).id
    with db.transaction(second.actor) as session:
        assert funding.confirm_receipt(session, second.actor, receipt_id).funded
    with db.transaction() as session:
        [payment] = payments.of_deal(session, deal.deal_id)
        payments.release(session, SYSTEM, payment.id)
    with db.transaction(first.actor) as session:
        asked = claw_backs.ask(session, first.actor, payment.id, amount=Money("CNY", 5), reason="taken down")
    [earned] = make_payments.payouts_of(creator)
    world.ids["rival_brand"] |= {
        "deal_id": deal.deal_id,
        "payment_id": payment.id,
        "receipt_id": receipt_id,
        "payout_id": earned.id,
        "claw_back_id": asked.id,
        "reconciliation_id": make_payments.reconciled(),
    }
    owed = make_owed.funded(2, between=(brand, creator), price_minor=_amount(9, 8))
    with db.transaction(creator.actor) as session:
        script = scripts.send(session, creator.actor, owed.ids[0], body="rival-script: a run, then a sip")
    draft_id = make_owed.sent_draft(owed, owed.ids[1])
    _series(world, creator, there.channel_id)
    world.ids["rival_brand"] |= {
        "deliverable_id": owed.ids[0],
        "script_id": script.id,
        "round_id": make_owed.asked_round(owed.ids[0]),
        "draft_id": draft_id,
        "owed_check_id": make_owed.checked(owed, owed.ids[0]),
        "owed_video_id": make_owed.told(owed, draft_id)["video_id"],
    }
    disputed = make_owed.funded(between=(brand, creator))
    with db.transaction(brand.actor) as session:
        opened = disputes.open_one(session, brand.actor, disputed.deal_id, reason="rival-dispute", deliverable_ids=None)
    world.ids["rival_brand"]["dispute_id"] = opened.id
    world.keep("the dispute", "rival-dispute", "rival_brand", "creator")
    by_views = {"model": "cpm", "rate": make_briefs.cny(100), "cap": make_briefs.cny(700_000)}
    counted = make_owed.funded(between=(brand, creator), price=by_views)
    with travel(make_owed.publish_day()):
        make_owed.live(counted)
        with db.transaction(creator.actor) as session:
            told = telling.tell_views(
                session,
                creator.actor,
                counted.id,
                views=_amount(9, 7),
                counted_on=people.home_day(),
                evidence="rival-views",
            )
    world.ids["rival_brand"] |= {"figure_id": told.id}
    world.keep("the views told", rf"\b{_amount(9, 7)}\b", "rival_brand", "creator")
    world.keep("the script", "rival-script", "rival_brand", "creator")
    world.keep("the price of what is owed", rf"\b{_amount(9, 8)}\b", "rival_brand", *_readers("creator"))
    world.keep("what is owed", ids.show("dlv", owed.ids[0]), "rival_brand", "creator")
    world.keep("the deal's price", rf"\b{price}\b", "rival_brand", "creator", "first")
    world.keep("the deal", ids.show("dea", deal.deal_id), "rival_brand", "creator", "first")
    world.keep("the brand's transfer", "rival-transfer", "rival_brand")
    world.keep("what the creator earned", rf"\b{earned.amount_minor}\b", "creator")


def _series(world: RivalWorld, creator: Somebody, channel_id: UUID) -> None:
    """A series of the creator, which no deal names."""
    episodes = [NewEpisode("rival-episode", now().date() + timedelta(days=30))]
    told = {"channel_id": channel_id, "title": "rival-series", "slots": ["end"], "episodes": episodes}
    with db.transaction(creator.actor) as session:
        row = episode_days.create(session, creator.actor, **told)
        of_series = sa.select(SeriesEpisode.id).where(SeriesEpisode.series_id == row.id)
        world.ids["creator"] |= {"series_id": row.id, "episode_id": session.scalars(of_series).one()}
    world.keep("the series", "rival-series|rival-episode", "creator", "first", "second")


def _score_and_choose(world: RivalWorld) -> None:
    with db.transaction() as session:
        while features.refresh(session):
            pass
        for there in world.markets.values():
            score_brief.score_brief(session, there.brief_id)
    brand = world.people["brand"]
    closed_id = world.markets["closed"].brief_id
    with db.transaction(brand.actor) as session:
        # Of none of the bids, so that they stay open for whoever tries to act on them.
        bids = [ids.show("bid", bid_id) for (_, state), bid_id in world.bids.items() if state == "closed"]
        wishes = SelectionIn().load({"prove": "never", "never": bids})
        chosen = selections.start(session, brand.actor, closed_id, wishes)
    store_choice = set_choice.search(chosen.id)
    with db.transaction() as session:
        store_choice(session)
    store_confirmed(chosen.id)
    review_id = make_reviews.review(closed_id).id
    world.ids["brand"] |= {"selection_id": chosen.id, "review_id": review_id}
    # A bidder reads by what selection its own bid fared as it did.
    world.keep("brand's selection", ids.show("sel", chosen.id), "brand", *CALLERS[2:6])
    world.keep("the review", ids.show("rvw", review_id), "admin")


def ids_for(world: RivalWorld, caller: str) -> list[Mapping[str, UUID]]:
    """Return the ids to call with: those of each side, and each bid with its brief."""
    everything: dict[str, UUID] = {}
    for own in world.ids.values():
        everything |= own
    sides = [{**everything, **own} for name, own in world.ids.items() if name != caller]
    return [{**everything, **world.ids.get(caller, {})}, *sides, *({**everything, **more} for more in world.more_ids)]
