"""A file made of ranges reads like the bytes themselves, wherever one seeks and however short a range comes."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.range_reader import RangeReader

DATA = bytes(range(50))


def short_ranges(start: int, length: int) -> bytes:
    """At most seven bytes, and no further than the end of a chunk of ten."""
    return DATA[start : min(start + min(length, 7), start - start % 10 + 10)]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=5))
def test_it_reads_what_a_file_of_the_same_bytes_reads(steps: list[tuple[int, int]]) -> None:
    file, expected = io.BufferedReader(RangeReader(short_ranges, len(DATA)), 8), io.BytesIO(DATA)
    for position, length in steps:
        assert file.seek(position) == expected.seek(position)
        assert file.read(length) == expected.read(length)
        assert file.tell() == expected.tell()


def test_it_seeks_from_the_start_the_position_and_the_end_but_not_before_the_beginning() -> None:
    reader = RangeReader(short_ranges, len(DATA))
    assert (reader.seek(-3, io.SEEK_END), reader.seek(-7, io.SEEK_CUR), reader.seek(4)) == (47, 40, 4)
    with pytest.raises(ValueError, match="beginning"):
        reader.seek(-1)
    with pytest.raises(ValueError, match="beginning"):
        reader.seek(-51, io.SEEK_END)
    assert reader.tell() == 4


def test_nothing_is_fetched_before_the_first_read_or_past_the_end() -> None:
    def refuse(start: int, length: int) -> bytes:
        raise AssertionError("fetched")

    reader = RangeReader(refuse, 10)
    assert reader.seek(10) == 10
    assert reader.read(5) == b""
    assert RangeReader(refuse, 0).read(1) == b""
