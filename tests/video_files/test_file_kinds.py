"""What the first bytes say, and what is left of a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.video_files import file_kinds
from tests.make import videos as make


def iso(major: bytes, *more: bytes) -> bytes:
    return (16 + 4 * len(more)).to_bytes(4, "big") + b"ftyp" + major + b"\0\0\0\1" + b"".join(more)


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (make.MP4, "video/mp4"),
        (make.MOV, "video/quicktime"),
        (make.WEBM, "video/webm"),
        (make.MKV, "video/matroska"),
        (iso(b"3gp5", b"3gp5", b"isom"), "video/mp4"),
        (iso(b"XAVC", b"XAVC", b"mp42"), "video/mp4"),
        (iso(b"heic", b"mif1", b"heic"), None),
        (iso(b"avis", b"avis", b"msf1", b"iso8"), None),
        (iso(b"M4A ", b"M4A ", b"mp42", b"isom"), None),
        (iso(b"abcd"), None),
        (b"\0\0\0\3ftypisom", None),
        (make.WEBM.replace(b"webm", b"docx"), None),
        (make.WEBM[:12], None),
        (b"RIFF\0\0\0\0AVI LIST", None),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"<!doctype html><script>", None),
        (b"MZ\x90\0", None),
        (b"", None),
    ],
)
def test_a_file_is_what_its_first_bytes_say(head: bytes, found: str | None) -> None:
    assert file_kinds.media_type(head) == found


@given(st.sampled_from([b"", make.MP4, make.MOV, make.WEBM, make.MKV]), st.integers(0, 60), st.binary(max_size=600))
def test_no_beginning_is_too_odd_to_be_looked_at(head: bytes, cut: int, more: bytes) -> None:
    assert file_kinds.media_type(head[:cut] + more) in (None, *file_kinds.SUFFIXES)


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\片子.mp4", "片子.mp4"),
        ("a\u202egnp.mp4", "agnp.mp4"),
        ("a\r\nSet-Cookie: x\0.mp4", "aSet-Cookie: x.mp4"),
        (" .. ", "video"),
        ("", "video"),
        ("/", "video"),
        ("x" * 500, "x" * 200),
        ("e\u0301.mp4", "\u00e9.mp4"),
    ],
)
def test_a_name_is_what_is_left_of_it(told: str, left: str) -> None:
    assert file_kinds.clean_name(told) == left


@given(st.text(max_size=300))
def test_no_name_leads_anywhere(told: str) -> None:
    name = file_kinds.clean_name(told)
    assert 1 <= len(name) <= file_kinds.NAME_MAX
    assert not set(name) & set("/\\\0\r\n")
    assert name not in (".", "..")
