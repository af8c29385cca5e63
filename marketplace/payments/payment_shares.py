"""Who gets how much of a payment: whole amounts of the currency's smallest unit, which sum to it exactly. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from marketplace.core.money import BASIS
from marketplace.ledger.split_amounts import split


@dataclass(frozen=True)
class PaymentShares:
    """What of a payment is whose; `returned_minor` is the brand's again."""

    maker_minor: int
    agency_minor: int
    fee_minor: int
    returned_minor: int

    @property
    def total_minor(self) -> int:
        return self.maker_minor + self.agency_minor + self.fee_minor + self.returned_minor


def shares_of(
    amount_minor: int, *, due_minor: int, fee_basis_points: int, agency_share_basis_points: int
) -> PaymentShares:
    """Return the shares of a payment of which `due_minor` is due to the maker's side and the rest is returned.

    The platform's fee is a share of what is due; the agency has its mandate's share of what is left of that, and the
    maker the rest: one split of what is due by the method of the largest remainder, the maker first among equals.
    Raises ValueError for more due than the payment is, and for shares that are none.
    """
    if not 0 <= due_minor <= amount_minor:
        raise ValueError(f"{due_minor} of {amount_minor} cannot be due")
    if not (0 <= fee_basis_points <= BASIS and 0 <= agency_share_basis_points <= BASIS):
        raise ValueError("a share is 0 to 10000 basis points")
    earned = BASIS - fee_basis_points
    weights = (
        earned * (BASIS - agency_share_basis_points),
        earned * agency_share_basis_points,
        fee_basis_points * BASIS,
    )
    maker, agency, fee = split(due_minor, weights)
    return PaymentShares(maker, agency, fee, amount_minor - due_minor)


def clawed_back(released: Sequence[int], amount_minor: int) -> list[int]:
    """Return how much of an amount that is taken back each of those pays who got these amounts: as they got it.

    Nobody pays back more than they got. Raises ValueError for more than was released.
    """
    if not 0 < amount_minor <= sum(released):
        raise ValueError(f"{amount_minor} of {sum(released)} cannot be taken back")
    return split(amount_minor, released)
