"""Channels entered by hand: who may, who sees, what is refused, and that a refusal changes nothing."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace.channels.models import Channel, ChannelStatus
from marketplace.core import db, ids
from marketplace.core.clock import now
from marketplace.core.events import Event
from marketplace.core.ids import new_id
from tests.make import channels as make
from tests.make.people import Somebody, mandate, somebody

API = "/api/v1/channels"


def body(**more: Any) -> dict[str, Any]:
    handle = f"h{new_id().hex}"
    return {"platform": "douyin", "handle": handle, "name": "小满在路上", "verticals": {"travel": 0.7}, **more}


def count(session: Session, creator_id: UUID) -> int:
    session.expire_all()
    return session.scalar(sa.select(sa.func.count()).where(Channel.creator_id == creator_id)) or 0


def show(channel: Channel) -> str:
    return ids.show("chn", channel.id)


@pytest.fixture
def creator(app: object) -> Somebody:
    return somebody("creator")


def test_a_creator_enters_a_channel_of_its_own(client: FlaskClient, session: Session, creator: Somebody) -> None:
    sent = body(handle="@Xiao" + new_id().hex, language="zh-CN", region="CN-GD", url="https://example.org/x")
    answer = client.post(API, json=sent, headers=creator.once())
    assert answer.status_code == 201
    assert answer.headers["ETag"] == '"1"'
    found = session.get_one(Channel, ids.read("chn", answer.json["id"]))
    assert (found.creator_id, found.account_key) == (creator.party_id, sent["handle"][1:].lower())
    assert {name: answer.json[name] for name in sent} == {**sent, "handle": sent["handle"][1:]}
    event = session.scalars(sa.select(Event).where(Event.subject_id == found.id)).one()
    assert (event.kind, event.party_ids) == ("channels.new", [creator.party_id])


def test_an_agency_enters_channels_of_its_creators_only(
    client: FlaskClient, session: Session, creator: Somebody
) -> None:
    agency, ended, other = somebody("agency"), somebody("creator"), somebody("creator")
    mandate(agency, creator.party_id)
    mandate(agency, ended.party_id, to_days=-1)
    done = client.post(API, json=body(creator_id=ids.show("pty", creator.party_id)), headers=agency.once())
    assert (done.status_code, count(session, creator.party_id)) == (201, 1)
    for who in (ended, other, agency):
        sent = body(creator_id=ids.show("pty", who.party_id))
        answer = client.post(API, json=sent, headers=agency.once())
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/creator_id")
        assert count(session, who.party_id) == 0
    assert client.post(API, json=body(), headers=agency.once()).status_code == 422


def test_an_admin_enters_channels_of_creators_that_exist(
    client: FlaskClient, session: Session, creator: Somebody
) -> None:
    admin, brand = somebody("platform"), somebody("brand")
    sent = body(creator_id=ids.show("pty", creator.party_id))
    assert client.post(API, json=sent, headers=admin.once()).status_code == 201
    for party_id in (new_id(), brand.party_id):
        answer = client.post(API, json=body(creator_id=ids.show("pty", party_id)), headers=admin.once())
        assert (answer.status_code, count(session, party_id)) == (422, 0)


def test_a_creator_enters_an_account_once_and_another_may_claim_it_too(
    client: FlaskClient, session: Session, creator: Somebody
) -> None:
    sent = body()
    first = client.post(API, json=sent, headers=creator.once())
    assert (first.status_code, first.json["claim_status"], first.json["proven_at"]) == (201, "claimed", None)
    again = {**sent, "handle": "@" + sent["handle"].upper()}
    answer = client.post(API, json=again, headers=creator.once())
    assert (answer.status_code, answer.json["rule"]) == (409, "uq_channels_platform_account_key_creator_id")
    assert first.json["id"] in answer.json["detail"]
    other = somebody("creator")
    claimed = client.post(API, json=again, headers=other.once())
    assert (claimed.status_code, claimed.json["claim_status"]) == (201, "claimed")
    assert (count(session, creator.party_id), count(session, other.party_id)) == (1, 1)
    assert client.post(API, json={**sent, "platform": "tiktok"}, headers=creator.once()).status_code == 201


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"platform": "Douyin!"}, "/platform"),
        ({"handle": ""}, "/handle"),
        ({"name": "a\x00b"}, "/name"),
        ({"verticals": {"travel": 1.5}}, "/verticals/travel/value"),
        ({"verticals": {"Travel": 0.5}}, "/verticals/Travel/key"),
        ({"verticals": {f"v{number}": 0.1 for number in range(21)}}, "/verticals"),
        ({"region": "Mars"}, "/region"),
        ({"url": "javascript:alert(1)"}, "/url"),
        ({"followers": 5}, "/followers"),
    ],
)
def test_a_wrong_body_is_refused_at_its_place(
    client: FlaskClient, session: Session, creator: Somebody, wrong: dict[str, Any], pointer: str
) -> None:
    answer = client.post(API, json=body(**wrong), headers=creator.once())
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    assert count(session, creator.party_id) == 0


def test_brands_enter_and_change_nothing(client: FlaskClient, session: Session, creator: Somebody) -> None:
    brand, channel = somebody("brand"), make.channel(creator.party_id)
    assert client.post(API, json=body(), headers=brand.once()).status_code == 403
    url = f"{API}/{show(channel)}"
    assert client.patch(url, json={"name": "x"}, headers={**brand.headers, "If-Match": '"1"'}).status_code == 403
    assert client.post(f"{url}/archive", headers=brand.once()).status_code == 403
    assert (count(session, brand.party_id), session.get_one(Channel, channel.id).version) == (0, 1)


def test_strangers_find_nothing(client: FlaskClient, session: Session, creator: Somebody) -> None:
    channel = make.channel(creator.party_id)
    url = f"{API}/{show(channel)}"
    for who in (somebody("creator"), somebody("agency"), somebody("brand")):
        for path in (url, f"{url}/audience-snapshots", f"{url}/videos"):
            assert client.get(path, headers=who.headers).status_code == 404
    for who in (somebody("creator"), somebody("agency")):
        assert client.patch(url, json={"name": "x"}, headers={**who.headers, "If-Match": '"1"'}).status_code == 404
        assert client.post(f"{url}/archive", headers=who.once()).status_code == 404
    assert session.get_one(Channel, channel.id).version == 1


def test_a_change_needs_the_version_that_was_read(client: FlaskClient, session: Session, creator: Somebody) -> None:
    channel = make.channel(creator.party_id, language="zh-CN")
    url = f"{API}/{show(channel)}"
    sent = {"name": "新名字", "language": None, "verticals": {"food": 1.0}}
    assert client.patch(url, json=sent, headers=creator.headers).status_code == 428
    answer = client.patch(url, json=sent, headers={**creator.headers, "If-Match": '"1"'})
    assert (answer.status_code, answer.headers["ETag"], answer.json["name"]) == (200, '"2"', "新名字")
    stale = client.patch(url, json={"name": "y"}, headers={**creator.headers, "If-Match": '"1"'})
    assert stale.status_code == 412
    found = session.get_one(Channel, channel.id)
    assert (found.name, found.language, found.verticals) == ("新名字", None, {"food": 1.0})
    same = client.patch(url, json=sent, headers={**creator.headers, "If-Match": '"2"'})
    assert same.headers["ETag"] == '"2"'
    for wrong in ({"platform": "tiktok"}, {"account_key": "x"}, {"creator_id": ids.show("pty", creator.party_id)}):
        assert client.patch(url, json=wrong, headers={**creator.headers, "If-Match": '"2"'}).status_code == 422


def test_a_channel_is_archived_once(client: FlaskClient, session: Session, creator: Somebody) -> None:
    agency = somebody("agency")
    mandate(agency, creator.party_id)
    channel = make.channel(creator.party_id)
    url = f"{API}/{show(channel)}/archive"
    assert client.post(url, headers=agency.once()).json["status"] == "archived"
    again = client.post(url, headers=creator.once())
    assert (again.status_code, again.json["state"]) == (409, "archived")
    found = session.get_one(Channel, channel.id)
    assert (found.status, found.version) == (ChannelStatus.ARCHIVED, 2)


def test_lists_show_ones_own_with_filters(client: FlaskClient, creator: Somebody) -> None:
    agency, other = somebody("agency"), somebody("creator")
    mandate(agency, creator.party_id)
    first = make.channel(creator.party_id, name="阿砚 50%_吃饭", verticals={"food": 0.5})
    second = make.channel(creator.party_id, platform="tiktok", name="Yan Eats", verticals={"travel": 1})
    make.channel(other.party_id)

    def listed(who: Somebody, query: str = "") -> list[str]:
        return [row["id"] for row in client.get(f"{API}?{query}", headers=who.headers).json["data"]]

    assert listed(creator) == listed(agency) == [show(second), show(first)]
    assert listed(creator, "platform=tiktok") == [show(second)]
    assert listed(creator, "vertical=food") == [show(first)]
    assert listed(creator, "q=eats") == [show(second)]
    assert listed(creator, "q=50%25_") == [show(first)]
    assert listed(creator, f"q={second.handle[3:20]}") == [show(second)]
    assert listed(agency, f"creator_id={ids.show('pty', other.party_id)}") == []
    assert listed(somebody("platform"), f"creator_id={ids.show('pty', creator.party_id)}") == [
        show(second),
        show(first),
    ]
    assert client.get(f"{API}?platform=tik tok", headers=creator.headers).status_code == 422


@pytest.mark.parametrize(
    ("name", "q"),
    [
        ("青檸頻道", "青柠"),
        ("青柠频道", "青檸"),
        ("花西子官方旗艦店", "花西子官方旗舰店"),
        ("ＡＮＫＥＲ 官方", "anker"),
        ("anker", "ＡＮＫＥＲ"),
        ("髮型師阿發", "发型师阿发"),
        ("ﾗｲﾑ", "ライム"),
        ("Yan   Eats", "yan eats"),
        ("ÉCLAIR", "éclair"),
        ("a.b*c[d]^e$(f)|{2}\\", "A.B*C[D]^E$(F)|{2}\\"),
        ("«Ой!» — №1", "«ой!» — №1"),
    ],
)
def test_a_search_meets_a_name_in_every_form(client: FlaskClient, creator: Somebody, name: str, q: str) -> None:
    found = make.channel(creator.party_id, name=name)
    make.channel(creator.party_id, platform="tiktok", name="aXbbc 青草")
    answer = client.get(API, query_string={"q": q}, headers=creator.headers)
    assert [row["id"] for row in answer.json["data"]] == [show(found)]


def test_the_next_page_keeps_a_filter_in_chinese(client: FlaskClient, creator: Somebody) -> None:
    rows = [make.channel(creator.party_id, name=f"微光 & {number}") for number in range(3)]
    found, url = [], f"{API}?q=微光 %26&limit=1"
    while url:
        answer = client.get(url, headers=creator.headers)
        found += [row["id"] for row in answer.json["data"]]
        url = answer.headers.get("Link", "").partition(">")[0].removeprefix("<").removeprefix("http://localhost")
    assert found == [show(row) for row in reversed(rows)]


_BRIEF = sa.text(
    "INSERT INTO briefs (id, created_at, brand_id, bids_close_at, closed_at, cancelled_at, status, version_number,"
    " version) VALUES (:id, now(), :brand, :close, CASE WHEN :status <> 'published' THEN now() END,"
    " CASE WHEN :status = 'cancelled' THEN now() END, :status, 1, 1)"
)
_BID = sa.text(
    "WITH answered AS (INSERT INTO brief_versions (id, created_at, brief_id, number, title, category, currency,"
    " budget_minor, tolerance, bids_close_at, content) VALUES (:id, now(), :brief, 1, 't', 'food', 'CNY', 1, 40, now(),"
    " '{}') RETURNING id) INSERT INTO bids (id, created_at, brief_id, brand_id, channel_id, creator_id, status,"
    " revision_number, version, brief_version_id, revisions_max, answers_in_part)"
    " SELECT :id, now(), :brief, :brand, :channel, :creator, :status, 1, 1, answered.id, 3, false FROM answered"
)


@pytest.mark.parametrize(
    ("brief", "bid", "seen"),
    [
        ("closed", "open", True),
        ("closed", "accepted", True),
        ("closed", "declined", True),
        ("closed", "lapsed", True),
        ("closed", "withdrawn", False),
        ("published", "open", False),
        ("cancelled", "void", False),
    ],
)
def test_a_brand_sees_the_channels_that_bid_once_its_brief_is_closed(
    client: FlaskClient, creator: Somebody, brief: str, bid: str, seen: bool
) -> None:
    brand, rival, channel = somebody("brand"), somebody("brand"), make.channel(creator.party_id)
    brief_id = new_id()
    with db.transaction() as session:
        close = now() - timedelta(hours=1)
        session.execute(_BRIEF, {"id": brief_id, "brand": brand.party_id, "close": close, "status": brief})
        values = {"id": new_id(), "brief": brief_id, "brand": brand.party_id, "channel": channel.id}
        session.execute(_BID, {**values, "creator": creator.party_id, "status": bid})
    url = f"{API}/{show(channel)}"
    for who, expected in ((brand, seen), (rival, False)):
        assert len(client.get(API, headers=who.headers).json["data"]) == expected
        assert client.get(url, headers=who.headers).status_code == (200 if expected else 404)
        assert client.get(f"{url}/videos", headers=who.headers).status_code == (200 if expected else 404)
