"""Splits an amount without losing a cent."""

from collections.abc import Sequence


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Return an amount (smallest units, at least 0) in shares as the weights are, which sum to it exactly.

    By largest remainder (Hamilton's method): each share is rounded down, and what is left goes, one unit each, to those
    that lost most; the first of equals. Raises ValueError for a negative amount or weight, or weights that sum to 0.
    """
    total = sum(weights)
    if amount < 0 or total <= 0 or min(weights, default=0) < 0:
        raise ValueError(f"{amount} cannot be split by {list(weights)}")
    shares = [amount * weight // total for weight in weights]
    remainders = [amount * weight % total for weight in weights]
    by_loss = sorted(range(len(weights)), key=lambda place: (-remainders[place], place))
    for place in by_loss[: amount - sum(shares)]:
        shares[place] += 1
    return shares
