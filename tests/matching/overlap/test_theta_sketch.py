"""Sketches: they count unions and common people within their bounds, and what is none of this market is refused."""

from collections.abc import Callable

import numpy as np
import pytest

from marketplace.matching.overlap import theta_sketch
from marketplace.matching.overlap.theta_sketch import BadSketch

SALT = bytes(range(32))


def of(people: range, salt: bytes = SALT, platform: str = "douyin") -> bytes:
    return theta_sketch.sketch((f"uid{number}" for number in people), salt, platform)


def test_unions_of_twenty_sets_are_within_three_per_cent() -> None:
    for trial in range(5):
        rng = np.random.default_rng(trial)
        sets = [np.unique(rng.integers(0, 120_000, size)) for size in rng.integers(2_000, 30_000, 20)]
        salt = bytes(rng.bytes(32))
        sketches = [theta_sketch.sketch(map(str, people.tolist()), salt, "douyin") for people in sets]
        truth = len(np.unique(np.concatenate(sets)))
        found = theta_sketch.union(sketches, salt)
        assert found.people == pytest.approx(truth, rel=0.03)
        assert found.low < found.people < found.high < 1.03 * found.people


def test_common_people_are_within_their_bounds() -> None:
    one, other, apart = of(range(60_000)), of(range(45_000, 90_000)), of(range(200_000, 205_000))
    shared = theta_sketch.both(one, other, SALT)
    assert shared.low <= 15_000 <= shared.high
    assert shared.people == pytest.approx(15_000, rel=0.05)
    assert theta_sketch.both(one, apart, SALT).people == 0
    small = theta_sketch.both(of(range(4_000)), of(range(3_000, 6_000)), SALT)
    assert (small.low, small.people, small.high) == (1_000, 1_000, 1_000)


def test_an_id_counts_once_however_it_is_written_and_on_one_platform() -> None:
    twice = theta_sketch.sketch([*map(str, range(2_000)), *(f" {number}\n" for number in range(2_000))], SALT, "douyin")
    assert theta_sketch.read(twice, SALT).people == 2_000
    assert theta_sketch.both(of(range(2_000)), of(range(2_000), platform="kuaishou"), SALT).people == 0


def test_a_sketch_holds_no_id_and_nothing_that_another_salt_would_give() -> None:
    here, elsewhere = of(range(2_000)), of(range(2_000), bytes(32))
    assert b"uid" not in here
    hashes = {here[at : at + 8] for at in range(16, len(here), 8)}
    assert not hashes & {elsewhere[at : at + 8] for at in range(16, len(elsewhere), 8)}


def test_its_size_has_a_bound_and_it_is_read_as_it_was_written() -> None:
    large = of(range(100_000))
    assert len(large) == theta_sketch.BYTES_MOST
    found = theta_sketch.read(large, SALT)
    assert found.low <= 100_000 <= found.high


HOSTILE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "nothing": (lambda data: b"", "has 8 to 131,096 bytes"),
    "too long": (lambda data: data + bytes(200_000), "has 8 to 131,096 bytes"),
    "cut off": (lambda data: data[:-8], "no sketch by this market's salt"),
    "more at the end": (lambda data: data + bytes(8), "bytes that do not belong"),
    "another kind": (lambda data: data[:2] + b"\1" + data[3:], "no compact theta sketch"),
    "another form": (lambda data: data[:1] + b"\4" + data[2:], "no compact theta sketch"),
    "zeros": (lambda data: bytes(100), "no compact theta sketch"),
    "another salt": (lambda data: of(range(3_000), bytes(32)), "no sketch by this market's salt"),
    "out of order": (lambda data: data[:-16] + data[-8:] + data[-16:-8], "not in order"),
    "twice the same": (lambda data: data[:-8] + data[-16:-8], "not in order"),
    "nobody": (lambda data: of(range(0)), "fewer than 1,000 people"),
    "few": (lambda data: of(range(999)), "fewer than 1,000 people"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_sketch_of_this_market_is_refused(name: str) -> None:
    spoilt, said = HOSTILE[name]
    with pytest.raises(BadSketch, match=said):
        theta_sketch.read(spoilt(of(range(3_000))), SALT)


def test_a_few_hashes_cannot_stand_for_many_people() -> None:
    large = of(range(100_000))
    few = bytearray(large[: 24 + 8 * 100])
    few[8:12] = (100).to_bytes(4, "little")
    with pytest.raises(BadSketch, match="16,384 hashes"):
        theta_sketch.read(bytes(few), SALT)


def test_random_bytes_never_do_worse_than_a_refusal() -> None:
    rng = np.random.default_rng(7)
    whole = of(range(3_000))
    for _ in range(300):
        data = bytearray(whole)
        for place in rng.integers(0, 40, 3):
            data[place] = rng.integers(0, 256)
        try:
            found = theta_sketch.read(bytes(data), SALT)
        except BadSketch:
            continue
        assert 1_000 <= found.people < 1e19
