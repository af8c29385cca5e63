"""Channels and their files, and a worker's drain to read the files with."""

import csv
import importlib
import io
from collections.abc import Mapping
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import structlog
from flask.testing import FlaskClient

from marketplace.channels.models import Channel
from marketplace.core import db
from marketplace.core.config import Config
from marketplace.core.ids import new_id
from tests.make.people import Somebody

COLUMNS = (
    "platform",
    "handle",
    "external_id",
    "name",
    "followers",
    "taken_on",
    "creator_id",
    "creator_name",
    "genders",
    "rate_card",
)
DEFAULTS = {"platform": "douyin", "taken_on": "2026-11-01"}


def worker(config: Config) -> ModuleType:
    """Return workers.drain, which reads its settings when it is imported."""
    settings = {
        "DATABASE_URL": config.database_url,
        "REDIS_URL": config.redis_url,
        "BROKER_URL": config.broker_url,
        "SECRET_KEY": config.secret_key,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        drain = importlib.import_module("workers.drain")
    # The default log line of an error shows locals; reading a row whose session is over would raise once more.
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[plain])
    return drain


def channel(creator_id: UUID, **more: object) -> Channel:
    """A stored channel with an account of its own."""
    handle = f"c{new_id().hex}"
    values = {"platform": "douyin", "account_key": handle, "handle": handle, "name": f"频道 {handle[-6:]}", **more}
    with db.transaction() as session:
        row = Channel(creator_id=creator_id, **values)  # type: ignore[arg-type]
        session.add(row)
        session.flush()
        return row


def rows(mark: str, count: int, *, wrong: Mapping[int, Mapping[str, str]] | None = None, name: str = "频道") -> bytes:
    """A CSV file of channels whose accounts are `mark` and a number; `wrong` changes cells of some rows."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS)
    table.writeheader()
    for number in range(count):
        account = f"{mark}{number}"
        cells = {
            "handle": f"@{account}",
            "external_id": account,
            "name": f"{name}{number}",
            "followers": str(1000 + number),
        }
        table.writerow({**DEFAULTS, **cells, **(wrong or {}).get(number, {})})
    return text.getvalue().encode()


def hand_in(client: FlaskClient, who: Somebody, data: bytes, **query: str) -> Any:
    """Send a file in through the route; returns its import, whose job waits."""
    parameters = {"file_name": "rows.csv", **query}
    answer = client.post(
        "/api/v1/imports",
        query_string=parameters,
        data=data,
        headers=who.once(),
        content_type="application/octet-stream",
    )
    assert answer.status_code == 202, answer.json
    return answer.json
