"""What a selection promised holds when it is confirmed: every wish, with today's values and all accepted bids."""

from collections.abc import Callable
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from marketplace.cli.shown import summaries
from marketplace.core import ids
from tests.make import bids as make
from tests.make import reviews as make_reviews
from tests.make import work
from tests.make.people import somebody
from tests.make.selections import store_confirmed
from tests.matching import look
from tests.matching.gates.test_acceptance import accept, post, selection, status

pytestmark = pytest.mark.usefixtures("own_market")


def confirm(client: FlaskClient, there: make.Market, chosen: Any, **said: Any) -> Any:
    return post(client, there.brand, f"selections/{chosen['id']}/confirm", said)


def refused(answer: Any) -> list[tuple[str, UUID | None]]:
    """The codes and bids of what has changed."""
    assert (answer.status_code, answer.json["state"]) == (409, "changed"), answer.json
    assert all(change["zh"] and change["en"] in answer.json["detail"] for change in answer.json["changes"])
    return [
        (change["code"], change["bid_id"] and ids.read("bid", change["bid_id"])) for change in answer.json["changes"]
    ]


def override(bid_id: UUID, intrusiveness: float) -> None:
    for admin in make_reviews.admins(2):
        make_reviews.decide(
            admin, make_reviews.of(bid_id).id, "override", {"intrusiveness": intrusiveness, "overall": None}
        )


def test_an_override_since_counts_against_the_limit_of_the_set(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market(tolerance=60)
    _, bid = look.offer(there, 900_000)
    _, other = look.offer(there, 1_000_000)
    make.close(there)
    free, limited = (selection(client, worker, there, **wish) for wish in ({}, {"intrusiveness_max": 50}))
    assert len(limited["result"]["chosen"]) == 2
    assert post(client, there.brand, f"bids/{ids.show('bid', bid.id)}/review").status_code == 200
    override(bid.id, 58.0)
    assert refused(confirm(client, there, limited)) == [("over_intrusiveness", bid.id)]
    assert [status(client, there.brand, one.id) for one in (bid, other)] == ["open", "open"]
    # What was chosen without that limit breaks none of its own.
    assert confirm(client, there, free).json["status"] == "confirmed"


def test_an_override_within_the_limit_changes_nothing(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market(tolerance=60)
    _, bid = look.offer(there, 900_000)
    make.close(there)
    chosen = selection(client, worker, there, intrusiveness_max=50)
    assert post(client, there.brand, f"bids/{ids.show('bid', bid.id)}/review").status_code == 200
    override(bid.id, 50.0)
    assert confirm(client, there, chosen).json["status"] == "confirmed"


def one_taken(
    client: FlaskClient, worker: ModuleType, there: make.Market, bids: list[UUID], **wishes: Any
) -> tuple[Any, set[UUID]]:
    """A selection that leaves one of the bids out, which is then accepted by hand; and the bids inside."""
    chosen = selection(client, worker, there, **wishes)
    inside = {ids.read("bid", line["bid_id"]) for line in chosen["result"]["chosen"]}
    [outside] = set(bids) - inside
    assert accept(client, there, outside).status_code == 200
    return chosen, inside


# What each wish allows the two bids of a set, and no third one.
TWO = 2_500_000


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({"budget": make.cny(TWO)}, "budget"),
        ({"bids_max": 2}, "most"),
        ({"caps": {"platform": 2}}, "platform"),
        ({"caps": {"niche": 2}}, "niche"),
    ],
    ids=["budget", "bids_max", "platform", "niche"],
)
def test_what_was_accepted_by_hand_counts_for_the_whole_set(
    client: FlaskClient, worker: ModuleType, wishes: dict[str, Any], code: str
) -> None:
    there = look.market()
    bids = [look.offer(there, 1_000_000 + 1_000 * number)[1].id for number in range(3)]
    make.close(there)
    chosen, inside = one_taken(client, worker, there, bids, **wishes)
    for said in ({}, {"over_budget": True}):
        assert refused(confirm(client, there, chosen, **said)) == [(code, None)]
    assert {status(client, there.brand, bid) for bid in inside} == {"open"}


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        (lambda bid: {"never": [ids.show("bid", bid)]}, "never"),
        (lambda _: {"budget": make.cny(1_500_000)}, "over_budget"),
    ],
    ids=["never", "dearer than all of it"],
)
def test_what_the_set_was_to_leave_out_is_named(
    client: FlaskClient, worker: ModuleType, wishes: Callable[[UUID], Any], code: str
) -> None:
    there = look.market()
    _, kept = look.offer(there, 900_000)
    _, out = look.offer(there, 4_000_000)
    make.close(there)
    chosen = selection(client, worker, there, **wishes(out.id))
    assert [line["bid_id"] for line in chosen["result"]["chosen"]] == [ids.show("bid", kept.id)]
    assert accept(client, there, out.id).status_code == 200
    assert (code, out.id) in refused(confirm(client, there, chosen))


def test_two_bids_of_one_creator_are_not_both_taken(client: FlaskClient, worker: ModuleType) -> None:
    there, who = look.market(), somebody("creator")
    bids = [make.place(there, who, look.channel(who), **look.plain(900_000)).id for _ in range(2)]
    make.close(there)
    chosen, _ = one_taken(client, worker, there, bids)
    assert refused(confirm(client, there, chosen)) == [("one_creator", None)]


def test_people_are_not_reached_more_often_than_the_set_may(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    bids = [look.offer(there, 900_000 + number)[1].id for number in range(2)]
    make.close(there)
    both = selection(client, worker, there)["result"]["reach"]["contacts_per_person"]
    chosen, _ = one_taken(client, worker, there, bids, contacts_per_person_max=both * 0.999)
    assert refused(confirm(client, there, chosen)) == [("contacts", None)]


def test_a_member_that_was_accepted_by_hand_is_no_change(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    bids = [look.offer(there, 900_000 + number)[1].id for number in range(2)]
    make.close(there)
    wishes = {"bids_max": 2, "budget": make.cny(2_000_000), "intrusiveness_max": 60, "must": [ids.show("bid", bids[0])]}
    chosen = selection(client, worker, there, **wishes)
    assert accept(client, there, bids[1]).status_code == 200
    assert confirm(client, there, chosen).json["status"] == "confirmed"
    assert {status(client, there.brand, bid) for bid in bids} == {"accepted"}


def test_a_confirmed_set_tells_what_still_stands_of_it(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    offers = [look.offer(there, amount) for amount in (900_000, 1_000_000, 1_100_000)]
    make.close(there)
    chosen = selection(client, worker, there)
    assert chosen["standing"] is None
    confirmed = confirm(client, there, chosen).json
    result, whole = confirmed["result"], confirmed["standing"]
    bids = {ids.show("bid", bid.id) for _, bid in offers}
    assert (set(whole["bids"]), whole["gone"], whole["spend"]) == (bids, [], result["spend"])
    assert (whole["effective"], whole["careful"]) == (confirmed["value"], result["reach"]["careful"])

    (left, bid), (_, undone), _ = offers
    for who, one in ((left, bid.id), (there.brand, undone.id)):
        answer = post(client, who, f"bids/{ids.show('bid', one)}/step-back", {"reason": "病了"})
        assert answer.status_code == 200, answer.json
    shown = client.get(f"/api/v1/selections/{chosen['id']}", headers=there.brand.headers).json
    now, last = shown["standing"], ids.show("bid", offers[2][1].id)
    assert (shown["status"], shown["bids"], shown["value"]) == ("confirmed", 3, confirmed["value"])
    assert (now["bids"], now["spend"]) == ([last], make.cny(1_100_000))
    states = {ids.show("bid", bid.id): "withdrawn", ids.show("bid", undone.id): "open"}
    assert {one["bid_id"]: one["status"] for one in now["gone"]} == states
    # A member that is alone reaches whom it reaches alone.
    [line] = [line for line in result["chosen"] if line["bid_id"] == last]
    assert now["careful"] == pytest.approx(line["people_alone"])
    assert 0 < now["effective"] < confirmed["value"]
    said = "\n".join(summaries.selection(shown))
    assert "standing now: 1 of 3, CNY 11k" in said
    assert {line.rpartition(": ")[2] for line in said.splitlines() if line.endswith((": withdrawn", ": open"))} == {
        "withdrawn",
        "open",
    }


def test_the_briefs_own_budget_is_still_set_aside_by_its_word(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market(budget=make.cny(1_500_000))
    bids = [look.offer(there, 900_000 + number)[1].id for number in range(2)]
    make.close(there)
    chosen, _ = one_taken(client, worker, there, bids)
    answer = confirm(client, there, chosen)
    assert (answer.status_code, answer.json["state"]) == (409, "over_budget")
    assert confirm(client, there, chosen, over_budget=True).json["status"] == "confirmed"


def test_a_bid_that_must_be_in_and_is_withdrawn_fails_the_choice_in_words(
    client: FlaskClient, worker: ModuleType
) -> None:
    there = look.market()
    who, bid = look.offer(there, 900_000)
    look.offer(there, 900_000)
    make.close(there)
    named = ids.show("bid", bid.id)
    started = post(client, there.brand, f"briefs/{ids.show('brf', there.brief_id)}/selections", {"must": [named]})
    make.withdraw(who, bid.id)
    work.settle(worker)
    ended = client.get(f"/api/v1/selections/{started.json['id']}", headers=there.brand.headers).json
    assert ended["status"] == "failed"
    assert named in ended["message"]


def test_an_empty_set_is_not_confirmed_and_locks_nothing(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market(ceiling_per_thousand=make.cny(10))
    _, bid = look.offer(there)
    make.close(there)
    empty = selection(client, worker, there)
    assert empty["result"]["chosen"] == []
    answer = confirm(client, there, empty)
    assert (answer.status_code, answer.json["state"]) == (409, "empty")
    assert "choose again" in answer.json["detail"]
    shown = client.get(f"/api/v1/selections/{empty['id']}", headers=there.brand.headers).json
    assert (shown["status"], shown["confirmed_at"]) == ("done", None)
    lifted = selection(client, worker, there, lift_ceiling=True)
    assert confirm(client, there, lifted, despite=["over_ceiling"]).json["status"] == "confirmed"
    assert status(client, there.brand, bid.id) == "accepted"


def test_an_empty_set_that_was_confirmed_once_gives_way(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market(ceiling_per_thousand=make.cny(10))
    look.offer(there)
    make.close(there)
    empty = selection(client, worker, there)
    store_confirmed(ids.read("sel", empty["id"]))
    lifted = selection(client, worker, there, lift_ceiling=True)
    assert confirm(client, there, lifted, despite=["over_ceiling"]).json["status"] == "confirmed"
    former = client.get(f"/api/v1/selections/{empty['id']}", headers=there.brand.headers).json
    assert (former["status"], former["confirmed_at"]) == ("done", None)
