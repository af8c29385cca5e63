"""The API of a payment provider: what it collects, what it tells by itself, and how its reports differ."""

from typing import Any
from uuid import UUID

from flask import request

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.bodies import RawBody, RawBodySpec
from marketplace.core.http.endpoint import ANYONE, SIGNED_IN, HeaderSpec
from marketplace.core.http.fields import IdField
from marketplace.core.http.paging import Page, page_of, page_query
from marketplace.core.http.request_handling import actor, session
from marketplace.payments.provider import connection, provider_notices, provider_pay_ins, reconciliation_runs
from marketplace.payments.provider.models import PayInRequest
from marketplace.payments.provider.provider_schemas import PayInOut, ReconciliationOut
from marketplace.payments.provider.reconciliation_runs import ShownReconciliation

blueprint = GuardedBlueprint(
    "payment_provider", __name__, tag="money", description="Payments by a provider, and its reports"
)
NOTICE_BYTES_MAX = 20_000
_WORD = r"^[!-~]{1,255}$"
_SIGNED = (
    HeaderSpec("webhook-id", "The notice's own id: it counts once.", _WORD),
    HeaderSpec("webhook-timestamp", "Seconds since 1970, at most 5 minutes from now.", r"^[0-9]{1,12}$"),
    HeaderSpec("webhook-signature", "Standard Webhooks: v1 and HMAC-SHA256, several apart by spaces.", r"^[ -~]+$"),
)


@blueprint.post(
    "/payment-provider/notices",
    allow=ANYONE,
    once=False,
    takes_raw=RawBodySpec(NOTICE_BYTES_MAX, ("application/json",)),
    headers=_SIGNED,
    status=204,
)
def take_provider_notice(body: RawBody) -> None:
    """What the payment provider tells by itself, signed after Standard Webhooks. Each notice has its effect once, and
    one that does not fit what the market knows changes nothing."""
    given = request.headers
    provider_notices.receive(
        session(),
        connection.current(),
        body.whole(),
        event_id=given.get("webhook-id", ""),
        timestamp=given.get("webhook-timestamp", ""),
        signatures=given.get("webhook-signature", ""),
    )


@blueprint.get(
    "/pay-ins",
    allow=SIGNED_IN,
    needs=Permission.READ,
    query=page_query("pin", deal_id=IdField("dea", load_default=None)),
    answers=page_of(PayInOut),
)
def list_pay_ins(query: dict[str, Any]) -> Page[PayInRequest]:
    """What the payment provider collects for one's own deals, and where to pay it, the newest first."""
    return provider_pay_ins.listing(session(), actor(), **query)


@blueprint.post("/reconciliations", allow=(Role.ADMIN,), needs=Permission.MONEY, answers=ReconciliationOut, status=202)
def ask_for_reconciliation() -> ShownReconciliation:
    """Have the payment provider's report held against the market's rows; the answer fills in when it is done."""
    provider = connection.required().provider
    return reconciliation_runs.shown(reconciliation_runs.ask(session(), actor(), provider.name))


@blueprint.get(
    "/reconciliations",
    allow=(Role.ADMIN,),
    needs=Permission.READ,
    query=page_query("rcn"),
    answers=page_of(ReconciliationOut),
)
def list_reconciliations(query: dict[str, Any]) -> Page[ShownReconciliation]:
    """The reconciliations with the payment provider, the newest first."""
    return reconciliation_runs.listing(session(), **query)


@blueprint.get(
    "/reconciliations/<id('rcn'):reconciliation_id>",
    allow=(Role.ADMIN,),
    needs=Permission.READ,
    answers=ReconciliationOut,
)
def get_reconciliation(reconciliation_id: UUID) -> ShownReconciliation:
    """One reconciliation, with every difference that was found."""
    return reconciliation_runs.find(session(), reconciliation_id)
