"""A check of a draft is shown to the brand that the draft is made for, and to no other, until it is taken back."""

from typing import Any
from uuid import UUID

from flask.testing import FlaskClient

from marketplace.checks import corrections
from marketplace.core import db, ids
from tests.make import bids as make_bids
from tests.make import checks as make_checks
from tests.make.people import Somebody, somebody


def at(check_id: UUID, more: str = "") -> str:
    return f"/api/v1/video-checks/{ids.show('vck', check_id)}{more}"


def share(client: FlaskClient, who: Somebody, check_id: UUID, verb: str = "share") -> Any:
    return client.post(at(check_id, f"/{verb}"), headers=who.once())


def test_the_brand_reads_what_was_shared_and_nothing_else(client: FlaskClient) -> None:
    there, check_id = make_checks.for_a_bid()
    brand = there.brand
    for more in ("", "/timeline", "/pictures?number=0"):
        assert client.get(at(check_id, more), headers=brand.headers).status_code == 404
    answer = share(client, there.creator, check_id)
    assert answer.status_code == 200, answer.json
    assert answer.json["brand_id"] == ids.show("pty", brand.party_id)
    seen = client.get(at(check_id), headers=brand.headers).json
    assert seen["result"]["intrusiveness"]["score"] == answer.json["result"]["intrusiveness"]["score"]
    assert (seen["person_id"], seen["steps"]) == (None, [])
    assert [one["sha256"] for one in seen["duplicates"]] == [None]
    assert client.get(at(check_id, "/timeline"), headers=brand.headers).content_type == "image/svg+xml"
    assert client.get(at(check_id, "/pictures?number=0"), headers=brand.headers).data.startswith(b"\xff\xd8\xff")
    # The pictures of the other video stay the platform's, as do the words that people put to corrections.
    assert client.get(at(check_id, "/pictures?number=0&of=other"), headers=brand.headers).status_code == 404
    assert client.get(at(check_id, "/corrections"), headers=brand.headers).status_code == 403
    listed = client.get("/api/v1/video-checks", headers=brand.headers).json["data"]
    assert [(one["id"], one["person_id"]) for one in listed] == [(ids.show("vck", check_id), None)]
    assert client.get(at(check_id), headers=somebody("brand").headers).status_code == 404


def test_a_shared_check_is_read_only_for_the_brand(client: FlaskClient) -> None:
    there, check_id = make_checks.shared()
    for more, body in (("/cancel", None), ("/corrections", {"timeline": {"exposures": []}}), ("/unshare", None)):
        answer = client.post(at(check_id, more), json=body, headers=there.brand.once())
        assert answer.status_code == 403, more
    with db.transaction(there.brand.actor) as session:
        assert corrections.db.get(session, corrections.VideoCheck, check_id).shared_at is not None


def test_sharing_again_says_nothing_new_and_taking_back_ends_it(client: FlaskClient) -> None:
    there, check_id = make_checks.shared()
    again = share(client, there.creator, check_id)
    kinds = [one["kind"] for one in events(client, there.brand, check_id)]
    assert (again.status_code, kinds) == (200, ["video_checks.share"])
    assert share(client, there.creator, check_id, "unshare").json["shared_at"] is None
    assert client.get(at(check_id), headers=there.brand.headers).status_code == 404
    assert client.get("/api/v1/video-checks", headers=there.brand.headers).json["data"] == []
    assert {one["kind"] for one in events(client, there.brand, check_id)} == {
        "video_checks.share",
        "video_checks.unshare",
    }


def events(client: FlaskClient, who: Somebody, check_id: UUID) -> list[dict[str, Any]]:
    query = f"subject_id={ids.show('vck', check_id)}"
    return list(client.get(f"/api/v1/events?{query}", headers=who.headers).json["data"])


def test_the_newest_correction_goes_with_it(client: FlaskClient) -> None:
    there, check_id = make_checks.shared()
    with db.transaction(there.creator.actor) as session:
        corrections.correct(session, there.creator.actor, check_id, timeline={"exposures": []}, note="between us")
    seen = client.get(at(check_id), headers=there.brand.headers)
    assert seen.json["corrected"]["timeline"]["exposures"] == []
    assert "between us" not in seen.text
    assert events(client, there.brand, check_id)[0]["kind"] == "video_checks.correct"


def test_what_has_no_brand_yet_is_not_shared(client: FlaskClient) -> None:
    creator = somebody("creator")
    alone = make_checks.done(creator)
    answer = share(client, creator, alone)
    assert answer.status_code == 409
    assert "no bid" in answer.json["detail"]
    there = make_bids.market()
    open_bid = make_bids.place(there)
    before = make_checks.done(there.creator, open_bid.id)
    answer = share(client, there.creator, before)
    assert (answer.status_code, answer.json["state"]) == (409, "open")
    unfinished = make_checks.queued(there.creator, open_bid.id)
    assert share(client, there.creator, unfinished).status_code == 409
    for check_id in (before, unfinished):
        assert client.get(at(check_id), headers=there.brand.headers).status_code == 404


def test_an_agency_does_not_share_drafts_for_another_agencys_bid(client: FlaskClient) -> None:
    creator = somebody("creator")
    there = make_bids.with_audience(make_bids.market(creator=creator))
    mine, other = make_bids.agency_of(creator.party_id), make_bids.agency_of(creator.party_id)
    bid = make_bids.place(there, by=mine, options=[])
    make_bids.close(there)
    make_bids.accept(there, bid.id)
    check_id = make_checks.done(creator, bid.id)
    assert share(client, other, check_id).status_code == 404
    assert share(client, mine, check_id).status_code == 200
