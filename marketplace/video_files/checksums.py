"""The checksum that may come with a chunk of an upload (tus 1.0, extension checksum): `sha256 <base64>`."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from marketplace.core.errors import DomainError
from marketplace.core.message import Bilingual

ALGORITHMS = ("sha1", "sha256")  # tus requires SHA-1; here it detects damage, not malice


class ChecksumMismatch(DomainError):
    status = 460
    code = "checksum-mismatch"
    title = Bilingual("它在传输中损坏了", "It was damaged on the way")


@dataclass(frozen=True)
class StatedChecksum:
    """The checksum that the sender states for its bytes."""

    algorithm: str
    digest: bytes

    def check(self, pieces: Iterable[bytes]) -> None:
        """Raise ChecksumMismatch unless the bytes have this checksum."""
        actual = hashlib.new(self.algorithm, usedforsecurity=False)
        for piece in pieces:
            actual.update(piece)
        if not hmac.compare_digest(actual.digest(), self.digest):
            raise ChecksumMismatch(
                Bilingual(
                    "这一段字节的校验值不符，一个字节都没有保存，请重新发送。",
                    "The bytes of this stretch sum up to something else. None was taken; send it again.",
                )
            )


def parse_checksum(header: str) -> StatedChecksum | None:
    """Parse an Upload-Checksum header; None if it cannot be parsed or names another algorithm."""
    algorithm, _, text = header.partition(" ")
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return StatedChecksum(algorithm, digest) if algorithm in ALGORITHMS and digest else None
