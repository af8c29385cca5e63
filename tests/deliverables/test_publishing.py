"""Publications: the same video is live, shown by its file or its pictures; reports that it was taken down."""

from collections.abc import Iterator
from datetime import date, timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db, ids
from marketplace.core.clock import now
from marketplace.deliverables.models import Draft
from marketplace.identity.party_days import day_of
from marketplace.pacing.models import PacingBooking
from marketplace.payments.models import Payment
from tests.deliverables import look
from tests.make import owed as make
from tests.make import videos as make_videos
from tests.make.moments import travel
from tests.make.owed import Owed
from tests.make.people import somebody


@pytest.fixture
def owed(app: Any) -> Iterator[Owed]:
    made = make.funded(2)
    with travel(make.publish_day()):
        yield made


def sha256_of(draft_id: UUID) -> str:
    with db.transaction() as session:
        return session.get_one(Draft, draft_id).sha256


def test_the_very_file_goes_live_until_its_days_are_over(client: FlaskClient, owed: Owed) -> None:
    draft_id = make.approved_draft(owed)
    answer = look.publish(client, owed.maker, owed.id, make.told(owed, draft_id))
    assert answer.status_code == 201, answer.json
    assert (answer.json["proof"], answer.json["same_share"]) == ("same_file", 1.0)
    last = day_of("Asia/Shanghai", now()) + timedelta(days=90)
    assert date.fromisoformat(answer.json["last_live_on"]) == last
    assert look.get(client, owed.brand, "dlv", owed.id, "publication").json == answer.json
    assert make.status(owed.id) == "live"
    with db.transaction() as session:  # its channel's days are free, the other video's are not
        query = sa.select(PacingBooking.position).where(PacingBooking.deal_id == owed.deal_id)
        assert session.scalars(query).all() == [2]


def test_a_file_that_the_platform_encoded_anew_is_known_by_its_pictures(client: FlaskClient, owed: Owed) -> None:
    draft_id = make.approved_draft(owed)
    same = {"sha256": sha256_of(draft_id), "share": 0.93, "foreign": False}
    told = {**make.told(owed, draft_id), "video_id": None, "check_id": make.checked(owed, duplicates=[same])}
    answer = look.publish(client, owed.maker, owed.id, told)
    assert answer.status_code == 201, answer.json
    assert (answer.json["proof"], answer.json["same_share"]) == ("same_pictures", 0.93)


@pytest.mark.parametrize(
    "result",
    [
        {"duplicates": []},
        {"duplicates": [{"share": 0.6}]},
        {"duplicates": [{"share": 1.0, "mirrored": True}]},
        {"duplicates": [{"share": 1.0}], "timeline": {"duration_s": 22, "source": "measured", "exposures": []}},
        {"duplicates": [{"share": 1.0, "sha256": "f" * 64}]},
    ],
    ids=["nothing", "too-little", "mirrored", "cut-short", "another"],
)
def test_another_video_is_refused(client: FlaskClient, owed: Owed, result: dict[str, Any]) -> None:
    draft_id = make.approved_draft(owed)
    found = [{"sha256": sha256_of(draft_id), **one} for one in result["duplicates"]]
    check_id = make.checked(owed, **{**result, "duplicates": found})
    before = look.everything(owed.deal_id)
    told = {**make.told(owed, draft_id), "video_id": None, "check_id": check_id}
    answer = look.publish(client, owed.maker, owed.id, told)
    assert (answer.status_code, answer.json["type"].split("#")[1]) == (409, "other-video")
    assert "Publish what was approved" in answer.json["detail"]
    assert look.everything(owed.deal_id) == before


def test_another_file_without_a_check_is_refused_and_a_strangers_is_not_there(client: FlaskClient, owed: Owed) -> None:
    draft_id = make.approved_draft(owed)
    before = look.everything(owed.deal_id)
    told = {**make.told(owed, draft_id), "video_id": make_videos.kept(owed.maker)}
    answer = look.publish(client, owed.maker, owed.id, told)
    assert (answer.status_code, answer.json["type"].split("#")[1]) == (409, "other-video")
    assert "`check_id`" in answer.json["detail"]
    told = {**told, "video_id": make_videos.kept(somebody("creator"))}
    assert look.publish(client, owed.maker, owed.id, told).status_code == 404
    assert look.everything(owed.deal_id) == before


def test_what_is_told_of_a_publication_has_to_be_true(client: FlaskClient, owed: Owed) -> None:
    draft_id = make.approved_draft(owed)
    other = make.told(owed, draft_id)
    make_told = make.told(owed, make.approved_draft(owed, owed.ids[1]))
    assert look.publish(client, owed.maker, owed.ids[1], make_told).status_code == 201
    before = look.everything(owed.deal_id)
    for change, pointer in (
        ({"published_at": now() + timedelta(hours=1)}, "/published_at"),
        ({"published_at": now() - timedelta(days=1)}, "/published_at"),  # not approved yet
        ({"label_seconds": 0}, "/label_seconds"),
        ({"label_seconds": -1}, "/label_seconds"),
        ({"video_id": None}, "/check_id"),
        ({"check_id": make.checked(owed)}, "/check_id"),
        ({"url": "ftp://x"}, "/url"),
        ({"url": make_told["url"]}, "/url"),
    ):
        answer = look.publish(client, owed.maker, owed.id, {**other, **change})
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer), answer.json
    assert look.everything(owed.deal_id) == before


def test_nothing_is_published_before_the_first_day_of_the_terms(client: FlaskClient, app: Any) -> None:
    owed = make.funded()
    draft_id = make.approved_draft(owed)
    answer = look.publish(client, owed.maker, owed.id, make.told(owed, draft_id))
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/published_at")


def report(client: FlaskClient, owed: Owed, **changes: Any) -> Any:
    body = {"seen_at": look.as_text(now()), "reason": "打开是 404", **changes}
    return look.post(client, owed.brand, "dlv", owed.id, "publication", "report", **body)


def decide(client: FlaskClient, owed: Owed, *, upheld: bool) -> Any:
    admin = somebody("platform")
    return look.post(client, admin, "dlv", owed.id, "publication", "decide", upheld=upheld, reason="打开看过")


def test_a_report_that_is_upheld_misses_the_video_and_disputes_the_deal(
    client: FlaskClient, worker: ModuleType, owed: Owed
) -> None:
    make.live(owed)
    for seen_at in (now() - timedelta(days=1), now() + timedelta(days=1)):
        assert report(client, owed, seen_at=look.as_text(seen_at)).status_code == 422
    assert report(client, owed).status_code == 201
    assert report(client, owed).status_code == 409
    with travel(now() + timedelta(days=120)):
        look.clock(worker)
        assert make.status(owed.id) == "live"  # not settled while it waits
    answer = decide(client, owed, upheld=True)
    assert (answer.status_code, answer.json["status"]) == (200, "upheld")
    assert (make.status(owed.id), make.deal_status(owed)) == ("missed", "disputed")
    with db.transaction() as session:
        query = sa.select(Payment.deliverable_id, Payment.status).where(Payment.deal_id == owed.deal_id)
        assert {id_: str(status) for id_, status in session.execute(query)} == {
            owed.ids[0]: "frozen",
            owed.ids[1]: "held",
        }
    assert [event.kind for event in look.events(owed.id)][-2:] == ["deliverables.report_takedown", "deliverables.miss"]
    # Nothing else of it moves until that is decided.
    assert look.send_draft(client, owed.maker, owed.ids[1], make.checked(owed, owed.ids[1])).status_code == 409


def test_a_report_that_is_dismissed_changes_nothing_else(client: FlaskClient, worker: ModuleType, owed: Owed) -> None:
    make.live(owed)
    assert decide(client, owed, upheld=False).status_code == 409
    assert report(client, owed).status_code == 201
    assert decide(client, owed, upheld=False).json["status"] == "dismissed"
    assert (make.status(owed.id), make.deal_status(owed)) == ("live", "active")
    shown = look.get(client, owed.maker, "dlv", owed.id, "publication").json
    assert [(one["status"], one["decision"]) for one in shown["reports"]] == [("dismissed", "打开看过")]
    assert report(client, owed).status_code == 201  # seen again
    assert ids.show("dlv", owed.id) == shown["deliverable_id"]
