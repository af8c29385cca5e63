"""What must hold of money and only the payments can tell; with the ledger's own checks it is all of the invariants."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core.clock import now
from marketplace.core.events import Event
from marketplace.core.message import Bilingual
from marketplace.ledger import verification
from marketplace.ledger.invariants import Invariant, LedgerFault
from marketplace.ledger.verification import LedgerVerification
from marketplace.operations.event_chain import MARKET, leaf_of, whole_record_of
from marketplace.operations.event_links import LATE, EventLink

OF_PAYMENTS = (
    Invariant.I5,
    Invariant.I7,
    Invariant.I8,
    Invariant.I9,
    Invariant.I10,
    Invariant.I11,
    Invariant.I12,
    Invariant.I13,
)
MONEY_NOUNS = ("payments", "receipts", "payouts", "claw_backs", "pay_in_requests")
# The indexes by which what happens under a key, or a reference, happens once.
ONCE = frozenset(
    {
        "uq_ledger_transfers_key",
        "uq_ledger_holds_key",
        "uq_ledger_hold_ends_hold_id",
        "uq_ledger_hold_ends_key",
        "uq_payouts_one_alive",
        "uq_payouts_reference",
        "uq_provider_notices_provider_event_id",
        "uq_receipts_reference",
    }
)

_ESCROWS = sa.text(
    "SELECT p.deal_id, coalesce(min(a.balance_minor), 0) AS balance,"
    " sum(p.amount_minor) FILTER (WHERE p.status IN ('held', 'frozen')) AS held,"
    " coalesce(sum(p.amount_minor) FILTER (WHERE p.status NOT IN ('planned', 'lapsed')), 0) AS funded,"
    " (SELECT coalesce(sum(r.amount_minor), 0) FROM receipts r"
    "   WHERE r.deal_id = p.deal_id AND r.status = 'confirmed') AS received,"
    " (SELECT coalesce(sum(g.amount_minor), 0) FROM receipts r JOIN ledger_transfers t ON t.key IN"
    "   ('receipts\\:' || r.id || '\\:confirm', 'receipts\\:' || r.id || '\\:rest',"
    "    'receipts\\:' || r.id || '\\:lapse')"
    "   JOIN ledger_postings g ON g.transfer_id = t.id JOIN ledger_accounts b ON b.id = g.target_id"
    "   WHERE r.deal_id = p.deal_id AND b.purpose = 'payable') AS back"
    " FROM payments p LEFT JOIN ledger_accounts a ON a.purpose = 'escrow' AND a.reference = CAST(p.deal_id AS text)"
    " GROUP BY p.deal_id ORDER BY p.deal_id"
)
# The state of a payment or a payout against the end of its hold: each has exactly one that fits.
_HOLDS = sa.text(
    "SELECT 'payment' AS noun, p.id, p.status, e.how, p.amount_minor = h.amount_minor AS same,"
    " CAST(NULL AS uuid) AS back"
    " FROM payments p JOIN ledger_holds h ON h.id = p.hold_id LEFT JOIN ledger_hold_ends e ON e.hold_id = h.id"
    " UNION ALL SELECT 'payout', o.id, o.status, e.how, o.amount_minor = h.amount_minor, t.id"
    " FROM payouts o JOIN ledger_holds h ON h.id = o.hold_id LEFT JOIN ledger_hold_ends e ON e.hold_id = h.id"
    " LEFT JOIN ledger_transfers t ON t.reverses_id = e.transfer_id"
)
_FITS = {
    **{("payment", state): (None,) for state in ("held", "frozen")},
    **{("payment", state): ("posted",) for state in ("released", "returned", "split", "owed")},
    **{("payout", state): (None,) for state in ("waiting", "sending", "unknown")},
    ("payout", "paid"): ("posted",),
    ("payout", "bounced"): ("posted",),
    ("payout", "failed"): ("voided",),
}
_RECEIPTS = sa.text(
    "SELECT r.id, r.status, r.amount_minor, coalesce(sum(p.amount_minor), 0) AS moved FROM receipts r"
    " LEFT JOIN ledger_transfers t ON t.key = 'receipts\\:' || r.id || '\\:confirm'"
    " LEFT JOIN ledger_postings p ON p.transfer_id = t.id GROUP BY r.id"
    " HAVING coalesce(sum(p.amount_minor), 0) <> CASE WHEN r.status = 'confirmed' THEN r.amount_minor ELSE 0 END"
)
_NOTICES = sa.text(
    "SELECT n.id, n.event_id FROM provider_notices n WHERE n.effect = 'applied' AND NOT EXISTS"
    " (SELECT 1 FROM payouts o WHERE o.id = n.subject_id UNION ALL SELECT 1 FROM receipts r WHERE r.id = n.subject_id)"
)
_ONCE = sa.text(
    "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indisunique AND i.indisvalid"
)
# Of each share of a payment no more is on its way, or has arrived, than it is.
_PAID_OUT = sa.text(
    "SELECT o.payment_id, o.party_id, sum(o.amount_minor) AS paid, min(CASE o.party_id"
    " WHEN p.brand_id THEN p.returned_minor WHEN s.creator_id THEN s.maker_minor"
    " WHEN s.agency_id THEN s.agency_minor ELSE 0 END) AS share"
    " FROM payouts o JOIN payments p ON p.id = o.payment_id LEFT JOIN payment_shares s ON s.payment_id = p.id"
    " WHERE o.status NOT IN ('failed', 'bounced') GROUP BY o.payment_id, o.party_id"
)
_SHARES = sa.text(
    "SELECT p.id, p.status, p.amount_minor, p.returned_minor"
    " + coalesce(s.maker_minor + s.agency_minor + s.fee_minor, 0) AS shared"
    " FROM payments p LEFT JOIN payment_shares s ON s.payment_id = p.id"
    " WHERE p.returned_minor + coalesce(s.maker_minor + s.agency_minor + s.fee_minor, 0)"
    " <> CASE WHEN p.status IN ('released', 'returned', 'split', 'owed') THEN p.amount_minor ELSE 0 END"
)
_GUARDS = frozenset({"payment_shares.append_only", "payment_shares.sum_to_the_amount", "payments.sum_to_the_amount"})


def verify(session: Session) -> LedgerVerification:
    """Check everything that must hold of money, in one snapshot of the database if the caller's transaction is one."""
    return verification.verify(session, _more)


def _more(session: Session) -> tuple[tuple[Invariant, ...], list[LedgerFault]]:
    return OF_PAYMENTS, [
        *_of_escrows(session),
        *_of_holds(session),
        *_of_receipts(session),
        *_of_notices(session),
        *_of_payouts(session),
        *_of_shares(session),
        *_of_events(session),
    ]


def _of_escrows(session: Session) -> Iterator[LedgerFault]:
    for row in session.execute(_ESCROWS):
        # What came in, and neither went back nor paid for anything, waits for what is still to come.
        expected = int(row.held or 0) + int(row.received) - int(row.back) - int(row.funded)
        if row.balance != expected:
            yield _fault(
                Invariant.I5,
                f"合作 {row.deal_id} 的托管余额为 {row.balance}，应为 {expected}。",
                f"{row.balance} is in escrow for the deal {row.deal_id}, and it should be {expected}.",
            )


def _of_holds(session: Session) -> Iterator[LedgerFault]:
    for row in session.execute(_HOLDS):
        reversed_once = (row.back is not None) == (row.status == "bounced")
        if not row.same or row.how not in _FITS.get((row.noun, row.status), ()) or not reversed_once:
            yield _fault(
                Invariant.I7,
                f"{_NOUNS_ZH[row.noun]} {row.id} 的状态是 {row.status}，其冻结为 {row.how or '未结束'}，两者不符。",
                f"The {row.noun} {row.id} is {row.status}, and its hold {row.how or 'open'}: they do not fit.",
            )


_NOUNS_ZH = {"payment": "付款", "payout": "打款"}


def _of_receipts(session: Session) -> Iterator[LedgerFault]:
    for row in session.execute(_RECEIPTS):
        yield _fault(
            Invariant.I8,
            f"到账 {row.id}（{row.status}）为 {row.amount_minor}，账本里转了 {row.moved}。",
            f"The receipt {row.id} ({row.status}) is of {row.amount_minor}, and {row.moved} moved by it.",
        )


def _of_notices(session: Session) -> Iterator[LedgerFault]:
    for row in session.execute(_NOTICES):
        yield _fault(
            Invariant.I9,
            f"支付机构的通知 {row.event_id} 没有对应的结果。",
            f"The provider's notice {row.event_id} has no effect that is there.",
        )
    for name in sorted(ONCE - set(session.scalars(_ONCE))):
        yield _fault(
            Invariant.I10,
            f"数据库的唯一索引 {name} 不存在或已失效，要由运行者恢复。",
            f"The database's unique index {name} is gone or not valid; its operator has to restore it.",
        )


def _of_payouts(session: Session) -> Iterator[LedgerFault]:
    for row in session.execute(_PAID_OUT):
        if row.paid > row.share:
            yield _fault(
                Invariant.I11,
                f"付款 {row.payment_id} 向 {row.party_id} 打款 {row.paid}，其份额为 {row.share}。",
                f"{row.party_id} is paid {row.paid} of the payment {row.payment_id}, and its share is {row.share}.",
            )


def _of_shares(session: Session) -> Iterator[LedgerFault]:
    yield from verification.missing_guards(session, _GUARDS)
    for row in session.execute(_SHARES):
        yield _fault(
            Invariant.I12,
            f"付款 {row.id}（{row.status}）为 {row.amount_minor}，其份额之和为 {row.shared}。",
            f"The payment {row.id} ({row.status}) is of {row.amount_minor}, and its shares sum to {row.shared}.",
        )


def _of_events(session: Session) -> Iterator[LedgerFault]:
    """Hold the events of money against the market's chain; whole chains are checked by `inlay verify events`."""
    noun = sa.func.split_part(Event.kind, ".", 1)
    query = (
        sa.select(Event, EventLink)
        .join(EventLink, sa.and_(EventLink.event_id == Event.id, EventLink.chain == MARKET), isouter=True)
        .where(noun.in_(MONEY_NOUNS))
    )
    late: datetime = now() - LATE
    rows: Any = session.execute(query, execution_options={"yield_per": 1_000})
    for event, link in rows:
        if link is None:
            if event.created_at >= late:
                continue
        elif leaf_of(whole_record_of(event), link.salt or b"") == link.leaf:
            continue
        yield _fault(
            Invariant.I13,
            f"事件 {event.id} 不在链中，或已不是当时记下的。",
            f"The event {event.id} is in no chain, or is not the one that was recorded.",
        )


def _fault(invariant: Invariant, zh: str, en: str) -> LedgerFault:
    return LedgerFault(invariant, Bilingual(zh, en))
