"""Checks of videos: asked over HTTP, worked off by the worker's code on real PostgreSQL, looked at, corrected."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.briefs import assets
from marketplace.checks import service
from marketplace.checks.models import VideoPicture, VideoStepAnswer
from marketplace.core import db, ids, jobs
from marketplace.core.jobs import Job, JobState
from tests.api.described import faults
from tests.make import bids as make_bids
from tests.make import clips
from tests.make.people import Somebody, somebody


@pytest.fixture(scope="module")
def creator(app: Any) -> Somebody:
    return somebody("creator")


def ask(client: FlaskClient, who: Somebody, video_id: Any, **more: Any) -> Any:
    body = {"video_id": ids.show("vfl", video_id), "names": [clips.NAME], **more}
    return client.post("/api/v1/video-checks", json=body, headers=who.once())


def work(worker: ModuleType, turns: int = 30) -> None:
    """Do all that waits for the workers of videos."""
    for _ in range(turns):
        if not worker.drain(jobs.VISION):
            return
    raise AssertionError("the checks do not end")


def read(client: FlaskClient, who: Somebody, check: dict[str, Any]) -> dict[str, Any]:
    answer = client.get(f"/api/v1/video-checks/{check['id']}", headers=who.headers)
    assert answer.status_code == 200, answer.json
    assert faults(client.application, "VideoCheckOut", answer.json) == []
    return dict(answer.json)


@pytest.fixture(scope="module")
def done(app: Any, worker: ModuleType, creator: Somebody, clip: Path) -> dict[str, Any]:
    client = app.test_client()
    answer = ask(client, creator, clips.handed_in(creator, clip))
    assert answer.status_code == 202, answer.json
    assert [one["name"] for one in answer.json["steps"]] == ["decode"]
    work(worker)
    return read(client, creator, answer.json)


def test_a_check_measures_what_the_clip_shows(done: dict[str, Any]) -> None:
    assert done["status"] == "done", done["refusal"]
    assert {one["state"] for one in done["steps"]} == {"done"}
    made = {one["kind"]: one for one in done["result"]["timeline"]["exposures"]}
    # Without the brief's images only the words are found: the name on the label while it shows, and half a second later
    # the caption, which is near enough to be the same exposure.
    texts = [one for one in done["result"]["timeline"]["exposures"] if one["kind"] == "text"]
    assert any(abs(one["start_s"] + one["seconds"] - clips.CAPTION.end_s) <= 0.25 for one in texts), made
    assert done["result"]["speech"]["by"] is not None
    assert [one["code"] for one in done["result"]["not_seen"]] == ["no_references", "low_resolution", "limits"]


def test_the_result_is_drawn_and_its_keyframes_are_kept(
    client: FlaskClient, creator: Somebody, done: dict[str, Any]
) -> None:
    path = f"/api/v1/video-checks/{done['id']}"
    drawn = client.get(f"{path}/timeline?language=en", headers=creator.headers)
    assert drawn.status_code == 200
    assert drawn.content_type == "image/svg+xml"
    assert "Intrusiveness" in drawn.text
    pictures = done["result"]["pictures"]
    assert pictures
    for number in pictures:
        kept = client.get(f"{path}/pictures?number={number}", headers=creator.headers)
        assert kept.data.startswith(b"\xff\xd8\xff")
    assert client.get(f"{path}/pictures?number=99999", headers=creator.headers).status_code == 404
    assert client.get(f"{path}/timeline?of=corrected", headers=creator.headers).status_code == 404


def test_another_party_sees_none_of_it(client: FlaskClient, done: dict[str, Any]) -> None:
    stranger = somebody("creator")
    path = f"/api/v1/video-checks/{done['id']}"
    for one in (path, f"{path}/timeline", f"{path}/pictures?number=1", f"{path}/corrections"):
        assert client.get(one, headers=stranger.headers).status_code == 404, one
    assert ask(client, stranger, ids.read("vfl", done["video_id"])).status_code == 404


def test_the_same_video_for_the_same_names_is_not_worked_out_again(
    client: FlaskClient, worker: ModuleType, creator: Somebody, clip: Path, done: dict[str, Any]
) -> None:
    answer = ask(client, creator, clips.handed_in(creator, clip))
    work(worker)
    again = read(client, creator, answer.json)
    assert again["status"] == "done"
    assert again["result"]["timeline"] == done["result"]["timeline"]
    kinds = [job.kind for job in _jobs(again)]
    assert sorted(kinds) == [service.DECODE, service.MERGE]


def _jobs(check: dict[str, Any]) -> list[Job]:
    with db.transaction() as session:
        return list(session.scalars(sa.select(Job).where(Job.subject_id == ids.read("vck", check["id"]))))


def test_a_correction_is_scored_and_its_differences_are_labels(
    client: FlaskClient, creator: Somebody, done: dict[str, Any]
) -> None:
    path = f"/api/v1/video-checks/{done['id']}"
    seen = done["result"]["timeline"]["exposures"]
    mended = [{**seen[0], "seconds": seen[0]["seconds"] / 2}, *seen[1:]]
    mended.append({"kind": "speech", "start_s": 0.5, "seconds": 1.0, "mentions": 1})
    body = {"timeline": {"exposures": mended}, "note": "a mention was missed"}
    answer = client.post(f"{path}/corrections", json=body, headers=creator.once())
    assert answer.status_code == 201, answer.json
    labels = [one["label"] for one in answer.json["labels"]]
    assert labels.count("missed") == 1
    assert "otherwise" in labels
    corrected = read(client, creator, done)["corrected"]
    assert corrected["timeline"]["source"] == "corrected"
    assert corrected["intrusiveness"]["score"]["point"] != done["result"]["intrusiveness"]["score"]["point"]
    drawn = client.get(f"{path}/timeline?of=corrected", headers=creator.headers)
    assert drawn.status_code == 200
    listed = client.get(f"{path}/corrections", headers=creator.headers).json["data"]
    assert [one["note"] for one in listed] == ["a mention was missed"]


@pytest.mark.parametrize(
    ("timeline", "pointer"),
    [
        ({"exposures": [{"kind": "logo", "start_s": 1}]}, "/timeline/exposures/0/seconds"),
        ({"exposures": [], "duration_s": 99}, "/timeline/duration_s"),
        ({}, "/timeline/exposures"),
    ],
)
def test_a_correction_that_cannot_be_is_refused(
    client: FlaskClient, creator: Somebody, done: dict[str, Any], timeline: dict[str, Any], pointer: str
) -> None:
    path = f"/api/v1/video-checks/{done['id']}/corrections"
    answer = client.post(path, json={"timeline": timeline}, headers=creator.once())
    assert answer.status_code == 422
    assert pointer in [one["pointer"] for one in answer.json["errors"]]


def test_a_near_copy_is_flagged_with_both_pictures(
    client: FlaskClient, worker: ModuleType, done: dict[str, Any], tmp_path: Path
) -> None:
    other = somebody("creator")
    copy = clips.clip(tmp_path / "copy.mp4", sound=True, crf=34)
    answer = ask(client, other, clips.handed_in(other, copy))
    work(worker)
    found = read(client, other, answer.json)
    assert found["status"] == "done"
    [repeated] = found["duplicates"]
    assert repeated["share"] > 0.8
    assert not repeated["own"]
    assert repeated["sha256"] is None  # whose it is concerns the platform
    assert "duplicates" not in found["result"]  # nor may the result tell it
    assert (repeated["seen_first"], found["repeats"]) == ("other", 1)
    path = f"/api/v1/video-checks/{found['id']}/pictures?number=0&of="
    assert client.get(f"{path}this", headers=other.headers).data.startswith(b"\xff\xd8\xff")
    assert client.get(f"{path}other", headers=other.headers).status_code == 404
    admin = somebody("platform")
    assert client.get(f"{path}other", headers=admin.headers).data.startswith(b"\xff\xd8\xff")
    flagged = client.get("/api/v1/video-checks?repeats=true", headers=admin.headers).json["data"]
    assert [one["id"] for one in flagged] == [found["id"]]
    assert client.get("/api/v1/video-checks?repeats=true", headers=somebody("creator").headers).json["data"] == []
    told = client.get("/api/v1/events?kind=video_checks.repeat", headers=admin.headers).json["data"]
    assert [(one["subject_id"], one["data"]["videos"]) for one in told] == [(found["id"], 1)]
    assert client.get("/api/v1/events?kind=video_checks.repeat", headers=other.headers).json["data"] == []


def test_the_same_file_of_another_party_is_flagged(
    client: FlaskClient, worker: ModuleType, done: dict[str, Any], creator: Somebody, clip: Path
) -> None:
    other = somebody("creator")
    answer = ask(client, other, clips.handed_in(other, clip))
    work(worker)
    found = read(client, other, answer.json)
    repeated = found["duplicates"][0]
    assert (repeated["share"], repeated["seen_first"], repeated["own"]) == (1.0, "other", False)
    assert found["repeats"] >= 1
    # Asked again, the one who was first is told so.
    again = ask(client, creator, clips.handed_in(creator, clip))
    work(worker)
    first = read(client, creator, again.json)["duplicates"]
    assert first[0]["seen_first"] == "this"


def test_what_is_no_video_is_refused_with_a_sentence(
    client: FlaskClient, worker: ModuleType, creator: Somebody, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + b"\x00" * 5000)
    answer = ask(client, creator, clips.handed_in(creator, broken))
    work(worker)
    found = read(client, creator, answer.json)
    assert found["status"] == "refused"
    assert found["refusal"]["code"] == "damaged"
    assert found["refusal"]["zh"]
    refused = client.get(f"/api/v1/video-checks/{found['id']}/timeline", headers=creator.headers)
    assert refused.status_code == 409


def test_a_check_can_be_stopped(client: FlaskClient, worker: ModuleType, creator: Somebody, tmp_path: Path) -> None:
    path = clips.clip(tmp_path / "x.mp4", seed=11, seconds=2.0, shown=(), captions=())
    check = ask(client, creator, clips.handed_in(creator, path)).json
    stopped = client.post(f"/api/v1/video-checks/{check['id']}/cancel", headers=creator.once())
    assert stopped.json["status"] == "cancelled"
    work(worker)
    assert read(client, creator, check)["status"] == "cancelled"
    assert {job.state for job in _jobs(check)} == {JobState.CANCELLED}
    again = client.post(f"/api/v1/video-checks/{check['id']}/cancel", headers=creator.once())
    assert again.status_code == 409


def test_a_check_needs_something_to_look_for(client: FlaskClient, creator: Somebody, clip: Path) -> None:
    video_id = clips.handed_in(creator, clip)
    answer = ask(client, creator, video_id, names=[])
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/names"


def test_hashes_and_answers_are_kept_once(done: dict[str, Any]) -> None:
    with db.transaction() as session:
        pictures = session.scalar(
            sa.select(sa.func.count()).where(VideoPicture.sha256 == done["sha256"], VideoPicture.view == "plain")
        )
        answers = session.scalars(sa.select(VideoStepAnswer.name).where(VideoStepAnswer.sha256 == done["sha256"])).all()
    assert pictures == 8
    assert len(answers) == len(set(answers)) == 7


def test_a_bids_plan_and_the_briefs_images_are_held_against_the_draft(
    client: FlaskClient, worker: ModuleType, clip: Path
) -> None:
    of_any_length = make_bids.minimal()["deliverables"]
    there = make_bids.market(deliverables=of_any_length)
    with db.transaction(there.brand.actor) as session:
        assets.add_asset(
            session,
            there.brand.actor,
            there.brief_id,
            name="pack.png",
            data=clips.label_png(),
            content_type="image/png",
        )
    promised = {"kind": "product", "start_s": 2.0, "seconds": 1.0, "area_share": 0.02, "centre": 0.8, "plot": "tied"}
    planned = {"duration_s": clips.SECONDS, "exposures": [promised]}
    bid = make_bids.place(there, plan=planned, deliverables=of_any_length, options=[])
    video_id = clips.handed_in(there.creator, clip)
    answer = ask(client, there.creator, video_id, bid_id=ids.show("bid", bid.id))
    assert answer.json["names"] == ["清泉", "Clearspring", "qingquan", "小清", "清泉气泡水", clips.NAME]
    work(worker)
    result = read(client, there.creator, answer.json)["result"]
    pack = next(one for one in result["timeline"]["exposures"] if one["kind"] == "product")
    assert abs(pack["start_s"] - clips.SHOWN[0].start_s) <= 0.25
    assert abs(pack["start_s"] + pack["seconds"] - clips.SHOWN[0].end_s) <= 0.25
    assert pack["plot"] == {"low": 0.6, "high": 1.0}  # the plan's word: it cannot be measured
    row = next(one for one in result["plan"]["rows"] if one["planned"] == 0)
    assert not row["kept"]
    assert "longer" in row["off"]
    assert result["plan"]["length"]["kept"]
    # A buying link without a mark is against the law, and the brief has the link.
    assert [one["code"] for one in result["intrusiveness"]["vetoes"]] == ["undisclosed_buying_link"]
    seen = client.get(f"/api/v1/video-checks/{answer.json['id']}", headers=there.brand.headers)
    assert seen.status_code == 404  # until it is shared
