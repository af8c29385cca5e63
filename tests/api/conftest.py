"""What the tests of the API share."""

import pytest
from flask import Flask

from tests.authorization import world as worlds
from tests.authorization.world import World


@pytest.fixture(scope="module")
def shared(app: Flask) -> World:
    """One world for the calls that are all refused."""
    return worlds.make()


class Spoilt:
    """A world in which calls may be let in, for tests that do not mind what others have changed in it.

    Making one costs as much as a hundred calls, so it is made when first asked for and made anew only for a test that
    finds too much of it changed.
    """

    def __init__(self) -> None:
        self._made: World | None = None

    @property
    def world(self) -> World:
        if self._made is None:
            self._made = worlds.make()
        return self._made

    def renew(self) -> World:
        self._made = None
        return self.world


@pytest.fixture(scope="module")
def spoilt(app: Flask) -> Spoilt:
    return Spoilt()
