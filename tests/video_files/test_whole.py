"""Videos handed in whole: what is kept, what is refused, who sees it, what it leaves in the store."""

import io
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.core import db
from marketplace.video_files import whole_uploads
from marketplace.video_files.models import VideoFile, VideoFileStatus
from tests.make import videos as make
from tests.make.people import Somebody, mandate, somebody
from tests.video_files import look


@pytest.fixture
def who(app: object) -> Somebody:
    return somebody("creator")


def test_a_video_is_kept_under_its_hash_and_read_again(client: FlaskClient, who: Somebody) -> None:
    data = make.video(3_000_000)
    answer = look.send(client, who, data, "?name=../../etc/passwd")
    assert answer.status_code == 201
    told = answer.json
    assert (told["name"], told["status"], told["media_type"]) == ("passwd", "kept", "video/mp4")
    assert (told["size_bytes"], told["received_bytes"]) == (len(data), len(data))
    assert (told["sha256"], told["expires_at"]) == (look.sha256(data), None)
    assert look.stored(data)
    read = client.get(f"{look.VIDEOS}/{told['id']}/content", headers=who.headers)
    assert (read.data, read.content_type) == (data, "video/mp4")
    assert read.headers["X-Content-Type-Options"] == "nosniff"
    assert read.headers["Content-Disposition"] == f'attachment; filename="{told["id"]}.mp4"'


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=100-", 206, 100, 4096),
        ("bytes=-5", 206, 4091, 4096),
        ("bytes=4090-9999", 206, 4090, 4096),
        ("bytes=5000-", 416, 0, 0),
        ("bytes=0-1,5-6", 200, 0, 4096),
        ("lines=1-2", 200, 0, 4096),
    ],
)
def test_ranges(client: FlaskClient, who: Somebody, asked: str, status: int, start: int, end: int) -> None:
    data = make.video()[:4096]
    url = f"{look.VIDEOS}/{look.send(client, who, data).json['id']}/content"
    answer = client.get(url, headers={**who.headers, "Range": asked})
    assert answer.status_code == status
    if status == 416:
        assert answer.headers["Content-Range"] == "bytes */4096"
        assert answer.content_type == "application/problem+json"
        return
    assert answer.data == data[start:end]
    assert answer.headers["Accept-Ranges"] == "bytes"
    if status == 206:
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/4096"
    tag = answer.headers["ETag"]
    assert client.get(url, headers={**who.headers, "If-None-Match": tag}).status_code == 304
    fresh = client.get(url, headers={**who.headers, "Range": asked, "If-Range": '"other"'})
    assert (fresh.status_code, fresh.data) == (200, data)
    head = client.head(url, headers=who.headers)
    assert (head.status_code, head.headers["Content-Length"], head.data) == (200, "4096", b"")


def test_the_same_bytes_are_kept_once_and_go_with_the_last(
    client: FlaskClient, who: Somebody, worker: ModuleType
) -> None:
    data, other = make.video(), somebody("brand")
    first, second = (look.send(client, one, data).json["id"] for one in (who, other))
    assert first != second
    assert len(list(look.root().glob(f"sha256/{look.sha256(data)[:2]}/*{look.sha256(data)[2:]}*"))) == 1
    assert client.delete(f"{look.VIDEOS}/{first}", headers=who.headers).status_code == 204
    look.settle(worker)
    assert look.stored(data)
    assert client.get(f"{look.VIDEOS}/{first}", headers=who.headers).status_code == 404
    assert client.get(f"{look.VIDEOS}/{second}/content", headers=other.headers).data == data
    assert client.delete(f"{look.VIDEOS}/{second}", headers=other.headers).status_code == 204
    look.settle(worker)
    assert not look.stored(data)


def test_a_retry_hands_it_in_once(client: FlaskClient, who: Somebody) -> None:
    data, headers = make.video(), who.once()
    answers = [look.send(client, who, data, "?name=a", headers=headers) for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert look.send(client, who, make.video(), "?name=a", headers=headers).status_code == 422
    assert (len(look.of(who)), look.coming()) == (1, [])


def form(data: bytes, field: str = "file", name: str = "..\\手机 1.mov", **more: Any) -> dict[str, Any]:
    return {"data": {field: (io.BytesIO(data), name), **more}, "content_type": "multipart/form-data"}


def test_a_form_of_a_browser(client: FlaskClient, who: Somebody) -> None:
    data = make.video(500_000, make.MOV)
    answer = client.post(look.VIDEOS, headers=who.once(), **form(data))
    assert answer.status_code == 201, answer.json
    assert (answer.json["name"], answer.json["media_type"]) == ("手机 1.mov", "video/quicktime")
    assert look.stored(data)


@pytest.mark.parametrize("more", [{"field": "video"}, {"title": "words"}, {"second": (io.BytesIO(b"x"), "b.mp4")}])
def test_a_form_with_anything_else_is_refused(client: FlaskClient, who: Somebody, more: dict[str, Any]) -> None:
    answer = client.post(look.VIDEOS, headers=who.once(), **form(make.video(300_000), **more))
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/file")
    assert (look.of(who), look.coming()) == ([], [])


@pytest.mark.parametrize("cut", [30, 200, 2_000, 299_000])
def test_a_form_that_is_cut_off_leaves_nothing(client: FlaskClient, who: Somebody, cut: int) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
    whole = head + make.video(300_000) + b"\r\n--b--\r\n"
    kind = "multipart/form-data; boundary=b"
    answer = look.send(client, who, whole[:cut], content_type=kind)
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    assert (look.of(who), look.coming()) == ([], [])
    assert look.send(client, who, whole, content_type=kind).status_code == 201
    assert look.send(client, who, whole, content_type="multipart/form-data").status_code == 400


class Endless(io.RawIOBase):
    """A video without an end."""

    given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = make.MP4 if self.given == 0 else bytes(len(buffer))
        data = data[: len(buffer)]
        buffer[: len(data)] = data
        self.given += len(data)
        return len(data)


def test_what_is_too_large_or_no_video_leaves_nothing(client: FlaskClient, who: Somebody) -> None:
    body = Endless()
    told = {"wsgi.input": body, "CONTENT_LENGTH": str(whole_uploads.BYTES_MAX + 1)}
    answer = look.send(client, who, b"", environ_overrides=told)
    assert (answer.status_code, answer.content_type, body.given) == (413, "application/problem+json", 0)
    told = {"wsgi.input": Endless(), "wsgi.input_terminated": True}
    answer = client.post(look.VIDEOS, headers=who.once(), content_type="video/mp4", environ_overrides=told)
    assert (answer.status_code, answer.content_type) == (413, "application/problem+json")
    for data in (b"", b"x", b"\x89PNG\r\n\x1a\n" + bytes(5000), b"<html>" + make.MP4):
        answer = look.send(client, who, data)
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/")
    assert look.send(client, who, make.video(), content_type="text/html").status_code == 415
    short = {"wsgi.input": io.BytesIO(make.video(2_000_000)), "CONTENT_LENGTH": "3000000"}
    answer = look.send(client, who, b"", environ_overrides={**short, "wsgi.input_terminated": True})
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    digest = {"Content-Digest": f"sha-256=:{'A' * 43}=:"}
    assert look.send(client, who, make.video(), headers=who.once(**digest)).status_code == 422
    assert (look.of(who), look.coming()) == ([], [])


def test_a_wrong_digest_takes_back_what_was_moved_already(client: FlaskClient, who: Somebody) -> None:
    data = make.video()
    look.send(client, who, data, headers=who.once(**{"Content-Digest": f"sha-256=:{'A' * 43}=:"}))
    assert not (look.root() / f"sha256/{look.sha256(data)[:2]}/{look.sha256(data)[2:]}").exists()


def test_another_tenants_video_is_not_there(client: FlaskClient, who: Somebody) -> None:
    agency, stranger, admin = somebody("agency"), somebody("creator"), somebody("platform")
    mandate(agency, who.party_id)
    url = f"{look.VIDEOS}/{look.send(client, who, make.video(), '?name=a.mp4').json['id']}"
    for name in ("", "/content"):
        assert client.get(url + name, headers=stranger.headers).status_code == 404
        assert client.get(url + name, headers=agency.headers).status_code == 200
    assert client.delete(url, headers=stranger.headers).status_code == 404
    assert client.get(look.VIDEOS, headers=stranger.headers).json["data"] == []
    assert client.get(url, headers=agency.headers).json["name"] == "a.mp4"
    assert client.get(url, headers=admin.headers).json["name"] is None  # it is told back to its party alone
    listed = client.get(f"{look.VIDEOS}?status=kept", headers=who.headers).json["data"]
    assert [row["name"] for row in listed] == ["a.mp4"]
    with db.transaction(stranger.actor) as session:
        assert session.get(VideoFile, look.of(who)[0].id) is None


def test_a_party_has_so_much_room(app: Flask, client: FlaskClient, who: Somebody, monkeypatch: Any) -> None:
    monkeypatch.setattr("marketplace.video_files.quota.GIB", 100)  # a quota of 50 x 100 bytes
    assert look.send(client, who, make.video(4000)).status_code == 201
    full = look.send(client, who, make.video(4000))
    assert (full.status_code, full.json["type"]) == (409, "/docs/problems#over-quota")
    assert look.announce(client, who, 2000).status_code == 409
    assert look.announce(client, who, 200).status_code == 201
    assert {row.status for row in look.of(who)} == {VideoFileStatus.KEPT, VideoFileStatus.RECEIVING}
    assert (
        client.delete(
            f"{look.VIDEOS}/{client.get(look.VIDEOS, headers=who.headers).json['data'][1]['id']}", headers=who.headers
        ).status_code
        == 204
    )
    assert look.send(client, who, make.video(4000)).status_code == 201
