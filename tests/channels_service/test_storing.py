"""Many rows written at once: the same again changes nothing, other people's channels stay theirs."""

import hashlib
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels.facts.provenance import Provenance
from marketplace.channels.files import bulk_store
from marketplace.channels.files.bulk_store import ChannelEntry, StoredBatch, told_entry
from marketplace.channels.models import AudienceSnapshot, Channel, ChannelVideo
from marketplace.channels.peers import PeerRanges
from marketplace.core import db
from marketplace.core.ids import new_id
from tests.make.people import somebody

DAY = date(2026, 11, 1)


def video(external_id: str = "v1", **more: Any) -> dict[str, Any]:
    values = {"published_at": "2026-10-01T08:00:00Z", "views": 1000, "likes": 10, "comments": None, "shares": 1}
    return {"external_id": external_id, **values, "duration_s": 30.5, "sponsored": False, "title": "一集", **more}


def entry(
    creator_id: UUID,
    account: str,
    *,
    taken_on: date = DAY,
    followers: int = 5000,
    videos: Any = (),
    told: Provenance = Provenance.PLATFORM_EXPORT,
    **words: Any,
) -> ChannelEntry:
    evidence = hashlib.sha256(f"{account} {taken_on} {followers}".encode()).hexdigest()
    channel = {"platform": "douyin", "account_key": account, "handle": account, "name": "甲", "url": None}
    snapshot = {
        "taken_on": taken_on,
        "source": "test",
        "evidence_hash": evidence,
        "followers": followers,
        "facts": {"engagement_rate": 0.9},
        "margins": {"gender": {"female": 0.6, "male": 0.4}},
        "rate_card": [],
        "series_hash": words.pop("series_hash", None),
    }
    channel.update({"language": "zh-CN", "region": None, "verticals": {"food": 1.0}, **words})
    return told_entry(creator_id, channel, snapshot, videos, told=told)


def put(*entries: ChannelEntry) -> StoredBatch:
    with db.transaction() as session:
        return bulk_store.store(session, entries, None, PeerRanges())


def look(
    session: Session, account: str, creator_id: UUID | None = None
) -> tuple[Channel, list[AudienceSnapshot], list[ChannelVideo]]:
    session.rollback()
    session.expire_all()
    claims = sa.select(Channel).where(Channel.account_key == account).order_by(Channel.created_at)
    channel = session.scalars(claims.filter_by(creator_id=creator_id) if creator_id else claims).all()[0]
    of = [
        session.scalars(sa.select(model).where(model.channel_id == channel.id).order_by(model.id)).all()
        for model in (AudienceSnapshot, ChannelVideo)
    ]
    return channel, list(of[0]), list(of[1])  # type: ignore[arg-type]


def everything(session: Session, account: str) -> list[Any]:
    channel, snapshots, videos = look(session, account)
    return [
        {name: value for name, value in vars(row).items() if not name.startswith("_")}
        for row in (channel, *snapshots, *videos)
    ]


@pytest.fixture
def creator(app: object) -> UUID:
    return somebody("creator").party_id


@pytest.fixture
def account(app: object) -> str:
    return f"a{new_id().hex}"


def test_a_new_channel_comes_with_snapshot_and_videos(session: Session, creator: UUID, account: str) -> None:
    stored = put(entry(creator, account, videos=[video("v1"), video("v2", views=7)]))
    assert (stored.channels_new, stored.snapshots_new) == (1, 1)
    channel, snapshots, videos = look(session, account)
    assert (channel.creator_id, channel.snapshot_id, channel.verticals) == (creator, snapshots[0].id, {"food": 1.0})
    by_name = sorted(videos, key=lambda one: one.external_id)
    assert [(one.external_id, one.views, one.comments, one.duration_s) for one in by_name] == [
        ("v1", 1000, None, 30.5),
        ("v2", 7, None, 30.5),
    ]
    assert snapshots[0].margins == {"gender": {"female": 0.6, "male": 0.4}}
    assert ([flag["code"] for flag in snapshots[0].flags], snapshots[0].median_views) == (["engagement"], 1000)


def test_the_same_rows_again_change_nothing(session: Session, creator: UUID, account: str) -> None:
    rows = [entry(creator, account, videos=[video()], series_hash=account), entry(creator, account + "b")]
    put(*rows)
    before = everything(session, account) + everything(session, account + "b")
    stored = put(*rows)
    assert (stored.channels_new, stored.snapshots_new) == (0, 0)
    assert everything(session, account) + everything(session, account + "b") == before


def test_a_channel_of_another_creator_is_left_alone(session: Session, creator: UUID, account: str) -> None:
    put(entry(creator, account, videos=[video()]))
    before = everything(session, account)
    thief = somebody("creator").party_id
    stored = put(
        entry(thief, account + "own"),
        entry(thief, account, followers=9, name="乙", videos=[video(views=1), video("v9")]),
    )
    assert (stored.channels_new, stored.snapshots_new) == (2, 2)
    assert everything(session, account) == before
    assert look(session, account, thief)[0].name == "乙"


def test_two_creators_of_one_file_claim_an_account_each(session: Session, creator: UUID, account: str) -> None:
    other = somebody("creator").party_id
    series = {"series_hash": new_id().hex}
    stored = put(entry(creator, account, **series), entry(other, account, followers=6, **series))
    assert (stored.channels_new, stored.snapshots_new) == (2, 2)
    (mine, snapshots, _), (theirs, others, _) = look(session, account, creator), look(session, account, other)
    assert (mine.creator_id, theirs.creator_id) == (creator, other)
    # It is one account, so neither has copied another one's series of views.
    assert [flag for row in (*snapshots, *others) for flag in row.flags if flag["code"] == "series_copied"] == []


def test_the_newest_snapshot_counts_in_whatever_order_they_come(session: Session, creator: UUID, account: str) -> None:
    middle = entry(creator, account, taken_on=date(2026, 6, 1), name="中", videos=[video(views=500)])
    put(middle)
    put(entry(creator, account, taken_on=date(2026, 1, 1), name="旧", videos=[video(views=100), video("old", views=3)]))
    channel, snapshots, videos = look(session, account)
    assert len(snapshots) == 2
    assert (channel.name, channel.snapshot_id) == ("中", snapshots[0].id)
    assert {one.external_id: one.views for one in videos} == {"v1": 500, "old": 3}

    newest = entry(creator, account, taken_on=date(2026, 9, 1), name="新", videos=[video(views=900, likes=None)])
    put(newest, entry(creator, account, taken_on=date(2026, 8, 1), name="次", videos=[video(views=800)]))
    channel, snapshots, videos = look(session, account)
    assert (channel.name, [one.id for one in snapshots if one.taken_on == newest.taken_on]) == (
        "新",
        [channel.snapshot_id],
    )
    # What the newest file does not tell stays as it was told before.
    assert {one.external_id: (one.views, one.likes) for one in videos} == {"v1": (900, 10), "old": (3, 10)}


def test_a_correction_of_the_same_day_takes_the_place(session: Session, creator: UUID, account: str) -> None:
    put(entry(creator, account, followers=5000))
    put(entry(creator, account, followers=5001))
    channel, snapshots, _ = look(session, account)
    assert {one.id: one.followers for one in snapshots}[channel.snapshot_id] == 5001  # type: ignore[index]


def test_of_two_rows_of_one_day_the_later_row_counts(session: Session, creator: UUID, account: str) -> None:
    put(*(entry(creator, account, followers=number, name=f"{number}") for number in range(1, 30)))
    channel, snapshots, _ = look(session, account)
    assert len(snapshots) == 29
    assert (channel.name, {one.id: one.followers for one in snapshots}[channel.snapshot_id]) == ("29", 29)  # type: ignore[index]


def test_words_that_a_file_leaves_out_stay(session: Session, creator: UUID, account: str) -> None:
    put(entry(creator, account, url="https://example.org/a", region="CN"))
    put(entry(creator, account, followers=6, language=None, verticals={}))
    channel = look(session, account)[0]
    assert (channel.url, channel.region, channel.language, channel.verticals) == (
        "https://example.org/a",
        "CN",
        "zh-CN",
        {"food": 1.0},
    )


def test_a_row_twice_in_one_batch_is_stored_once(session: Session, creator: UUID, account: str) -> None:
    row = entry(creator, account, videos=[video(), video()])
    stored = put(row, row)
    assert (stored.channels_new, stored.snapshots_new) == (1, 1)
    assert len(look(session, account)[2]) == 1


def test_one_series_of_views_on_two_channels_is_flagged_on_the_later(
    session: Session, creator: UUID, account: str
) -> None:
    put(entry(creator, account, series_hash=account))
    put(entry(creator, account, followers=6, series_hash=account))
    other = somebody("creator").party_id
    put(entry(other, account + "x", series_hash=account), entry(other, account + "y", series_hash=account))
    flags = {
        suffix: [[flag["code"] for flag in one.flags] for one in look(session, account + suffix)[1]]
        for suffix in ("", "x", "y")
    }
    copied = bulk_store.COPIED_SERIES.code
    assert flags == {"": [["engagement"], ["engagement"]], "x": [["engagement", copied]], "y": [["engagement", copied]]}
    # Views are public, so that a rival may copy them: whoever was first tells them again without a flag.
    put(entry(creator, account, followers=7, series_hash=account))
    assert [[flag["code"] for flag in one.flags] for one in look(session, account)[1]] == 3 * [["engagement"]]
    put(entry(other, account + "x", followers=8, series_hash=account))
    assert copied in [flag["code"] for flag in look(session, account + "x")[1][-1].flags]
