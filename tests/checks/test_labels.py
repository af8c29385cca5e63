"""Labels leave as JSON lines: of each check the newest correction, with what was measured and its evidence."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from marketplace.checks import corrections
from marketplace.checks.models import VideoCheck
from marketplace.core import db, ids
from tests.make import checks as make_checks
from tests.make.people import Somebody, somebody

SPOKEN = {"kind": "speech", "start_s": 10, "seconds": 2, "mentions": 1}


def labels(client: FlaskClient, who: Somebody, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/video-checks/labels?{query}", headers=who.headers)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/jsonl"
    return [json.loads(line) for line in answer.text.splitlines()]


def correct(who: Somebody, check_id: Any, exposures: list[dict[str, Any]], note: str | None = None) -> str:
    with db.transaction(who.actor) as session:
        made = corrections.correct(session, who.actor, check_id, timeline={"exposures": exposures}, note=note)
        return ids.show("vcr", made.id)


def test_a_label_says_what_was_measured_and_what_it_really_is(client: FlaskClient) -> None:
    who = somebody("creator")
    check_id = make_checks.done(who)
    [measured] = make_checks.TIMELINE["exposures"]  # type: ignore[misc]
    correct(who, check_id, [measured, SPOKEN])
    newest = correct(who, check_id, [{**measured, "seconds": 5.0}, SPOKEN], "it stays longer")
    found = {one["label"]: one for one in labels(client, who)}
    assert set(found) == {"otherwise", "missed"}
    assert {one["correction_id"] for one in found.values()} == {newest}
    off = found["otherwise"]
    assert (off["fields"], off["exposure"]["seconds"], off["measured"]["seconds"]) == (["seconds"], 5.0, 3.0)
    assert off["evidence"]["keyframes"] == [0]
    assert (off["names"], off["note"], off["check_id"]) == (["x"], "it stays longer", ids.show("vck", check_id))
    assert (found["missed"]["measured"], found["missed"]["exposure"]["kind"]) == (None, "speech")


@pytest.mark.parametrize(
    ("said", "loudness_lu", "vetoes"),
    [
        ({}, 7.0, {"too_loud", "covers_face_or_subtitle"}),
        ({"loudness_lu": 0}, 0.0, {"covers_face_or_subtitle"}),
        ({"occlusion_share": 0}, 7.0, {"too_loud"}),
    ],
)
def test_what_is_measured_of_the_whole_stays_until_somebody_says_otherwise(
    client: FlaskClient, said: dict[str, Any], loudness_lu: float, vetoes: set[str]
) -> None:
    who = somebody("creator")
    check_id = make_checks.done(who)
    with db.transaction() as session:
        row = session.get_one(VideoCheck, check_id)
        assert row.result is not None
        louder = {**row.result["timeline"], "loudness_lu": 7.0, "occlusion_share": 0.5}
        row.result = {**row.result, "timeline": louder}
    body = {"timeline": {**said, "exposures": make_checks.TIMELINE["exposures"]}}
    path = f"/api/v1/video-checks/{ids.show('vck', check_id)}"
    assert client.post(f"{path}/corrections", json=body, headers=who.once()).status_code == 201
    corrected = client.get(path, headers=who.headers).json["corrected"]
    assert corrected["timeline"]["loudness_lu"] == loudness_lu
    assert {one["code"] for one in corrected["intrusiveness"]["vetoes"]} == vetoes


def test_pages_go_on_after_the_last_correction(client: FlaskClient) -> None:
    who = somebody("creator")
    checks = [make_checks.done(who) for _ in range(3)]
    made = [correct(who, check_id, []) for check_id in checks]
    first = labels(client, who, "limit=2")
    assert [one["correction_id"] for one in first] == made[:2]
    assert {one["label"] for one in first} == {"wrong"}
    rest = labels(client, who, f"limit=2&starting_after={made[1]}")
    assert [one["correction_id"] for one in rest] == made[2:]
    assert labels(client, who, f"starting_after={made[2]}") == []


def test_labels_are_ones_own_and_the_platforms(client: FlaskClient) -> None:
    who, stranger, admin = somebody("creator"), somebody("creator"), somebody("platform")
    made = correct(who, make_checks.done(who), [])
    assert labels(client, stranger) == []
    assert made in {one["correction_id"] for one in labels(client, admin, "limit=500")}
    shared = make_checks.shared()
    correct(shared[0].creator, shared[1], [])
    assert client.get("/api/v1/video-checks/labels", headers=shared[0].brand.headers).status_code == 403


def test_bad_queries_are_refused(client: FlaskClient) -> None:
    who = somebody("creator")
    for query, pointer in (
        ("limit=0", "query:/limit"),
        ("limit=501", "query:/limit"),
        ("starting_after=x", "query:/starting_after"),
    ):
        answer = client.get(f"/api/v1/video-checks/labels?{query}", headers=who.headers)
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer), answer.json
