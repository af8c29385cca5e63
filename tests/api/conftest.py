"""What calls of every kind leave behind is no other test's work."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.make import work


@pytest.fixture(scope="module", autouse=True)
def nothing_left(app: Any) -> Iterator[None]:
    yield
    work.forget()
