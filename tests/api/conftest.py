"""What calls of every kind leave behind is no other test's work."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.authorization import world as worlds
from tests.authorization.world import World
from tests.make import work


@pytest.fixture(scope="module", autouse=True)
def nothing_left(app: Flask) -> Iterator[None]:
    yield
    work.forget()


@pytest.fixture(scope="module")
def shared(app: Flask) -> World:
    """One world for the calls that are all refused."""
    return worlds.make()
