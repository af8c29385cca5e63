"""Every move from every state by every role, and every verdict from every state."""

from itertools import product
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import Actor, Role
from marketplace.core.errors import NotAllowed, WrongState
from marketplace.core.ids import new_id
from marketplace.core.states import apply_transition
from marketplace.reviews.models import Review, ReviewStatus
from marketplace.reviews.states import REVIEW_TRANSITIONS
from tests.make import reviews as make
from tests.reviews.look import decisions, everything, kinds, path

STATES = tuple(map(str, ReviewStatus))
DECIDABLE = {"deferred", "open", "held", "second"}
TABLE: dict[str, tuple[set[str], str, set[Role]]] = {
    "ask": ({"deferred", "passed"}, "open", {Role.SYSTEM, Role.BRAND, Role.ADMIN}),
    "second": (DECIDABLE, "second", {Role.ADMIN}),
    "approve": (DECIDABLE, "approved", {Role.ADMIN}),
    "hold": ({"deferred", "open", "second"}, "held", {Role.ADMIN}),
    "reject": (DECIDABLE, "rejected", {Role.ADMIN}),
    "drop": (DECIDABLE, "dropped", {Role.SYSTEM}),
    "pass": ({"deferred", "open"}, "passed", {Role.SYSTEM}),
    "defer": ({"passed"}, "deferred", {Role.SYSTEM}),
    "reopen": ({"second", "approved", "rejected"}, "open", {Role.SYSTEM, Role.ADMIN}),
}


def _in_state(session: Session, status: str) -> Review:
    row = Review(
        subject_kind="bid",
        subject_id=new_id(),
        about_id=new_id(),
        party_ids=[],
        priority=1000,
        needs_two=False,
        risks=[],
        seen_fingerprint="a",
        status=ReviewStatus(status),
    )
    session.add(row)
    session.flush()
    return row


def test_the_table_is_the_one_that_was_agreed() -> None:
    found = {
        name: (set(map(str, step.sources)), str(step.target), set(step.roles))
        for name, step in REVIEW_TRANSITIONS.items()
    }
    assert found == TABLE


def test_every_move_from_every_state_by_every_role(app: object) -> None:
    tried: list[UUID] = []
    with db.transaction() as session:
        for status, (name, (sources, target, roles)), by in product(STATES, TABLE.items(), Role):
            review = _in_state(session, status)
            tried.append(review.id)
            refusal = NotAllowed if by not in roles else None if status in sources else WrongState
            if refusal is None:
                apply_transition(session, review, REVIEW_TRANSITIONS, name, Actor(role=by), parties=[])
                assert (review.status, review.version) == (target, 2)
            else:
                with pytest.raises(refusal):
                    apply_transition(session, review, REVIEW_TRANSITIONS, name, Actor(role=by), parties=[])
                assert (review.status, review.version) == (status, 1)
    assert len(tried) == len(STATES) * len(TABLE) * len(Role)


# (state, verdict) -> the state after it, where one person is enough; in `second` it is a second person who decides
AFTER = {
    ("deferred", "approve"): "approved",
    ("deferred", "hold"): "held",
    ("deferred", "reject"): "rejected",
    ("deferred", "override"): "second",
    ("open", "approve"): "approved",
    ("open", "hold"): "held",
    ("open", "reject"): "rejected",
    ("open", "override"): "second",
    ("held", "approve"): "approved",
    ("held", "reject"): "rejected",
    ("held", "override"): "second",
    ("second", "approve"): "approved",
    ("second", "hold"): "held",
    ("second", "reject"): "rejected",
    ("second", "override"): "second",
}


@pytest.mark.parametrize(("status", "verdict"), list(product(STATES, ("approve", "hold", "reject", "override"))))
def test_every_verdict_in_every_state(client: FlaskClient, status: str, verdict: str) -> None:
    first, second = make.admins(2)
    review = make.standing(status, first, second)
    before = everything(review.id)
    body = {"reason": "已核对", **({"overall": 60} if verdict == "override" else {})}
    answer = client.post(path(review.id, verdict), json=body, headers=second.once())
    target = AFTER.get((status, verdict))
    if target is None:
        assert (answer.status_code, answer.json["state"]) == (409, status)
        assert everything(review.id) == before
    else:
        assert (answer.status_code, answer.json["status"], answer.json["version"]) == (200, target, review.version + 1)
        name = {"approved": "approve", "held": "hold", "rejected": "reject", "second": "second"}[target]
        assert kinds(review.id)[-1] == f"reviews.{name}"
        last = decisions(review.id)[-1]
        assert (last.verdict, last.person_id, last.reason) == (verdict, second.person_id, "已核对")


@pytest.mark.parametrize("status", ["open", "held"])
def test_where_two_must_agree_one_approval_waits(client: FlaskClient, status: str) -> None:
    first, second = make.admins(2)
    review = make.standing(status, first, second, **make.SEVERE)
    answer = client.post(path(review.id, "approve"), json={"reason": "已核对"}, headers=first.once())
    assert (answer.status_code, answer.json["status"]) == (200, "second")
