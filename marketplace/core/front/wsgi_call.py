"""One call of the application by the rules of WSGI (PEP 3333)."""

import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from dataclasses import dataclass, field
from math import inf
from typing import IO, Any
from urllib.parse import unquote_to_bytes

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Headers = list[tuple[str, str]]

# In the environment: the path of a file that has the body of the answer. Only the application sets it.
FILE = "inlay.file"
_RANGE = re.compile(r"bytes (\d+)-(\d+)/\d+")
_FIXED = {
    "SCRIPT_NAME": "",
    "SERVER_SOFTWARE": "inlay",
    "wsgi.errors": sys.stderr,
    # The front ends every body, also one without a Content-Length.
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": True,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
}
# Header fields that WSGI knows by another name.
_UNPREFIXED = {"CONTENT_TYPE", "CONTENT_LENGTH"}


@dataclass
class StartedAnswer:
    """What the application answers: `body` whole, or a `file` that holds it (for a 206, its part from `start` to before
    `end`), or `pieces` that are still to be made. `close` ends the making; a `passing` file is deleted soon after."""

    status: int = 500
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    file: str | None = None
    start: int = 0
    end: int = 0
    passing: bool = False
    pieces: Iterator[bytes] | None = None
    close: Callable[[], object] = lambda: None


def environ_of(scope: Any, address: str, scheme: str, body: IO[bytes]) -> dict[str, Any]:
    """Return the environment of a request. ``address`` and ``scheme`` are those of the client, not of a proxy."""
    host, _, port = str(scope.server).rpartition(":")
    environ: dict[str, Any] = {
        **_FIXED,
        "REQUEST_METHOD": scope.method,
        # Bytes as characters, as WSGI has them.
        "PATH_INFO": unquote_to_bytes(scope.path).decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "REMOTE_ADDR": address,
        "wsgi.url_scheme": scheme,
        "wsgi.input": body,
    }
    for name, value in scope.headers.items():
        key = name.upper().replace("-", "_")
        # With an underscore in it a field could pass for another one.
        if "_" in name:
            continue
        key = key if key in _UNPREFIXED else f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    if scope.authority and "HTTP_HOST" not in environ:
        environ["HTTP_HOST"] = scope.authority
    return environ


def call(app: Application, environ: dict[str, Any], whole_bytes: int) -> StartedAnswer:
    """Call the application. What is said to be short is made and closed at once, and what a file has is left to it; of
    the rest the pieces are left."""
    answer = StartedAnswer()

    def start_response(status: str, headers: Headers, *_: Any) -> None:
        answer.status, answer.headers = int(status.split(" ", 1)[0]), headers

    parts = app(environ, start_response)
    answer.close = getattr(parts, "close", answer.close)
    if environ["REQUEST_METHOD"] == "HEAD" or length_of(answer) <= whole_bytes:
        try:
            answer.body = b"".join(parts)
        finally:
            answer.close()
    elif FILE in environ:
        answer.close()
        answer.file = environ[FILE]
        if answer.status == 206:
            first, last = _RANGE.fullmatch(_field(answer, "content-range")).groups()  # type: ignore[union-attr]
            answer.start, answer.end = int(first), int(last) + 1
    else:
        answer.pieces = _in_one_context(iter(parts))
    return answer


def is_told_as_it_happens(answer: StartedAnswer) -> bool:
    """Return whether the answer is a stream of events, which has no end to wait for."""
    return _field(answer, "content-type").startswith("text/event-stream")


def make(answer: StartedAnswer, memory_bytes: int) -> None:
    """Make an answer of unknown length to its end: as its body, or, if it is long, as a file that passes.

    What makes it may hold a transaction, which must not wait for a slow reader.
    """
    try:
        with tempfile.SpooledTemporaryFile(max_size=memory_bytes) as spool:
            for piece in answer.pieces or ():
                spool.write(piece)
            size = spool.tell()
            spool.seek(0)
            if size <= memory_bytes:
                answer.body = spool.read()
            else:
                with tempfile.NamedTemporaryFile(prefix="inlay-answer-", delete=False) as file:
                    shutil.copyfileobj(spool, file)
                answer.file, answer.passing = file.name, True
    finally:
        answer.close()
    answer.pieces = None


def length_of(answer: StartedAnswer) -> float:
    """Return the bytes of the answer's body as its headers tell them; infinity where they do not."""
    if answer.status in (204, 304):
        return 0
    return float(_field(answer, "content-length") or inf)


def _field(answer: StartedAnswer, wanted: str) -> str:
    return next((value for name, value in answer.headers if name.lower() == wanted), "")


def _in_one_context(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the pieces as one thread would: each may be made on another one, which has other context variables."""
    context = copy_context()
    while (piece := context.run(next, pieces, None)) is not None:
        yield piece
