"""What a provider tells by itself: each notice once, with its effect in one transaction."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from marketplace.core import db, jobs
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import epoch_s, now
from marketplace.core.errors import DomainError, InvalidInput
from marketplace.core.ids import new_id
from marketplace.core.message import Bilingual
from marketplace.payments.models import ProviderNotice
from marketplace.payments.provider import provider_pay_ins, provider_payouts
from marketplace.payments.provider.connection import ProviderSettings
from marketplace.payments.provider.http_provider import event_of
from marketplace.payments.provider.payment_provider import PaymentProvider, ProviderEvent, ProviderStatus, UnclearAnswer
from marketplace.payments.provider.provider_payouts import NoticeEffect
from marketplace.payments.provider.webhook_signatures import is_signed

WORK = "payments.provider"
# What a provider's own events say of a payout.
KINDS = {
    "payout.paid": ProviderStatus.PAID,
    "payout.failed": ProviderStatus.FAILED,
    "payout.returned": ProviderStatus.RETURNED,
}
PAY_IN = "pay_in."


class NotFromProvider(DomainError):
    """A notice that is not signed by the market's payment provider, or too long ago."""

    status = 401
    code = "not-from-provider"
    title = Bilingual("不是支付机构的通知", "This is no notice of the payment provider")


def receive(
    session: Session, settings: ProviderSettings | None, body: bytes, *, event_id: str, timestamp: str, signatures: str
) -> NoticeEffect | None:
    """Take a notice that came by HTTP, and return what it did; None if it was taken before.

    Raises NotFromProvider for what is not signed as it must be, InvalidInput for what makes no sense.
    """
    secrets = settings.webhook_secrets if settings is not None else ()
    if settings is None or not is_signed(secrets, event_id, timestamp, signatures, body, now_s=epoch_s()):
        raise NotFromProvider(
            Bilingual(
                "签名、时间或编号不对，什么都没有记录：请核对 PAYMENT_WEBHOOK_SECRET 与两边的时钟。",
                "The signature, time or id is wrong and nothing was recorded: look at PAYMENT_WEBHOOK_SECRET and at the"
                " clocks of both sides.",
            )
        )
    try:
        event = event_of(event_id, body)
    except UnclearAnswer as error:
        raise InvalidInput from error
    return take(session, settings.provider.name, event)


def take_events(provider: PaymentProvider) -> list[NoticeEffect]:
    """Take all that the provider has told, also what never came by itself. Raises UnclearAnswer."""
    taken = []
    for event in provider.events():
        with db.transaction() as session:
            effect = take(session, provider.name, event)
        if effect is not None:
            taken.append(effect)
    return taken


def take(session: Session, provider: str, event: ProviderEvent) -> NoticeEffect | None:
    """Take one event with its effect; None if it was taken before."""
    with db.acting_as(session, SYSTEM):
        notice_id = _keep(session, provider, event)
        if notice_id is None:
            return None
        status, subject_id = KINDS.get(event.kind), _uuid(event.key)
        effect = NoticeEffect.ODD
        if subject_id is not None and status is not None:
            effect = provider_payouts.apply(session, subject_id, status, event.amount, provider)
        elif subject_id is not None and event.kind.startswith(PAY_IN):
            waits = provider_pay_ins.look_soon(session, subject_id, provider)
            effect = NoticeEffect.ASKED if waits else NoticeEffect.IGNORED
            jobs.enqueue(session, WORK, queue=jobs.PAYMENTS, dedupe_key=WORK)
        told = sa.update(ProviderNotice).where(ProviderNotice.id == notice_id)
        applied_to = subject_id if effect == NoticeEffect.APPLIED else None
        session.execute(told.values(effect=effect, subject_id=applied_to))
    return effect


def _keep(session: Session, provider: str, event: ProviderEvent) -> UUID | None:
    kept: dict[str, Any] = {
        "id": new_id(),
        "created_at": now(),
        "provider": provider,
        "event_id": event.event_id,
        "kind": event.kind,
        "payload": event.payload,
        "effect": NoticeEffect.ODD,
        "subject_id": None,
    }
    return session.scalar(insert(ProviderNotice).values(kept).on_conflict_do_nothing().returning(ProviderNotice.id))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
