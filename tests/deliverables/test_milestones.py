"""Milestones: negotiated, planned to the fen, released when they are reached, and not again at the settlement."""

from datetime import timedelta
from itertools import pairwise
from random import Random
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

from marketplace.core import db
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.ids import show
from marketplace.deals.models import Deal, DealTerms
from marketplace.deals.terms.contract_clauses import clauses
from marketplace.deals.terms.terms_document import MILESTONES, paid_parts, price_of
from marketplace.deliverables import scripts
from marketplace.payments.models import Payment
from marketplace.payments.money_invariants import verify
from tests.deliverables import look
from tests.make import owed as make
from tests.make.moments import travel
from tests.make.owed import Owed
from tests.payments import make as make_payments

THIRTY = [{"at": "script_approved", "share_basis_points": 3_000}]
PRICE = 1_000_001


def with_milestones(client: Any, milestones: list[dict[str, Any]], **more: Any) -> Owed:
    """A deal whose maker has countered with milestones of its first video, and whose brand has confirmed them."""
    owed = make.agreed(2, price_minor=PRICE, confirmed=False, **more)
    path = f"/api/v1/deals/{show('dea', owed.deal_id)}"
    read = client.get(path, headers=owed.brand.headers).json
    changes = {"deliverables": [{"position": 1, "milestones": milestones}]}
    body = {"content_hash": read["content_hash"], "changes": changes}
    countered = client.post(f"{path}/counter", json=body, headers=owed.maker.once())
    assert countered.status_code == 200, countered.json
    signed = {"content_hash": countered.json["content_hash"], "signed_name": "王小明"}
    confirmed = client.post(f"{path}/confirm", json=signed, headers=owed.brand.once())
    assert confirmed.status_code == 200, confirmed.json
    return make.with_ids(owed)


def paid(owed: Owed) -> list[tuple[str | None, int, str]]:
    with db.transaction() as session:
        query = sa.select(Payment).where(Payment.deal_id == owed.deal_id).order_by(Payment.position)
        return [(row.milestone, row.amount_minor, str(row.status)) for row in session.scalars(query)]


def nothing_is_wrong() -> None:
    with db.transaction() as session:
        assert verify(session).faults == []


def test_a_milestone_is_planned_held_and_released_when_it_is_reached(app: Any, worker: ModuleType) -> None:
    client = app.test_client()
    owed = with_milestones(client, THIRTY, agency=True)
    # 10,000.01 for two videos: 5,000.01 and 5,000.00.
    first, rest, second = (150_000, 350_001, 500_000)
    assert paid(owed) == [("script_approved", first, "planned"), (None, rest, "planned"), (None, second, "planned")]
    make.fund(owed)
    script_id = make.sent_script(owed, owed.ids[0])
    assert {status for _, _, status in paid(owed)} == {"held"}
    approved = client.post(f"/api/v1/scripts/{show('scr', script_id)}/approve", headers=owed.brand.once())
    assert approved.status_code == 200, approved.json
    assert [status for _, _, status in paid(owed)] == ["released", "held", "held"]
    with db.transaction() as session:
        payment_id = session.scalars(sa.select(Payment.id).filter_by(deal_id=owed.deal_id, position=1)).one()
    shares = make_payments.shares(payment_id)
    assert shares.agency_id == owed.maker.party_id  # by its mandate of today
    assert shares.maker_minor + shares.agency_minor + shares.fee_minor == first
    listed = client.get(f"/api/v1/payments?deal_id={show('dea', owed.deal_id)}", headers=owed.creator.headers).json
    assert sorted(str(one["milestone"]) for one in listed["data"]) == ["None", "None", "script_approved"]
    with travel(make.publish_day()):
        for deliverable_id in owed.ids:
            make.live(owed, deliverable_id)
        with travel(now() + timedelta(days=92)):
            look.clock(worker)
    assert [status for _, _, status in paid(owed)] == ["released"] * 3
    assert make.deal_status(owed) == "completed"
    nothing_is_wrong()


def test_a_script_that_nobody_sends_is_paid_with_the_draft(app: Any) -> None:
    milestones = [*THIRTY, {"at": "published", "share_basis_points": 7_000}]
    owed = with_milestones(app.test_client(), milestones)
    make.fund(owed)
    draft_id = make.approved_draft(owed)
    # Nothing is left for the settlement of the first video.
    assert [status for _, _, status in paid(owed)] == ["released", "held", "held"]
    with travel(make.publish_day()):
        published = look.publish(app.test_client(), owed.maker, owed.id, make.told(owed, draft_id))
        assert published.status_code == 201, published.json
    assert [status for _, _, status in paid(owed)] == ["released", "released", "held"]
    nothing_is_wrong()


def test_a_script_is_approved_once_and_paid_once(app: Any) -> None:
    owed = with_milestones(app.test_client(), THIRTY)
    make.fund(owed)
    make.approved_script(owed, owed.ids[0])
    with db.transaction() as session:
        script_id = scripts.listing(session, SYSTEM, owed.ids[0])[0].id
    again = app.test_client().post(f"/api/v1/scripts/{show('scr', script_id)}/approve", headers=owed.brand.once())
    assert again.status_code == 409
    assert [status for _, _, status in paid(owed)] == ["released", "held", "held"]


def test_milestones_are_told_in_the_terms_their_differences_and_the_contract(app: Any) -> None:
    client = app.test_client()
    owed = with_milestones(client, [{"at": "published", "share_basis_points": 2_500}, *THIRTY])
    with db.transaction() as session:
        terms = session.get_one(DealTerms, session.get_one(Deal, owed.deal_id).terms_id).content
    # In the order in which they come.
    assert terms["deliverables"][0]["milestones"] == [*THIRTY, {"at": "published", "share_basis_points": 2_500}]
    assert "milestones" not in terms["deliverables"][1]
    said = [one for clause in clauses(terms) for one in clause.sentences if "30 %" in one.en]
    assert [one.zh for one in said] == ["第 1 项价格的 30 % 在脚本通过时付给创作方，不再退回；其余在结算时付。"]
    versions = client.get(f"/api/v1/deals/{show('dea', owed.deal_id)}/terms", headers=owed.brand.headers).json["data"]
    told = next(one for version in versions for one in version["changes"] if "milestones" in one["pointer"])
    assert told["en"] == "milestones of item 1: none → 30 % when the script is approved, 25 % when it is published"


@pytest.mark.parametrize(
    ("milestones", "said"),
    [
        ([*THIRTY, *THIRTY], "Each milestone once"),
        ([*THIRTY, {"at": "published", "share_basis_points": 7_001}], "sum to 10000"),
        ([{"at": "someday", "share_basis_points": 1}], None),
        ([{"at": "published", "share_basis_points": 0}], None),
        ([{"at": "published", "share_basis_points": 0.5}], None),
    ],
)
def test_milestones_that_cannot_be_are_refused(app: Any, milestones: list[dict[str, Any]], said: str | None) -> None:
    client, owed = app.test_client(), make.agreed(confirmed=False)
    path = f"/api/v1/deals/{show('dea', owed.deal_id)}"
    read = client.get(path, headers=owed.brand.headers).json
    changes = {"deliverables": [{"position": 1, "milestones": milestones}]}
    body = {"content_hash": read["content_hash"], "changes": changes}
    refused = client.post(f"{path}/counter", json=body, headers={**owed.maker.once(), "Accept-Language": "en"})
    assert refused.status_code == 422
    [error] = refused.json["errors"]
    assert error["pointer"].startswith("/changes/deliverables/0/milestones")
    assert said is None or said in error["detail"]


def test_parts_sum_to_the_price_to_the_fen() -> None:
    draw = Random(7)
    for _ in range(2_000):
        price, extra = draw.randint(0, 10**9), draw.choice([0, draw.randint(1, 10**6)])
        cuts = sorted(draw.randint(1, 9_999) for _ in range(draw.randint(1, 3)))
        shares = [cuts[0], *(b - a for a, b in pairwise(cuts))]
        named = [
            {"at": at, "share_basis_points": share} for at, share in zip(MILESTONES, shares, strict=False) if share
        ]
        line = {"price_minor": price, **({"milestones": named} if named else {})}
        extras = [{"price_minor": extra, "deliverable": 1}] if extra else []
        content = {"deliverables": [line], "extras": extras}
        parts = paid_parts(content, 1)
        assert sum(part.amount_minor for part in parts) == price_of(content, 1) == price + extra
        for part, one in zip(parts, named, strict=False):
            assert abs(part.amount_minor - price * one["share_basis_points"] / 10_000) < 1
