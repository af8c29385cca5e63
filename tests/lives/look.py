"""What every life ends with: the ledger adds up, and what each side was paid."""

from typing import Any

from flask.testing import FlaskClient

from marketplace.core import ids
from tests.make.owed import Owed
from tests.make.people import Somebody, somebody

API = "/api/v1"


def the_ledger_adds_up(client: FlaskClient) -> None:
    """I1 to I13, as an operator asks for them."""
    told = client.get(f"{API}/ledger/verification", headers=somebody("platform").headers).json
    assert told["faults"] == []
    assert {one["faults"] for one in told["invariants"]} == {0}


def money(client: FlaskClient, who: Somebody, owed: Owed) -> dict[int, tuple[str, int]]:
    """The payments of a deal, by position: how far each is, and its amount."""
    rows = client.get(f"{API}/payments?deal_id={ids.show('dea', owed.deal_id)}", headers=who.headers).json["data"]
    by_position = sorted(rows, key=lambda one: int(one["position"]))
    return {one["position"]: (one["status"], one["amount"]["amount_minor"]) for one in by_position}


def earned(client: FlaskClient, who: Somebody) -> int:
    """What waits to be paid out to somebody, or was."""
    rows: list[dict[str, Any]] = client.get(f"{API}/payouts", headers=who.headers).json["data"]
    return sum(one["amount"]["amount_minor"] for one in rows)


def nothing_waits(client: FlaskClient, *deals: Owed) -> None:
    """Nobody's inbox has anything of these deals."""
    for owed in deals:
        ours = {ids.show("dea", owed.deal_id), *(ids.show("dlv", one) for one in owed.ids)}
        for who in (owed.brand, owed.creator, owed.maker):
            told = client.get(f"{API}/inbox", headers=who.headers)
            assert told.status_code == 200, told.json
            assert not ours & {one["subject"] for one in told.json["data"]}
