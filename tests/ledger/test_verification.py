"""What somebody with every right has changed in the ledger is found, and nothing else is."""

import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db
from marketplace.ledger import verification
from marketplace.ledger.invariants import SAID
from marketplace.ledger.models import AccountPurpose, LedgerAccount, LedgerPosting, LedgerTransfer
from marketplace.ledger.verification import OF_LEDGER, CurrencyTotal, verify
from marketplace.payments.money_invariants import OF_PAYMENTS
from tests.ledger.test_transfers import funded, held, move, of_market, of_party
from tests.make.people import somebody
from tests.market import owning

pytestmark = pytest.mark.usefixtures("own_market")

TAMPERINGS: dict[str, tuple[Callable[[UUID], sa.Executable], str]] = {
    "an amount": (
        lambda escrow: sa.update(LedgerPosting).where(LedgerPosting.target_id == escrow).values(amount_minor=9_999),
        "are not those that were recorded",
    ),
    "a posting removed": (
        lambda escrow: sa.delete(LedgerPosting).where(LedgerPosting.target_id == escrow),
        "has no postings",
    ),
    "a key": (
        lambda escrow: sa.update(LedgerTransfer).where(LedgerTransfer.key == f"fund {escrow}").values(key="another"),
        "are not those that were recorded",
    ),
    "a balance": (
        lambda escrow: sa.update(LedgerAccount).where(LedgerAccount.id == escrow).values(balance_minor=10_001),
        "and postings that sum to 10000",
    ),
    "a posting sent elsewhere": (
        lambda escrow: (
            sa.update(LedgerPosting)
            .where(LedgerPosting.target_id == escrow)
            .values(target_id=sa.select(LedgerAccount.id).where(LedgerAccount.purpose == "fee").scalar_subquery())
        ),
        "are not those that were recorded",
    ),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_what_was_tampered_with_is_found(tampering: str) -> None:
    statement, said = TAMPERINGS[tampering]
    of_market(AccountPurpose.FEE)
    _, escrow = funded()
    with owning() as session:
        assert verify(session).faults == []
        for table in ("ledger_accounts", "ledger_postings", "ledger_transfers"):
            session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        session.execute(statement(escrow))
        found = verify(session).faults
        session.rollback()
    assert any(said in fault.detail.en for fault in found), found
    assert all(fault.detail.zh for fault in found)


def test_totals_are_what_is_owed_and_what_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "_READ_AT_ONCE", 3)  # several pages
    clearing = of_market(AccountPurpose.CLEARING, "KRW")
    accounts = [of_party(AccountPurpose.ESCROW, currency="KRW") for _ in range(4)]
    draw = Random(3)
    put_in = [draw.randint(1, 10**9) for _ in accounts]
    for account_id, amount in zip(accounts, put_in, strict=True):
        move(f"fund {account_id}", (clearing, account_id, amount))
    assert held(clearing, *accounts) == [-sum(put_in), *put_in]
    with db.transaction() as session:
        found = verify(session)
        assert found.transfers == session.scalar(sa.select(sa.func.count()).select_from(LedgerTransfer))
    assert CurrencyTotal("KRW", sum(put_in), sum(put_in)) in found.totals
    assert found.faults == []


def test_an_admin_asks_over_http_and_parties_read_their_own_accounts(client: FlaskClient) -> None:
    brand, admin, other = somebody("brand"), somebody("platform"), somebody("creator")
    clearing, escrow = of_market(AccountPurpose.CLEARING), of_party(AccountPurpose.ESCROW, brand)
    move(f"fund {escrow}", (clearing, escrow, 12_345))
    checked = client.get("/api/v1/ledger/verification", headers=admin.headers)
    assert (checked.status_code, checked.json["faults"]) == (200, [])
    assert {one["name"]: one["faults"] for one in checked.json["invariants"]}.items() >= dict.fromkeys(
        OF_LEDGER, 0
    ).items()
    total = next(one for one in checked.json["totals"] if one["currency"] == "CNY")
    assert total["owed_minor"] == total["held_minor"] > 0
    assert client.get("/api/v1/ledger/verification", headers=brand.headers).status_code == 403
    [own] = client.get("/api/v1/ledger/accounts", headers=brand.headers).json["data"]
    assert (own["purpose"], own["currency"], own["balance_minor"]) == ("escrow", "CNY", 12_345)
    assert client.get("/api/v1/ledger/accounts", headers=other.headers).json["data"] == []
    everything = client.get("/api/v1/ledger/accounts?limit=100", headers=admin.headers).json["data"]
    own = next(one for one in everything if (one["purpose"], one["currency"]) == ("clearing", "CNY"))
    assert own["party_id"] is None
    assert own["balance_minor"] == held(clearing)[0] < 0


def test_the_documents_list_what_is_checked() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/money.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (I\d+) \| (.+) \|$", page, re.MULTILINE))
    assert rows == {str(name): f"{said.en}; {said.zh}" for name, said in SAID.items()}
    assert set(SAID) == {*OF_LEDGER, *OF_PAYMENTS}
