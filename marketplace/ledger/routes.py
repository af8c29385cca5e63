"""The API of the ledger: what a party's accounts hold, and what moved on them."""

from typing import Any

from marketplace.core.actor import Permission
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.endpoint import SIGNED_IN
from marketplace.core.http.fields import IdField
from marketplace.core.http.paging import Page, page_of, page_query
from marketplace.core.http.request_handling import actor, session
from marketplace.ledger import account_list, transfer_list
from marketplace.ledger.account_list import ShownAccount
from marketplace.ledger.schemas import LedgerAccountOut, LedgerTransferOut
from marketplace.ledger.transfer_list import ShownLedgerTransfer

blueprint = GuardedBlueprint("ledger", __name__, tag="money", description="Accounts of money, and what moved on them")


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


@blueprint.get(
    "/ledger/transfers",
    allow=SIGNED_IN,
    needs=Permission.READ,
    query=page_query("trf", account_id=IdField("acc", load_default=None)),
    answers=page_of(LedgerTransferOut),
)
def list_ledger_transfers(query: dict[str, Any]) -> Page[ShownLedgerTransfer]:
    """What moved on your party's accounts, the newest first, and nothing of others'; all of it for the platform."""
    return transfer_list.listing(session(), actor(), **query)
