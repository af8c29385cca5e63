"""What is secret or private stands nowhere but in the answer that shows it, and in its own column."""

import io
import logging
from collections.abc import Iterator, MutableMapping

import pytest
import sqlalchemy as sa
import structlog
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace.core.events import Event
from marketplace.core.http.idempotency import IdempotencyKey
from marketplace.core.ids import new_id
from marketplace.core.jobs import Job

FIRST, SECOND = "seven quiet rivers run", "eight quiet rivers run"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged meanwhile, before anything is hidden in it."""
    text = io.StringIO()
    processors, level = structlog.get_config()["processors"], logging.getLogger().level
    before = [*processors]
    handler = logging.StreamHandler(text)
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.DEBUG)

    def keep(_: object, __: str, line: MutableMapping[str, object]) -> str:
        text.write(f"{line!r}\n")
        raise structlog.DropEvent

    processors[:] = [keep]  # in place, for loggers that were used already keep their list
    yield text
    processors[:] = before
    logging.getLogger().setLevel(level)
    logging.getLogger().removeHandler(handler)


def test_no_secret_is_left_behind(client: FlaskClient, session: Session, log: io.StringIO) -> None:
    email, guest = f"{new_id().hex}@example.org", f"{new_id().hex}@example.org"
    party = {"kind": "agency", "name": "Quiet"}

    up = client.post("/api/v1/sign-up", json={"email": email, "password": FIRST, "name": "Q", "party": party})
    ses = client.post("/api/v1/sessions", json={"email": email, "password": FIRST})
    signed = {"Authorization": f"Bearer {ses.get_json()['token']}"}
    once = {**signed, "Idempotency-Key": str(new_id())}
    key = client.post("/api/v1/api-keys", json={"name": "k", "scopes": ["read"]}, headers=once)
    once = {**signed, "Idempotency-Key": str(new_id())}
    inv = client.post("/api/v1/invites", json={"email": guest, "permissions": ["read"]}, headers=once)
    taken = client.post(
        "/api/v1/invites/accept", json={"token": inv.get_json()["token"], "password": FIRST, "name": "G"}
    )
    changed = client.post("/api/v1/people/me/password", json={"old": FIRST, "new": SECOND}, headers=signed)
    bad = client.post("/api/v1/sessions", json={"email": email, "password": FIRST})

    answers = [one.status_code for one in (up, ses, key, inv, taken, changed, bad)]
    assert answers == [201, 201, 201, 201, 201, 204, 401]
    halves = [ses.get_json()["token"].partition(".")[2], key.get_json()["key"].partition(".")[2]]
    secrets = [FIRST, SECOND, inv.get_json()["token"], *halves]
    events, kept, jobs = (_text(session, table) for table in (Event, IdempotencyKey, Job))
    written = log.getvalue()
    assert "http.request" in written
    assert key.get_json()["public_id"] in kept
    for secret in secrets:
        assert all(secret not in text for text in (events, kept, jobs, written, bad.text, up.text)), secret
    for address in (email, guest):
        assert all(address not in text for text in (events, jobs, written)), address
    assert email not in kept


def _text(session: Session, table: type) -> str:
    name = table.__tablename__  # type: ignore[attr-defined]
    return "\n".join(session.scalars(sa.text(f"SELECT CAST(row_to_json(t) AS text) FROM {name} t")))
