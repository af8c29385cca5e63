"""The transitions of payments, receipts, payouts and claw-backs, and who may make them.

A payment moves because its deal does: `SIDES` may make what their own moves of the deal bring with them. Where two
people are needed, the second one's is the move; that it is another person is asked where it is made.
"""

from marketplace.core.actor import Role
from marketplace.core.states import Transitions, transition
from marketplace.payments.models import ClawBackStatus as C
from marketplace.payments.models import PaymentStatus as P
from marketplace.payments.models import PayoutStatus as T
from marketplace.payments.models import ReceiptStatus as R
from marketplace.payments.provider.models import PayInStatus as I

SIDES = (Role.BRAND, Role.CREATOR, Role.AGENCY)
_PLATFORM = (Role.ADMIN, Role.SYSTEM)
_ANY_SIDE = (*SIDES, *_PLATFORM)

PAYMENT_TRANSITIONS: Transitions = {
    "fund": transition(P.PLANNED, to=P.HELD, by=_PLATFORM),
    "lapse": transition(P.PLANNED, to=P.LAPSED, by=_ANY_SIDE),
    "release": transition(P.HELD, to=P.RELEASED, by=_PLATFORM),
    "give_back": transition(P.HELD, to=P.RETURNED, by=_ANY_SIDE),
    "split": transition(P.HELD, to=P.SPLIT, by=_ANY_SIDE),
    "freeze": transition(P.HELD, to=P.FROZEN, by=_ANY_SIDE),
    "unfreeze": transition(P.FROZEN, to=P.HELD, by=_ANY_SIDE),
    "decide_to_release": transition(P.FROZEN, to=P.RELEASED, by=Role.ADMIN),
    "decide_to_give_back": transition(P.FROZEN, to=P.RETURNED, by=Role.ADMIN),
    "decide_to_split": transition(P.FROZEN, to=P.SPLIT, by=Role.ADMIN),
    "claw_back": transition(P.RELEASED, P.SPLIT, to=P.OWED, by=Role.ADMIN),
}

RECEIPT_TRANSITIONS: Transitions = {
    "confirm": transition(R.TOLD, to=R.CONFIRMED, by=_PLATFORM),
    "refuse": transition(R.TOLD, to=R.REFUSED, by=_PLATFORM),
}

PAYOUT_TRANSITIONS: Transitions = {
    "withdraw": transition(T.WAITING, to=T.FAILED, by=_PLATFORM),
    "send": transition(T.WAITING, to=T.SENDING, by=_PLATFORM),
    "pay": transition(T.SENDING, T.UNKNOWN, to=T.PAID, by=_PLATFORM),
    "fail": transition(T.SENDING, T.UNKNOWN, to=T.FAILED, by=_PLATFORM),
    "lose_sight": transition(T.SENDING, to=T.UNKNOWN, by=_PLATFORM),
    "bounce": transition(T.PAID, to=T.BOUNCED, by=_PLATFORM),
}

PAY_IN_TRANSITIONS: Transitions = {
    "open": transition(I.WAITING, to=I.OPEN, by=Role.SYSTEM),
    "pay": transition(I.WAITING, I.OPEN, to=I.PAID, by=Role.SYSTEM),
    "end": transition(I.WAITING, I.OPEN, to=I.ENDED, by=Role.SYSTEM),
}

CLAW_BACK_TRANSITIONS: Transitions = {
    "confirm": transition(C.ASKED, to=C.CONFIRMED, by=Role.ADMIN),
    "refuse": transition(C.ASKED, to=C.REFUSED, by=Role.ADMIN),
}
