"""One drawn clip for all tests of checks."""

from pathlib import Path

import pytest

from tests.make import clips


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clips.clip(tmp_path_factory.mktemp("clips") / "draft.mp4", sound=True)
