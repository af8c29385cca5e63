"""A market in service with a payment provider that misbehaves: web server, worker and provider are processes, and what
they tell each other goes over HTTP. At the end the provider's truth is what the ledger says, to the fen."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import UUID

import pytest
import sqlalchemy as sa

from marketplace.core import db, jobs
from marketplace.core.actor import SYSTEM
from marketplace.core.ids import new_id, read, show
from marketplace.deals.models import Deal
from marketplace.ledger.models import AccountPurpose
from marketplace.local.servers import LocalServers
from marketplace.payments import service
from marketplace.payments.models import Payout, PayoutStatus, ProviderNotice, Receipt
from marketplace.payments.money_invariants import verify
from marketplace.payments.provider.models import PayInRequest, PayInStatus
from marketplace.payments.provider.provider_notices import WORK
from marketplace.payments.provider.reconciliation import DifferenceKind
from tests import waiting
from tests.make import owed as make_owed
from tests.make.people import Somebody, somebody
from tests.market import connected, owning
from tests.payments import make
from tests.payments.psp import SECRET
from tests.payments.test_provider import running
from tests.running_market import running_market

pytestmark = pytest.mark.process
WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"the present secret of 32 bytes..").decode()
BEFORE = "whsec_" + base64.b64encode(b"the secret before it, 32 bytes..").decode()
INJECTED = 500


@dataclass(frozen=True)
class InService:
    """Where the market and the provider are, and who looks after money."""

    url: str
    provider_url: str
    admin: Somebody

    def call(self, method: str, path: str) -> Any:
        headers = {**self.admin.headers, "Idempotency-Key": new_id().hex}
        with urlopen(Request(f"{self.url}/api/v1{path}", headers=headers, method=method)) as answer:  # noqa: S310
            return json.loads(answer.read())

    def provider(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {SECRET}"}
        with urlopen(Request(f"{self.provider_url}{path}", data, headers, method=method)) as answer:  # noqa: S310
            return json.loads(answer.read())

    def all_of(self, path: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while True:
            page = self.provider("GET", f"{path}?after={len(rows)}")
            rows += page["data"]
            if not page["has_more"]:
                return rows

    def reconcile(self) -> list[dict[str, str]]:
        asked = self.call("POST", "/reconciliations")
        assert asked["finished_at"] is None
        path = f"/reconciliations/{asked['id']}"
        done = waiting.until(lambda: (found := self.call("GET", path))["finished_at"] and found)
        return list(done["differences"])


@pytest.fixture(scope="module")
def in_service(servers: LocalServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InService]:
    folder = tmp_path_factory.mktemp("provider")
    with running(seed=11) as provider:
        settings = {
            "PAYMENT_PROVIDER": "http",
            "PAYMENT_PROVIDER_URL": provider._url,
            "PAYMENT_PROVIDER_KEY": SECRET,
            "PAYMENT_PROVIDER_TIMEOUT_S": "2",
            "PAYMENT_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "PAYMENT_WEBHOOK_SECRET_BEFORE": BEFORE,
        }
        with (
            running_market(servers, folder, "inlay_provider", **settings) as market,
            connected(market.database_url, 4),
        ):
            there = InService(market.url, provider._url, somebody("platform"))
            # As while the secret is being replaced: the provider still signs with the one before.
            notify = {"url": f"{market.url}/api/v1/payment-provider/notices", "secret": BEFORE}
            there.provider("POST", "/notify", notify)
            yield there


def test_the_providers_truth_is_what_the_ledger_says(in_service: InService) -> None:
    deals = [make_owed.agreed(price_minor=100_000 + number) for number in range(6)]
    ids = _released(20)

    def nothing_waits() -> bool:
        with db.transaction() as session:
            jobs.enqueue(session, WORK, queue=jobs.PAYMENTS, dedupe_key=WORK)
        for key in _open_requests([one.deal_id for one in deals]):
            in_service.provider("POST", "/pay", {"key": str(key)})
        in_service.reconcile()  # which hears what was told by a notice that got lost
        return _count(Payout.id, Payout.status == PayoutStatus.WAITING, Payout.id.in_(ids)) == 0 and _all_funded(deals)

    waiting.until(nothing_waits)
    waiting.until(lambda: in_service.reconcile() == [])

    truth = in_service.all_of("/truth")
    out = {row["key"]: row for row in truth if row["kind"] == "payout"}
    assert set(out) >= {str(one) for one in ids}
    ends = {"paid": "paid", "failed": "failed", "returned": "bounced"}
    with db.transaction() as session:
        told = {str(row.id): row for row in session.scalars(sa.select(Payout).where(Payout.provider == "http"))}
        effects = dict(session.execute(sa.select(ProviderNotice.event_id, ProviderNotice.effect)).all())
        found = verify(session)
        by_hand = session.scalar(sa.select(sa.func.sum(Receipt.amount_minor)).where(Receipt.provider == "manual"))
    assert {key: str(row.status) for key, row in told.items()} == {key: ends[row["status"]] for key, row in out.items()}
    assert all(told[key].amount_minor == row["amount_minor"] for key, row in out.items())
    # Which of the provider's plans a payout meets follows from its id: of twenty some are paid, and some are not.
    came_to = {row["status"] for row in out.values()}
    assert "paid" in came_to
    assert came_to <= set(ends)
    assert any(row["tries"] > 1 for row in out.values()), "some were asked again under their key"
    came = sum(row["received_minor"] or 0 for row in truth if row["kind"] == "pay_in")
    went = sum(row["amount_minor"] for row in out.values() if row["status"] == "paid")
    assert make.balance(AccountPurpose.CLEARING) == -(came + int(by_hand or 0) - went)
    assert found.faults == []
    # Notices of a payout with another amount have changed nothing; how much a pay-in was, the provider is asked.
    odd = {event_id for event_id, effect in effects.items() if effect == "odd"}
    assert odd == {event_id for event_id in effects if event_id.startswith("ev_po") and event_id.endswith("_wrong")}
    _is_told_to_its_brand(in_service, deals[0].brand, deals[0].deal_id)


def _released(count: int) -> list[UUID]:
    deal = make.funded(tuple(1_000 + number for number in range(count)))
    with db.transaction() as session:
        for payment_id in deal.payments:
            service.release(session, SYSTEM, payment_id)
    return [row.id for row in make.payouts_of(deal.creator)]


def _open_requests(deal_ids: list[UUID]) -> list[UUID]:
    with db.transaction() as session:
        query = sa.select(PayInRequest.id).where(
            PayInRequest.deal_id.in_(deal_ids), PayInRequest.status == PayInStatus.OPEN
        )
        return list(session.scalars(query))


def _all_funded(deals: list[make_owed.Owed]) -> bool:
    return _count(Deal.id, Deal.status == "active", Deal.id.in_([one.deal_id for one in deals])) == len(deals)


def _count(column: Any, *where: sa.ColumnElement[bool]) -> int:
    with db.transaction() as session:
        return session.scalar(sa.select(sa.func.count(column)).where(*where)) or 0


def _is_told_to_its_brand(there: InService, brand: Somebody, deal_id: UUID) -> None:
    rows = InService(there.url, "", brand).call("GET", "/pay-ins")["data"]
    assert {read("dea", row["deal_id"]) for row in rows} == {deal_id}
    assert all(row["pay_url"].startswith("https://pay.example/pi_") for row in rows)
    assert rows[0]["status"] == "paid"


def test_every_injected_discrepancy_is_found_by_the_job_and_none_is_invented(in_service: InService) -> None:
    lines = in_service.all_of("/lines") + _agreeing(700)
    in_service.provider("POST", "/spoil", {"lines": lines})
    assert in_service.reconcile() == []
    spoilt, expected = _spoil(lines)
    in_service.provider("POST", "/spoil", {"lines": spoilt})
    found = in_service.reconcile()
    assert len(found) == len(expected) == INJECTED
    assert {(one["kind"], one["of"], one["key"]) for one in found} == expected
    listed = in_service.call("GET", "/reconciliations?limit=1")["data"][0]
    assert (len(listed["differences"]), listed["lines"]) == (INJECTED, len(spoilt))


def _agreeing(count: int) -> list[dict[str, Any]]:
    """Write rows of payouts and receipts by the provider, and return the lines that it would report of them."""
    ends = (("paid", "paid"), ("failed", "failed"), ("bounced", "returned"))
    lines = []
    with owning() as session:  # rows alone, of no deal: reconciliation reads no other
        session.execute(sa.text("SET LOCAL session_replication_role = replica"))
        for number in range(count):
            row_id, here = new_id(), ends[number % 3]
            line = {"amount_minor": 1_000 + number, "currency": "CNY", "reference": f"ref {number}"}
            given = {"id": row_id, "status": here[0], **line}
            if number % 2:
                session.execute(_PAYOUT, given)
                lines.append({**line, "kind": "payout", "key": str(row_id), "status": here[1]})
            else:
                session.execute(_RECEIPT, given)
                lines.append({**line, "kind": "receipt", "key": line["reference"], "status": "paid"})
    return lines


_PAYOUT = sa.text(
    "INSERT INTO payouts (id, created_at, party_id, payment_id, currency, amount_minor, hold_id, attempt,"
    " withheld_minor, status, provider, reference, sent_at, version) VALUES (:id, now(), :id, :id, :currency,"
    " :amount_minor, :id, 1, 0, :status, 'http', :reference, now(), 1)"
)
_RECEIPT = sa.text(
    "INSERT INTO receipts (id, created_at, deal_id, brand_id, provider, reference, currency, amount_minor, received_on,"
    " status, version) VALUES (:id, now(), :id, :id, 'http', :reference, :currency, :amount_minor, current_date,"
    " 'confirmed', 1)"
)


def _spoil(lines: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], set[tuple[str, str, str]]]:
    """Return the report with INJECTED differences of every kind, and what each of them is called."""
    draw, spoilt, expected = Random(5), list(lines), set()
    for number, line in enumerate(draw.sample(lines, INJECTED)):
        kind, place = list(DifferenceKind)[number % len(DifferenceKind)], spoilt.index(line)
        key = line["key"]
        if kind == DifferenceKind.MISSING_HERE:
            key = show("pyo", new_id())
            spoilt.append({**line, "key": key})
        elif kind == DifferenceKind.MISSING_THERE:
            spoilt.pop(place)
        elif kind == DifferenceKind.AMOUNT:
            spoilt[place] = {**line, "amount_minor": line["amount_minor"] + draw.choice((1, -1, 100))}
        elif kind == DifferenceKind.CURRENCY:
            spoilt[place] = {**line, "currency": "USD"}
        elif kind == DifferenceKind.STATUS:
            spoilt[place] = {**line, "status": "pending"}
        else:
            spoilt.append(line)
        expected.add((str(kind), line["kind"], key))
    draw.shuffle(spoilt)
    return spoilt, expected


def test_a_notice_that_is_not_signed_as_it_must_be_is_refused(in_service: InService) -> None:
    body = json.dumps({"type": "payout.paid", "data": {}}).encode()
    named = {"webhook-id": "a", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    headers = {"Content-Type": "application/json", **named}
    call = Request(f"{in_service.url}/api/v1/payment-provider/notices", body, headers)  # noqa: S310
    with pytest.raises(HTTPError) as refused:
        urlopen(call)  # noqa: S310
    assert refused.value.code == 401
    assert json.loads(refused.value.read())["type"].endswith("not-from-provider")
    assert _count(ProviderNotice.id, ProviderNotice.event_id == "a") == 0
