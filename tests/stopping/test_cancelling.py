"""A cancellation costs what its quote said, to the fen, at every stage; and nothing else cancels."""

from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from marketplace.core import ids
from marketplace.core.clock import now
from tests.deals.look import events, shown
from tests.deliverables import look as work
from tests.make import owed as make
from tests.make.moments import travel
from tests.make.owed import Owed
from tests.make.people import somebody
from tests.stopping import look, look_quotes

pytestmark = pytest.mark.usefixtures("own_market")

PRICE = 999_999
# By the terms: a share of the price, rounded down.
STAGES: dict[str, tuple[Callable[[Owed, UUID], UUID] | None, int]] = {
    "before_script": (None, 0),
    "after_script": (make.sent_script, 99_999),
    "after_draft": (make.changed_draft, 499_999),
    "after_approval": (make.approved_draft, PRICE),
}
ENDS = {0: "returned", PRICE: "released"}


@pytest.mark.parametrize("stage", STAGES)
def test_cancelling_at_each_stage_costs_what_its_quote_said(client: FlaskClient, stage: str) -> None:
    bring, due = STAGES[stage]
    owed = make.funded(price_minor=PRICE, agency=True)
    if bring is not None:
        bring(owed, owed.id)
    quote = look_quotes.asked(client, owed.brand, owed.deal_id)
    [line] = quote["content"]["lines"]
    assert (line["stage"], line["rule"], line["held_minor"]) == (stage, "stage", PRICE)
    assert (line["due_minor"], line["returned_minor"]) == (due, PRICE - due)
    assert quote["content"]["silence_cancels"] == (stage in ("before_script", "after_script"))
    assert look.money(owed.deal_id) == [("held", 0, 0)]  # nothing moves before the other side agrees
    answer = look_quotes.agree(client, owed.maker, owed.deal_id, quote["quote_hash"])
    assert (answer.status_code, answer.json["status"]) == (200, "cancelled"), answer.json
    assert (answer.json["ended_at"] is not None, answer.json["stopped_at"]) == (True, None)
    assert look.money(owed.deal_id) == [(ENDS.get(due, "split"), due, PRICE - due)]
    assert make.status(owed.id) == "cancelled"
    assert look.booked_until(owed.deal_id) == []
    kinds = [event.kind for event in events(owed.deal_id)]
    assert kinds[-2:] == ["deals.ask_to_cancel", "deals.cancel"]
    look.holds()


def test_a_series_is_stopped_after_two_of_four_episodes(client: FlaskClient, worker: ModuleType) -> None:
    """An animation studio: two episodes are paid, two go back, and the channel is free thirty days after the second."""
    owed = make.funded(4, price_minor=400_001, exclusive=True)
    promised = look.promised_until(owed.deal_id)
    with travel(make.publish_day()):
        for place in owed.ids[:2]:
            make.live(owed, place)
        quote = look_quotes.asked(client, owed.brand, owed.deal_id)
        content = quote["content"]
        assert (content["live"], [line["position"] for line in content["lines"]]) == ([1, 2], [3, 4])
        answer = look_quotes.agree(client, owed.creator, owed.deal_id, quote["quote_hash"])
        # What is live goes on to be settled, and the deal with it.
        assert (answer.json["status"], answer.json["stopped_at"]) == ("active", None)
        assert [one["status"] for one in answer.json["deliverables"]] == ["live", "live", "cancelled", "cancelled"]
        free_after = now().date() + timedelta(days=30)
        assert content["exclusive_until"] == look.promised_until(owed.deal_id).isoformat() <= str(promised)
        assert abs((look.promised_until(owed.deal_id) - free_after).days) <= 1
        assert look.booked_until(owed.deal_id) == []
        again = look_quotes.quote(client, owed.brand, owed.deal_id)
        refused = look_quotes.cancel(client, owed.brand, owed.deal_id, again["quote_hash"])
        assert (refused.status_code, refused.json["rule"]) == (409, "nothing_waits")
        with travel(now() + timedelta(days=91)):
            work.clock(worker)
    assert shown(client, owed.brand, owed.deal_id)["status"] == "completed"
    assert [made for made, *_ in look.money(owed.deal_id)] == ["released", "released", "returned", "returned"]
    assert sum(due for _, due, _ in look.money(owed.deal_id)) + content["returned_minor"] == 400_001
    look.holds()


def test_a_quote_that_the_deal_has_left_behind_is_refused_and_told_what_differs(client: FlaskClient) -> None:
    owed = make.funded()
    old = look_quotes.quote(client, owed.brand, owed.deal_id)
    make.sent_draft(owed)
    before = look.everything(owed.deal_id)
    answer = look_quotes.cancel(client, owed.brand, owed.deal_id, old["quote_hash"])
    assert (answer.status_code, answer.json["type"].rsplit("/", 1)[-1].rsplit("#", 1)[-1]) == (409, "stale-quote")
    [change] = answer.json["changes"]
    assert (change["before"]["stage"], change["after"]["stage"]) == ("before_script", "after_draft")
    assert (change["before"]["due_minor"], change["after"]["due_minor"]) == (0, 400_000)
    assert answer.json["due_minor"] == 400_000
    assert look.everything(owed.deal_id) == before
    assert look_quotes.quote(client, owed.brand, owed.deal_id)["quote_hash"] == answer.json["quote_hash"]
    assert look_quotes.cancel(client, owed.brand, owed.deal_id, answer.json["quote_hash"]).status_code == 200


def test_refused_or_taken_back_a_deal_goes_on_as_it_was(client: FlaskClient) -> None:
    owed = make.funded()
    days = look.due_days(owed.deal_id)
    look_quotes.asked(client, owed.maker, owed.deal_id)
    with travel(now() + timedelta(days=2)):
        answer = look_quotes.refuse(client, owed.brand, owed.deal_id)
        assert (answer.status_code, answer.json["status"]) == (200, "active"), answer.json
        assert look.due_days(owed.deal_id) == [day + timedelta(days=2) for day in days]
        look.pause(client, owed.brand, owed.deal_id)
        look_quotes.asked(client, owed.brand, owed.deal_id)
        answer = look_quotes.take_back(client, owed.brand, owed.deal_id)
        assert (answer.json["status"], answer.json["stopped_at"] is not None) == ("paused", True)
        assert look.resume(client, owed.brand, owed.deal_id).json["status"] == "active"
    told = [
        (one["kind"], one["side"], one["outcome"], one["answer"])
        for one in look.stops(client, owed.brand, owed.deal_id)
    ]
    assert told == [
        ("cancellation", "brand", "taken_back", None),
        ("pause", "brand", "resumed", None),
        ("cancellation", "maker", "refused", "已经拍好了"),
    ]
    look.holds()


@pytest.mark.parametrize(("drafted", "status"), [(False, "cancelled"), (True, "active")])
def test_silence_cancels_before_the_first_draft_and_not_after_it(
    client: FlaskClient, worker: ModuleType, drafted: bool, status: str
) -> None:
    owed = make.funded()
    if drafted:
        make.changed_draft(owed)
    quote = look_quotes.asked(client, owed.brand, owed.deal_id)
    assert quote["content"]["silence_cancels"] is not drafted
    with travel(now() + timedelta(hours=71)):
        look.clock(worker)
        assert make.deal_status(owed) == "cancelling"
    with travel(now() + timedelta(hours=73)):
        late = look_quotes.agree(client, owed.maker, owed.deal_id, quote["quote_hash"])
        assert (late.status_code, late.json["state"]) == (409, "unanswered")
        look.clock(worker)
        assert make.deal_status(owed) == status
        look.clock(worker)
    [stop] = look.stops(client, owed.brand, owed.deal_id)
    assert (stop["outcome"], stop["ended_side"]) == ("unanswered" if drafted else "cancelled", None)
    look.holds()


def test_who_leaves_has_nothing_unless_the_brand_owes_an_answer(client: FlaskClient) -> None:
    owed = make.funded()
    make.sent_draft(owed, discloses=None)  # a doubt: silence does not approve it
    line = look_quotes.quote(client, owed.maker, owed.deal_id)["content"]["lines"][0]
    assert (line["rule"], line["due_minor"]) == ("maker_leaves", 0)
    both = look_quotes.quote(client, owed.maker, owed.deal_id, side="brand")["content"]["lines"][0]
    assert (both["rule"], both["due_minor"]) == ("stage", 400_000)
    with travel(now() + timedelta(days=15)):
        line = look_quotes.quote(client, owed.maker, owed.deal_id)["content"]["lines"][0]
        assert (line["rule"], line["due_minor"]) == ("brand_silent", 400_000)


def test_what_is_late_beyond_the_makers_days_costs_nothing_and_needs_no_answer(client: FlaskClient) -> None:
    owed = make.funded(3)
    make.changed_draft(owed, owed.ids[0])  # in the maker's hands
    waiting = make.sent_draft(owed, owed.ids[1])  # in the brand's
    due = max(look.due_days(owed.deal_id))
    with travel(now() + timedelta(days=(due - now().date()).days + 7)):
        late = look_quotes.quote(client, owed.brand, owed.deal_id, scope="late")["content"]["lines"]
        assert late == []
    with travel(now() + timedelta(days=(due - now().date()).days + 9)):
        late = look_quotes.quote(client, owed.brand, owed.deal_id, scope="late")
        told = [(line["position"], line["rule"], line["due_minor"]) for line in late["content"]["lines"]]
        assert told == [(1, "late", 0), (3, "late", 0)]
        whole = look_quotes.quote(client, owed.brand, owed.deal_id)["content"]["lines"]
        assert [line["rule"] for line in whole] == ["late", "stage", "late"]
        answer = look_quotes.cancel(client, owed.brand, owed.deal_id, late["quote_hash"])
        assert (answer.status_code, answer.json["status"]) == (200, "active"), answer.json
        assert [made for made, *_ in look.money(owed.deal_id)] == ["returned", "held", "returned"]
        # The maker's days begin anew with the brand's answer.
        assert work.request_changes(client, owed.brand, waiting).status_code == 200
        assert look_quotes.quote(client, owed.brand, owed.deal_id, scope="late")["content"]["lines"] == []
    look.holds()


REFUSED: dict[str, tuple[Callable[[FlaskClient, Owed, str], Any], int]] = {
    "agree to one's own": (lambda c, o, h: look_quotes.agree(c, o.brand, o.deal_id, h), 409),
    "refuse one's own": (lambda c, o, h: look_quotes.refuse(c, o.brand, o.deal_id), 409),
    "take the other's back": (lambda c, o, h: look_quotes.take_back(c, o.maker, o.deal_id), 409),
    "agree to another quote": (lambda c, o, h: look_quotes.agree(c, o.maker, o.deal_id, "0" * 64), 409),
    "no hash": (lambda c, o, h: look_quotes.agree(c, o.maker, o.deal_id, "x"), 422),
    "ask again": (lambda c, o, h: look_quotes.cancel(c, o.brand, o.deal_id, h), 409),
    "pause": (lambda c, o, h: look.pause(c, o.maker, o.deal_id), 409),
    "resume": (lambda c, o, h: look.resume(c, o.maker, o.deal_id), 409),
    "an admin": (lambda c, o, h: look_quotes.agree(c, somebody("platform"), o.deal_id, h), 403),
    "a stranger": (lambda c, o, h: look_quotes.agree(c, somebody("creator"), o.deal_id, h), 404),
    "no reason": (lambda c, o, h: look.post(c, o.maker, o.deal_id, "cancellation", "refuse", reason=" "), 422),
    "a script": (lambda c, o, h: work.post(c, o.maker, "dlv", o.id, "scripts", body="开场。"), 409),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_calls_while_a_request_waits_change_nothing(client: FlaskClient, name: str) -> None:
    owed = make.funded()
    quote = look_quotes.asked(client, owed.brand, owed.deal_id)
    before = look.everything(owed.deal_id)
    call, status = REFUSED[name]
    answer = call(client, owed, quote["quote_hash"])
    assert (answer.status_code, bool(answer.json["detail"])) == (status, True), answer.json
    assert look.everything(owed.deal_id) == before


@pytest.mark.parametrize("name", ["unknown", "other side's", "another deal's"])
def test_a_quote_of_nobody_or_of_somebody_else_cancels_nothing(client: FlaskClient, name: str) -> None:
    owed, other = make.funded(), make.funded()
    make.sent_draft(owed)
    hashes = {
        "unknown": "0" * 64,
        "other side's": look_quotes.quote(client, owed.brand, owed.deal_id, side="maker")["quote_hash"],
        "another deal's": look_quotes.quote(client, other.brand, other.deal_id)["quote_hash"],
    }
    before = look.everything(owed.deal_id)
    answer = look_quotes.cancel(client, owed.brand, owed.deal_id, hashes[name])
    assert (answer.status_code, answer.json["changes"]) == (409, []), answer.json
    assert look.everything(owed.deal_id) == before


def test_what_is_not_under_way_has_no_quote(client: FlaskClient) -> None:
    owed = make.agreed()
    answer = look_quotes.asked_for(client, owed.brand, owed.deal_id)
    assert (answer.status_code, answer.json["state"]) == (409, "agreed")
    assert look_quotes.asked_for(client, somebody("brand"), owed.deal_id).status_code == 404
    assert ids.show("dea", owed.deal_id) not in answer.json["detail"]
