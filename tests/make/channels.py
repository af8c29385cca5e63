"""Channels and their files, and a worker's drain to read the files with."""

import csv
import importlib
import io
from collections.abc import Mapping
from types import ModuleType
from uuid import UUID

import pytest

from marketplace.channels.models import Channel
from marketplace.core import db
from marketplace.core.config import Config
from marketplace.core.ids import new_id

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
        return importlib.import_module("workers.drain")


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
