"""Payments, receipts, payouts and claw-backs in each state that a path may name, for the matrix of calls."""

from typing import Any

import sqlalchemy as sa

from marketplace.core import db
from marketplace.core.actor import SYSTEM
from marketplace.core.money import Money
from marketplace.identity.models import Party
from marketplace.payments import claw_backs, payouts, service
from tests.payments import make


def stand_in(world: Any) -> None:
    """Give the world a deal of its brand, creator and agency, and money of it in each state."""
    sides = [world.people[name] for name in ("owner", "creator", "agency")]
    deal = make.funded((10_000,) * 6, sides_are=sides)
    with db.transaction() as session:
        for payment_id in deal.payments[1:]:
            service.release(session, SYSTEM, payment_id)
    waiting, sent, paid, failed, _ = make.payouts_of(deal.creator)
    for row in (sent, paid, failed):
        with db.transaction(deal.first.actor) as session:
            payouts.send(session, deal.first.actor, row.id, reference=f"out {row.id}")
    with db.transaction(deal.second.actor) as session:
        payouts.confirm(session, deal.second.actor, paid.id)
        payouts.fail(session, deal.second.actor, failed.id, reason="wrong account")
    with db.transaction(deal.first.actor) as session:
        asked = claw_backs.ask(session, deal.first.actor, deal.payments[5], amount=Money("CNY", 5), reason="taken down")
    with db.transaction() as session:  # the world's parties are as they were: whoever verifies one finds it unverified
        parties = [deal.brand.party_id, deal.agency.party_id]
        session.execute(sa.update(Party).where(Party.id.in_(parties)).values(verified_at=None))
    world.ids |= {
        "payment_id": deal.payments[0],
        "deal_id": deal.deal_id,
        "receipt_id": make.told(deal, 5).id,
        "payout_id": waiting.id,
        "claw_back_id": asked.id,
        "reconciliation_id": make.reconciled(),
    }
    world.by_subject |= {
        "payable": {"deal_id": deal.deal_id},
        "released": {"payment_id": deal.payments[1]},
        "waiting": {"payout_id": waiting.id},
        "sent": {"payout_id": sent.id},
        "paid": {"payout_id": paid.id},
        "failed": {"payout_id": failed.id},
    }
