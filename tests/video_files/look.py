"""Looking at what became of videos: over HTTP, in the table and in the store."""

import base64
import hashlib
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db, jobs, storage
from marketplace.video_files.models import VideoFile
from tests.make import videos as make
from tests.make import work
from tests.make.people import Somebody

VIDEOS, UPLOADS = "/api/v1/videos", "/api/v1/video-uploads"
TUS = {"Tus-Resumable": "1.0.0"}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def root() -> Path:
    found = storage.opened().root
    assert found is not None
    return found


def stored(data: bytes) -> bool:
    """Whether these bytes lie under their hash."""
    file = root() / storage.key_of(sha256(data))
    return file.exists() and file.read_bytes() == data


def coming() -> list[Path]:
    """What is on its way in the store."""
    return [path for path in (root() / "incoming").rglob("*") if path.is_file()]


def of(who: Somebody) -> list[VideoFile]:
    with db.transaction() as session:
        return list(session.scalars(sa.select(VideoFile).where(VideoFile.party_id == who.party_id)))


def send(client: FlaskClient, who: Somebody, data: bytes, query: str = "", **more: Any) -> Any:
    more = {"content_type": "video/mp4", "headers": who.once(), **more}
    return client.post(f"{VIDEOS}{query}", data=data, **more)


def announce(client: FlaskClient, who: Somebody, size_bytes: int, name: str = "clip.mp4") -> Any:
    told = {**TUS, "Upload-Length": str(size_bytes)}
    told["Upload-Metadata"] = "is_private,filename " + base64.b64encode(name.encode()).decode()
    return client.post(UPLOADS, headers={**who.headers, **told})


def patch(client: FlaskClient, who: Somebody, url: str, offset: int, data: Any, **headers: str) -> Any:
    told = {**who.headers, **TUS, "Upload-Offset": str(offset), **headers}
    return client.patch(url, data=data, headers=told, content_type=make.STRETCH)


def offset(client: FlaskClient, who: Somebody, url: str) -> int:
    return int(client.head(url, headers=who.headers).headers["Upload-Offset"])


def settle(worker: ModuleType) -> None:
    """Do what waits: clearing, putting together."""
    while worker.drain(jobs.DEFAULT) + worker.drain(jobs.IMPORTS):
        pass


def forget_old(worker: ModuleType) -> None:
    """Let the clock's job run now."""
    work.ask("videos.forget-old", queue=jobs.DEFAULT)
    settle(worker)
