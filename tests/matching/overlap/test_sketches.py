"""Sketches over the API: who may hand in, read, confirm and remove them, and what is counted with them."""

from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import ProgrammingError

from marketplace.core import db, ids
from marketplace.core.clock import now
from marketplace.core.errors import Conflict
from marketplace.core.ids import new_id
from marketplace.matching.overlap import service as overlaps
from marketplace.matching.overlap import sketches
from marketplace.matching.overlap.models import AudienceSketch
from tests.make import bids as make
from tests.make import overlaps as make_overlaps
from tests.make import work
from tests.make.people import Somebody, somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")


def body(own_channel: UUID, **changes: Any) -> dict[str, Any]:
    return {
        "channel_id": ids.show("chn", own_channel),
        "kind": "commenters",
        "taken_on": now().date().isoformat(),
        "source": "评论导出",
        "sketch": make_overlaps.sketch_text(range(2_000)),
        **changes,
    }


def listed(client: FlaskClient, who: Somebody) -> list[Any]:
    found: list[Any] = client.get("/api/v1/audience-sketches", headers=who.headers).json["data"]
    return found


def test_a_sketch_is_handed_in_claimed_confirmed_and_taken_back(client: FlaskClient) -> None:
    who, admin = somebody("creator"), somebody("platform")
    channel = look.channel(who)
    answer = client.post("/api/v1/audience-sketches", json=body(channel), headers=who.once())
    assert answer.status_code == 201, answer.json
    told = answer.json
    assert (told["people"], told["platform"], told["provenance"]) == (2_000, "douyin", "claimed")
    assert "sketch" not in told
    assert "data" not in told
    assert listed(client, who) == [told]
    assert listed(client, somebody("creator")) == []
    path = f"/api/v1/audience-sketches/{told['id']}"
    assert client.post(f"{path}/confirm", headers=who.once()).status_code == 403
    confirmed = client.post(f"{path}/confirm", headers=admin.once())
    assert (confirmed.status_code, confirmed.json["provenance"]) == (200, "confirmed")
    assert client.post(f"{path}/confirm", headers=admin.once()).status_code == 409
    assert client.delete(path, headers=somebody("creator").headers).status_code == 404
    assert client.delete(path, headers=who.headers).status_code == 204
    assert listed(client, who) == []


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"sketch": "!!!!"}, "/sketch"),
        ({"sketch": "aGVsbG8gd29ybGQ="}, "/sketch"),
        ({"sketch": "A" * 400_000}, "/sketch"),
        ({"kind": "buyers"}, "/kind"),
        ({"taken_on": "1999-01-01"}, "/taken_on"),
        ({"taken_on": "2099-01-01"}, "/taken_on"),
        ({"source": ""}, "/source"),
        ({"channel_id": ids.show("brf", new_id())}, "/channel_id"),
        ({"people": 5}, "/people"),
    ],
)
def test_what_is_no_sketch_is_refused(client: FlaskClient, changes: dict[str, Any], pointer: str) -> None:
    who = somebody("creator")
    answer = client.post("/api/v1/audience-sketches", json=body(look.channel(who), **changes), headers=who.once())
    assert answer.status_code == 422, answer.json
    assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer]


def test_no_other_tenant_reaches_a_sketch_in_the_database_and_nobody_changes_one() -> None:
    who = somebody("creator")
    row = make_overlaps.hand_in(who, look.channel(who), range(1_500))
    for stranger in (somebody("creator"), somebody("brand"), somebody("agency")):
        with db.transaction(stranger.actor) as session:
            assert session.scalars(sa.select(AudienceSketch)).all() == []
    for change in (sa.update(AudienceSketch).values(people=9.0), sa.text("UPDATE sketch_salts SET digits = '00'")):
        with pytest.raises(ProgrammingError), db.transaction(who.actor) as session:
            session.execute(change)
    with pytest.raises(Conflict):
        make_overlaps.confirm_sketch(make_overlaps.confirm_sketch(row))


def test_confirmed_sketches_are_measured_pairs_and_those_of_matched_ids_go_before(worker: ModuleType) -> None:
    who, admin = somebody("creator"), somebody("platform")
    one, other, third = (look.channel(who) for _ in range(3))
    work.settle(worker)
    first = make_overlaps.hand_in(who, one, range(4_000))
    second = make_overlaps.hand_in(who, other, range(3_000, 6_000))
    make_overlaps.hand_in(who, third, range(2_000), kind="commenters")
    with db.transaction() as session:
        assert overlaps.measured_pairs(session, [one, other, third]) == []
    for row in (first, second):
        make_overlaps.confirm_sketch(row)
    make_overlaps.record(admin, one, other, value=0.9, method="tool_estimate")
    work.settle(worker)
    with db.transaction() as session:
        [pair] = overlaps.measured_pairs(session, [one, other, third])
        learnt = overlaps.load_named(session, overlaps.newest_name(session))
    low, high = sorted([one, other])
    sizes = {one: 4_000, other: 3_000}
    assert pair == [str(low), str(high), sizes[low], sizes[high], pytest.approx(1 / 3)]
    assert learnt.duplication.measured >= 1
    make_overlaps.record(admin, one, other, value=0.5, method="measured_ids")
    with db.transaction() as session:
        [pair] = overlaps.measured_pairs(session, [one, other, third])
    assert pair[4] == 0.5


def test_platforms_and_kinds_are_never_mixed() -> None:
    who = somebody("creator")
    channels = [look.channel(who) for _ in range(2)]
    for channel, kind in zip(channels, ("viewers", "commenters"), strict=True):
        make_overlaps.confirm_sketch(make_overlaps.hand_in(who, channel, range(2_000), kind=kind))
    with db.transaction() as session:
        assert sketches.pairs(session, channels) == []
        assert sketches.union_of(session, channels) is None
    make_overlaps.confirm_sketch(make_overlaps.hand_in(who, channels[1], range(1_000, 3_000)))
    with db.transaction() as session:
        union = sketches.union_of(session, channels)
        before = sketches.union_of(session, channels, before=now().replace(year=2020))
    assert union is not None
    assert (union.kind, union.people, union.summed) == ("viewers", 3_000, 4_000)
    assert before is None


def test_a_set_whose_channels_all_have_one_shows_their_union_beside_the_model(
    client: FlaskClient, worker: ModuleType
) -> None:
    there = look.market()
    offers = [look.offer(there, amount) for amount in (1_000_000, 1_100_000)]
    for number, (creator, bid) in enumerate(offers):
        people = range(1_500 * number, 1_500 * number + 3_000)
        make_overlaps.confirm_sketch(make_overlaps.hand_in(creator, bid.channel_id, people))
    make.close(there)
    work.settle(worker)
    path = look.path(there.brief_id, "what-if")
    answer = client.post(path, json={}, headers={**there.brand.headers, "Idempotency-Key": str(new_id())})
    assert answer.status_code == 200, answer.json
    reach = answer.json["outcome"]["reach"]
    assert reach["pairs_measured"] == reach["pairs"] == 1
    shown = reach["sketched"]
    assert (shown["people"], shown["summed"], shown["kind"]) == (4_500, 6_000, "viewers")
    assert "25% fewer than added up" in shown["en"]
    assert "4,500" in shown["zh"]
    alone = client.post(
        path, json={"bids_max": 1}, headers={**there.brand.headers, "Idempotency-Key": str(new_id())}
    ).json
    assert alone["outcome"]["reach"]["sketched"] is None


def test_the_salt_is_of_the_market_and_the_same_for_all_owners(client: FlaskClient) -> None:
    answers = [
        client.get("/api/v1/audience-sketches/salt", headers=somebody(kind).headers).json
        for kind in ("creator", "agency", "platform")
    ]
    assert answers[0] == answers[1] == answers[2]
    assert len(bytes.fromhex(answers[0]["salt"])) == 32
    refused = client.get("/api/v1/audience-sketches/salt", headers=somebody("brand").headers)
    assert refused.status_code == 403
