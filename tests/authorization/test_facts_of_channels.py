"""With every filter forgotten, figures of a channel are read by its own side, and after the close by brands it bid to;
why somebody is suspended, by whom it concerns."""

from dataclasses import dataclass
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.core import db
from marketplace.core.actor import NOBODY, Actor, Role
from marketplace.identity import suspensions
from marketplace.identity.models import Party, Person
from marketplace.matching.forecast import features
from tests.make import bids as make_bids
from tests.make import readings
from tests.make.people import again, console, mandate, seat, somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")
TABLES = ("audience_snapshots", "channel_features", "video_readings")


@dataclass
class Facts:
    """Who there is, and the channels of the two creators: one of the first has bid, another has withdrawn."""

    people: dict[str, Actor]
    bidding: UUID
    withdrawn: UUID
    rivals: UUID
    market: make_bids.Market

    @property
    def own(self) -> set[UUID]:
        return {self.bidding, self.withdrawn}


@pytest.fixture(scope="module")
def facts(app: Flask, own_market: None) -> Facts:
    brand, creator, rival = somebody("brand"), somebody("creator"), somebody("creator")
    there = look.market(brand=brand)
    bidding, withdrawn, rivals = look.channel(creator), look.channel(creator), look.channel(rival)
    make_bids.place(there, creator, bidding, **look.plain(3_000_000))
    make_bids.withdraw(creator, make_bids.place(there, creator, withdrawn, **look.plain(3_000_000)).id)
    for who, channel_id in ((creator, bidding), (creator, withdrawn), (rival, rivals)):
        readings.tell(who, channel_id, {24: 1_000, 48: 1_500})
    with db.transaction() as session:
        while features.refresh(session):
            pass
    agency, lapsed = make_bids.agency_of(creator.party_id), make_bids.agency_of(creator.party_id, to_days=-1)
    people = {
        "brand": brand.actor,
        "rival_brand": somebody("brand").actor,
        "creator": creator.actor,
        "rival": rival.actor,
        "agency": again(agency),
        "lapsed": again(lapsed),
        "admin": somebody("platform").actor,
        "nobody": NOBODY,
    }
    return Facts(people, bidding, withdrawn, rivals, there)


def seen(facts: Facts, who: str, table: str) -> set[UUID]:
    with db.transaction(facts.people[who]) as session:
        found = set(session.scalars(sa.text(f"SELECT channel_id FROM {table}")))
    return found & {*facts.own, facts.rivals}


@pytest.mark.parametrize("table", TABLES)
def test_figures_are_their_own_sides_until_the_close(facts: Facts, table: str) -> None:
    everything = {*facts.own, facts.rivals}
    expected = {who: set[UUID]() for who in ("brand", "rival_brand", "lapsed", "nobody")}
    expected |= {"creator": facts.own, "agency": facts.own, "rival": {facts.rivals}, "admin": everything}
    for who, sees in expected.items():
        assert seen(facts, who, table) == sees, who


@pytest.mark.parametrize("who", ["brand", "rival_brand", "rival", "lapsed", "nobody"])
def test_a_statement_that_forgot_its_condition_changes_nobody_elses(facts: Facts, who: str) -> None:
    """Snapshots and readings are never changed, by anybody."""
    with db.transaction(facts.people[who]) as session:
        changed = session.execute(sa.text("UPDATE channel_features SET flags = flags RETURNING channel_id"))
        assert not facts.own & set(changed.scalars())
        session.rollback()


def test_whoever_changes_something_about_a_channel_has_its_features_followed(facts: Facts) -> None:
    """A rival who takes its handle, say: discovery reads again what may be beaten by now."""
    told = sa.text("SELECT changed FROM channel_features WHERE channel_id = :id")
    rename = sa.text("UPDATE channels SET handle = o.handle FROM channels o WHERE o.id = :other AND channels.id = :id")
    with db.transaction() as session:
        before = session.execute(told, {"id": facts.bidding}).scalar_one()
    with db.transaction(facts.people["rival"]) as session:
        renamed = session.execute(rename, {"other": facts.bidding, "id": facts.rivals})
        assert renamed.rowcount == 1  # type: ignore[attr-defined]
    with db.transaction() as session:
        assert session.execute(told, {"id": facts.bidding}).scalar_one() > before


# Last of those of figures, because it closes the brief.
def test_the_brand_reads_figures_of_whom_it_sees_bid_from_the_close_on(facts: Facts) -> None:
    make_bids.close(facts.market)
    for table in TABLES:
        assert seen(facts, "brand", table) == {facts.bidding}, table
        assert seen(facts, "rival_brand", table) == set(), table


def reasons(actor: Actor, *of: UUID) -> dict[UUID, str]:
    """Every reason that the actor reads with no filter, of these."""
    with db.transaction(actor) as session:
        found = session.execute(sa.text("SELECT subject_id, reason FROM suspension_reasons")).all()
    return {row.subject_id: row.reason for row in found if row.subject_id in of}


def test_why_somebody_is_suspended_is_read_by_whom_it_concerns(app: Flask, own_market: None) -> None:
    admin, creator, agency = somebody("platform"), somebody("creator"), somebody("agency")
    mandate(agency, creator.party_id)
    colleague = somebody("creator", party_id=creator.party_id)
    other_seat = somebody("brand")
    seat(colleague, other_seat.party_id)
    console(colleague)
    with db.transaction(admin.actor) as session:
        suspensions.suspend_party(session, admin.actor, creator.party_id, reason="a private reason")
        suspensions.suspend_person(session, admin.actor, colleague.person_id, reason="of the person alone")
    of = (creator.party_id, colleague.person_id)
    both = {creator.party_id: "a private reason", colleague.person_id: "of the person alone"}
    assert reasons(admin.actor, *of) == both
    assert reasons(creator.actor, *of) == {creator.party_id: "a private reason"}
    assert reasons(Actor(Role.CREATOR, creator.party_id, colleague.person_id), *of) == both
    for rival in (again(agency), other_seat.actor, somebody("creator").actor, NOBODY):
        assert reasons(rival, *of) == {}
    # Whoever sees the party sees no reason in its row either.
    with db.transaction(again(agency)) as session:
        assert session.get_one(Party, creator.party_id).suspension_reason is None
    with db.transaction(creator.actor) as session:
        assert session.get_one(Party, creator.party_id).suspension_reason == "a private reason"
        assert session.get_one(Person, colleague.person_id).suspension_reason is None
        changed = session.execute(sa.text("UPDATE suspension_reasons SET reason = 'none' RETURNING 1")).all()
        gone = session.execute(sa.text("DELETE FROM suspension_reasons RETURNING 1")).all()
        assert (changed, gone) == ([], [])
    with db.transaction(admin.actor) as session:
        suspensions.reinstate_party(session, admin.actor, creator.party_id, reason="mended")
    assert reasons(admin.actor, *of) == {colleague.person_id: "of the person alone"}
