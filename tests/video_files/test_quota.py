"""A party may fill its quota to the last byte and open as many uploads as are allowed, and no more of either."""

import pytest
from flask import Flask

from marketplace.core import db
from marketplace.core.clock import now
from marketplace.video_files import quota
from marketplace.video_files.models import VideoFile, VideoFileStatus
from marketplace.video_files.quota import OverQuota
from tests.make import videos as make
from tests.make.people import Somebody, somebody

QUOTA_BYTES = 100


def reserve(who: Somebody, size_bytes: int) -> VideoFile:
    with db.transaction() as session:
        return quota.reserve(
            session,
            who.actor,
            name="a.mp4",
            size_bytes=size_bytes,
            quota_bytes=QUOTA_BYTES,
            resumable=True,
            until=now(),
        )


def test_the_last_byte_of_a_quota_can_be_used_and_one_more_cannot(app: Flask) -> None:
    creator = somebody("creator")
    reserve(creator, 60)
    with pytest.raises(OverQuota, match="take 60 bytes of 100; 41 more do not fit"):
        reserve(creator, 41)
    # A refused reservation takes no room, and one that fills the quota exactly is none too many.
    assert reserve(creator, 40).size_bytes == 40
    with pytest.raises(OverQuota, match="take 100 bytes of 100; 1 more"):
        reserve(creator, 1)


def test_other_parties_and_refused_videos_take_no_room(app: Flask) -> None:
    creator = somebody("creator")
    reserve(somebody("creator"), QUOTA_BYTES)
    refused = reserve(creator, QUOTA_BYTES)
    with pytest.raises(OverQuota):
        reserve(creator, 1)
    with db.transaction() as session:
        session.get_one(VideoFile, refused.id).status = VideoFileStatus.REFUSED
    assert reserve(creator, QUOTA_BYTES).size_bytes == QUOTA_BYTES


def test_open_uploads_are_limited_by_number_too(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "OPEN_MAX", 2)
    creator = somebody("creator")
    make.kept(creator, b"x")  # one that is complete is not open
    for _ in range(2):
        reserve(creator, 1)
    with pytest.raises(OverQuota, match="2 uploads of yours are open"):
        reserve(creator, 1)
