"""Each test has a store of its own, each file a database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from marketplace.core import storage
from marketplace.core.config import Config


@pytest.fixture(autouse=True)
def own_store(config: Config, own_market: None, tmp_path: Path) -> Iterator[None]:
    storage.connect((tmp_path / "objects").as_uri())
    yield
    storage.connect(config.storage_url)
