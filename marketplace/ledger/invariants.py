"""What must hold of money at any moment, by name; docs/money.md has the same list, and a test compares them.

The ledger checks what its own rows tell; the rooms above check the rest by theirs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from marketplace.core.message import Bilingual

FAULTS_MAX = 100


class Invariant(StrEnum):
    """The names by which tests and people cite them."""

    I1 = "I1"
    I2 = "I2"
    I3 = "I3"
    I4 = "I4"
    I5 = "I5"
    I6 = "I6"
    I7 = "I7"
    I8 = "I8"
    I9 = "I9"
    I10 = "I10"
    I11 = "I11"
    I12 = "I12"
    I13 = "I13"


SAID: Mapping[Invariant, Bilingual] = {
    Invariant.I1: Bilingual(
        "每笔转账都有分录，每条分录两边同额同币种",
        "Each transfer has postings, each of one amount and currency on both sides",
    ),
    Invariant.I2: Bilingual("每种货币各账户余额之和为零", "All balances of a currency sum to zero"),
    Invariant.I3: Bilingual("存下的余额等于其分录之和", "Each stored balance is the sum of its postings"),
    Invariant.I4: Bilingual("已入账的内容从未改动或删除", "Nothing that was posted was changed or removed"),
    Invariant.I5: Bilingual(
        "每笔合作的托管余额等于其冻结之和，等于到账减去已结算、已退回与费用",
        "What is in escrow for a deal is what its holds set aside: what came in, less what was released and returned",
    ),
    Invariant.I6: Bilingual(
        "除清算与欠款外没有负余额，可用余额也不为负",
        "No account but clearing and owed is below zero, what is held counted",
    ),
    Invariant.I7: Bilingual(
        "每笔冻结只结束一次，冻结额等于未结束的冻结之和",
        "Each hold ends at most once, and what is held is the sum of open holds",
    ),
    Invariant.I8: Bilingual(
        "银行或支付机构的一笔款项至多对应一笔转账", "What a bank or a provider names once moves money at most once"
    ),
    Invariant.I9: Bilingual(
        "支付机构的每条通知都有一个已提交的结果", "Each notice of a provider has one effect that was committed"
    ),
    Invariant.I10: Bilingual("同一个键只生效一次", "What happens under a key happens once"),
    Invariant.I11: Bilingual("打款之和不超过结算与退回之和", "No more is paid out than was released or returned"),
    Invariant.I12: Bilingual("金额是整数最小单位，拆分一分不差", "Amounts are whole, and shares sum to what was split"),
    Invariant.I13: Bilingual(
        "资金的每个事件都在事件链中，且未改动", "Each event of money is in the chain as it was recorded"
    ),
}


@dataclass(frozen=True)
class LedgerFault:
    """Something that does not hold: of which invariant, and where."""

    invariant: Invariant
    detail: Bilingual


@dataclass(frozen=True)
class CheckedInvariant:
    """An invariant with how often it does not hold."""

    name: Invariant
    said: Bilingual
    faults: int


def checked(names: Iterable[Invariant], faults: Sequence[LedgerFault]) -> list[CheckedInvariant]:
    """Return each of these with the number of its faults."""
    return [CheckedInvariant(name, SAID[name], sum(one.invariant == name for one in faults)) for name in names]
