"""The part of the API with which two people of the platform record and confirm what came in for a deal."""

from typing import Any
from uuid import UUID

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.request_handling import actor, session
from marketplace.deals import funding
from marketplace.payments import shown_money
from marketplace.payments.receipts import NewReceipt
from marketplace.payments.schemas import ConfirmedReceiptOut, ReceiptIn, ReceiptOut
from marketplace.payments.shown_money import ShownConfirmation, ShownReceipt

blueprint = GuardedBlueprint("funding", __name__, tag="money", description="What came in for deals")

_KEEPS: dict[str, Any] = {"allow": (Role.ADMIN,), "needs": Permission.MONEY}


@blueprint.post("/deals/<id('dea'):deal_id>/receipts", **_KEEPS, takes=ReceiptIn, answers=ReceiptOut, status=201)
def record_receipt(body: dict[str, Any], deal_id: UUID) -> ShownReceipt:
    """Record that a brand's transfer came in for a deal. It counts when another person has confirmed it."""
    return shown_money.receipt(funding.record_receipt(session(), actor(), deal_id, NewReceipt(**body)))


@blueprint.post("/receipts/<id('rcp'):receipt_id>/confirm", **_KEEPS, answers=ConfirmedReceiptOut)
def confirm_receipt(receipt_id: UUID) -> ShownConfirmation:
    """Confirm a receipt, as another person than whoever recorded it. With the whole there the deal is active; less
    waits and the remainder is told; what is more goes back to the brand."""
    return shown_money.confirmation(funding.confirm_receipt(session(), actor(), receipt_id))
