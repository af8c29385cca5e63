"""Bodies that are files: declared by a route, read in pieces, hashed on the way, never whole in memory.

A route declares `takes_raw=RawBodySpec(256 * MIB, ("text/csv",))`; its view gets a RawBody first.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from flask import request

from marketplace.core.errors import CutOff, FieldError, InvalidInput, WrongMediaType
from marketplace.core.http.form_file import PART, FormFile
from marketplace.core.message import Bilingual

MIB = 1024 * 1024
ANY_FILE = "application/octet-stream"
FORM = "multipart/form-data"
# Room for what a form holds beside the file: boundaries and headers.
FORM_EXTRA_BYTES = 64 * 1024

_DIGEST = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]{44}):\s*(?:,|$)")


@dataclass(frozen=True)
class RawBodySpec:
    """What a route takes as its body: at most `bytes_max` bytes of these media types; with `form` also in a form."""

    bytes_max: int
    media_types: tuple[str, ...] = (ANY_FILE,)
    form: bool = False

    def describe(self) -> dict[str, Any]:
        """Return the OpenAPI request body.

        Where any file is taken, it is described under that type alone and the others are named in words: generators of
        clients know it, and leave out calls with a type that they do not know.
        """
        schema = {"type": "string", "format": "binary", "maxLength": self.bytes_max}
        described = (ANY_FILE,) if ANY_FILE in self.media_types else self.media_types
        content: dict[str, Any] = {name: {"schema": schema} for name in described}
        if self.form:
            members = {"type": "object", "required": [PART], "additionalProperties": False}
            content[FORM] = {"schema": {**members, "properties": {PART: {"type": "string", "format": "binary"}}}}
        others = [name for name in self.media_types if name not in described]
        words = {"description": f"The file itself; also as {', '.join(others)}."} if others else {}
        return {**words, "required": True, "content": content}


class RawBody:
    """The file as it comes in. `size_bytes` and `sha256` are those of the bytes read so far.

    Of a form it is the file alone, and `name` is the name that the form gives it.
    """

    def __init__(self, stream: IO[bytes] | FormFile, media_type: str) -> None:
        self._stream = stream
        self.name = stream.name if isinstance(stream, FormFile) else ""
        self._in_form = isinstance(stream, FormFile)
        self._hash = hashlib.sha256()
        self.media_type = media_type
        self.size_bytes = 0

    def again(self, file: IO[bytes]) -> "RawBody":
        """Return the same body, to be read from a file that it was written to."""
        body = RawBody(file, self.media_type)
        body.name, body._in_form = self.name, self._in_form
        return body

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def pieces(self, size_bytes: int = MIB) -> Iterator[bytes]:
        """Yield the rest of the body in pieces of this size, the last one shorter.

        Raises RequestEntityTooLarge (413) past the route's limit, CutOff (400) where it ends too early.
        """
        while piece := self._full(size_bytes):
            yield piece
        # A form knows its own end.
        if not self._in_form and request.content_length is not None and request.content_length != self.size_bytes:
            raise CutOff

    def whole(self) -> bytes:
        """Return the rest of the body at once; for routes whose limit is small."""
        return b"".join(self.pieces())

    def digest(self) -> bytes:
        """Read the rest of the body and return the SHA-256 of all of it.

        Raises CutOff (400) if it is shorter than its Content-Length, InvalidInput if it is not what its
        Content-Digest (RFC 9530) says.
        """
        for _ in self.pieces():
            pass
        stated = _DIGEST.search(request.headers.get("Content-Digest", ""))
        if stated is not None and _decoded(stated[1]) != self._hash.digest():
            raise InvalidInput(
                Bilingual(
                    "内容与 Content-Digest 不符，在传输中损坏了，什么都没有保存。",
                    "The body is not what its Content-Digest says; it was damaged on the way. Nothing was kept.",
                ),
                errors=[
                    FieldError(
                        "header:/Content-Digest",
                        Bilingual(
                            "收到的字节的 SHA-256 与此不同。", "The SHA-256 of the received bytes is another one."
                        ),
                    )
                ],
            )
        return self._hash.digest()

    def _full(self, size_bytes: int) -> bytes:
        parts, missing = [], size_bytes
        while missing and (part := self._stream.read(missing)):
            parts.append(part)
            missing -= len(part)
        piece = b"".join(parts)
        self._hash.update(piece)
        self.size_bytes += len(piece)
        return piece


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def open_body(raw: RawBodySpec) -> RawBody:
    """Return the present request's body. Raises RequestEntityTooLarge (413), WrongMediaType (415)."""
    request.max_content_length = raw.bytes_max
    if raw.form and request.mimetype == FORM:
        request.max_content_length += FORM_EXTRA_BYTES
        return RawBody(FormFile(request.stream, request.mimetype_params.get("boundary", "")), ANY_FILE)
    if request.mimetype not in raw.media_types:
        types = ", ".join(raw.media_types)
        raise WrongMediaType(
            Bilingual(
                f"请直接发送文件本身，Content-Type 为：{types}。", f"Send the file itself as Content-Type: {types}."
            )
        )
    return RawBody(request.stream, request.mimetype)
