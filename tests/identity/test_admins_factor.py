"""Where the market demands a second factor of its admins, one without it signs in and can do nothing but set one up."""

from dataclasses import replace
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.app import create_app
from marketplace.core.config import Config
from tests.make.people import PASSWORD, Somebody, console, somebody, with_password

ME, FACTOR = "/api/v1/people/me", "/api/v1/people/me/second-factor"
ANYTHING = ("/api/v1/parties", "/api/v1/events", "/api/v1/channel-claims", "/api/v1/reviews")


@pytest.fixture(scope="module")
def strict(app: Flask, config: Config) -> Flask:
    return create_app(replace(config, admins_need_second_factor=True))


@pytest.fixture
def client(strict: Flask) -> FlaskClient:
    return strict.test_client()


def signed_in(client: FlaskClient, who: Somebody, **more: str) -> dict[str, str]:
    answer = client.post("/api/v1/sessions", json={"email": with_password(who), "password": PASSWORD, **more})
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.get_json()['token']}"}


def statuses(client: FlaskClient, headers: dict[str, str]) -> set[int]:
    return {client.get(path, headers=headers).status_code for path in ANYTHING}


def test_it_is_set_up_first_and_then_everything_goes_on(client: FlaskClient) -> None:
    admin = somebody("platform")
    headers = signed_in(client, admin)
    for language, told in (("en", "a second factor of its admins"), ("zh", "要求管理员有第二因素")):
        refused = client.get("/api/v1/parties", headers={**headers, "Accept-Language": language})
        assert (refused.status_code, told in refused.get_json()["detail"]) == (403, True), refused.text
    assert statuses(client, headers) == {403}
    key = client.post("/api/v1/api-keys", json={"name": "k", "scopes": ["read"]}, headers=_once(headers))
    assert key.status_code == 403, "a key would be a way around it"
    assert client.get(ME, headers=headers).status_code == 200
    assert client.get("/api/v1/sessions", headers=headers).status_code == 200
    secret = client.post(FACTOR, headers=headers).get_json()["secret"]
    assert statuses(client, headers) == {403}, "it does not count before it is confirmed"
    done = client.post(f"{FACTOR}/confirm", json={"code": pyotp.TOTP(secret).now()}, headers=headers)
    assert done.status_code == 200, done.text
    assert statuses(client, headers) == {200}
    [code] = done.get_json()["recovery_codes"][:1]
    assert statuses(client, signed_in(client, admin, code=code)) == {200}


def _once(headers: dict[str, str]) -> dict[str, Any]:
    return {**headers, "Idempotency-Key": "one"}


def test_the_first_admins_key_and_the_other_side_go_on(client: FlaskClient) -> None:
    assert statuses(client, somebody("platform").headers) == {200}
    for kind in ("brand", "creator", "agency"):
        assert client.get("/api/v1/parties", headers=signed_in(client, somebody(kind))).status_code == 200


def test_it_is_not_demanded_by_itself(app: Flask) -> None:
    assert statuses(app.test_client(), console(somebody("platform"))) == {200}
