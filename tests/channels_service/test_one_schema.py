"""The same fact at both doors: what the API refuses, an import refuses, and what either takes is stored alike."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace.channels.facts import platform_names
from marketplace.channels.models import AudienceSnapshot, Channel
from marketplace.core import ids
from marketplace.core.ids import new_id
from marketplace.core.jobs import JobState
from tests.make import channels as make
from tests.make.people import Somebody, somebody

Work = Callable[[UUID], JobState]
ROW = {"platform": "douyin", "taken_on": "2026-11-01", "followers": 5000}


@pytest.fixture
def creator(app: object) -> Somebody:
    return somebody("creator")


def imported(client: FlaskClient, who: Somebody, work: Work, **cells: Any) -> Any:
    """The import of one row, done, and its faults as (column, English)."""
    row = {**ROW, "handle": f"h{new_id().hex}", **cells}
    made = make.hand_in(client, who, json.dumps([row]).encode(), file_name="rows.json")
    assert work(ids.read("job", made["job_id"])) == JobState.DONE
    answer = client.get(f"/api/v1/imports/{made['id']}/faults", headers=who.headers).json
    return [(fault["column_name"], fault["message_en"]) for fault in answer["data"]]


def entered(client: FlaskClient, who: Somebody, **fields: Any) -> Any:
    body = {"platform": "douyin", "handle": f"h{new_id().hex}", "name": "n", **fields}
    return client.post("/api/v1/channels", json=body, headers=who.once())


def told(client: FlaskClient, who: Somebody, **facts: Any) -> Any:
    channel = make.channel(who.party_id)
    url = f"/api/v1/channels/{ids.show('chn', channel.id)}/audience-snapshots"
    return client.post(url, json={**make.facts(), "regions": {}, **facts}, headers=who.once())


def of_creator(session: Session, who: Somebody) -> Channel:
    session.rollback()
    return session.scalars(sa.select(Channel).where(Channel.creator_id == who.party_id)).one()


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("region", "Mars", "'Mars' is no region"),
        ("region", "CN-XX", "'CN-XX' is no region"),
        ("language", "Klingon", "'Klingon' is no language: write a BCP 47 tag"),
    ],
)
def test_what_names_nothing_is_refused_at_both_doors_with_the_same_words(
    client: FlaskClient, creator: Somebody, work: Work, name: str, wrong: str, said: str
) -> None:
    ((column, sentence),) = imported(client, creator, work, **{name: wrong})
    assert (column, said in sentence) == (name, True)
    answer = entered(client, creator, **{name: wrong})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, f"/{name}")
    assert answer.json["errors"][0]["detail"] == sentence


def test_an_address_that_runs_code_is_refused_at_both_doors(client: FlaskClient, creator: Somebody, work: Work) -> None:
    assert imported(client, creator, work, url="javascript:alert(1)") == [
        ("url", "Should be an http or https address.")
    ]
    answer = entered(client, creator, url="javascript:alert(1)")
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/url")


@pytest.mark.parametrize(
    ("name", "written", "kept"),
    [
        ("region", "China", "CN"),
        ("region", "广东省", "CN-GD"),
        ("region", "USA", "US"),
        ("language", "Chinese", "zh"),
        ("language", "中文", "zh"),
        ("language", "zh_cn", "zh-CN"),
        ("handle", "@Mcn18", "Mcn18"),
        ("handle", "https://www.douyin.com/user/Mcn18/", "Mcn18"),
    ],
)
def test_many_names_are_stored_as_one_at_both_doors(
    client: FlaskClient, session: Session, creator: Somebody, work: Work, name: str, written: str, kept: str
) -> None:
    mark = new_id().hex[-8:] if name == "handle" else ""
    written, kept = written.replace("18", f"18{mark}"), kept.replace("18", f"18{mark}")
    assert imported(client, creator, work, **{name: written}) == []
    assert getattr(of_creator(session, creator), name) == kept
    other = somebody("creator")
    answer = entered(client, other, **{name: written, "platform": "bilibili"})
    assert (answer.status_code, answer.json[name]) == (201, kept)


def test_a_handle_with_and_without_its_sign_is_one_channel(
    client: FlaskClient, session: Session, creator: Somebody, work: Work
) -> None:
    mark = new_id().hex[-8:]
    assert entered(client, creator, handle=f"mcn{mark}").status_code == 201
    for handle in (f"@mcn{mark}", f"＠MCN{mark}", f"https://www.tiktok.com/@mcn{mark}"):
        assert entered(client, creator, handle=handle).status_code == 409, handle
        assert entered(client, creator, handle=handle, account_key=handle).status_code == 409, handle
        assert imported(client, creator, work, handle=handle, external_id=handle, followers=9) == []
    assert of_creator(session, creator).account_key == f"mcn{mark}"


@pytest.mark.parametrize(
    ("facts", "pointer", "column", "said"),
    [
        ({"regions": {"Mars": 0.4}}, "/regions", "regions", "'Mars' is no region"),
        ({"education": {"wizard": 0.4}}, "/education", "education", "'wizard' is none of"),
        ({"education": {"university": 0.5, "bachelor": 0.3}}, "/education", "education", "share a level of education"),
        ({"interests": {"sorcery": 0.4}}, "/interests", "interests", "'sorcery' is none of"),
        ({"ages": {"0-12": 0.4, "13+": 0.6}}, "/ages", "ages", "Audiences are counted from 13 years on"),
    ],
)
def test_a_label_that_means_nothing_is_named_at_both_doors(
    client: FlaskClient, creator: Somebody, work: Work, facts: Any, pointer: str, column: str, said: str
) -> None:
    answer = told(client, creator, **facts)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    assert said in answer.json["errors"][0]["detail"]
    ((name, sentence),) = imported(client, creator, work, **facts)
    assert (name, said in sentence) == (column, True)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"regions": {"广东": 0.12, "江苏": 0.09}}, {"region": {"CN-GD": 0.12, "CN-JS": 0.09}}),
        ({"regions": {"Guangdong": 0.1, "UK": 0.2, "美国": 0.3}}, {"region": {"CN-GD": 0.1, "GB": 0.2, "US": 0.3}}),
        ({"ages": {"16-30": 0.7826}}, {"age": {"16-30": 0.7826}}),
        ({"education": {"university": 0.8156}}, {"education": {"bachelor-master": 0.8156}}),
        ({"interests": {"网购": 0.9, "Food": 0.4}}, {"interests": {"online_shopping": 0.9, "food": 0.4}}),
    ],
)
def test_lists_are_stored_alike_by_both_doors(
    client: FlaskClient, session: Session, creator: Somebody, work: Work, given: Any, kept: Any
) -> None:
    assert imported(client, creator, work, **given) == []
    session.rollback()
    snapshot = session.get_one(AudienceSnapshot, of_creator(session, creator).snapshot_id)
    assert snapshot.margins == kept
    answer = told(client, somebody("creator"), **{"ages": {}, "genders": {}, **given})
    assert answer.status_code == 201, answer.json
    assert answer.json["margins"] == kept


@pytest.mark.parametrize("views", [0, 100])
def test_more_likes_than_views_are_refused_whatever_the_views(
    client: FlaskClient, creator: Somebody, work: Work, views: int
) -> None:
    video = {"published_at": "2026-10-01T08:00:00Z", "views": views, "likes": 1_000}
    answer = told(client, creator, videos=[{**video, "external_id": "v"}])
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/videos")
    assert imported(client, creator, work, videos=[{**video, "id": "v"}]) == [
        ("videos[0].likes", "More likes than views.")
    ]


def test_an_audience_where_the_platform_is_not_offered_is_flagged_with_its_reason(
    client: FlaskClient, session: Session, creator: Somebody, work: Work
) -> None:
    regions = {"CN-GD": 0.3, "CN-SH": 0.28, "US": 0.2}
    assert imported(client, creator, work, platform="tiktok", regions=regions) == []
    snapshot = session.get_one(AudienceSnapshot, of_creator(session, creator).snapshot_id)
    (flag,) = snapshot.flags
    assert (flag["code"], flag["numbers"]["figure"]) == ("audience_impossible", 0.58)
    assert flag["en"] == "58% of the audience is in China, but TikTok is not offered in mainland China (Douyin is)"
    assert "58% 的受众在中国" in flag["zh"]
    other = somebody("creator")
    assert imported(client, other, work, platform="douyin", regions=regions) == []
    assert session.get_one(AudienceSnapshot, of_creator(session, other).snapshot_id).flags == []


@pytest.mark.parametrize(
    ("spelling", "code"),
    [("bili_bili", "bilibili"), ("b_i_l_i_bili", "bilibili"), ("bilibili", "bilibili"), ("twi_tch", "twitch")],
)
def test_a_platform_has_one_code_however_it_is_spelt(
    client: FlaskClient, creator: Somebody, spelling: str, code: str
) -> None:
    written = entered(client, creator, platform=spelling)
    assert (written.status_code, written.json["platform"]) == (201, code)
    same = entered(client, creator, platform=code, handle=written.json["handle"])
    assert same.status_code == 409, same.json
    listed = client.get(f"/api/v1/channels?platform={spelling}", headers=creator.headers).json["data"]
    assert [one["id"] for one in listed] == [written.json["id"]]


def test_an_unknown_platform_is_taken_and_marked(
    client: FlaskClient, creator: Somebody, work: Work, session: Session
) -> None:
    for name, is_known in (("twitch", False), ("tik_tok", True)):
        shown = entered(client, creator, platform=name)
        assert (shown.status_code, shown.json["platform_known"]) == (201, is_known)
    row = {**ROW, "platform": "Twitch", "handle": "t"}
    who = somebody("creator")
    made = make.hand_in(client, who, json.dumps([row, {**row, "handle": "u"}]).encode(), file_name="rows.json")
    assert work(ids.read("job", made["job_id"])) == JobState.DONE
    notes = client.get(f"/api/v1/imports/{made['id']}", headers=who.headers).json["reading"]["notes"]
    assert [note["en"] for note in notes if "'twitch' is none of the known platforms" in note["en"]] == [
        notes[-1]["en"]
    ]
    [one, other] = client.get("/api/v1/channels?platform=twitch", headers=who.headers).json["data"]
    assert (one["platform_known"], other["platform_known"]) == (False, False)


@pytest.mark.parametrize(("slip", "code"), [("douyn", "douyin"), ("tiktk", "tiktok"), ("youtubes", "youtube")])
def test_a_slip_of_the_pen_is_refused_with_the_platform_that_is_meant(
    client: FlaskClient, creator: Somebody, work: Work, slip: str, code: str
) -> None:
    answer = entered(client, creator, platform=slip)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/platform")
    assert answer.json["errors"][0]["detail"] == f"There is no platform '{slip}' known. Did you mean {code}?"
    assert imported(client, creator, work, platform=slip) == [("platform", answer.json["errors"][0]["detail"])]


@pytest.mark.parametrize("name", ["douyu", "rutube", "twitch", "reddit", "threads", "vk", "huya", "snapchat", "zhihu"])
def test_other_platforms_are_no_slips_of_the_pen(name: str) -> None:
    assert (platform_names.meant(name), platform_names.platform_code(name)) == (None, name)


def test_an_import_gives_a_platform_the_same_code(client: FlaskClient, work: Work, session: Session) -> None:
    who = somebody("creator")
    assert imported(client, who, work, platform="tik_tok") == []
    assert of_creator(session, who).platform == "tiktok"
