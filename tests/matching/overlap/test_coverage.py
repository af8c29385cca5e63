"""The reach of several creators as a function of their summed rates, and the arithmetic that is the same everywhere."""

import subprocess
import sys
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.lazy_import import lazy_module
from marketplace.matching.audience import portable_math
from marketplace.matching.overlap import coverage
from marketplace.matching.overlap.coverage import PeopleUnits

if TYPE_CHECKING:
    from scipy import integrate, stats
else:
    integrate, stats = lazy_module("scipy.integrate"), lazy_module("scipy.stats")

SHAPES = (0.25, 0.27, 0.5, 1.0, 1.7, 2.0, 40.0)


@given(st.floats(1e-300, 1e300))
def test_the_logarithm_is_right_to_the_last_places(x: float) -> None:
    assert portable_math.log(np.array([x]))[0] == pytest.approx(np.log(x), rel=4e-16, abs=4e-16)


@given(st.floats(-700, 700))
def test_the_exponential_is_right_to_the_last_places(x: float) -> None:
    assert portable_math.exp(np.array([x]))[0] == pytest.approx(np.exp(x), rel=1e-15)


@given(st.floats(1e-6, 1e6), st.integers(-32, 32).map(lambda quarters: Fraction(quarters, 4)))
def test_powers_by_roots_are_those_by_logarithm(base: float, exponent: Fraction) -> None:
    both = portable_math.power(np.array([base, base]), np.array([float(exponent), float(exponent) + 1e-300]))
    assert both == pytest.approx(base ** float(exponent), rel=2e-14)
    assert portable_math.power(np.array([base]), float(exponent))[0] == pytest.approx(
        base ** float(exponent), rel=1e-14
    )


def test_a_number_gives_the_same_bits_alone_among_a_few_and_among_many() -> None:
    rng = np.random.default_rng(1)
    subnormal = [5e-324, 1e-310, np.finfo(float).tiny]
    above_zero = np.concatenate(
        [subnormal, [0.5**0.5, 1.0, np.finfo(float).max], np.exp(rng.uniform(-700, 700, 40_000))]
    )
    exponents = np.concatenate([[-1e9, -745.0, -708.4, -0.0, 0.0, 709.0, 1e9], rng.normal(0, 300, 40_000)])
    for function, many in ((portable_math.log, above_zero), (portable_math.exp, exponents)):
        found = function(many)
        for few in (1, 3, 16, 17, 500):
            parts = [function(many[first : first + few]) for first in range(0, 1_000, few)]
            assert np.concatenate(parts)[:1_000].tobytes() == found[:1_000].tobytes(), few
        assert function(many[:6].reshape(2, 3)).tobytes() == found[:6].tobytes()
        assert function(many[5]) == found[5]
        assert np.isnan(function(np.full(3, np.nan))).all()


_BITS = (
    "import hashlib, numpy as np;"
    "from marketplace.matching.overlap import coverage as c;"
    "r = np.random.default_rng(1).random((200, 37)); k = np.linspace(.2, 3, 37);"
    "l = c.rates(r, k); u = c.PeopleUnits(np.linspace(1, 1e6, 37), k);"
    "found = (l, c.people(l.cumsum(axis=0), u), c.slopes(l, k), c.rates(r, np.full(37, .25)));"
    "print(hashlib.sha256(b''.join(part.tobytes() for part in found)).hexdigest())"
)


def test_the_bits_do_not_depend_on_the_processor() -> None:
    """NumPy is told to leave out what this processor has beyond the baseline, as on an older machine."""
    extensions = ({}, {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4"})
    found = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _BITS], env=env, capture_output=True, text=True, check=True
        ).stdout
        for env in extensions
    ]
    assert found[0] == found[1]
    assert len(found[0].strip()) == 64


@pytest.mark.parametrize("shape", SHAPES)
def test_rates_and_reach_undo_each_other(shape: float) -> None:
    shares = np.linspace(0, 0.99, 50)
    k = np.full(50, shape)
    assert coverage.reached(coverage.rates(shares, k), k) == pytest.approx(shares, abs=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_reach_is_the_gamma_mixture_of_poisson_exposure(shape: float) -> None:
    for total in (0.01, 0.4, 3.0):
        density = stats.gamma(shape, scale=1 / shape)
        none, _ = integrate.quad(lambda u, d=density, t=total: np.exp(-t * d.ppf(u)), 0, 1, limit=400)  # type: ignore[misc]
        assert coverage.reached(np.array([total]), np.array([shape]))[0] == pytest.approx(1 - none, abs=2e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_slopes_are_those_of_reach(shape: float) -> None:
    sums, k, step = np.linspace(0.1, 5, 30), np.full(30, shape), 1e-5
    slope = (coverage.reached(sums + step, k) - coverage.reached(sums - step, k)) / (2 * step)
    assert coverage.slopes(sums, k) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_small_reaches_share_one_plus_one_over_k_of_independence(shape: float) -> None:
    p, k = 1e-4, np.array([shape])
    rate = coverage.rates(np.array([p]), k)
    both = 2 * p - coverage.reached(2 * rate, k)[0]
    assert both / p**2 == pytest.approx(1 + 1 / shape, rel=5e-3)


@given(st.lists(st.floats(0, 5), min_size=3, max_size=3), st.sampled_from(SHAPES))
def test_people_rise_with_the_set_by_ever_less(extra: list[float], shape: float) -> None:
    units = PeopleUnits(np.array([1e3, 2e3]), np.full(2, shape))
    few, many, one = (np.array([[value, value / 2]]) for value in extra)
    gain_few = coverage.people(few + one, units) - coverage.people(few, units)
    gain_many = coverage.people(few + many + one, units) - coverage.people(few + many, units)
    assert gain_few[0] >= gain_many[0] - 1e-9
    assert gain_many[0] >= -1e-9
