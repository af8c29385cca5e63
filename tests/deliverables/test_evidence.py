"""What was handed in for a deal stays: neither deleted, nor taken back, nor swept, until three years after its end."""

from datetime import timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from marketplace.checks import cleanup
from marketplace.checks.models import VideoCheck
from marketplace.core import db, ids, storage
from marketplace.core.clock import now
from marketplace.deals.models import Deal, DealStatus
from marketplace.deliverables.models import Draft
from marketplace.operations import retention
from marketplace.video_files import evidence, upload_completion
from marketplace.video_files.models import VideoFile
from tests.deliverables import look
from tests.make import owed as make
from tests.make import videos as make_videos
from tests.make.moments import travel
from tests.make.owed import Owed
from tests.make.people import Somebody
from workers.process.vision_folder import vision_folder

DATA = make_videos.video()


class Handed:
    """A draft that was handed in, with its video and its check."""

    def __init__(self, owed: Owed) -> None:
        self.owed, self.draft_id = owed, make.sent_draft(owed, data=DATA)
        with db.transaction() as session:
            row = session.get_one(Draft, self.draft_id)
            assert row.video_id is not None
            self.video_id, self.check_id = row.video_id, row.check_id

    def is_there(self) -> bool:
        with db.transaction() as session:
            video, check = session.get(VideoFile, self.video_id), session.get(VideoCheck, self.check_id)
            kept = video is not None and check is not None and check.shared_at is not None
            return kept and storage.opened().size(storage.key_of(video.sha256 or "")) == len(DATA)


@pytest.fixture
def handed(app: Any) -> Handed:
    return Handed(make.funded())


def delete(client: FlaskClient, who: Somebody, video_id: UUID) -> Any:
    return client.delete(f"{look.API}/videos/{ids.show('vfl', video_id)}", headers=who.once())


def unshare(client: FlaskClient, who: Somebody, check_id: UUID) -> Any:
    return client.post(f"{look.API}/video-checks/{ids.show('vck', check_id)}/unshare", headers=who.once())


def test_neither_is_deleted_or_taken_back_while_the_deal_lasts(client: FlaskClient, handed: Handed) -> None:
    maker = handed.owed.maker
    before = look.everything(handed.owed.deal_id)
    for answer in (delete(client, maker, handed.video_id), unshare(client, maker, handed.check_id)):
        assert answer.status_code == 409, answer.json
        assert "is evidence" in answer.json["detail"]
    upload = f"{look.API}/video-uploads/{ids.show('vfl', handed.video_id)}"
    assert client.delete(upload, headers={**maker.once(), "Tus-Resumable": "1.0.0"}).status_code == 409
    assert handed.is_there()
    assert look.everything(handed.owed.deal_id) == before
    # What was not handed in goes as before.
    assert delete(client, maker, make_videos.kept(maker)).status_code == 204


def test_drafts_in_which_changes_were_asked_for_stay_too(client: FlaskClient, handed: Handed) -> None:
    assert look.request_changes(client, handed.owed.brand, handed.draft_id).status_code == 200
    assert delete(client, handed.owed.maker, handed.video_id).status_code == 409
    assert handed.is_there()


def test_what_proves_a_publication_stays(client: FlaskClient) -> None:
    owed = make.funded()
    with travel(make.publish_day()):
        draft_id = make.approved_draft(owed)
        with db.transaction() as session:
            sha256 = session.get_one(Draft, draft_id).sha256
        check_id = make.checked(owed, duplicates=[{"sha256": sha256, "share": 0.95}])
        told = {**make.told(owed, draft_id), "video_id": None, "check_id": check_id}
        assert look.publish(client, owed.maker, owed.id, told).status_code == 201
        with db.transaction() as session:
            video_id = session.get_one(VideoCheck, check_id).video_id
        assert video_id is not None
        assert delete(client, owed.maker, video_id).status_code == 409


def test_no_job_that_forgets_what_is_old_forgets_evidence(worker: ModuleType, handed: Handed) -> None:
    with travel(now() + timedelta(days=10 * 365)):
        while retention.forget().more:
            pass
        with db.transaction() as session:
            upload_completion.forget_expired(session)
        cleanup.sweep(vision_folder(), 0.0)
        with db.transaction() as session:  # as the job does that follows a deletion of the same bytes
            upload_completion.clear(session, handed.video_id, None)
    assert handed.is_there()


def test_a_copy_of_the_bytes_that_is_deleted_leaves_the_evidence(client: FlaskClient, handed: Handed) -> None:
    maker = handed.owed.maker
    copy_id = make_videos.kept(maker, DATA)
    assert delete(client, maker, copy_id).status_code == 204
    with db.transaction() as session:
        sha256 = session.get_one(VideoFile, handed.video_id).sha256
        assert not upload_completion.clear(session, copy_id, sha256)
    assert handed.is_there()


@pytest.mark.parametrize("status", [DealStatus.COMPLETED, DealStatus.CANCELLED])
def test_it_is_free_three_years_after_the_deals_end(client: FlaskClient, handed: Handed, status: DealStatus) -> None:
    maker = handed.owed.maker
    with db.transaction() as session:
        deal = session.get_one(Deal, handed.owed.deal_id)
        deal.status, deal.ended_at = status, now()
    with travel(now() + evidence.KEPT_AFTER_END - timedelta(days=1)):
        assert delete(client, maker, handed.video_id).status_code == 409
        assert unshare(client, maker, handed.check_id).status_code == 409
    with travel(now() + evidence.KEPT_AFTER_END + timedelta(days=1)):
        assert unshare(client, maker, handed.check_id).status_code == 200
        assert delete(client, maker, handed.video_id).status_code == 204
        shown = look.get(client, handed.owed.brand, "drf", handed.draft_id)
        assert (shown.status_code, shown.json["video_id"]) == (200, None)
        assert look.get(client, handed.owed.brand, "drf", handed.draft_id, "video").status_code == 409
