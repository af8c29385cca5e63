"""Resumable uploads: what tus 1.0 asks for, cut-offs, two senders at once, sums, the end of an upload."""

import base64
import hashlib
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db, ids, storage
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.core.jobs import Job, JobState
from marketplace.video_files import resumable_uploads, write_hold
from marketplace.video_files.models import VideoFile, VideoPart
from tests.make import videos as make
from tests.make import work
from tests.make.people import Somebody, somebody
from tests.video_files import look

MIB = 1024 * 1024


@pytest.fixture
def who(app: object) -> Somebody:
    return somebody("creator")


def begin(client: FlaskClient, who: Somebody, size_bytes: int) -> str:
    return str(look.announce(client, who, size_bytes).headers["Location"])


def id_of(url: str) -> str:
    return url.rsplit("/", 1)[1]


def elsewhere(call: Callable[[], Any]) -> Any:
    """Make a call in another thread, as the web server would."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def test_stretch_by_stretch_to_a_kept_video(client: FlaskClient, who: Somebody, worker: ModuleType) -> None:
    data = make.video(20 * MIB + 77)
    made = look.announce(client, who, len(data), "../片.mp4")
    assert (made.status_code, made.json["status"], made.json["name"]) == (201, "receiving", "片.mp4")
    assert (made.headers["Tus-Resumable"], made.headers["Upload-Offset"]) == ("1.0.0", "0")
    url, at = made.headers["Location"], 0
    for size in (600, 9 * MIB, 5, 20 * MIB):
        answer = look.patch(client, who, url, at, data[at : at + size])
        at = min(at + size, len(data))
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(at))
        head = client.head(url, headers=who.headers)
        assert (head.status_code, head.data, head.headers["Cache-Control"]) == (200, b"", "no-store")
        assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == (str(at), str(len(data)))
        assert head.headers["Upload-Expires"].endswith("GMT")
    waiting = client.get(f"{look.VIDEOS}/{id_of(url)}", headers=who.headers).json
    assert (waiting["status"], waiting["job_id"][:4]) == ("receiving", "job_")
    assert client.get(f"{look.VIDEOS}/{id_of(url)}/content", headers=who.headers).status_code == 409
    look.settle(worker)
    told = client.get(f"{look.VIDEOS}/{id_of(url)}", headers=who.headers).json
    assert (told["status"], told["sha256"]) == ("kept", look.sha256(data))
    assert look.stored(data)
    assert not (look.root() / storage.incoming(ids.read("vfl", id_of(url)))).exists()
    assert client.get(f"{look.VIDEOS}/{id_of(url)}/content", headers=who.headers).data == data
    assert look.offset(client, who, url) == len(data)
    assert look.patch(client, who, url, len(data), b"").status_code == 409
    assert client.delete(url, headers=who.headers).status_code == 409


def test_what_the_server_speaks(client: FlaskClient, who: Somebody) -> None:
    for url in (look.UPLOADS, begin(client, who, 5000)):
        told = client.options(url)
        assert told.status_code in (200, 204)
        assert (told.headers["Tus-Version"], told.headers["Tus-Resumable"]) == ("1.0.0", "1.0.0")
        assert told.headers["Tus-Max-Size"] == str(2 * 1024**3)
        assert told.headers["Tus-Extension"] == "creation,expiration,termination,checksum"
        assert told.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"
    other = {"Tus-Resumable": "0.2.2"}
    for answer in (
        client.post(look.UPLOADS, headers={**who.headers, **other, "Upload-Length": "5"}),
        look.patch(client, who, url, 0, make.video(), **other),
        client.delete(url, headers={**who.headers, **other}),
        client.get(url, headers={**who.headers, **other}),
    ):
        assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")


def test_what_stores_something_states_its_version(client: FlaskClient, who: Somebody) -> None:
    url, data = begin(client, who, 5000), make.video(5000)[:5000]
    told = {**who.headers, "Upload-Offset": "0"}
    for answer in (
        client.patch(url, data=data, headers=told, content_type=make.STRETCH),
        client.patch(url, data=data, headers={**told, "Tus-Resumable": ""}, content_type=make.STRETCH),
        client.patch(url, data=data, headers={**told, "Tus-Resumable": "1.0"}, content_type=make.STRETCH),
        client.post(look.UPLOADS, headers={**who.headers, "Upload-Length": "5000"}),
    ):
        assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")
    assert look.offset(client, who, url) == 0
    assert len(look.of(who)) == 1
    assert client.patch(url, data=data, headers={**told, **look.TUS}, content_type=make.STRETCH).status_code == 204


@pytest.mark.parametrize(
    ("headers", "pointer"),
    [
        ({}, "Upload-Length"),
        ({"Upload-Length": "0"}, "Upload-Length"),
        ({"Upload-Length": "-1"}, "Upload-Length"),
        ({"Upload-Length": "１"}, "Upload-Length"),
        ({"Upload-Length": str(2 * 1024**3 + 1)}, "Upload-Length"),
        ({"Upload-Defer-Length": "1"}, "Upload-Length"),
        ({"Upload-Length": "9", "Upload-Metadata": "filename !"}, "Upload-Metadata"),
        ({"Upload-Length": "9", "Upload-Metadata": "a b, filename /w=="}, "Upload-Metadata"),
    ],
)
def test_an_announcement_that_cannot_be_understood(
    client: FlaskClient, who: Somebody, headers: dict[str, str], pointer: str
) -> None:
    told = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    answer = client.post(look.UPLOADS, headers={**who.headers, **look.TUS, **told})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, f"header:/{pointer}")
    assert look.of(who) == []


def test_stretches_that_do_not_fit(client: FlaskClient, who: Somebody) -> None:
    data = make.video(5000)[:5000]
    url = begin(client, who, len(data))
    assert look.patch(client, who, url, 1, data[1:]).json["type"].endswith("#wrong-offset")
    tus = {**who.headers, **look.TUS}
    assert client.patch(url, data=data, headers=tus, content_type=make.STRETCH).status_code == 422
    assert client.patch(url, data=data, headers=tus, content_type="video/mp4").status_code == 415
    assert look.patch(client, who, url, 0, data + b"x").status_code == 413
    chunked = {"wsgi.input": io.BytesIO(data + b"x"), "wsgi.input_terminated": True}
    told = {**tus, "Upload-Offset": "0"}
    answer = client.patch(url, headers=told, content_type=make.STRETCH, environ_overrides=chunked)
    assert (answer.status_code, look.offset(client, who, url)) == (413, 0)
    assert look.patch(client, who, url, 0, data[:100]).status_code == 422
    assert look.patch(client, who, url, 0, b"<html>" + data[6:]).status_code == 422
    assert (look.offset(client, who, url), look.coming()) == (0, [])
    assert look.patch(client, somebody("creator"), url, 0, data).status_code == 404
    assert look.patch(client, who, url, 0, data).status_code == 204
    assert look.patch(client, who, url, 0, data).status_code == 409


def test_a_stretch_that_is_cut_off_keeps_what_came(client: FlaskClient, who: Somebody, worker: ModuleType) -> None:
    data = make.video(3 * MIB)
    url = begin(client, who, len(data))
    cut = {"wsgi.input": io.BytesIO(data[: MIB + 5]), "wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(data))}
    told = {**who.headers, **look.TUS, "Upload-Offset": "0"}
    answer = client.patch(url, headers=told, content_type=make.STRETCH, environ_overrides=cut)
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    at = look.offset(client, who, url)
    assert MIB - resumable_uploads.PIECE_BYTES < at <= MIB + 5
    assert look.patch(client, who, url, at, data[at:]).status_code == 204
    look.settle(worker)
    assert look.stored(data)


def test_two_senders_at_once(client: FlaskClient, who: Somebody) -> None:
    data = make.video(5000)[:5000]
    url = begin(client, who, len(data))
    second: list[Any] = []

    class Slow(io.BytesIO):
        """While the first one's bytes come, somebody else tries."""

        def readinto(self, buffer: Any) -> int:
            if not second:
                second.append(elsewhere(lambda: look.patch(client, who, url, 0, data)))
                second.append(elsewhere(lambda: client.delete(url, headers=who.headers)))
            return super().readinto(buffer)

    told = {**who.headers, **look.TUS, "Upload-Offset": "0"}
    body = {"wsgi.input": Slow(data), "CONTENT_LENGTH": str(len(data))}
    first = client.patch(url, headers=told, content_type=make.STRETCH, environ_overrides=body)
    assert (first.status_code, [answer.status_code for answer in second]) == (204, [423, 423])
    assert second[0].headers["Retry-After"] == "5"
    assert look.offset(client, who, url) == len(data)


def test_one_that_comes_back_too_late_writes_nothing(client: FlaskClient, who: Somebody, worker: ModuleType) -> None:
    data = make.video(5000)[:5000]
    url = begin(client, who, len(data))
    video_id = ids.read("vfl", id_of(url))

    class Frozen(io.BytesIO):
        """Sleeps until its time is over and another sender has done the work."""

        woken = False

        def readinto(self, buffer: Any) -> int:
            if not self.woken:
                self.woken = True
                make.let_time_pass(id_of(url), lease_until=now() - timedelta(seconds=1))
                assert elsewhere(lambda: look.patch(client, who, url, 0, data)).status_code == 204
            return super().readinto(buffer)

    told = {**who.headers, **look.TUS, "Upload-Offset": "0"}
    body = {"wsgi.input": Frozen(data[:-1] + b"!"), "CONTENT_LENGTH": str(len(data))}
    late = client.patch(url, headers=told, content_type=make.STRETCH, environ_overrides=body)
    assert (late.status_code, late.json["type"]) == (409, "/docs/problems#upload-hold-lost")
    with db.transaction() as session:
        (part,) = session.scalars(sa.select(VideoPart).where(VideoPart.video_id == video_id)).all()
    assert [path.name for path in look.coming()] == [part.id.hex]
    look.settle(worker)
    assert look.stored(data)


def checksum(algorithm: str, data: bytes) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


def test_sums(client: FlaskClient, who: Somebody) -> None:
    data = make.video(9 * MIB)
    url = begin(client, who, len(data))
    for told in (checksum("sha1", data[1:]), checksum("sha256", data + b"x")):
        answer = look.patch(client, who, url, 0, data, **{"Upload-Checksum": told})
        assert (answer.status_code, answer.content_type) == (460, "application/problem+json")
        assert (look.offset(client, who, url), look.coming()) == (0, [])
    for told in ("", "sha256", "md5 AAAA", "sha1 !"):
        assert look.patch(client, who, url, 0, data, **{"Upload-Checksum": told}).status_code == 422
    half = 8 * MIB + 3
    for at, part, name in ((0, data[:half], "sha1"), (half, data[half:], "sha256")):
        assert look.patch(client, who, url, at, part, **{"Upload-Checksum": checksum(name, part)}).status_code == 204
    assert look.offset(client, who, url) == len(data)


def test_an_upload_given_up_leaves_nothing(client: FlaskClient, who: Somebody, worker: ModuleType) -> None:
    url = begin(client, who, 50_000)
    look.patch(client, who, url, 0, make.video(2000))
    assert client.delete(url, headers=somebody("creator").headers).status_code == 404
    gone = client.delete(url, headers=who.headers)
    assert (gone.status_code, gone.headers["Tus-Resumable"]) == (204, "1.0.0")
    look.settle(worker)
    assert (look.of(who), (look.root() / storage.incoming(ids.read("vfl", id_of(url)))).exists()) == ([], False)
    assert client.head(url, headers=who.headers).status_code == 404


def test_what_nobody_goes_on_with_is_forgotten(client: FlaskClient, who: Somebody, worker: ModuleType) -> None:
    old, held, fresh = (begin(client, who, 50_000) for _ in range(3))
    look.patch(client, who, old, 0, make.video(2000))
    for url in (old, held):
        make.let_time_pass(id_of(url), expires_at=now() - timedelta(seconds=1))
    make.let_time_pass(id_of(held), lease_until=now() + timedelta(seconds=20))
    look.forget_old(worker)
    assert {ids.show("vfl", row.id) for row in look.of(who)} == {id_of(held), id_of(fresh)}
    assert not (look.root() / storage.incoming(ids.read("vfl", id_of(old)))).exists()
    make.let_time_pass(id_of(held), lease_until=None)
    look.forget_old(worker)
    assert [ids.show("vfl", row.id) for row in look.of(who)] == [id_of(fresh)]


def whole(client: FlaskClient, who: Somebody) -> str:
    data = make.video(5000)[:5000]
    url = begin(client, who, len(data))
    assert look.patch(client, who, url, 0, data[:3000]).status_code == 204
    assert look.patch(client, who, url, 3000, data[3000:]).status_code == 204
    return url


def test_a_lost_part_refuses_the_video(client: FlaskClient, who: Somebody, worker: ModuleType) -> None:
    url = whole(client, who)
    folder = look.root() / storage.incoming(ids.read("vfl", id_of(url)))
    next(folder.iterdir()).unlink()
    look.settle(worker)
    told = client.get(f"{look.VIDEOS}/{id_of(url)}", headers=who.headers).json
    assert (told["status"], told["sha256"]) == ("refused", None)
    assert "Send it again" in told["message"]
    assert not folder.exists()


def test_a_store_that_is_away_is_asked_again(client: FlaskClient, who: Somebody, worker: ModuleType) -> None:
    look.settle(worker)
    url = whole(client, who)
    folder = look.root() / "incoming"
    folder.rename(look.root() / "away")
    folder.write_text("in the way")
    assert work.do_next(worker, resumable_uploads.FINISH) == JobState.QUEUED
    folder.unlink()
    (look.root() / "away").rename(folder)
    assert work.do_next(worker, resumable_uploads.FINISH) == JobState.DONE
    assert client.get(f"{look.VIDEOS}/{id_of(url)}", headers=who.headers).json["status"] == "kept"


def test_a_job_that_was_given_up_refuses_the_video(client: FlaskClient, who: Somebody, worker: ModuleType) -> None:
    url = whole(client, who)
    with db.transaction() as session:
        video_id = ids.read("vfl", id_of(url))
        session.execute(sa.update(Job).where(Job.subject_id == video_id).values(state=JobState.DEAD))
    look.forget_old(worker)
    told = client.get(f"{look.VIDEOS}/{id_of(url)}", headers=who.headers).json
    assert told["status"] == "refused"
    assert look.coming() == []


def test_a_video_that_is_given_up_while_it_is_put_together(
    client: FlaskClient, who: Somebody, worker: ModuleType
) -> None:
    url = whole(client, who)
    assert client.delete(url, headers=who.headers).status_code == 204
    look.settle(worker)
    assert (look.of(who), look.coming()) == ([], [])


def test_a_hold_is_renewed_while_it_is_held_only(client: FlaskClient, who: Somebody) -> None:
    url = begin(client, who, 5000)
    with db.transaction() as session:
        row = db.lock(session, VideoFile, ids.read("vfl", id_of(url)))
        hold = write_hold.take(row)
    hold._renewed -= write_hold.RENEW_S
    make.let_time_pass(id_of(url), lease_until=now())
    hold.renew()
    (row,) = look.of(who)
    assert row.lease_until is not None
    assert row.lease_until > now() + timedelta(seconds=write_hold.LEASE_S - 5)
    make.let_time_pass(id_of(url), fence=hold.fence + 1)
    hold._renewed -= write_hold.RENEW_S
    with pytest.raises(write_hold.HoldLost):
        hold.renew()
    hold.let_go()
    assert look.of(who)[0].lease_until == row.lease_until


def test_there_is_no_upload_of_a_made_up_id(client: FlaskClient, who: Somebody) -> None:
    assert client.head(f"{look.UPLOADS}/{ids.show('vfl', new_id())}", headers=who.headers).status_code == 404
