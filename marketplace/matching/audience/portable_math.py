"""Logarithm, exponential and powers that give the same bits on every machine.

NumPy chooses its log, exp and power by processor, and their last digits differ from one processor to the next; the
choice between two bids must not. Here they are built only from operations whose rounding IEEE 754 fixes: sum, product,
quotient, square root, and splitting off the exponent. Errors stay within a few units in the last place.
"""

import math

import numpy as np

from marketplace.matching.audience.arrays import Floats, as_floats

_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # the high part ends in zeros
_PER_LN2 = 1.4426950408889634
_ROOT_HALF = 0.7071067811865476
_ARTANH_TERMS = tuple(1 / (2 * k + 1) for k in range(11, 0, -1))
_EXP_TERMS = tuple(1 / math.factorial(k) for k in range(14, 1, -1))
_EXP_LEAST, _EXP_MOST = -745.0, 709.0
# Exponents that are multiples of 1/4 (two square roots), up to 8, need no logarithm and are many times as fast.
_ROOTS, _WHOLE_MOST = 2, 8


def log(values: Floats) -> Floats:
    """Return natural logarithms of numbers above zero: e ln 2 + ln m, with ln m = 2 artanh((m - 1) / (m + 1))."""
    mantissa, exponent = np.frexp(as_floats(values))
    small = mantissa < _ROOT_HALF
    mantissa = np.where(small, 2 * mantissa, mantissa)
    whole = exponent - small
    s = (mantissa - 1) / (mantissa + 1)
    square = s * s
    series = np.zeros_like(s)
    for term in _ARTANH_TERMS:
        series += term
        series *= square
    logarithms: Floats = whole * _LN2_HIGH + (2 * s + (2 * s * series + whole * _LN2_LOW))
    return logarithms


def exp(values: Floats) -> Floats:
    """Return exponentials: 2^n times a Taylor sum of the remainder, at most half of ln 2. Cut to -745..709."""
    x = np.clip(as_floats(values), _EXP_LEAST, _EXP_MOST)
    n = np.rint(x * _PER_LN2)
    remainder = (x - n * _LN2_HIGH) - n * _LN2_LOW
    series = np.zeros_like(remainder)
    for term in _EXP_TERMS:
        series += term
        series *= remainder
    exponentials: Floats = np.ldexp(1 + (remainder + remainder * series), n.astype(np.int32))
    return exponentials


def power(values: Floats, exponent: Floats | float) -> Floats:
    """Return values > 0 raised to an exponent: one for all, or one for each element of the last axis."""
    base, exponents = as_floats(values), as_floats(exponent)
    if exponents.size and np.all(exponents == exponents.flat[0]):
        single = float(exponents.flat[0])
        if abs(single) <= _WHOLE_MOST and float(single * 2**_ROOTS).is_integer():
            powers = _by_roots(base, int(abs(single) * 2**_ROOTS))
            return 1 / powers if single < 0 else powers
    return exp(exponents * log(base))


def _by_roots(base: Floats, quarters: int) -> Floats:
    """Return base ** (quarters / 4)."""
    roots = _ROOTS
    while roots and quarters % 2 == 0:
        quarters, roots = quarters // 2, roots - 1
    for _ in range(roots):
        base = np.sqrt(base)
    product = np.ones_like(base)
    while quarters:
        if quarters % 2:
            product = product * base
        base = base * base
        quarters //= 2
    return product
