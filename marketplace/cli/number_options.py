"""Numbers and amounts of money as options: whatever else is typed is refused with one line, before anything is done."""

import math
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import click

from marketplace.cli.client import EXIT_USAGE, fail
from marketplace.core.message import Bilingual
from marketplace.core.money import AMOUNT_MAX

SHOWN_CHARACTERS = 40
SEED_MAX = 2**32 - 1


class WholeNumber(click.IntRange):
    """A whole number between two ends, which belong to it."""

    def __init__(self, low: int, high: int) -> None:
        super().__init__(low, high)
        self.wanted = Bilingual(f"{low} 到 {high} 之间的整数", f"whole number between {low} and {high}")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number. Ends the command with one line for anything else."""
        try:
            number: int = super().convert(value, param, ctx)
        except click.BadParameter:
            refuse(value, param, self.wanted)
        return number


class RealNumber(click.FloatRange):
    """A number between two ends, which belong to it. What is not a number lies between no ends, though Python's
    comparisons would let it through."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__(low, high)
        self.wanted = Bilingual(f"{low:g} 到 {high:g} 之间的数", f"number between {low:g} and {high:g}")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number. Ends the command with one line for anything else."""
        try:
            number: float = super().convert(value, param, ctx)
        except click.BadParameter:
            refuse(value, param, self.wanted)
        if math.isnan(number):
            refuse(value, param, self.wanted)
        return number


class MoneyAmount(click.ParamType[Decimal]):
    """An amount above zero, or with ``zero`` of zero too, in the major unit of a currency that is not known yet, such
    as 60000 or 60,000.50."""

    name = "amount"

    def __init__(self, *, zero: bool = False) -> None:
        self.zero = zero
        self.wanted = Bilingual(
            f"{'不小于' if zero else '大于'} 0 的金额，如 60000 或 60000.50",
            f"amount {'from' if zero else 'above'} zero such as 60000 or 60000.50",
        )

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Return the amount. Ends the command with one line for anything else."""
        try:
            amount = Decimal(str(value).replace(",", ""))
        except InvalidOperation:
            refuse(value, param, self.wanted)
        if not amount.is_finite() or not 0 <= amount <= AMOUNT_MAX or (amount == 0 and not self.zero):
            refuse(value, param, self.wanted)
        return amount


def refuse(value: Any, param: click.Parameter | str | None, wanted: Bilingual) -> NoReturn:
    """End the command with one line that names the option, what was typed and what is wanted."""
    name = param.opts[0] if isinstance(param, click.Parameter) else param or "the number"
    typed = repr(str(value)[:SHOWN_CHARACTERS])
    gap = " " if wanted.zh[:1].isascii() else ""
    fail(Bilingual(f"{name} {typed} 不对，应为{gap}{wanted.zh}。", f"{name} {typed} is no {wanted.en}."), EXIT_USAGE)
