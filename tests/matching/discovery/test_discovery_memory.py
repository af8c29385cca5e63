"""What a process keeps for discovery: brief versions as rows, each made once, for as long as their owner lives."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.app import create_app
from marketplace.briefs.models import Brief
from marketplace.core import db
from marketplace.matching.discovery.discovery_memory import BriefRowCache
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")


@pytest.fixture
def read() -> Iterator[list[str]]:
    """The statements that read brief versions while the test runs."""
    statements: list[str] = []

    def note(*args: object) -> None:
        if "FROM brief_versions" in str(args[2]):
            statements.append(str(args[2]))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    yield statements
    sa.event.remove(sa.Engine, "before_cursor_execute", note)


def versions(count: int) -> list[UUID]:
    with db.transaction() as session:
        return [session.get_one(Brief, look.market().brief_id).version_id for _ in range(count)]


def test_a_version_is_read_once_and_rows_come_in_the_order_asked_for(read: list[str]) -> None:
    first, second = versions(2)
    cache = BriefRowCache()
    read.clear()
    with db.transaction() as session:
        rows = cache.rows(session, [first, second])
        assert len(read) == 1
        swapped = cache.rows(session, [second, first])
    assert len(read) == 1
    assert (swapped[0], swapped[1]) == (rows[1], rows[0])
    assert len(BriefRowCache()) == 0  # another owner starts with nothing


def test_a_full_cache_starts_anew_and_still_answers_all() -> None:
    ids = versions(3)
    cache = BriefRowCache(most=2)
    with db.transaction() as session:
        cache.rows(session, ids[:2])
        assert len(cache.rows(session, ids)) == 3
    assert len(cache) == 1  # the two first were dropped when the third came


def test_each_application_has_a_memory_of_its_own_in_its_data_folder(app: Flask) -> None:
    memory = app.extensions["discovery"]
    other = create_app(app.extensions["config"]).extensions["discovery"]
    assert memory is not other
    assert memory.columns.folder == Path(app.extensions["config"].data_dir) / "columns"
