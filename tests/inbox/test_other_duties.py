"""Duties beside the story of one deal: bids, people, reviews; pages; and that nobody reads another's."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.channels import claims
from marketplace.core import db, ids
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.identity import invites, mandates
from marketplace.identity.mandates import MandateTerms
from marketplace.identity.models import Invite, Person
from marketplace.payments import payouts
from marketplace.payments import service as payments
from tests.authorization.world import proven, transfer
from tests.inbox import look
from tests.make import bids as make_bids
from tests.make import channels as make_channels
from tests.make import owed as make_owed
from tests.make import people
from tests.make import reviews as make_reviews
from tests.make.moments import travel
from tests.make.people import Somebody, somebody
from tests.market import owning
from tests.payments import make as make_payments
from tests.stopping import look as stopping


def test_a_brand_chooses_among_open_bids_until_they_lapse(client: FlaskClient) -> None:
    there = make_bids.market()
    bid_id = make_bids.place(there).id
    assert look.duties(client, there.brand) == [], "sealed bids wait for nobody"
    make_bids.close(there)
    duty = look.one(client, there.brand, "choose_bids")
    shown = client.get(f"{look.API}/bids/{ids.show('bid', bid_id)}", headers=there.creator.headers).json
    assert (duty["answer_by"], duty["silence"]["code"]) == (shown["lapses_at"], "bids_lapse")
    assert duty["calls"][0]["path"].endswith(f"{ids.show('brf', there.brief_id)}/ranking")
    make_bids.decline(there, bid_id)
    assert look.duties(client, there.brand) == []


def test_a_bidder_confirms_a_brief_that_has_changed(client: FlaskClient) -> None:
    there = make_bids.market()
    bid_id = make_bids.place(there).id
    assert look.duties(client, there.creator) == []
    path = f"{look.API}/briefs/{ids.show('brf', there.brief_id)}"
    before = client.get(path, headers=there.brand.headers)
    headers = {**there.brand.headers, "If-Match": before.headers["ETag"]}
    changed = client.patch(path, json={"title": "另一个标题"}, headers=headers)
    assert changed.status_code == 200, changed.json
    duty = look.one(client, there.creator, "confirm_brief_change")
    assert duty["subject"] == ids.show("bid", bid_id)
    assert duty["answer_by"] == changed.json["bids_close_at"]
    body = {"brief_version_id": changed.json["version_id"]}
    done = client.post(duty["calls"][0]["path"], json=body, headers=there.creator.once())
    assert done.status_code == 200, done.json
    assert look.duties(client, there.creator) == []


def test_a_creator_answers_mandates_and_transfers_until_their_last_day(client: FlaskClient) -> None:
    creator, agency, giver = somebody("creator"), somebody("agency", "星图传媒"), somebody("creator")
    last = people.home_day() + timedelta(days=3)
    with db.transaction(agency.actor) as session:
        terms = MandateTerms(people.home_day(), last, 2000)
        mandates.offer(session, agency.actor, creator_id=creator.party_id, terms=terms)
    with db.transaction() as session:
        transfer(session, proven(giver), giver, creator)
    first, second = look.duties(client, creator)
    assert (first["code"], first["about"], second["code"]) == ("answer_mandate", "星图传媒", "answer_transfer")
    assert (first["answer_by"][:10], second["answer_by"]) == (str(last), None), "midnight in Shanghai is 16:00 before"
    assert look.duties(client, agency) == look.duties(client, giver) == []
    with travel(now() + timedelta(days=5)):
        assert look.codes(client, creator) == ["answer_transfer"]


def test_an_invitation_waits_for_whom_it_names_and_nobody_who_came_later(client: FlaskClient) -> None:
    invited, stranger, agency = somebody("creator"), somebody("creator"), somebody("agency", "山海文化")
    with db.transaction() as session:
        email = session.get_one(Person, invited.person_id).email
    with db.transaction(agency.actor) as session:
        row = invites.create(session, agency.actor, email=email.upper(), permissions=["read"]).row
    console = people.console(invited)
    signed_in = Somebody(invited.party_id, invited.person_id, invited.key_id, console, invited.actor)
    duty = look.one(client, signed_in, "take_seat")
    assert (duty["about"], duty["subject"]) == ("山海文化", ids.show("inv", row.id))
    assert look.duties(client, invited) == [], "a key is a program's"
    other = Somebody(stranger.party_id, stranger.person_id, stranger.key_id, people.console(stranger), stranger.actor)
    assert look.duties(client, other) == []
    with db.transaction() as session:
        earlier = sa.update(Invite).where(Invite.id == row.id).values(created_at=now() - timedelta(days=1))
        session.execute(earlier)
    assert look.duties(client, signed_in) == [], "the account is younger than the invitation"


def test_admins_look_at_claims_while_the_code_is_good(client: FlaskClient) -> None:
    creator, admin = somebody("creator"), somebody("platform")
    channel_id = make_channels.channel(creator.party_id).id
    with db.transaction(creator.actor) as session:
        proof = claims.ask(session, creator.actor, channel_id, kind="code_in_profile", import_id=None)
    shown = ids.show("prf", proof.id)
    [duty] = [one for one in look.duties(client, admin, subject="channel_proofs") if one["subject"] == shown]
    assert duty["calls"][0]["path"].endswith(f"/channel-claims/{ids.show('chn', channel_id)}/prove")
    assert look.duties(client, creator) == []
    with travel(now() + timedelta(days=15)):
        assert look.codes(client, admin, [shown]) == []


def test_a_review_is_offered_to_nobody_of_a_side_and_its_second_step_to_another_person(client: FlaskClient) -> None:
    first, second = make_reviews.admins(2)
    brand = somebody("brand")
    people.seat(second, brand.party_id)
    third = somebody("platform", party_id=first.party_id)
    review = make_reviews.review(parties=[brand.party_id], **make_reviews.SEVERE)
    shown = ids.show("rvw", review.id)

    def asked() -> list[list[str]]:
        return [look.codes(client, who, [shown]) for who in (first, second, third)]

    assert asked() == [["review_bid"], [], ["review_bid"]]
    make_reviews.decide(first, review.id, "approve")
    assert asked() == [[], [], ["review_as_second"]]


def test_a_payout_that_did_not_arrive_is_put_on_its_way_once(client: FlaskClient) -> None:
    deal = make_payments.funded()
    with db.transaction() as session:
        payments.release(session, SYSTEM, deal.payments[0])
    [payout] = make_payments.payouts_of(deal.creator)
    with db.transaction(deal.first.actor) as session:
        payouts.send(session, deal.first.actor, payout.id, reference=f"bank {payout.id.hex}")
    assert look.codes(client, deal.creator) == []
    with db.transaction(deal.second.actor) as session:
        payouts.fail(session, deal.second.actor, payout.id, reason="户名不符")
    duty = look.one(client, deal.creator, "repeat_failed_payout_as_payee")
    shown = [ids.show("pyo", payout.id)]
    assert look.codes(client, deal.first, shown) == ["repeat_failed_payout_as_admin"]
    assert client.post(duty["calls"][0]["path"], headers=deal.creator.once()).status_code == 200
    assert look.codes(client, deal.creator) == look.codes(client, deal.first, shown) == []


def test_a_pause_waits_for_the_side_that_made_it(client: FlaskClient) -> None:
    owed = make_owed.funded()
    assert look.codes(client, owed.creator) == ["send_first_draft"]
    assert stopping.pause(client, owed.brand, owed.deal_id).status_code == 200
    assert (look.codes(client, owed.brand), look.codes(client, owed.creator)) == (["resume_as_brand"], [])
    by = look.one(client, owed.brand, "resume_as_brand")["answer_by"]
    assert by[:10] == str((now() + timedelta(days=14)).date())


@contextmanager
def statements() -> Iterator[Callable[[], int]]:
    """Count the statements that are sent to the database within."""
    sent: list[str] = []

    def note(*told: object) -> None:
        sent.append(str(told[2]))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    yield lambda: len(sent)
    sa.event.remove(sa.Engine, "before_cursor_execute", note)


def test_pages_go_by_the_date_and_many_duties_ask_no_more_statements_than_one(client: FlaskClient) -> None:
    owed = make_owed.funded(3)
    with statements() as one:
        assert len(look.duties(client, owed.creator)) == 3
        few = one()
    with db.transaction() as session:
        copied = (
            "INSERT INTO deliverables (id, created_at, deal_id, position, kind, channel_id, price_minor, due_on,"
            " terms_id, status, script_rounds_used, draft_rounds_used, version)"
            " SELECT gen_random_uuid(), created_at, deal_id, 100 + n, kind, channel_id, price_minor, due_on + n % 7,"
            " terms_id, status, 0, 0, 1 FROM deliverables, generate_series(1, 40) n WHERE id = :id"
        )
        session.execute(sa.text(copied), {"id": owed.id})
    try:
        with statements() as one:
            whole = look.duties(client, owed.creator)
            assert one() == few
        assert len(whole) == len({duty["id"] for duty in whole}) == 43
        assert [duty["answer_by"] for duty in whole] == sorted(duty["answer_by"] for duty in whole)
        assert look.duties(client, owed.creator, limit=4) == whole
        assert look.duties(client, owed.creator, subject="bids") == []
    finally:  # the terms know nothing of them, and other tests read all deliverables
        with owning() as session:
            gone = "DELETE FROM deliverables WHERE deal_id = :deal AND position > 100"
            session.execute(sa.text(gone), {"deal": owed.deal_id})


@pytest.mark.parametrize(
    "after", ["x", "12.dea_0", "-.abc_" + "0" * 26, "9999999999999999.dea_7zzzzzzzzzzzzzzzzzzzzzzzzz"]
)
def test_a_cursor_is_a_place_or_a_clear_refusal(client: FlaskClient, after: str) -> None:
    answer = client.get(f"{look.API}/inbox", query_string={"starting_after": after}, headers=somebody("brand").headers)
    assert answer.status_code in (200, 422)
    if answer.status_code == 422:
        assert answer.json["errors"][0]["pointer"] == "query:/starting_after"
    else:
        assert answer.json == {"data": [], "has_more": False}
