"""Objects under their hash: in a folder, and by the way that buckets go (in memory, since no bucket is at hand)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.core import storage
from marketplace.core.config import Config
from marketplace.core.ids import new_id
from marketplace.core.storage import MIB, ObjectStore, incoming, key_of
from tests.make.people import somebody
from tests.make.videos import video

SETTINGS = {"DATABASE_URL": "postgresql://x", "REDIS_URL": "redis://x", "SECRET_KEY": "x"}


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return ObjectStore((tmp_path / "o bjects 中").as_uri() if request.param == "folder" else "memory:///")


def files(store: ObjectStore) -> list[str]:
    assert store.root is not None
    return sorted(str(path.relative_to(store.root)) for path in store.root.rglob("*") if path.is_file())


def test_bytes_are_kept_once_under_their_hash(store: ObjectStore) -> None:
    pieces = [bytes([number]) * MIB for number in range(12)]
    first, second = store.put(pieces), store.put([b"".join(pieces)])
    assert (first.sha256, first.size_bytes) == (second.sha256, 12 * MIB)
    key = key_of(first.sha256)
    assert key == f"sha256/{first.sha256[:2]}/{first.sha256[2:]}"
    assert (store.size(key), store.size(first.key), store.size(second.key)) == (12 * MIB, None, None)
    assert b"".join(store.pieces(key)) == b"".join(pieces)
    if store.root is not None:
        assert files(store) == [key]
    store.remove(key)
    store.remove(key)
    assert store.size(key) is None
    with pytest.raises(FileNotFoundError):
        next(store.pieces(key))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 5000), st.integers(0, 5000))
def test_any_stretch_is_read_as_it_was_written(store: ObjectStore, start: int, length: int) -> None:
    data = bytes(range(250)) * 20
    key = key_of(store.put([data]).sha256)
    with store.open(key, len(data)) as file:
        assert file.seek(start) == start
        assert file.read(length) == data[start : start + length]
        assert file.seek(-7, 2) == len(data) - 7
        assert file.read() == data[-7:]
    if start < len(data) and length:
        assert b"".join(store.pieces(key, start, min(start + length, len(data)))) == data[start : start + length]


def test_a_stream_that_breaks_leaves_nothing(store: ObjectStore) -> None:
    folder = new_id()

    def broken() -> Iterator[bytes]:
        yield b"x" * 12 * MIB
        raise KeyError("the wire")

    with pytest.raises(KeyError, match="the wire"):
        store.stage(folder, broken())
    if store.root is not None:
        assert files(store) == []


def test_what_is_on_its_way_is_cleared_together(store: ObjectStore) -> None:
    one, other = new_id(), new_id()
    keys = [incoming(folder, new_id()) for folder in (one, one, other)]
    for key in keys:
        store.write(key, b"x")
    if store.root is not None:  # what a process leaves that is killed within a write
        (store.root / f"{keys[0]}#1").write_bytes(b"half")
    store.clear(one)
    store.clear(one)
    assert [store.size(key) for key in keys] == [None, None, 1]
    if store.root is not None:
        assert files(store) == [keys[2]]


def test_a_program_gets_a_path(store: ObjectStore) -> None:
    key = key_of(store.put([b"abc"]).sha256)
    with store.local_path(key) as path:
        assert path.read_bytes() == b"abc"
    assert path.exists() == (store.root is not None)
    with pytest.raises(FileNotFoundError), store.local_path(key_of("0" * 64)):
        pass


@pytest.mark.parametrize("word", ["", "../../etc/passwd", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "0" * 64 + "\n"])
def test_no_key_is_made_of_anything_but_a_hash(word: str) -> None:
    with pytest.raises(AssertionError):
        key_of(word)


def test_the_setting(tmp_path: Path) -> None:
    told = Config.from_env({**SETTINGS, "INLAY_DATA": str(tmp_path)})
    assert told.storage_url == (tmp_path / "objects").as_uri()
    assert storage.ObjectStore(told.storage_url).root == tmp_path / "objects"
    assert Config.from_env({**SETTINGS, "STORAGE_URL": "s3://b/x"}).storage_url == "s3://b/x"
    with pytest.raises(SystemExit, match="STORAGE_URL must begin with one of file://, s3://, gs://, az://"):
        Config.from_env({**SETTINGS, "STORAGE_URL": "/var/objects"})


def test_a_store_that_cannot_be_made_is_told_when_it_is_needed(
    client: FlaskClient, config: Config, tmp_path: Path
) -> None:
    (tmp_path / "objects").write_text("in the way")
    storage.connect((tmp_path / "objects").as_uri())
    try:
        who = somebody("brand")
        answer = client.post("/api/v1/videos", data=video(), headers=who.once(), content_type="video/mp4")
        assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
        assert client.get("/api/v1/videos", headers=who.headers).status_code == 200
    finally:
        storage.connect(config.storage_url)


def test_a_store_that_is_full_is_an_answer(client: FlaskClient, tmp_path: Path) -> None:
    root = storage.opened().root
    assert root is not None
    (root / "incoming").mkdir(exist_ok=True)
    (root / "incoming").rename(tmp_path / "incoming")
    (root / "incoming").write_text("in the way")
    try:
        answer = client.post("/api/v1/videos", data=video(), headers=somebody("brand").once(), content_type="video/mp4")
        assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    finally:
        (root / "incoming").unlink()
        (tmp_path / "incoming").rename(root / "incoming")
