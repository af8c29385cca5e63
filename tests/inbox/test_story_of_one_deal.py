"""One deal from its acceptance to its last payout: after each step, the inboxes of all who have to do with it.

Each step is done by the call that the inbox names, where it names one, and what was done is in no inbox any more.
"""

from datetime import datetime, timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db, ids
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.deals.models import Deal, Deliverable
from marketplace.payments.models import Payout
from tests.deals import look as deals
from tests.deliverables import look as work
from tests.inbox import look
from tests.make import owed as make
from tests.make.moments import travel
from tests.make.owed import Owed
from tests.make.people import Somebody, somebody
from tests.payments import make as make_payments

API = "/api/v1"


class Inboxes:
    """The inboxes of a deal's sides and of two people of the platform."""

    def __init__(self, client: FlaskClient, owed: Owed) -> None:
        self.client, self.owed = client, owed
        self.ada, self.bo = make_payments.admins()
        self.ours: list[str] = []  # what of everybody's is this deal's

    def show(self) -> dict[str, list[str]]:
        """What waits for each of them, without those for whom nothing does."""
        sides = {"brand": self.owed.brand, "agency": self.owed.maker, "creator": self.owed.creator}
        found = {name: look.codes(self.client, who) for name, who in sides.items()}
        found |= {name: look.codes(self.client, who, self.ours) for name, who in (("ada", self.ada), ("bo", self.bo))}
        return {name: codes for name, codes in found.items() if codes}

    def do(self, who: Somebody, code: str, call: int = 0, **body: Any) -> Any:
        """Answer a duty by one of the calls that it names."""
        [duty] = [one for one in look.duties(self.client, who) if one["code"] == code and self._is_ours(who, one)]
        path = duty["calls"][call]["path"]
        answer = self.client.post(path, json=body or None, headers=who.once())
        assert answer.status_code in (200, 201), answer.json
        return answer.json

    def _is_ours(self, who: Somebody, duty: dict[str, Any]) -> bool:
        return who not in (self.ada, self.bo) or duty["subject"] in self.ours


@pytest.fixture
def there(client: FlaskClient) -> Inboxes:
    return Inboxes(client, make.agreed(agency=True, price_minor=1_000_000, confirmed=False))


def moment(text: str | None) -> datetime:
    assert text is not None, "it has its date"
    return datetime.fromisoformat(text)


def deliverable_of(deal_id: UUID) -> Deliverable:
    with db.transaction() as session:
        return session.scalars(sa.select(Deliverable).where(Deliverable.deal_id == deal_id)).one()


def test_every_inbox_names_each_duty_of_a_deal_and_is_empty_when_there_is_none(
    client: FlaskClient, worker: ModuleType, there: Inboxes
) -> None:
    owed = there.owed
    _agree(client, there)
    _pay_in(client, there)

    video = deliverable_of(owed.deal_id)
    owed = there.owed = make.with_ids(owed)
    maker = {"agency": ["send_first_draft"], "creator": ["send_first_draft"]}
    assert there.show() == maker
    # Its day is over at midnight of the creator's.
    by = moment(look.one(client, owed.maker, "send_first_draft")["answer_by"])
    assert (by - timedelta(seconds=1)).astimezone().date() >= video.due_on - timedelta(days=1)

    there.do(owed.maker, "send_first_draft", call=1, body="晨跑之后，喝一口。")
    assert there.show() == {"brand": ["answer_script"]}
    there.do(owed.brand, "answer_script", call=1, reasons="品牌名要说出来")
    assert there.show() == maker
    there.do(owed.maker, "send_first_draft", call=1, body="晨跑之后，喝一口青柠岛。")
    there.do(owed.brand, "answer_script")
    assert there.show() == {"agency": ["send_draft"], "creator": ["send_draft"]}

    _drafts(client, there)
    with travel(make.publish_day()):
        _publish(client, worker, there)
    _pay_out(there)


def _agree(client: FlaskClient, there: Inboxes) -> None:
    owed = there.owed
    assert there.show() == {"agency": ["answer_terms"], "creator": ["answer_terms"]}
    duty = look.one(client, owed.maker, "answer_terms")
    with db.transaction() as session:
        deal = session.get_one(Deal, owed.deal_id)
        assert (moment(duty["answer_by"]), duty["silence"]["code"]) == (deal.answer_by, "lapses")
    assert deals.counter(client, owed.maker, owed.deal_id, keep_live_days=30).status_code == 200
    assert there.show() == {"brand": ["answer_counter"]}
    assert deals.confirm(client, owed.brand, owed.deal_id).status_code == 200
    assert there.show() == {"brand": ["pay_in"]}


def _pay_in(client: FlaskClient, there: Inboxes) -> None:
    """Ada records what came in; Bo, and not Ada, is asked to confirm it."""
    owed = there.owed
    fund_by = look.one(client, owed.brand, "pay_in")["answer_by"]
    shown = deals.shown(client, owed.brand, owed.deal_id)
    assert fund_by == shown["fund_by"]
    body = {
        "amount": {"amount_minor": shown["total_minor"], "currency": "CNY"},
        "reference": f"bank {new_id().hex}",
        "received_on": now().date().isoformat(),
    }
    recorded = client.post(deals.path(owed.deal_id, "receipts"), json=body, headers=there.ada.once())
    assert recorded.status_code == 201, recorded.json
    there.ours.append(recorded.json["id"])
    assert there.show() == {"brand": ["pay_in"], "bo": ["confirm_receipt"]}
    [duty] = [one for one in look.duties(client, there.bo, subject="receipts") if one["subject"] in there.ours]
    assert (duty["code"], duty["answer_by"]) == ("confirm_receipt", fund_by)
    there.do(there.bo, "confirm_receipt")


def _drafts(client: FlaskClient, there: Inboxes) -> None:
    owed = there.owed
    first = make.sent_draft(owed, discloses=None)
    assert there.show() == {"brand": ["answer_doubtful_draft"]}
    duty = look.one(client, owed.brand, "answer_doubtful_draft")
    assert duty["answer_by"] == work.get(client, owed.brand, "drf", first).json["answer_by"]
    assert duty["silence"] == work.get(client, owed.brand, "dlv", owed.id).json["silence"]
    assert duty["silence"]["code"] == "unapproved"
    there.do(owed.brand, "answer_doubtful_draft", call=1, changes=[{"at_s": 2.0, "reason": "标识再小一些"}])
    assert there.show() == {"agency": ["send_changed_draft"], "creator": ["send_changed_draft"]}
    make.sent_draft(owed)
    assert there.show() == {"brand": ["answer_draft"]}
    assert look.one(client, owed.brand, "answer_draft")["silence"]["code"] == "approves"
    there.do(owed.brand, "answer_draft")
    assert there.show() == {"agency": ["publish"], "creator": ["publish"]}


def _publish(client: FlaskClient, worker: ModuleType, there: Inboxes) -> None:
    """It goes live, the brand once believes that it is gone, and it stays until its days are over."""
    owed = there.owed
    with db.transaction() as session:
        draft_id = session.scalars(
            sa.text("SELECT id FROM deal_drafts WHERE deliverable_id = :id AND status = 'approved'"), {"id": owed.id}
        ).one()
    told = make.told(owed, draft_id)
    assert work.publish(client, owed.maker, owed.id, told).status_code == 201
    assert there.show() == {}, "only time has to pass"
    seen = {"seen_at": work.as_text(now()), "reason": "链接打不开"}
    report = work.post(client, owed.brand, "dlv", owed.id, "publication", "report", **seen)
    there.ours.append(report.json["id"])
    assert there.show() == {"ada": ["decide_takedown"], "bo": ["decide_takedown"]}
    there.do(there.ada, "decide_takedown", upheld=False, reason="可以正常播放")
    assert there.show() == {}
    with travel(now() + timedelta(days=31)):
        work.clock(worker)


def _pay_out(there: Inboxes) -> None:
    """Of each share Ada sends what Bo then confirms."""
    owed = there.owed
    assert make.deal_status(owed) == "completed"
    with db.transaction() as session:
        shares = sa.select(Payout.id).where(Payout.party_id.in_([owed.creator.party_id, owed.maker.party_id]))
        there.ours += [ids.show("pyo", id_) for id_ in session.scalars(shares)]
    # Nobody is paid whom nobody knows: the agency is verified, and the channel is proven to be the creator's.
    assert there.show() == {"creator": ["prove_channel"], "ada": ["verify_payee"], "bo": ["verify_payee"]}
    proof = there.do(owed.creator, "prove_channel", kind="code_in_profile")
    there.ours.append(proof["id"])
    both = ["decide_claim", "verify_payee"]
    assert there.show() == {"ada": both, "bo": both}
    there.do(there.ada, "decide_claim", reason="主页有验证码", evidence="https://www.douyin.com/user/1")
    there.do(there.bo, "verify_payee", reason="营业执照已核对", evidence="91310000MA1")
    there.ours.pop()
    assert there.show() == {"ada": ["send_payout"] * 2, "bo": ["send_payout"] * 2}
    for payout in there.ours[-2:]:
        sent = {"reference": f"bank {new_id().hex}"}
        answer = there.client.post(f"{API}/payouts/{payout}/send", json=sent, headers=there.ada.once())
        assert answer.status_code == 200, answer.json
    assert there.show() == {"bo": ["confirm_payout"] * 2}
    for payout in there.ours[-2:]:
        assert there.client.post(f"{API}/payouts/{payout}/confirm", headers=there.bo.once()).status_code == 200
    assert there.show() == {}


def test_what_is_not_answered_in_time_is_in_no_inbox(client: FlaskClient, there: Inboxes) -> None:
    with travel(now() + timedelta(hours=73)):
        assert there.show() == {}, "the deal has lapsed, also if the job that ends it is late"


def test_when_its_mandate_is_over_the_agency_has_nothing_to_do_and_the_creator_has(
    client: FlaskClient, there: Inboxes
) -> None:
    with db.transaction() as session:
        ended = "UPDATE mandates SET status = 'ended' WHERE agency_id = :agency"
        session.execute(sa.text(ended), {"agency": there.owed.maker.party_id})
    assert there.show() == {"creator": ["answer_terms"]}


def test_an_admin_of_the_party_is_not_asked_about_its_money(client: FlaskClient) -> None:
    owed = make.agreed()
    there = Inboxes(client, owed)
    seated = somebody("platform", party_id=there.ada.party_id)
    with db.transaction() as session:
        row = "INSERT INTO memberships (id, created_at, person_id, party_id, permissions)"
        values = {"id": new_id(), "at": now(), "person": seated.person_id, "party": owed.brand.party_id}
        session.execute(sa.text(f"{row} VALUES (:id, :at, :person, :party, ARRAY['read'])"), values)
    body = {
        "amount": {"amount_minor": 800_000, "currency": "CNY"},
        "reference": f"bank {new_id().hex}",
        "received_on": now().date().isoformat(),
    }
    recorded = client.post(deals.path(owed.deal_id, "receipts"), json=body, headers=there.ada.once())
    asked = [look.codes(client, who, [recorded.json["id"]]) for who in (there.ada, there.bo, seated)]
    assert asked == [[], ["confirm_receipt"], []]
