"""Signed links: one video in, one video out, for a while, without a key."""

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.app import create_app
from marketplace.core import ids
from marketplace.core.clock import now
from marketplace.core.config import Config
from marketplace.core.ids import new_id
from tests.make import moments
from tests.make import videos as make
from tests.make.people import Somebody, somebody
from tests.video_files import look


@pytest.fixture
def who(app: object) -> Somebody:
    return somebody("brand")


def to_send(client: FlaskClient, who: Somebody, **more: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/video-links", json={"name": "草稿.mp4", **more}, headers=who.once())
    assert answer.status_code == 201, answer.json
    found: dict[str, Any] = answer.json
    return found


def to_read(client: FlaskClient, who: Somebody, video: str, seconds: int = 60) -> dict[str, Any]:
    answer = client.post(f"{look.VIDEOS}/{video}/links", json={"seconds": seconds}, headers=who.once())
    found: dict[str, Any] = answer.json
    return found


def put(client: FlaskClient, url: str, data: bytes, **more: Any) -> Any:
    return client.put(url, data=data, content_type="video/mp4", **more)


def test_a_phone_sends_one_video_and_somebody_reads_it(client: FlaskClient, who: Somebody) -> None:
    link, data = to_send(client, who), make.video(100_000)
    assert (link["method"], link["url"].startswith("http://localhost/api/v1/videos/")) == ("PUT", True)
    assert put(client, link["url"], b"<html>").status_code == 422
    assert put(client, link["url"], data, environ_overrides={"CONTENT_LENGTH": "200000"}).status_code == 400
    assert look.coming() == []
    done = put(client, link["url"], data)
    assert (done.status_code, done.json["id"], done.json["status"]) == (201, link["video_id"], "kept")
    assert done.json["name"] is None  # whoever holds a link is nobody of the party's
    assert put(client, link["url"], make.video()).status_code == 409
    (row,) = look.of(who)
    assert (row.name, row.person_id, look.stored(data)) == ("草稿.mp4", who.person_id, True)
    link = to_read(client, who, link["video_id"])
    assert client.get(link["url"]).data == data
    part = client.get(link["url"], headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.data) == (206, data[10:20])
    assert part.headers["Content-Disposition"].startswith("attachment")


def test_a_link_is_for_one_thing_and_for_a_while(client: FlaskClient, who: Somebody, worker: ModuleType) -> None:
    video = ids.show("vfl", make.kept(who))
    other = ids.show("vfl", make.kept(who))
    link = to_read(client, who, video)
    forged = [
        link["url"].replace(video, other),
        link["url"].replace(video, ids.show("vfl", new_id())),
        link["url"][:-1] + ("0" if link["url"][-1] != "0" else "1"),
        link["url"].replace("expires=", "expires=1"),
    ]
    for url in forged:
        assert client.get(url).json["type"] == "/docs/problems#link-over"
    assert put(client, link["url"], make.video()).status_code == 404
    for url in (link["url"].split("&")[0], link["url"] + "&a=1", link["url"].split("?")[0]):
        assert client.get(url).status_code == 422
    assert client.get(link["url"]).status_code == 200
    with moments.travel(now() + timedelta(seconds=61), tick=True):
        assert client.get(link["url"]).json["type"] == "/docs/problems#link-over"
    assert client.delete(f"{look.VIDEOS}/{video}", headers=who.headers).status_code == 204
    assert client.get(link["url"]).status_code == 404
    look.settle(worker)


def test_a_link_to_send_with_runs_out_and_its_room_comes_back(
    client: FlaskClient, who: Somebody, worker: ModuleType
) -> None:
    link = to_send(client, who, seconds=5, size_bytes=5000)
    with moments.travel(now() + timedelta(seconds=6), tick=True):
        assert put(client, link["url"], make.video()).status_code == 404
    make.let_time_pass(link["video_id"], expires_at=now() - timedelta(seconds=1))
    look.forget_old(worker)
    assert look.of(who) == []


def test_a_video_larger_than_its_link_said_is_refused(client: FlaskClient, who: Somebody) -> None:
    link = to_send(client, who, size_bytes=5000)
    assert put(client, link["url"], make.video(9000)).status_code == 413
    assert (look.coming(), put(client, link["url"], make.video(4000)).status_code) == ([], 201)


def test_links_are_made_for_ones_own_kept_videos(client: FlaskClient, who: Somebody) -> None:
    video = ids.show("vfl", make.kept(who))
    url = f"{look.VIDEOS}/{video}/links"
    assert client.post(url, json={}, headers=somebody("brand").once()).status_code == 404
    assert client.post(url, json={"seconds": 3601}, headers=who.once()).status_code == 422
    coming = ids.show("vfl", make.announced(who))
    assert client.post(f"{look.VIDEOS}/{coming}/links", json={}, headers=who.once()).status_code == 409
    reader = somebody("brand", scopes=frozenset({"read"}), party_id=who.party_id)  # type: ignore[arg-type]
    assert client.post(url, json={}, headers=reader.once()).status_code == 403


def test_a_link_outlives_the_change_of_the_secret_while_the_old_one_is_known(
    app: Flask, client: FlaskClient, who: Somebody, config: Config
) -> None:
    link = to_read(client, who, ids.show("vfl", make.kept(who)))
    for before, status in (("test", 200), ("", 404)):
        changed = Config(**{**config.__dict__, "secret_key": "another", "secret_key_before": before})
        assert config.secret_key == "test"
        assert create_app(changed).test_client().get(link["url"]).status_code == status
