"""The API of the ledger: what a party's accounts hold, and whether everything adds up."""

from typing import Any

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.endpoint import SIGNED_IN
from marketplace.core.http.paging import Page, page_of, page_query
from marketplace.core.http.request_handling import actor, session
from marketplace.ledger import account_list, verification
from marketplace.ledger.account_list import ShownAccount
from marketplace.ledger.schemas import LedgerAccountOut, LedgerVerificationOut
from marketplace.ledger.verification import LedgerVerification

blueprint = GuardedBlueprint(
    "ledger", __name__, tag="money", description="Accounts of money, and the proof that they add up"
)


@blueprint.get(
    "/ledger/accounts",
    allow=SIGNED_IN,
    needs=Permission.READ,
    query=page_query("acc"),
    answers=page_of(LedgerAccountOut),
)
def list_ledger_accounts(query: dict[str, Any]) -> Page[ShownAccount]:
    """Your party's accounts with what they hold, the newest first; all of them for the platform."""
    return account_list.listing(session(), actor(), **query)


@blueprint.get("/ledger/verification", allow=(Role.ADMIN,), needs=Permission.READ, answers=LedgerVerificationOut)
def verify_ledger() -> LedgerVerification:
    """Work every balance out again from the postings, and hold every transfer against its hash."""
    return verification.verify(session())
