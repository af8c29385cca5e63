"""Each state of a deliverable x each call that moves it x each role, over HTTP: what the table says, and no more."""

from collections.abc import Iterator
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from marketplace.core import db, ids
from marketplace.core.clock import now
from marketplace.deals.models import DeliverableStatus
from marketplace.deals.states import DELIVERABLE_TRANSITIONS
from tests.deliverables import look
from tests.make import owed as make
from tests.make.moments import travel
from tests.make.owed import Owed
from tests.make.people import Somebody, somebody
from tests.market import owning, undone

ROLES = ("brand", "creator", "agency", "admin", "other_brand")
CALLS = (
    *("send_script", "approve_script", "return_script", "send_draft", "approve", "ask_for_changes", "publish"),
    *("report", "miss"),
)
# A report moves nothing by itself: the brand may make one while the video is live.
REPORT = ({DeliverableStatus.LIVE}, {"brand"})


class Walk:
    """One deal with a deliverable in each state, each with a script, a draft, and a check for the next one."""

    def __init__(self, owed: Owed) -> None:
        states, self.owed = list(DeliverableStatus), owed
        self.people: dict[str, Somebody] = {
            "brand": self.owed.brand,
            "creator": self.owed.creator,
            "agency": self.owed.maker,
            "admin": somebody("platform"),
            "other_brand": somebody("brand"),
        }
        self.id_of: dict[str, UUID] = dict(zip(map(str, states), self.owed.ids, strict=True))
        self.draft: dict[str, UUID] = {}
        self.script: dict[str, UUID] = {}
        for state in states:
            self._bring(str(state))
        self.checks = {name: make.checked(self.owed, id_) for name, id_ in self.id_of.items()}
        assert {name: make.status(id_) for name, id_ in self.id_of.items()} == {name: name for name in self.id_of}

    def _bring(self, state: str) -> None:
        owed, id_ = self.owed, self.id_of[state]
        if state == "script_sent":
            self.script[state] = make.sent_script(owed, id_)
        elif state == "script_approved":
            self.script[state] = make.approved_script(owed, id_)
        elif state == "draft_sent":
            self.draft[state] = make.sent_draft(owed, id_)
        elif state == "changes_asked":
            self.draft[state] = make.changed_draft(owed, id_)
        elif state == "approved":
            self.draft[state] = make.approved_draft(owed, id_)
        elif state in ("live", "done", "missed"):
            self.draft[state] = make.live(owed, id_)
        if state in ("done", "missed", "cancelled"):  # these ends have tests of their own
            with owning() as session:
                session.execute(
                    look.sa.text("UPDATE deliverables SET status = :to WHERE id = :id"), {"to": state, "id": id_}
                )

    def call(self, app: Flask, name: str, state: str, role: str) -> Any:
        client, who, id_ = app.test_client(), self.people[role], self.id_of[state]
        # Where a state has none of its own, that of another one: the call is refused before it looks further.
        draft = self.draft.get(state)
        script = self.script.get(state)
        if name == "send_script":
            return look.post(client, who, "dlv", id_, "scripts", body="再拍一版。")
        if name in ("approve_script", "return_script"):
            assert script is not None
            if name == "approve_script":
                return look.post(client, who, "scr", script, "approve")
            return look.post(client, who, "scr", script, "send-back", reasons="节奏慢")
        if name == "send_draft":
            return look.send_draft(client, who, id_, self.checks[state])
        if name in ("approve", "ask_for_changes"):
            assert draft is not None
            return (look.approve if name == "approve" else look.request_changes)(client, who, draft)
        if name == "publish":
            told = make.told(self.owed, draft or self.draft["approved"])
            return look.publish(client, who, id_, told)
        if name == "report":
            return look.post(
                client, who, "dlv", id_, "publication", "report", seen_at=look.as_text(now()), reason="没了"
            )
        return look.post(client, who, "dlv", id_, "publication", "decide", upheld=True, reason="已核实")


@pytest.fixture(scope="module")
def walk(app: Flask) -> Iterator[Walk]:
    owed = make.funded(len(DeliverableStatus), agency=True)
    with travel(make.publish_day()):
        yield Walk(owed)


def rule_of(name: str) -> tuple[set[str], set[str]]:
    if name == "report":
        sources, roles = REPORT
        return {str(one) for one in sources}, roles
    rule = DELIVERABLE_TRANSITIONS[name]
    return {str(one) for one in rule.sources}, {str(role) for role in rule.roles}


@pytest.mark.parametrize(("name", "role"), list(product(CALLS, ROLES)))
def test_a_call_moves_a_deliverable_from_the_states_of_the_table_alone(
    app: Flask, walk: Walk, name: str, role: str
) -> None:
    sources, roles = rule_of(name)
    for state in map(str, DeliverableStatus):
        if name in ("approve_script", "return_script") and state not in walk.script:
            continue
        if name in ("approve", "ask_for_changes") and state not in walk.draft:
            continue
        before = look.everything(walk.owed.deal_id)
        with undone():
            if name == "miss" and state == "live":
                assert walk.call(app, "report", state, "brand").status_code == 201
            answer = walk.call(app, name, state, role)
            after = make.status(walk.id_of[state])
        if role not in roles:
            assert answer.status_code in (403, 404), (state, answer.json)
        elif state not in sources:
            assert (answer.status_code, answer.json["state"]) == (409, state), answer.json
        else:
            assert answer.status_code in (200, 201), (state, answer.json)
            target = state if name == "report" else str(DELIVERABLE_TRANSITIONS[name].target)
            assert after == target
        if answer.status_code >= 400:
            assert after == state
        assert look.everything(walk.owed.deal_id) == before


def test_every_move_of_the_table_that_somebody_makes_is_walked() -> None:
    by_people = {
        name for name, rule in DELIVERABLE_TRANSITIONS.items() if {str(role) for role in rule.roles} != {"system"}
    }
    # A cancellation and the decision of a dispute are the deal's moves.
    assert by_people - {"cancel", "decide_to_end"} == set(CALLS) - {"report"}


def test_nothing_moves_before_the_money_is_held(app: Flask) -> None:
    owed = make.agreed()
    client = app.test_client()
    before = look.everything(owed.deal_id)
    check_id = make.checked(owed)
    for answer in (
        look.post(client, owed.maker, "dlv", owed.id, "scripts", body="开场。"),
        look.send_draft(client, owed.maker, owed.id, check_id),
        look.publish(
            client, owed.maker, owed.id, {"url": "https://a.example/1", "published_at": now(), "label_seconds": 1}
        ),
        look.post(
            client, owed.brand, "dlv", owed.id, "publication", "report", seen_at=look.as_text(now()), reason="没了"
        ),
    ):
        assert (answer.status_code, answer.json["state"]) == (409, "agreed"), answer.json
        assert "not paid in yet" in answer.json["detail"]
    assert look.everything(owed.deal_id) == before


def test_nobody_else_sees_what_a_deal_owes(app: Flask, walk: Walk) -> None:
    client, strangers = app.test_client(), [somebody("brand"), somebody("creator"), somebody("agency")]
    late = make.make_bids.agency_of(walk.owed.creator.party_id)  # a mandate of the creator that the deal does not name
    id_, draft_id = walk.id_of["draft_sent"], walk.draft["draft_sent"]
    for who in (*strangers, late):
        for answer in (
            look.get(client, who, "dlv", id_),
            look.get(client, who, "dlv", id_, "drafts"),
            look.get(client, who, "dlv", id_, "scripts"),
            look.get(client, who, "drf", draft_id),
            look.get(client, who, "drf", draft_id, "video"),
            look.get(client, who, "dlv", walk.id_of["live"], "publication"),
        ):
            assert answer.status_code == 404, answer.json
        assert client.get(f"{look.API}/deliverables", headers=who.headers).json["data"] == []
        told = client.get(f"{look.API}/events?subject_id={ids.show('dlv', id_)}", headers=who.headers)
        assert told.json["data"] == []
    with db.transaction(late.actor) as session:  # nor by the tables themselves
        for model in (look.Draft, look.Script, look.Publication, look.ChangeRequest):
            assert session.scalars(look.sa.select(model.id)).all() == []
