"""What the tests of the API share."""

import pytest
from flask import Flask

from tests.authorization import world as worlds
from tests.authorization.world import World


@pytest.fixture(scope="module")
def shared(app: Flask) -> World:
    """One world for the calls that are all refused, or undone."""
    return worlds.make()
