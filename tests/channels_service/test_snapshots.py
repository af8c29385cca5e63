"""Facts typed in by hand, and every shape of file in and out through the real routes and the real job."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace.channels.files import exports
from marketplace.channels.models import AudienceSnapshot, Channel, ChannelVideo
from marketplace.channels.records import ChannelRecord
from marketplace.core import ids
from marketplace.core.clock import now
from marketplace.core.events import Event
from marketplace.core.ids import new_id
from marketplace.core.jobs import JobState
from tests.make import channels as make
from tests.make.channels import AGES, facts
from tests.make.people import Somebody, mandate, somebody

Work = Callable[[UUID], JobState]


@pytest.fixture
def creator(app: object) -> Somebody:
    return somebody("creator")


@pytest.fixture
def channel(creator: Somebody) -> Channel:
    return make.channel(creator.party_id)


def url(channel: Channel) -> str:
    return f"/api/v1/channels/{ids.show('chn', channel.id)}/audience-snapshots"


def stored(session: Session, channel: Channel) -> tuple[int, int]:
    """Snapshots and videos."""
    session.rollback()
    session.expire_all()
    return tuple(  # type: ignore[return-value]
        session.scalar(sa.select(sa.func.count()).where(model.channel_id == channel.id))
        for model in (AudienceSnapshot, ChannelVideo)
    )


@pytest.mark.parametrize(
    ("lists", "both"),
    [
        ({"regions": {"广东": 0.12, "CN-GD": 0.2}}, ("广东", "CN-GD")),
        ({"genders": {"female": 0.5, "女": 0.5}}, ("female", "女")),
        ({"interests": {"网购": 0.9, "online_shopping": 0.8}}, ("网购", "online_shopping")),
    ],
)
def test_two_spellings_of_one_thing_are_refused_by_both_names(
    client: FlaskClient, creator: Somebody, channel: Channel, lists: dict[str, Any], both: tuple[str, str]
) -> None:
    answer = client.post(url(channel), json=facts(**lists), headers=creator.once())
    [error] = answer.json["errors"]
    assert (answer.status_code, [error["pointer"]]) == (422, [f"/{name}" for name in lists])
    assert all(error["detail"].count(spelling) == 1 for spelling in both)


def test_typed_facts_are_stored_with_their_videos(
    client: FlaskClient, session: Session, creator: Somebody, channel: Channel
) -> None:
    answer = client.post(url(channel), json=facts(), headers=creator.once())
    assert answer.status_code == 201, answer.json
    told = answer.json
    assert (told["source"], told["import_id"], told["followers"], told["flags"]) == ("typed", None, 50_000, [])
    assert told["margins"] == {"age": AGES, "gender": {"female": 0.6, "male": 0.4}, "region": {"CN-GD": 0.2}}
    assert told["facts"] == {"engagement_rate": 0.05}
    assert told["rate_card"] == facts()["rate_card"]
    assert stored(session, channel) == (1, 1)
    found = session.get_one(Channel, channel.id)
    assert (ids.show("snp", found.snapshot_id or UUID(int=0)), found.version) == (told["id"], 2)
    assert client.get(f"/api/v1/audience-snapshots/{told['id']}", headers=creator.headers).json == told
    assert client.get(url(channel), headers=creator.headers).json["data"] == [told]
    videos = client.get(url(channel).replace("audience-snapshots", "videos"), headers=creator.headers).json["data"]
    assert [(one["external_id"], one["views"], one["published_at"]) for one in videos] == [
        ("v1", 12_000, "2026-10-01T08:00:00.000000Z")
    ]
    event = session.scalars(sa.select(Event).where(Event.subject_id == ids.read("snp", told["id"]))).one()
    assert (event.kind, event.data["snapshots_new"]) == ("audience_snapshots.new", 1)


def test_odd_facts_come_in_with_flags(client: FlaskClient, creator: Somebody, channel: Channel) -> None:
    odd = facts(engagement_rate=0.9, videos=[], growth_30d=40_000)
    answer = client.post(url(channel), json=odd, headers=creator.once())
    assert [flag["code"] for flag in answer.json["flags"]] == ["engagement", "growth_jump"]
    assert {"zh", "en", "numbers", "code"} == set(answer.json["flags"][0])


TOMORROW = (now() + timedelta(days=5)).date().isoformat()


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"followers": -1}, "/followers"),
        ({"followers": 10**11}, "/followers"),
        ({"taken_on": "yesterday"}, "/taken_on"),
        ({"taken_on": TOMORROW}, "/taken_on"),
        ({"ages": {"18-23": 0.5, "24+": 0.2}}, "/ages"),
        ({"ages": {"teens": 1.0}}, "/ages"),
        ({"ages": {"18-30": 0.5, "24-30": 0.5}}, "/ages"),
        ({"genders": {"female": 0.9, "male": 0.4}}, "/genders"),
        ({"regions": {"CN-GD": 0.9, "CN-BJ": 0.4}}, "/regions"),
        ({"regions": {"a\x00": 0.4}}, "/regions/a\x00/key"),
        ({"rate_card": [{"length_tier": "x", "amount_minor": 1, "currency": "??"}]}, "/rate_card/0/currency"),
        ({"videos": [{"external_id": "1", "published_at": "2026-10-01T08:00:00Z", "views": 5, "likes": 6}]}, "/videos"),
        ({"videos": [{"external_id": "1", "published_at": "2026-10-01", "views": 5}]}, "/videos/0/published_at"),
        ({"views": 3}, "/views"),
    ],
)
def test_impossible_facts_are_refused_at_their_place(
    client: FlaskClient,
    session: Session,
    creator: Somebody,
    channel: Channel,
    wrong: dict[str, Any],
    pointer: str,
) -> None:
    answer = client.post(url(channel), json=facts(**wrong), headers=creator.once())
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    assert stored(session, channel) == (0, 0)
    assert session.get_one(Channel, channel.id).version == 1


def test_the_same_facts_twice_are_a_conflict(
    client: FlaskClient, session: Session, creator: Somebody, channel: Channel
) -> None:
    assert client.post(url(channel), json=facts(), headers=creator.once()).status_code == 201
    again = client.post(url(channel), json=facts(), headers=creator.once())
    assert (again.status_code, stored(session, channel)) == (409, (1, 1))
    assert client.post(url(channel), json=facts(taken_on="2026-11-02"), headers=creator.once()).status_code == 201


def test_an_archived_channel_takes_no_facts(
    client: FlaskClient, session: Session, creator: Somebody, channel: Channel
) -> None:
    client.post(url(channel).replace("audience-snapshots", "archive"), headers=creator.once())
    answer = client.post(url(channel), json=facts(), headers=creator.once())
    assert (answer.status_code, answer.json["state"]) == (409, "archived")
    assert stored(session, channel) == (0, 0)


def test_facts_are_told_by_the_owners_side_only(
    client: FlaskClient, session: Session, creator: Somebody, channel: Channel
) -> None:
    agency = somebody("agency")
    for who, status in ((somebody("creator"), 404), (agency, 404), (somebody("brand"), 403)):
        assert client.post(url(channel), json=facts(), headers=who.once()).status_code == status
    assert stored(session, channel) == (0, 0)
    mandate(agency, creator.party_id)
    told = client.post(url(channel), json=facts(), headers=agency.once())
    assert told.status_code == 201
    for who in (somebody("creator"), somebody("brand")):
        assert client.get(f"/api/v1/audience-snapshots/{told.json['id']}", headers=who.headers).status_code == 404


def made(shape: str, number: int, mark: str) -> ChannelRecord:
    platform = {"xingtu": "douyin", "tiktok_one": "tiktok", "youtube": "youtube", "inlay": "bilibili"}[shape]
    videos = tuple(
        {
            "external_id": f"{mark}{number}v{place}",
            "published_at": datetime(2026, 10, 1 + place, 8, tzinfo=UTC),
            "views": 10_000 + 37 * place + number,
            "likes": 100,
            "comments": 7,
            "shares": 3,
            "duration_s": 31.0,
            "sponsored": place == 2,
            "title": f"=第{place}集",
        }
        for place in range(6)
    )
    ages = {"18-24": 0.5, "25-34": 0.5} if shape in ("tiktok_one", "youtube") else {"18-23": 0.5, "24-30": 0.5}
    regions = {"US": 0.6, "SG": 0.4} if shape in ("tiktok_one", "youtube") else {"CN-GD": 0.6, "CN-BJ": 0.4}
    snapshot = {
        "taken_on": date(2026, 11, 1),
        "followers": 40_000 + number,
        "facts": {"growth_30d": 200},
        "margins": {"age": ages, "gender": {"female": 0.5, "male": 0.5}, "region": regions},
        "rate_card": [],
    }
    account = f"{mark}{number}"
    return ChannelRecord(
        row=0,
        platform=platform,
        account_key=account,
        handle=account,
        name=f"名{number}",
        snapshot=snapshot,
        videos=videos,
        verticals={"food": 1.0},
    )


@pytest.mark.parametrize("shape", sorted(exports.SUFFIXES))
def test_every_shape_goes_in_out_and_in_again(
    client: FlaskClient, session: Session, work: Work, creator: Somebody, tmp_path: Path, shape: str
) -> None:
    mark = f"m{new_id().hex[-12:]}"
    path = tmp_path / f"rows.{exports.SUFFIXES[shape]}"
    exports.write(path, shape, [made(shape, number, mark) for number in range(3)])

    def hand_in(data: bytes) -> Any:
        told = client.post(
            f"/api/v1/imports?file_name={path.name}&mode=all_or_nothing",
            data=data,
            headers=creator.once(),
            content_type="application/octet-stream",
        ).json
        assert work(ids.read("job", told["job_id"])) == JobState.DONE
        shown = client.get(f"/api/v1/imports/{told['id']}", headers=creator.headers).json
        problem = client.get(f"/api/v1/imports/{told['id']}/faults", headers=creator.headers).json["data"]
        assert (shown["status"], problem) == ("done", [])
        return shown

    first = hand_in(path.read_bytes())
    assert (first["channels_new"], first["snapshots_new"], first["rows_done"]) == (3, 3, 3)
    channels = session.scalars(
        sa.select(Channel).where(Channel.creator_id == creator.party_id).order_by(Channel.account_key)
    ).all()
    assert [(one.account_key, one.name, one.verticals) for one in channels] == [
        (f"{mark}{number}", f"名{number}", {"food": 1.0}) for number in range(3)
    ]
    snapshot = session.get_one(AudienceSnapshot, channels[0].snapshot_id)
    expected = made(shape, 0, mark).snapshot
    assert (snapshot.source, snapshot.followers, snapshot.taken_on) == (shape, 40_000, expected["taken_on"])
    assert snapshot.margins == expected["margins"]
    assert stored(session, channels[0]) == (1, 6)
    again = hand_in(path.read_bytes())
    assert (again["channels_new"], again["snapshots_new"]) == (0, 0)

    taken = client.get(f"/api/v1/channels/export?shape={shape}", headers=creator.headers)
    assert taken.status_code == 200
    assert f"channels-{shape}.{exports.SUFFIXES[shape]}" in taken.headers["Content-Disposition"]
    back = hand_in(taken.data)
    assert (back["channels_new"], back["rows_done"]) == (0, 3)
    assert stored(session, channels[0])[1] == 6
    titles = session.scalars(sa.select(ChannelVideo.title).where(ChannelVideo.channel_id == channels[0].id)).all()
    assert sorted(titles) == [f"=第{place}集" for place in range(6)]


def test_an_export_holds_ones_own_channels_only(client: FlaskClient, creator: Somebody, channel: Channel) -> None:
    client.post(url(channel), json=facts(), headers=creator.once())
    agency, other = somebody("agency"), somebody("creator")
    mandate(agency, creator.party_id)
    assert channel.handle in client.get("/api/v1/channels/export", headers=creator.headers).get_data(as_text=True)
    assert channel.handle in client.get("/api/v1/channels/export", headers=agency.headers).get_data(as_text=True)
    assert channel.handle not in client.get("/api/v1/channels/export", headers=other.headers).get_data(as_text=True)
    assert client.get("/api/v1/channels/export", headers=somebody("brand").headers).status_code == 403
    assert client.get("/api/v1/channels/export?shape=word", headers=creator.headers).status_code == 422
