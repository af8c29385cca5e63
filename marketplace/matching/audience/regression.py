"""Two regressions with a prior, for a handful of coefficients: least absolute deviations, and log spread.

Sums are taken column by column without a matrix library, so that a fit has the same digits on every processor.
"""

import numpy as np

from marketplace.matching.audience.arrays import Floats, sum_columns
from marketplace.matching.audience.portable_math import exp

_ROUNDS, _CLOSE, _SMALLEST, _RATIO_MAX, _DECIMALS = 25, 1e-6, 0.05, 6.0, 9


def solve(matrix: Floats, right: Floats) -> Floats:
    """Return x with matrix x = right for a small symmetric positive matrix [p, p], by elimination."""
    rows = np.concatenate([matrix, right[:, None]], axis=1)
    for pivot in range(len(right)):
        rows[pivot] /= rows[pivot, pivot]
        others = rows[:, pivot].copy()
        others[pivot] = 0.0
        rows -= others[:, None] * rows[pivot]
    return rows[:, -1].copy()


def times(table: Floats, coefficients: Floats) -> Floats:
    """Return the product [n] of a table [n, p] and p coefficients; a row has the same bits alone and in a batch."""
    return sum_columns(table * coefficients[None, :])


def absolute(table: Floats, targets: Floats, weights: Floats, prior: Floats, ridge: Floats) -> Floats:
    """Return coefficients [p] that minimise the weighted sum of absolute errors, shrunk towards ``prior``.

    Iteratively reweighted least squares (Schlossmacher, Journal of the American Statistical Association 68, 1973), with
    errors under 0.05 counted as 0.05; the prior has the weight of ``ridge`` [p] unit-sized rows of data.
    """
    coefficients = prior.copy()
    for _ in range(_ROUNDS):
        errors = np.abs(targets - times(table, coefficients))
        before, coefficients = (
            coefficients,
            weighted_ridge(table, targets, weights / np.maximum(errors, _SMALLEST), prior, ridge),
        )
        if np.max(np.abs(coefficients - before)) < _CLOSE:
            break
    return np.round(coefficients, _DECIMALS)


def log_spread(table: Floats, errors: Floats, spread: Floats, prior: Floats, ridge: Floats) -> Floats:
    """Return coefficients [p] of log(E|error| / spread) on the table: a gamma model with log link.

    Its scoring steps have constant weights (McCullagh and Nelder, Generalized Linear Models, 1989, chapter 8); an error
    over six times its expectation counts as six.
    """
    coefficients = prior.copy()
    for _ in range(_ROUNDS):
        ratio = np.minimum(np.abs(errors) / (spread * exp(times(table, coefficients))), _RATIO_MAX)
        targets = times(table, coefficients) + ratio - 1
        before, coefficients = coefficients, weighted_ridge(table, targets, np.ones(len(errors)), prior, ridge)
        if np.max(np.abs(coefficients - before)) < _CLOSE:
            break
    return np.round(coefficients, _DECIMALS)


def weighted_ridge(table: Floats, targets: Floats, weights: Floats, prior: Floats, ridge: Floats) -> Floats:
    """Return coefficients [p] of weighted least squares, shrunk towards ``prior``: (X'WX + R) b = X'Wy + R prior, with
    R the diagonal ``ridge`` [p]."""
    moments, right = normal_equations(table, targets, weights, prior, ridge)
    return solve(moments, right)


def normal_equations(
    table: Floats, targets: Floats, weights: Floats, prior: Floats, ridge: Floats
) -> tuple[Floats, Floats]:
    """Return X'WX + R [p, p] and X'Wy + R prior [p]."""
    width = table.shape[1]
    moments, right = np.diag(ridge), ridge * prior
    for i in range(width):
        weighted = table[:, i] * weights
        right[i] += np.sum(weighted * targets)
        # Sums down whole columns add row after row, in one order whatever the processor.
        moments[i, : i + 1] += np.sum(weighted[:, None] * table[:, : i + 1], axis=0)
        moments[: i + 1, i] = moments[i, : i + 1]
    return moments, right
