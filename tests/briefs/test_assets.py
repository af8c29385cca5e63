"""Reference images: what is taken, who sees them, and how they are served."""

import base64
import hashlib
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.briefs import assets
from marketplace.core import db, ids
from marketplace.core.errors import InvalidInput
from tests.briefs.look import everything, last_event, path, pointers
from tests.make import briefs as make
from tests.make.people import Somebody, somebody

KINDS = [("image/png", make.PNG, "png"), ("image/jpeg", make.JPEG, "jpg"), ("image/webp", make.WEBP, "webp")]


@pytest.fixture(scope="module")
def brand(app: Flask) -> Somebody:
    return somebody("brand")


def send(
    client: FlaskClient, brief: Any, who: Somebody, data: bytes = make.PNG, kind: str = "image/png", name: str = "瓶身"
) -> Any:
    url = path(brief.id, "assets")
    return client.post(url, query_string={"name": name}, data=data, content_type=kind, headers=who.once())


@pytest.mark.parametrize(("kind", "data", "suffix"), KINDS, ids=["png", "jpeg", "webp"])
def test_an_image_is_kept_and_served_as_it_came(
    client: FlaskClient, brand: Somebody, kind: str, data: bytes, suffix: str
) -> None:
    brief = make.draft(brand)
    answer = send(client, brief, brand, data, kind)
    shown = answer.json
    assert answer.status_code == 201
    assert (shown["name"], shown["media_type"], shown["size_bytes"]) == ("瓶身", kind, len(data))
    assert shown["sha256"] == hashlib.sha256(data).hexdigest()
    assert client.get(path(brief.id, "assets"), headers=brand.headers).json == {"data": [shown], "has_more": False}
    served = client.get(f"/api/v1/brand-assets/{shown['id']}", headers=brand.headers)
    assert (served.status_code, served.data, served.content_type) == (200, data, kind)
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert served.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert served.headers["Content-Disposition"] == f'inline; filename="{shown["id"]}.{suffix}"'
    assert served.headers["Cache-Control"] == "private, max-age=3600"
    again = client.get(
        f"/api/v1/brand-assets/{shown['id']}", headers={**brand.headers, "If-None-Match": served.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")
    event = last_event(ids.read("ast", shown["id"]))
    assert (event.kind, event.party_ids) == ("brand_assets.create", [brand.party_id])


BAD = [
    (b"", "image/png"),
    (b"<html>", "image/png"),
    (b"<html>", "application/octet-stream"),
    (make.PNG, "image/jpeg"),
    (b"RIFF\x18\x00\x00\x00WAVE", "image/webp"),
]
OTHER = ["image/svg+xml", "image/gif", "application/json", "multipart/form-data; boundary=x"]


def test_an_image_that_was_damaged_on_the_way_is_not_kept(client: FlaskClient, brand: Somebody) -> None:
    brief = make.draft(brand)
    before = everything(brief.id)
    digest = base64.b64encode(hashlib.sha256(make.PNG + b"!").digest()).decode()
    headers = {**brand.once(), "Content-Digest": f"sha-256=:{digest}:"}
    url, told = path(brief.id, "assets"), {"name": "x"}
    answer = client.post(url, query_string=told, data=make.PNG, content_type="image/png", headers=headers)
    assert (answer.status_code, pointers(answer)) == (422, ["header:/Content-Digest"])
    assert everything(brief.id) == before


def test_a_retry_gives_the_first_answer_and_another_image_needs_another_key(
    client: FlaskClient, brand: Somebody
) -> None:
    brief = make.draft(brand)
    url, headers = path(brief.id, "assets"), brand.once()

    def post(data: bytes) -> Any:
        return client.post(url, query_string={"name": "x"}, data=data, content_type="image/png", headers=headers)

    first, again, other = post(make.PNG), post(make.PNG), post(make.PNG + b"1")
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert (again.json, again.headers["Idempotency-Replayed"]) == (first.json, "true")
    assert len(everything(brief.id)["assets"]) == 1


@pytest.mark.parametrize(("data", "kind"), BAD, ids=[kind for _, kind in BAD])
def test_what_is_no_image_is_refused(client: FlaskClient, brand: Somebody, data: bytes, kind: str) -> None:
    brief = make.draft(brand)
    before = everything(brief.id)
    answer = send(client, brief, brand, data, kind)
    assert (answer.status_code, pointers(answer)) == (422, ["/"])
    assert everything(brief.id) == before


@pytest.mark.parametrize(("kind", "data", "suffix"), KINDS, ids=["png", "jpeg", "webp"])
def test_an_image_sent_as_any_file_is_told_by_its_bytes(
    client: FlaskClient, brand: Somebody, kind: str, data: bytes, suffix: str
) -> None:
    answer = send(client, make.draft(brand), brand, data, "application/octet-stream")
    assert (answer.status_code, answer.json["media_type"]) == (201, kind)


@pytest.mark.parametrize("kind", OTHER)
def test_another_kind_of_body_is_refused_with_those_that_are_taken(
    client: FlaskClient, brand: Somebody, kind: str
) -> None:
    brief = make.draft(brand)
    before = everything(brief.id)
    answer = send(client, brief, brand, make.PNG, kind)
    assert answer.status_code == 415
    assert "image/png, image/jpeg, image/webp" in answer.json["detail"]
    assert everything(brief.id) == before


def test_too_large_an_image_is_refused(client: FlaskClient, brand: Somebody) -> None:
    brief = make.draft(brand)
    before = everything(brief.id)
    largest = make.PNG + bytes(assets.ASSET_BYTES_MAX - len(make.PNG))
    assert send(client, brief, brand, largest + b"\x00").status_code == 413
    with pytest.raises(InvalidInput), db.transaction(brand.actor) as session:
        assets.add_asset(session, brand.actor, brief.id, name="x", data=largest + b"\x00", content_type="image/png")
    assert everything(brief.id) == before
    assert send(client, brief, brand, largest).json["size_bytes"] == 2_097_152


def test_an_image_needs_a_name(client: FlaskClient, brand: Somebody) -> None:
    brief = make.draft(brand)
    before = everything(brief.id)
    assert pointers(send(client, brief, brand, name=" ")) == ["query:/name"]
    answer = client.post(path(brief.id, "assets"), data=make.PNG, content_type="image/png", headers=brand.once())
    assert (answer.status_code, pointers(answer)) == (422, ["query:/name"])
    assert everything(brief.id) == before


def test_the_same_image_is_kept_once_and_twelve_are_enough(client: FlaskClient, brand: Somebody) -> None:
    brief = make.draft(brand)
    for number in range(12):
        assert send(client, brief, brand, make.PNG + bytes([number])).status_code == 201
        if number == 0:
            again = send(client, brief, brand, make.PNG + bytes([0]))
            assert (again.status_code, again.json["rule"]) == (409, "uq_brand_assets_brief_id_sha256")
    before = everything(brief.id)
    assert send(client, brief, brand, make.JPEG, "image/jpeg").status_code == 409
    assert everything(brief.id) == before
    assert len(before["assets"]) == 12


@pytest.mark.parametrize("status", ["closed", "cancelled"])
def test_a_brief_that_is_over_takes_no_image(client: FlaskClient, brand: Somebody, status: str) -> None:
    brief = make.MAKERS[status](brand)
    before = everything(brief.id)
    answer = send(client, brief, brand)
    assert (answer.status_code, answer.json["state"]) == (409, status)
    assert everything(brief.id) == before


def test_who_adds_and_who_sees_an_image(client: FlaskClient, brand: Somebody) -> None:
    brief = make.draft(brand)
    asset = send(client, brief, brand).json["id"]
    before = everything(brief.id)
    rival, creator = somebody("brand"), somebody("creator")
    assert send(client, brief, rival, make.WEBP, "image/webp").status_code == 404
    assert send(client, brief, creator, make.WEBP, "image/webp").status_code == 403
    assert everything(brief.id) == before
    for who in (rival, creator):
        assert client.get(f"/api/v1/brand-assets/{asset}", headers=who.headers).status_code == 404
    client.post(path(brief.id, "publish"), headers=brand.once())
    assert client.get(f"/api/v1/brand-assets/{asset}", headers=creator.headers).data == make.PNG
    assert client.get(f"/api/v1/brand-assets/{asset}", headers=rival.headers).status_code == 404
    nothing = ids.show("ast", ids.new_id())
    assert client.get(f"/api/v1/brand-assets/{nothing}", headers=brand.headers).status_code == 404
