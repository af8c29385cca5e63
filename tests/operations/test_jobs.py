"""Following jobs, stopping them, and trying dead ones again."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.core import db, ids, jobs
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.core.jobs import Job, JobState
from tests.make.people import Somebody, mandate, somebody
from tests.operations.look import JOBS, everything, job, kinds, path

STATES = tuple(map(str, JobState))


@pytest.fixture(scope="module")
def admin(app: Flask) -> Somebody:
    return somebody("platform")


@pytest.fixture(scope="module")
def owner(app: Flask) -> Somebody:
    return somebody("creator")


def listed(client: FlaskClient, who: Somebody, **query: Any) -> list[str]:
    answer = client.get(JOBS, headers=who.headers, query_string=query)
    assert answer.status_code == 200, answer.json
    return [row["id"] for row in answer.json["data"]]


def shown(*made: Job) -> list[str]:
    return [ids.show("job", one.id) for one in made]


def test_a_job_tells_where_it_stands(client: FlaskClient, owner: Somebody) -> None:
    made = job(owner.party_id, "leased", stage="reading rows", done=40, total=100, attempt=1, started_at=now())
    answer = client.get(path(made.id), headers=owner.headers)
    assert answer.status_code == 200
    found = {name: value for name, value in answer.json.items() if not name.endswith("_at")}
    assert found == {
        "id": ids.show("job", made.id),
        "kind": "channels.import",
        "queue": "imports",
        "state": "leased",
        "stage": "reading rows",
        "done": 40,
        "total": 100,
        "attempt": 1,
        "max_attempts": 8,
        "problem": None,
        "last_error": None,
        "cancel_asked": False,
    }
    assert answer.json["finished_at"] is None
    assert answer.json["started_at"].endswith("Z")


@pytest.mark.parametrize(
    ("state", "en"),
    [
        ("queued", "The last attempt failed; it will be tried again."),
        ("leased", "The last attempt failed; it is being tried again."),
        ("dead", "It failed and was given up."),
        ("cancelled", "It was stopped on request."),
        ("done", "It was merged into a later job."),
    ],
)
def test_the_raw_error_is_the_platforms_alone(
    client: FlaskClient, owner: Somebody, admin: Somebody, state: str, en: str
) -> None:
    raw = "KeyError: 'followers' at /srv/secret.py"
    made = job(owner.party_id, state, last_error=raw)
    own, full = (client.get(path(made.id), headers=who.headers) for who in (owner, admin))
    assert (own.json["last_error"], own.json["problem"]["en"]) == (None, en)
    assert own.json["problem"]["zh"].endswith("。")
    assert raw not in own.get_data(as_text=True)
    assert (full.json["last_error"], full.json["problem"]) == (raw, own.json["problem"])
    listing = client.get(JOBS, headers=owner.headers, query_string={"state": state}).get_data(as_text=True)
    assert "secret.py" not in listing


def test_jobs_are_narrowed_and_the_platform_sees_all(client: FlaskClient, admin: Somebody) -> None:
    who, other = somebody("brand"), somebody("brand")
    kind = f"core.{new_id().hex}"
    first = job(who.party_id, kind=kind)
    second = job(who.party_id, "dead", queue=jobs.SCORING, kind=kind)
    nobodys = job(None, kind=kind)
    assert listed(client, who) == shown(second, first)
    assert listed(client, who, limit=1, starting_after=shown(second)[0]) == shown(first)
    assert listed(client, who, state="dead") == shown(second)
    assert listed(client, who, queue="imports") == shown(first)
    assert listed(client, who, kind="core.other") == []
    assert listed(client, other) == []
    assert listed(client, admin, kind=kind) == shown(nobodys, second, first)
    assert listed(client, admin, kind=kind, state="queued", queue="imports") == shown(nobodys, first)


@pytest.mark.parametrize("query", [{"state": "lost"}, {"queue": "q"}, {"kind": ""}, {"starting_after": "x"}, {"x": 1}])
def test_a_bad_filter_is_refused(client: FlaskClient, owner: Somebody, query: dict[str, Any]) -> None:
    answer = client.get(JOBS, headers=owner.headers, query_string=query)
    [name] = query
    assert (answer.status_code, [fault["pointer"] for fault in answer.json["errors"]]) == (422, [f"query:/{name}"])


@pytest.mark.parametrize("by_admin", [False, True])
@pytest.mark.parametrize("state", STATES)
def test_a_job_is_stopped_where_it_can_be(
    client: FlaskClient, owner: Somebody, admin: Somebody, state: str, by_admin: bool
) -> None:
    made = job(owner.party_id, state)
    before = everything(made.id)
    answer = client.post(path(made.id, "cancel"), headers=(admin if by_admin else owner).once())
    row, told = everything(made.id)
    if state == "queued":
        assert (answer.status_code, answer.json["state"], answer.json["cancel_asked"]) == (200, "cancelled", False)
        assert (row["state"], row["finished_at"] is not None, told) == ("cancelled", True, ["jobs.cancel"])
    elif state == "leased":
        assert (answer.status_code, answer.json["state"], answer.json["cancel_asked"]) == (200, "leased", True)
        assert (row["state"], row["finished_at"], told) == ("leased", None, ["jobs.cancel"])
    else:
        assert (answer.status_code, answer.json["state"]) == (409, state)
        assert (row, told) == before


def test_a_running_job_stops_at_its_next_report(client: FlaskClient, owner: Somebody) -> None:
    made = job(owner.party_id, "leased", fence=3, attempt=1, lease_until=now() + timedelta(minutes=1))
    held = jobs.ClaimedJob(
        id=made.id,
        kind=made.kind,
        queue=made.queue,
        subject_id=None,
        party_id=owner.party_id,
        payload={},
        attempt=1,
        max_attempts=8,
        fence=3,
        lease_s=30,
        request_id=None,
    )
    held.progress("reading rows", 1, 9)
    assert client.post(path(made.id, "cancel"), headers=owner.once()).status_code == 200
    with pytest.raises(jobs.JobCancelled):
        held.progress("reading rows", 2, 9)
    asked_again = client.post(path(made.id, "cancel"), headers=owner.once())
    assert (asked_again.status_code, asked_again.json["cancel_asked"]) == (200, True)
    assert kinds(made.id) == ["jobs.cancel"]


def test_the_owner_is_told_that_it_was_stopped(client: FlaskClient, owner: Somebody, admin: Somebody) -> None:
    made = job(owner.party_id)
    client.post(path(made.id, "cancel"), headers=admin.once())
    word = ids.show("job", made.id)
    [event] = client.get("/api/v1/events", headers=owner.headers, query_string={"subject_id": word}).json["data"]
    assert (event["kind"], event["actor_role"], event["subject_id"]) == ("jobs.cancel", "admin", word)
    assert event["data"] == {"job_kind": "channels.import", "state": "cancelled"}


@pytest.mark.parametrize("queue", [jobs.DEFAULT, jobs.SCORING])
def test_a_timer_that_others_go_by_is_not_the_owners_to_stop(client: FlaskClient, admin: Somebody, queue: str) -> None:
    brand = somebody("brand")
    made = job(brand.party_id, queue=queue, kind="briefs.close-due")
    before = everything(made.id)
    assert client.post(path(made.id, "cancel"), headers=brand.once()).status_code == 403
    assert everything(made.id) == before
    assert client.post(path(made.id, "cancel"), headers=admin.once()).json["state"] == "cancelled"


def test_strangers_and_readers_stop_nothing(client: FlaskClient, owner: Somebody) -> None:
    made = job(owner.party_id)
    before = everything(made.id)
    for kind in ("brand", "creator", "agency"):
        stranger = somebody(kind)
        assert client.post(path(made.id, "cancel"), headers=stranger.once()).status_code == 404
        assert client.get(path(made.id), headers=stranger.headers).status_code == 404
        assert listed(client, stranger) == []
    reader = somebody("creator", scopes=frozenset({"read"}), party_id=owner.party_id)
    assert client.get(path(made.id), headers=reader.headers).status_code == 200
    assert client.post(path(made.id, "cancel"), headers=reader.once()).status_code == 403
    assert client.post(path(made.id, "cancel")).status_code == 401
    observer = somebody("platform", scopes=frozenset({"read"}))
    for name in ("cancel", "requeue"):
        assert client.post(path(made.id, name), headers=observer.once()).status_code == 403
        assert client.post(path(new_id(), name), headers=somebody("platform").once()).status_code == 404
    assert everything(made.id) == before


def test_an_agency_stops_its_creators_import(client: FlaskClient, owner: Somebody) -> None:
    agency = somebody("agency")
    mandate(agency, owner.party_id)
    made = job(owner.party_id)
    assert client.post(path(made.id, "cancel"), headers=agency.once()).json["state"] == "cancelled"


def test_an_agency_follows_its_creators_imports_and_no_other_work(client: FlaskClient) -> None:
    agency, creator = somebody("agency"), somebody("creator")
    mandate(agency, creator.party_id)
    of_import, of_check = job(creator.party_id), job(creator.party_id, queue=jobs.VISION, kind="checks.step")
    assert listed(client, agency) == shown(of_import)
    assert client.get(path(of_check.id), headers=agency.headers).status_code == 404
    assert listed(client, creator) == shown(of_check, of_import)


@pytest.mark.parametrize("state", STATES)
def test_only_a_dead_job_is_tried_again(client: FlaskClient, owner: Somebody, admin: Somebody, state: str) -> None:
    made = job(owner.party_id, state, attempt=8, last_error="boom", finished_at=now(), cancel_asked=True, fence=8)
    before = everything(made.id)
    answer = client.post(path(made.id, "requeue"), headers=admin.once())
    row, told = everything(made.id)
    if state != "dead":
        assert (answer.status_code, answer.json["state"]) == (409, state)
        assert (row, told) == before
        return
    assert (answer.status_code, answer.json["state"], answer.json["attempt"]) == (200, "queued", 0)
    assert (row["finished_at"], row["cancel_asked"], row["fence"], told) == (None, False, 8, ["jobs.requeue"])
    with db.transaction() as session:
        claimed = {one.id: one for one in jobs.claim(session, jobs.IMPORTS, 1000)}
        assert (claimed[made.id].attempt, claimed[made.id].fence) == (1, 9)
        session.execute(sa.update(Job).where(Job.id.in_(claimed)).values(state=JobState.DONE))


@pytest.mark.parametrize("kind", ["brand", "creator", "agency"])
def test_only_the_platform_tries_again(client: FlaskClient, kind: str) -> None:
    who = somebody(kind)
    made = job(who.party_id, "dead")
    before = everything(made.id)
    assert client.post(path(made.id, "requeue"), headers=who.once()).status_code == 403
    assert everything(made.id) == before


def test_a_dead_job_gives_way_to_a_newer_one(client: FlaskClient, owner: Somebody, admin: Somebody) -> None:
    key = new_id().hex
    made = job(owner.party_id, "dead", dedupe_key=key)
    newer = job(owner.party_id, dedupe_key=key)
    before = everything(made.id)
    answer = client.post(path(made.id, "requeue"), headers=admin.once())
    assert answer.status_code == 409
    assert answer.json["detail"] == "A newer job for the same waits already and will do this one's work."
    assert everything(made.id) == before
    client.post(path(newer.id, "cancel"), headers=admin.once())
    assert client.post(path(made.id, "requeue"), headers=admin.once()).status_code == 200


@pytest.mark.parametrize(("name", "state"), [("cancel", "queued"), ("requeue", "dead")])
def test_many_at_once_are_one(app: Flask, admin: Somebody, owner: Somebody, name: str, state: str) -> None:
    made, barrier = job(owner.party_id, state), Barrier(10)

    def one(_: int) -> int:
        barrier.wait()
        return app.test_client().post(path(made.id, name), headers=admin.once()).status_code

    with ThreadPoolExecutor(10) as pool:
        assert Counter(pool.map(one, range(10))) == {200: 1, 409: 9}
    assert kinds(made.id) == [f"jobs.{name}"]


def test_a_retry_is_answered_the_same(client: FlaskClient, owner: Somebody) -> None:
    made, headers = job(owner.party_id), owner.once()
    first, second = (client.post(path(made.id, "cancel"), headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code, second.json) == (200, 200, first.json)
    assert kinds(made.id) == ["jobs.cancel"]
