"""Payments, payouts, transfers and statements over HTTP: each party its own, the platform all of it."""

import csv
import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient

from marketplace.core import db
from marketplace.core.actor import SYSTEM
from marketplace.core.ids import show
from marketplace.payments import service
from tests.make.people import Somebody, home_day
from tests.payments import make
from tests.payments.make import Paid

pytestmark = pytest.mark.usefixtures("own_market")


def released() -> Paid:
    deal = make.funded((100_001,))
    with db.transaction() as session:
        service.release(session, SYSTEM, deal.payments[0], agency=deal.part)
    return deal


def data(client: FlaskClient, who: Somebody, path: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1{path}", headers=who.headers)
    assert answer.status_code == 200, answer.json
    return list(answer.json["data"])


def post(client: FlaskClient, who: Somebody, path: str, body: Any = None) -> Any:
    return client.post(f"/api/v1{path}", json=body, headers=who.once())


def test_a_brand_reads_no_shares_and_the_others_do(client: FlaskClient) -> None:
    deal = released()
    path = f"/payments/{show('pay', deal.payments[0])}"
    shares = {
        "maker_minor": 66_501,
        "agency_minor": 28_500,
        "fee_minor": 5_000,
        "agency_id": show("pty", deal.agency.party_id),
        "agency_share_basis_points": 3_000,
    }
    for who in (deal.creator, deal.agency, deal.first):
        shown = client.get(f"/api/v1{path}", headers=who.headers).json
        assert (shown["status"], shown["shares"]) == ("released", shares)
    shown = client.get(f"/api/v1{path}", headers=deal.brand.headers).json
    assert (shown["amount"], shown["shares"]) == ({"amount_minor": 100_001, "currency": "CNY"}, None)
    other = make.funded()
    assert client.get(f"/api/v1{path}", headers=other.brand.headers).status_code == 404
    [own] = data(client, other.creator, "/payments")
    assert (own["status"], own["shares"]) == ("held", None)


def test_transfers_tell_a_party_of_its_own_accounts_alone(client: FlaskClient) -> None:
    deal = released()
    [transfer] = data(client, deal.creator, "/ledger/transfers")
    assert [(one["purpose"], one["change_minor"]) for one in transfer["changes"]] == [("payable", 66_501)]
    release, receipt = data(client, deal.brand, "/ledger/transfers")
    assert [(one["purpose"], one["change_minor"]) for one in release["changes"]] == [("escrow", -100_001)]
    assert [(one["purpose"], one["change_minor"]) for one in receipt["changes"]] == [("escrow", 100_001)]
    everything = next(one for one in data(client, deal.first, "/ledger/transfers") if one["id"] == release["id"])
    assert sum(one["change_minor"] for one in everything["changes"]) == 0
    assert len(everything["changes"]) == 4


def test_a_payout_from_the_release_to_the_statement(client: FlaskClient) -> None:
    deal = released()
    [payout] = data(client, deal.creator, "/payouts")
    path = f"/payouts/{payout['id']}"
    assert post(client, deal.creator, f"{path}/send", {"reference": "x"}).status_code == 403
    sent = post(client, deal.first, f"{path}/send", {"reference": f"icbc {payout['id']}", "withheld_minor": 6_500})
    assert (sent.status_code, sent.json["status"]) == (200, "sending")
    same = post(client, deal.first, f"{path}/confirm")
    assert (same.status_code, same.json["type"].rpartition("#")[2]) == (409, "conflict")
    assert post(client, deal.second, f"{path}/confirm").json["status"] == "paid"
    again = post(client, deal.second, f"{path}/confirm")
    assert (again.status_code, again.json["state"]) == (409, "paid")

    month = f"{home_day():%Y-%m}"
    made = client.get(f"/api/v1/statements?month={month}", headers=deal.creator.headers).json
    assert [(one["move"], one["change_minor"], one["withheld_minor"], one["sent_minor"]) for one in made["lines"]] == [
        ("release", 66_501, 0, 0),
        ("pay", -66_501, 6_500, 60_001),
    ]
    assert [one["about"] for one in made["lines"]] == [show("pay", deal.payments[0]), payout["id"]]
    total = next(one for one in made["totals"] if one["purpose"] == "payable")
    assert (total["opening_minor"], total["change_minor"], total["closing_minor"]) == (0, 0, 0)
    assert total["withheld_minor"] == 6_500

    asked = f"/api/v1/statements?month={month}&party_id={show('pty', deal.creator.party_id)}&format="
    table = client.get(f"{asked}csv", headers=deal.first.headers)
    rows = list(csv.DictReader(io.StringIO(table.data.decode("utf-8-sig"))))
    assert [(row["purpose"], row["change_minor"]) for row in rows] == [("payable", "66501"), ("payable", "-66501")]
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{asked}xlsx", headers=deal.first.headers).data))
    assert [row[5] for row in book["lines"].values] == ["change_minor", 66_501, -66_501]
    assert next(iter(book["totals"].values))[0] == "purpose"


def test_a_statement_opens_with_what_the_months_before_left(client: FlaskClient) -> None:
    deal = released()
    month = home_day().replace(day=1) + timedelta(days=31)
    made = client.get(f"/api/v1/statements?month={month:%Y-%m}", headers=deal.creator.headers).json
    assert made["lines"] == []
    [total] = [one for one in made["totals"] if one["purpose"] == "payable"]
    assert (total["opening_minor"], total["closing_minor"]) == (66_501, 66_501)


def test_statements_that_nobody_may_read_are_refused(client: FlaskClient) -> None:
    deal = released()
    of_creator = f"/api/v1/statements?month=2026-11&party_id={show('pty', deal.creator.party_id)}"
    assert client.get(of_creator, headers=deal.brand.headers).status_code == 404
    assert client.get(of_creator, headers=deal.creator.headers).status_code == 200
    for query in ("", "?month=2026-13", "?month=2026-11&format=pdf", "?month=11-2026"):
        assert client.get(f"/api/v1/statements{query}", headers=deal.creator.headers).status_code == 422
    assert client.get("/api/v1/statements?month=2026-11", headers=deal.first.headers).status_code == 422


def test_a_claw_back_by_two_people(client: FlaskClient) -> None:
    deal = released()
    path = f"/payments/{show('pay', deal.payments[0])}/claw-back"
    body = {"amount": {"amount_minor": 1_000, "currency": "CNY"}, "reason": "视频已被撤下"}
    asked = post(client, deal.first, path, body)
    assert (asked.status_code, asked.json["status"]) == (201, "asked")
    back = f"/claw-backs/{asked.json['id']}"
    assert post(client, deal.first, f"{back}/confirm").status_code == 409
    assert post(client, deal.second, f"{back}/confirm").json["status"] == "confirmed"
    shown = client.get(f"/api/v1/payments/{show('pay', deal.payments[0])}", headers=deal.creator.headers).json
    assert (shown["status"], shown["clawed_minor"]) == ("owed", 1_000)
    checked = client.get("/api/v1/ledger/verification", headers=deal.first.headers).json
    assert checked["faults"] == []
