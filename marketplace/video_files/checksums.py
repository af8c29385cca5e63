"""The sum that may come with a stretch (tus 1.0, extension checksum): `sha256 <base64>`."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from marketplace.core.errors import DomainError

ALGORITHMS = ("sha1", "sha256")  # tus asks for SHA-1; here it finds damage, not malice


class ChecksumMismatch(DomainError):
    status = 460
    code = "checksum-mismatch"
    title = "It was damaged on the way"


@dataclass(frozen=True)
class StatedChecksum:
    """What a sender says the bytes sum up to."""

    algorithm: str
    digest: bytes

    def check(self, pieces: Iterable[bytes]) -> None:
        """Raises ChecksumMismatch."""
        found = hashlib.new(self.algorithm, usedforsecurity=False)
        for piece in pieces:
            found.update(piece)
        if not hmac.compare_digest(found.digest(), self.digest):
            raise ChecksumMismatch("The bytes of this stretch sum up to something else. None was taken; send it again.")


def parse_checksum(header: str) -> StatedChecksum | None:
    """Return what an Upload-Checksum header says, None where it cannot be understood."""
    algorithm, _, text = header.partition(" ")
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return StatedChecksum(algorithm, digest) if algorithm in ALGORITHMS and digest else None
