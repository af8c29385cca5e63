"""Logarithm, exponential and powers that give the same bits on every machine.

NumPy chooses its log, exp and power by processor, and their last digits differ from one processor to the next; the
choice between two bids must not. Here they are built only from operations whose rounding IEEE 754 fixes: sum, product,
quotient, square root, and splitting off the exponent. Errors stay within a few units in the last place.
"""

import math
from collections.abc import Callable

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
# Below so many numbers the calls of numpy cost more than its sums save; blocks of so many stay in a processor's cache.
_FEW, _BLOCK = 16, 32_768


def log(values: Floats) -> Floats:
    """Return natural logarithms of numbers above zero: e ln 2 + ln m, with ln m = 2 artanh((m - 1) / (m + 1))."""
    return _in_blocks(as_floats(values), _log_of_one, _log_of_block)


def exp(values: Floats) -> Floats:
    """Return exponentials: 2^n times a Taylor sum of the remainder, at most half of ln 2. Cut to -745..709."""
    return _in_blocks(as_floats(values), _exp_of_one, _exp_of_block)


def _in_blocks(values: Floats, of_one: Callable[[float], float], of_block: Callable[[Floats], Floats]) -> Floats:
    """Return a function of each value. A few are worked out one by one, and many block by block; the bits are the same,
    for each value goes through the same operations in the same order."""
    if values.size <= _FEW:
        return as_floats([of_one(value) for value in values.ravel().tolist()]).reshape(values.shape)[()]
    if values.size <= _BLOCK:
        return of_block(values)
    flat = values.ravel()
    found = np.empty_like(flat)
    for first in range(0, flat.size, _BLOCK):
        found[first : first + _BLOCK] = of_block(flat[first : first + _BLOCK])
    return found.reshape(values.shape)


def _log_of_block(values: Floats) -> Floats:
    mantissa, exponent = np.frexp(values)
    small = mantissa < _ROOT_HALF
    np.multiply(mantissa, 2, out=mantissa, where=small)
    whole = (exponent - small).astype(np.float64)
    s = (mantissa - 1) / (mantissa + 1)
    square = s * s
    series = square * _ARTANH_TERMS[0]
    for term in _ARTANH_TERMS[1:]:
        series += term
        series *= square
    logarithms: Floats = whole * _LN2_HIGH + (2 * s + (2 * s * series + whole * _LN2_LOW))
    return logarithms


def _log_of_one(value: float) -> float:
    if not 0 < value < math.inf:
        return float(_log_of_block(np.array([value]))[0])
    mantissa, exponent = math.frexp(value)
    if mantissa < _ROOT_HALF:
        mantissa, exponent = 2 * mantissa, exponent - 1
    s = (mantissa - 1) / (mantissa + 1)
    square = s * s
    series = 0.0
    for term in _ARTANH_TERMS:
        series = (series + term) * square
    return exponent * _LN2_HIGH + (2 * s + (2 * s * series + exponent * _LN2_LOW))


def _exp_of_block(values: Floats) -> Floats:
    x = np.clip(values, _EXP_LEAST, _EXP_MOST)
    n = np.rint(x * _PER_LN2)
    remainder = (x - n * _LN2_HIGH) - n * _LN2_LOW
    series = remainder * _EXP_TERMS[0]
    for term in _EXP_TERMS[1:]:
        series += term
        series *= remainder
    series *= remainder
    series += remainder
    series += 1
    exponentials: Floats = np.ldexp(series, n.astype(np.int32))
    return exponentials


def _exp_of_one(value: float) -> float:
    if math.isnan(value):
        return value
    x = min(max(value, _EXP_LEAST), _EXP_MOST)
    n = round(x * _PER_LN2)
    remainder = (x - n * _LN2_HIGH) - n * _LN2_LOW
    series = 0.0
    for term in _EXP_TERMS:
        series = (series + term) * remainder
    return math.ldexp(1 + (remainder + remainder * series), n)


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
