"""Deals with payments, money that came in for them, and what is seen of it. For real, in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from marketplace.channels.models import Channel, ClaimStatus
from marketplace.core import db
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.core.money import Money
from marketplace.identity.models import Party
from marketplace.ledger import service as ledger
from marketplace.ledger.models import AccountPurpose
from marketplace.payments import receipts, service
from marketplace.payments.models import Payment, Payout, Receipt, SettledShares
from marketplace.payments.provider import reconciliation_runs
from marketplace.payments.receipts import ConfirmedReceipt, NewReceipt
from marketplace.payments.service import AgencyPart, DealSides, PlannedPayment
from tests.make.people import Somebody, somebody
from tests.market import owning
from tests.matching import look

FEE = 500


@dataclass(frozen=True)
class Paid:
    """A deal's sides and its payments, with two people of the platform."""

    brand: Somebody
    creator: Somebody
    agency: Somebody
    channel_id: UUID
    deal_id: UUID
    payments: list[UUID]
    first: Somebody
    second: Somebody

    @property
    def part(self) -> AgencyPart:
        return AgencyPart(self.agency.party_id, 3_000)


def admins() -> tuple[Somebody, Somebody]:
    first = somebody("platform")
    return first, somebody("platform", party_id=first.party_id)


def agreed(
    amounts: Sequence[int] = (100_000,), *, currency: str = "CNY", sides_are: Sequence[Somebody] | None = None
) -> Paid:
    """A deal with a payment for each amount, planned, whose sides (brand, creator, agency) are proven."""
    brand, creator, agency = sides_are or [somebody(kind) for kind in ("brand", "creator", "agency")]
    first, second = admins()
    channel_id = look.channel(creator)
    deal_id = new_id()
    with owning() as session:  # the room above makes deals; here only the row is needed that payments name
        session.execute(sa.text("SET LOCAL session_replication_role = replica"))
        session.execute(
            sa.text(
                "INSERT INTO deals (id, created_at, bid_id, bid_revision_id, brief_id, brief_version_id, option,"
                " brand_id, creator_id, agency_id, channel_id, currency, timezone, status, terms_number,"
                " brand_counters, maker_counters, version)"
                " VALUES (:id, now(), :any, :any, :any, :any, 0, :brand, :creator, :agency, :channel, :currency,"
                " 'Asia/Shanghai', 'agreed', 1, 0, 0, 1)"
            ),
            {
                "id": deal_id,
                "any": new_id(),
                "brand": brand.party_id,
                "creator": creator.party_id,
                "agency": agency.party_id,
                "channel": channel_id,
                "currency": currency,
            },
        )
    prove(channel_id, brand.party_id, agency.party_id)
    sides = DealSides(deal_id, brand.party_id, creator.party_id, agency.party_id, currency, FEE)
    with db.transaction(creator.actor) as session:
        planned = [PlannedPayment(amount, channel_id) for amount in amounts]
        payments = [one.id for one in service.plan(session, creator.actor, sides, payments=planned)]
    return Paid(brand, creator, agency, channel_id, deal_id, payments, first, second)


def prove(channel_id: UUID, *party_ids: UUID) -> None:
    with db.transaction() as session:
        claimed = sa.update(Channel).where(Channel.id == channel_id)
        session.execute(claimed.values(claim_status=ClaimStatus.PROVEN, proven_at=now()))
        session.execute(sa.update(Party).where(Party.id.in_(party_ids)).values(verified_at=now()))


def told(deal: Paid, amount: int, *, reference: str | None = None, currency: str = "CNY") -> Receipt:
    given = NewReceipt(Money(currency, amount), reference or f"bank {new_id().hex}", now().date())
    with db.transaction(deal.first.actor) as session:
        return receipts.record(session, deal.first.actor, deal.deal_id, given)


def confirmed(deal: Paid, receipt: Receipt) -> ConfirmedReceipt:
    with db.transaction(deal.second.actor) as session:
        return receipts.confirm(session, deal.second.actor, receipt.id)


def funded(amounts: Sequence[int] = (100_000,), sides_are: Sequence[Somebody] | None = None) -> Paid:
    """A deal whose payments are held."""
    deal = agreed(amounts, sides_are=sides_are)
    assert confirmed(deal, told(deal, sum(amounts))).funded
    return deal


def payment(payment_id: UUID) -> Payment:
    with db.transaction() as session:
        return session.get_one(Payment, payment_id)


def shares(payment_id: UUID) -> SettledShares:
    with db.transaction() as session:
        return service.shares_settled(session, [payment_id])[payment_id]


def fee_of(payment_id: UUID) -> int:
    """What the platform has of a payment; nothing of one that was returned."""
    with db.transaction() as session:
        found = service.shares_settled(session, [payment_id]).get(payment_id)
    return found.fee_minor if found else 0


def reconciled() -> UUID:
    """A reconciliation that the clock has asked for."""
    with db.transaction() as session:
        return reconciliation_runs.ask(session, SYSTEM, "http").id


def statuses(deal: Paid) -> list[str]:
    return [str(payment(one).status) for one in deal.payments]


def payouts_of(who: Somebody) -> list[Payout]:
    with db.transaction() as session:
        return list(session.scalars(sa.select(Payout).filter_by(party_id=who.party_id).order_by(Payout.id)))


def balance(purpose: AccountPurpose, who: Somebody | None = None, reference: str = "", currency: str = "CNY") -> int:
    with db.transaction() as session:
        account = ledger.account(session, purpose, currency, who and who.party_id, reference)
        return ledger.balance(session, account.id)


def escrow(deal: Paid) -> int:
    return balance(AccountPurpose.ESCROW, deal.brand, str(deal.deal_id))


def payable(who: Somebody) -> int:
    return balance(AccountPurpose.PAYABLE, who)
