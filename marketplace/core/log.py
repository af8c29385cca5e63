"""One line of JSON (or of text on a terminal) for each request, job and warning, with the ids that join them."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from marketplace.core.context import request_id

# Logs are read by more people than the database: no line shows a secret, a price or a person's address.
HIDDEN = ("password", "secret", "token", "authorization", "cookie", "price", "amount", "email")


def _ids(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if request_id() is not None:
        line.setdefault("request_id", request_id())
    return line


def _hide(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in line:
        if any(word in name.lower() for word in HIDDEN):
            line[name] = "(hidden)"
    return line


def configure(log_format: str, file: TextIO | None = None) -> None:
    """Send structlog and the standard library's warnings to a file, by default standard error."""
    file = file or sys.stderr
    last: Any = (
        structlog.dev.ConsoleRenderer()
        if log_format == "text"
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _ids,
            _hide,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            last,
        ],
        logger_factory=structlog.WriteLoggerFactory(file=file),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=file, format="%(levelname)s %(name)s %(message)s")
