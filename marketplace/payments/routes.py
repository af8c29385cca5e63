"""The API of payments, of what came in and is paid out, of claw-backs and statements."""

from typing import Any
from uuid import UUID

from flask import Response

from marketplace.channels.routes import MEDIA
from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.bodies import ANY_FILE
from marketplace.core.http.endpoint import SIGNED_IN
from marketplace.core.http.fields import IdField, one_of
from marketplace.core.http.paging import Page, page_of, page_query
from marketplace.core.http.request_handling import actor, session
from marketplace.ledger.schemas import LedgerVerificationOut
from marketplace.ledger.verification import LedgerVerification
from marketplace.payments import claw_backs, money_invariants, payouts, receipts, shown_money, statements
from marketplace.payments.models import ClawBack, ClawBackStatus, PaymentStatus, PayoutStatus, ReceiptStatus
from marketplace.payments.schemas import (
    ClawBackIn,
    ClawBackOut,
    MoneyReasonIn,
    PaymentOut,
    PayoutOut,
    PayoutSentIn,
    ReceiptOut,
    StatementOut,
    StatementQuery,
)
from marketplace.payments.shown_money import ShownPayment, ShownPayout, ShownReceipt

blueprint = GuardedBlueprint(
    "payments", __name__, tag="money", description="Payments of deals, what came in, what is paid out, statements"
)

_READS: dict[str, Any] = {"allow": SIGNED_IN, "needs": Permission.READ}
_KEEPS: dict[str, Any] = {"allow": (Role.ADMIN,), "needs": Permission.MONEY}
_PAYS: dict[str, Any] = {**_KEEPS, "answers": PayoutOut}
_TAKES_BACK: dict[str, Any] = {**_KEEPS, "answers": ClawBackOut}


@blueprint.get(
    "/payments",
    **_READS,
    query=page_query("pay", status=one_of(PaymentStatus, load_default=None), deal_id=IdField("dea", load_default=None)),
    answers=page_of(PaymentOut),
)
def list_payments(query: dict[str, Any]) -> Page[ShownPayment]:
    """The payments of one's own deals, the newest first; all of them for the platform."""
    return shown_money.payments(session(), actor(), **query)


@blueprint.get("/payments/<id('pay'):payment_id>", **_READS, answers=PaymentOut)
def get_payment(payment_id: UUID) -> ShownPayment:
    """One payment. The brand reads what it pays and gets back, and not who has which share."""
    return shown_money.find_payment(session(), actor(), payment_id)


@blueprint.get(
    "/receipts",
    **_READS,
    query=page_query("rcp", status=one_of(ReceiptStatus, load_default=None), deal_id=IdField("dea", load_default=None)),
    answers=page_of(ReceiptOut),
)
def list_receipts(query: dict[str, Any]) -> Page[ShownReceipt]:
    """What came in from one's own party, the newest first; all of it for the platform."""
    page = receipts.listing(session(), actor(), **query)
    return Page([shown_money.receipt(row) for row in page.data], page.has_more)


@blueprint.post("/receipts/<id('rcp'):receipt_id>/refuse", **_KEEPS, takes=MoneyReasonIn, answers=ReceiptOut)
def refuse_receipt(body: dict[str, Any], receipt_id: UUID) -> ShownReceipt:
    """Strike a receipt that is wrong, before it is confirmed. Its reference can be recorded again."""
    return shown_money.receipt(receipts.refuse(session(), actor(), receipt_id, **body))


@blueprint.get(
    "/payouts",
    **_READS,
    query=page_query("pyo", status=one_of(PayoutStatus, load_default=None)),
    answers=page_of(PayoutOut),
)
def list_payouts(query: dict[str, Any]) -> Page[ShownPayout]:
    """The payouts to one's own party, the newest first; all of them for the platform."""
    page = payouts.listing(session(), actor(), **query)
    return Page([shown_money.payout(row) for row in page.data], page.has_more)


@blueprint.post("/payouts/<id('pyo'):payout_id>/send", **_PAYS, takes=PayoutSentIn)
def send_payout(body: dict[str, Any], payout_id: UUID) -> ShownPayout:
    """Record that a payout was sent by bank; another person confirms it. Only to proven parties and channels."""
    return shown_money.payout(payouts.send(session(), actor(), payout_id, **body))


@blueprint.post("/payouts/<id('pyo'):payout_id>/confirm", **_PAYS)
def confirm_payout(payout_id: UUID) -> ShownPayout:
    """Confirm, as another person than its sender, that a payout has reached its party."""
    return shown_money.payout(payouts.confirm(session(), actor(), payout_id))


@blueprint.post("/payouts/<id('pyo'):payout_id>/fail", **_PAYS, takes=MoneyReasonIn)
def fail_payout(body: dict[str, Any], payout_id: UUID) -> ShownPayout:
    """Tell, as another person than its sender, that a payout did not arrive; its money is payable again."""
    return shown_money.payout(payouts.fail(session(), actor(), payout_id, **body))


@blueprint.post("/payouts/<id('pyo'):payout_id>/lose-sight", **_PAYS)
def lose_sight_of_payout(payout_id: UUID) -> ShownPayout:
    """Tell that nobody knows whether a payout arrived: ask the bank. It is never sent again until that is known."""
    return shown_money.payout(payouts.lose_sight(session(), actor(), payout_id))


@blueprint.post("/payouts/<id('pyo'):payout_id>/bounce", **_PAYS, takes=MoneyReasonIn)
def bounce_payout(body: dict[str, Any], payout_id: UUID) -> ShownPayout:
    """Tell that the bank has sent a paid payout back; its money is payable again."""
    return shown_money.payout(payouts.bounce(session(), actor(), payout_id, **body))


@blueprint.post("/payouts/<id('pyo'):payout_id>/again", allow=SIGNED_IN, needs=Permission.MONEY, answers=PayoutOut)
def repeat_payout(payout_id: UUID) -> ShownPayout:
    """Put the money of a payout that failed, or was sent back, on its way once more."""
    return shown_money.payout(payouts.again(session(), actor(), payout_id))


@blueprint.post("/payments/<id('pay'):payment_id>/claw-back", **_TAKES_BACK, takes=ClawBackIn, status=201)
def ask_for_claw_back(body: dict[str, Any], payment_id: UUID) -> ClawBack:
    """Ask for released money to be paid back; another person confirms it."""
    return claw_backs.ask(session(), actor(), payment_id, **body)


@blueprint.get(
    "/claw-backs",
    allow=(Role.ADMIN,),
    needs=Permission.READ,
    query=page_query("clw", status=one_of(ClawBackStatus, load_default=None)),
    answers=page_of(ClawBackOut),
)
def list_claw_backs(query: dict[str, Any]) -> Page[ClawBack]:
    """What was asked to be paid back, the newest first."""
    return claw_backs.listing(session(), **query)


@blueprint.post("/claw-backs/<id('clw'):claw_back_id>/confirm", **_TAKES_BACK)
def confirm_claw_back(claw_back_id: UUID) -> ClawBack:
    """Confirm, as another person than whoever asked, that released money is paid back."""
    return claw_backs.confirm(session(), actor(), claw_back_id)


@blueprint.post("/claw-backs/<id('clw'):claw_back_id>/refuse", **_TAKES_BACK)
def refuse_claw_back(claw_back_id: UUID) -> ClawBack:
    """Drop a claw-back that was asked for."""
    return claw_backs.refuse(session(), actor(), claw_back_id)


@blueprint.get("/ledger/verification", allow=(Role.ADMIN,), needs=Permission.READ, answers=LedgerVerificationOut)
def verify_ledger() -> LedgerVerification:
    """Check all that must hold of money, each invariant by its name: balances, hashes, holds, escrows, payouts."""
    return money_invariants.verify(session())


@blueprint.get("/statements", **_READS, query=StatementQuery, answers=StatementOut, also_as=ANY_FILE)
def get_statement(query: dict[str, Any]) -> Any:
    """A party's statement of a month: every movement on its accounts with what was withheld, as JSON, CSV or XLSX."""
    wanted = query.pop("format")
    made = statements.statement(session(), actor(), **query)
    if wanted == "json":
        return made
    data = statements.as_csv(made) if wanted == "csv" else statements.as_xlsx(made)
    response = Response(data, content_type=MEDIA[wanted])
    response.headers["Content-Disposition"] = f'attachment; filename="statement-{made.month}.{wanted}"'
    return response
