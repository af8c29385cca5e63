"""Recognise a video file by its first bytes, and clean the name it was sent with. Nothing is decoded here.

ISO base media files begin with a box `ftyp` that lists brands (ISO/IEC 14496-12, 4.3; brands: mp4ra.org), Matroska
and WebM with an EBML header that names the DocType (RFC 8794, 11.2; RFC 9559).
"""

import re
import unicodedata

from marketplace.core.errors import FieldError, InvalidInput
from marketplace.core.message import Bilingual

HEAD_BYTES = 512
NAME_MAX = 200
SUFFIXES = {"video/mp4": "mp4", "video/quicktime": "mov", "video/webm": "webm", "video/matroska": "mkv"}
# Content types a body may be sent with; the stored media type comes from its bytes alone.
ACCEPTED_TYPES = (*SUFFIXES, "video/x-matroska")

_EBML = b"\x1a\x45\xdf\xa3"
_DOC_TYPE = b"\x42\x82"
_DOC_TYPES = {b"webm": "video/webm", b"matroska": "video/matroska"}
_QUICKTIME = "qt"
# fmt: off
_VIDEO = frozenset((
    "isom", "iso2", "iso3", "iso4", "iso5", "iso6", "iso7", "iso8", "iso9", "mp41", "mp42", "mp71", "avc1", "hvc1",
    "hev1", "av01", "dash", "cmfc", "msdh", "MSNV", "M4V", "M4VH", "M4VP", "F4V", "f4v", "3gp4", "3gp5", "3gp6", "3gp7",
    "3gp8", "3gp9", "3g2a", "3g2b", "3g2c", "XAVC", "qt",
))
# An image (HEIC, AVIF) or a song (M4A) may list a video brand too, but never as its major brand.
_NO_VIDEO = frozenset((
    "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "mif2", "msf1", "miaf", "avif", "avis",
    "M4A", "M4B", "M4P", "F4A", "F4B", "crx", "jp2", "jpx", "jpm",
))
# fmt: on
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def media_type(head: bytes) -> str | None:
    """Return the media type of a video by its first HEAD_BYTES, or None for anything else."""
    if head.startswith(_EBML):
        return _matroska(head)
    return _iso(head) if head[4:8] == b"ftyp" else None


def require_video(head: bytes) -> str:
    """Return the media type of a video by its first bytes. Raises InvalidInput for anything else."""
    recognised = media_type(head)
    if recognised is None:
        detail = Bilingual(
            "请发送 MP4、MOV、WebM 或 Matroska 文件；从开头的字节看，它都不是。",
            "Send an MP4, MOV, WebM or Matroska file; by its first bytes this is none of them.",
        )
        raise InvalidInput(
            Bilingual("这不是可以保存的视频。", "This is not a video that can be kept."),
            errors=[FieldError("/", detail)],
        )
    return recognised


def _iso(head: bytes) -> str | None:
    size = int.from_bytes(head[:4], "big")
    if size < 16 or size % 4:
        return None
    # The major brand, four bytes of version, and the compatible brands to the end of the box.
    brands = [
        head[start : start + 4].decode("latin-1").rstrip() for start in (8, *range(16, min(size, len(head) - 3), 4))
    ]
    if brands[0] in _NO_VIDEO or not _VIDEO.intersection(brands):
        return None
    return "video/quicktime" if brands[0] == _QUICKTIME else "video/mp4"


def _matroska(head: bytes) -> str | None:
    position = head.find(_DOC_TYPE, 4, 80)
    if position < 0 or position + 3 > len(head):
        return None
    length = head[position + 2] & 0x7F  # both DocTypes are short enough for a size of one byte
    return _DOC_TYPES.get(head[position + 3 : position + 3 + length].rstrip(b"\0"))


def clean_name(name: str) -> str:
    """Return a file's name without folders, control and direction characters, at most NAME_MAX long.

    The name is shown, never opened. `../../etc/passwd` becomes `passwd`, an empty name `video`.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    visible = "".join(letter for letter in last if unicodedata.category(letter) not in _HIDDEN)
    return visible.strip(" .")[:NAME_MAX].strip() or "video"
