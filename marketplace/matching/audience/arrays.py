"""Array types for the matching modules, and sums that do not depend on how many bids are scored together."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def as_floats(values: npt.ArrayLike) -> Floats:
    """Return the values as a float64 array; NaN stands for "not known"."""
    return np.asarray(values, dtype=np.float64)


def sum_columns(table: Floats, columns: Iterable[int] | None = None) -> Floats:
    """Return the sum [n] of a table's columns [n, k], added from left to right.

    A matrix product or a library's pairwise sum may round a row differently in a batch of one and in a batch of ten
    thousand; adding whole columns in a fixed order gives each row the same bits in both.
    """
    total = np.zeros(table.shape[0])
    for column in range(table.shape[1]) if columns is None else columns:
        total += table[:, column]
    return total
