"""Prices by views over HTTP: told by an export, by both sides, by the platform; contested, decided, settled."""

from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db
from marketplace.matching.pricing.models import DealPrice
from marketplace.payments.models import Payment
from tests.make import owed as make
from tests.make.people import somebody
from tests.market import owning
from tests.results import look
from tests.results.look import CPM

pytestmark = pytest.mark.usefixtures("own_market")


@pytest.mark.parametrize(
    ("views", "due"), [(7_000, 100_000), (123_457, 617_285), (230_000, 1_000_000)], ids=["floor", "between", "cap"]
)
def test_what_both_sides_say_is_paid_between_floor_and_cap_and_the_rest_goes_back(
    client: FlaskClient, worker: ModuleType, views: int, due: int
) -> None:
    owed = look.live(CPM, agency=True)
    with look.day(30):
        told = look.tell(client, owed.maker, owed, views)
        assert told.status_code == 201, told.json
        assert (told.json["source"], told.json["status"], told.json["odd"]) == ("maker", "waiting", None)
        shown = look.result(client, owed.brand, owed)
        assert (shown["waits_for"], shown["due"]["due_minor"], shown["final_at"]) == ("brand", 100_000, None)
        confirmed = look.answer(client, owed.brand, told.json, "confirm")
        assert (confirmed.status_code, confirmed.json["status"]) == (200, "stands")
        shown = look.result(client, owed.maker, owed)
        assert shown["final_at"] is not None
        assert (shown["standing"]["views"], shown["due"]) == (
            views,
            {"due_minor": due, "least_minor": 100_000, "most_minor": 1_000_000},
        )
    assert look.paid(owed) == []  # it still has to stay
    look.settle(worker)
    [(_, was_due, returned)] = look.paid(owed)
    assert (was_due, returned) == (due, 1_000_000 - due)
    assert (make.status(owed.id), make.deal_status(owed)) == ("done", "completed")
    with db.transaction() as session:
        taught = session.scalars(sa.select(DealPrice).filter_by(deliverable_id=owed.id)).one()
        assert (taught.deal_minor, taught.pricing_model) == (due, "cpm")
        payment = session.scalars(sa.select(Payment).filter_by(deal_id=owed.deal_id)).one()
        assert payment.returned_minor == 1_000_000 - due


def test_one_sides_word_moves_nothing_and_a_contested_figure_is_decided_by_the_platform(
    client: FlaskClient, worker: ModuleType
) -> None:
    owed = look.live(CPM)
    with look.day(30):
        told = look.tell(client, owed.creator, owed, 150_000).json
    with look.day(31):
        contested = look.answer(client, owed.brand, told, "contest", reason="截图是别的视频", views=60_000)
        assert (contested.status_code, contested.json["status"]) == (200, "contested")
        shown = look.result(client, owed.creator, owed)
        assert (shown["waits_for"], shown["answer_by"], shown["due"]["due_minor"]) == ("platform", None, 100_000)
    look.settle(worker, 95)
    assert (make.status(owed.id), look.paid(owed)) == ("live", [])
    admin = somebody("platform")
    with look.day(95):
        decided = look.answer(client, admin, told, "decide", reason="平台后台核对", views=90_000)
        assert (decided.status_code, decided.json["status"]) == (200, "decided")
        assert [(one["kind"], one["side"], one["views"]) for one in decided.json["answers"]] == [
            ("contest", "brand", 60_000),
            ("decide", None, 90_000),
        ]
    look.settle(worker, 96)
    assert [row[1:] for row in look.paid(owed)] == [(450_000, 550_000)]


def test_silence_never_agrees_to_one_sides_word_but_to_the_platforms(client: FlaskClient, worker: ModuleType) -> None:
    unanswered, by_admin, nothing_told = look.live(CPM), look.live(CPM), look.live(CPM)
    admin = somebody("platform")
    with look.day(30):
        look.tell(client, unanswered.creator, unanswered, 150_000)
        told = look.tell(client, admin, by_admin, 150_000, evidence="平台后台").json
        assert look.result(client, by_admin.brand, by_admin)["waits_for"] == "sides"
    with look.day(36):
        assert look.result(client, by_admin.brand, by_admin)["figures"][0]["status"] == "waiting"
    with look.day(38):
        assert look.result(client, unanswered.brand, unanswered)["waits_for"] == "platform"
        assert look.answer(client, by_admin.brand, told, "contest", reason="太晚").json["detail"]
        assert look.result(client, by_admin.brand, by_admin)["figures"][0]["status"] == "stands"
    look.settle(worker, 93)
    assert look.paid(unanswered) == []
    assert [row[1] for row in look.paid(by_admin)] == [750_000]
    # Nobody told anything: what is sure is due, and the rest goes back.
    assert [row[1:] for row in look.paid(nothing_told)] == [(100_000, 900_000)]


def test_views_that_the_channel_cannot_explain_are_marked_and_silence_does_not_let_them_stand(
    client: FlaskClient, worker: ModuleType
) -> None:
    owed = look.live(CPM)
    admin = somebody("platform")
    with look.day(20):
        assert look.tell(client, admin, owed, 20_000).json["odd"] is None
    with look.day(30):
        told = look.tell(client, admin, owed, 20_000_000).json
        assert told["odd"]
    with look.day(40):
        shown = look.result(client, owed.brand, owed)
        assert (shown["figures"][1]["status"], shown["waits_for"]) == ("unanswered", "platform")
    look.settle(worker)
    assert look.paid(owed) == []
    with look.day(92):
        assert look.answer(client, admin, told, "decide", reason="x", views=1).status_code == 409  # told it
        other = somebody("platform", party_id=admin.party_id)
        assert look.answer(client, other, told, "decide", reason="刷量", views=25_000).status_code == 200
    look.settle(worker, 93)
    assert [row[1] for row in look.paid(owed)] == [125_000]


def test_each_video_of_a_deal_is_settled_by_its_own_views(client: FlaskClient, worker: ModuleType) -> None:
    owed = look.live(CPM, 3)
    with look.day(30):
        for place, views in enumerate((0, 30_000, 10**6)):
            told = look.tell(client, owed.creator, owed, views, place)
            assert look.answer(client, owed.brand, told.json, "confirm").status_code == 200
    look.settle(worker)
    # A third of the floor and of the cap each: the thirds of the cap are 333,334, 333,333 and 333,333.
    assert [row[1:] for row in look.paid(owed)] == [(33_334, 300_000), (150_000, 183_333), (333_333, 0)]


def test_what_cannot_be_told_or_answered_is_refused_and_nothing_changes(client: FlaskClient) -> None:
    owed = look.live(CPM)
    flat = make.funded()
    admin, stranger = somebody("platform"), somebody("brand")
    with look.day(30):
        told = look.tell(client, owed.creator, owed, 50_000).json
        tomorrow = {"counted_on": "2099-01-01"}
        before, today = look.everything(owed), look.today(owed)
        refused: list[tuple[Any, int, str]] = [
            (look.tell(client, owed.creator, owed, 50_000), 409, "told_already"),
            (look.tell(client, owed.brand, owed, 1, **tomorrow), 422, "/counted_on"),
            (look.tell(client, owed.brand, owed, -1), 422, "/views"),
            (look.tell(client, owed.brand, owed, 1, evidence=" "), 422, "/evidence"),
            (look.tell(client, stranger, owed, 1), 404, ""),
            (look.tell(client, flat.creator, flat, 1, counted_on=today), 409, "wrong-state"),
            (look.tell_orders(client, owed.brand, owed, "order_id,ordered_at,amount\n"), 409, "wrong-state"),
            (look.tell_export(client, owed.creator, owed), 409, "not_in_export"),
            (look.tell_export(client, owed.brand, owed), 403, ""),
            (look.answer(client, owed.creator, told, "confirm"), 409, "own_figure"),
            (look.answer(client, owed.brand, told, "decide", reason="x", views=3), 403, ""),
            (look.answer(client, admin, told, "decide", reason="x", views=3), 409, "not_with_platform"),
            (look.answer(client, owed.brand, told, "contest"), 422, "/reason"),
        ]
        for number, (got, status, why) in enumerate(refused):
            assert got.status_code == status, (number, got.json)
            assert why in str(got.json), (number, got.json)
        assert look.everything(owed) == before
        assert look.answer(client, owed.brand, told, "contest", reason="少了").status_code == 200
        before = look.everything(owed)
        assert look.answer(client, owed.brand, told, "confirm").json["rule"] == "answered"
        decided = look.answer(client, admin, told, "decide", reason="x", counts=True)
        assert [one["pointer"] for one in decided.json["errors"]] == ["/views", "/counts"]
        assert look.everything(owed) == before
        assert look.answer(client, admin, told, "decide", reason="x", views=40_000).status_code == 200
        before = look.everything(owed)
        assert look.tell(client, owed.brand, owed, 3).status_code == 409  # final
        assert look.everything(owed) == before


def test_what_was_told_is_not_changed_by_whoever_owns_the_tables(client: FlaskClient) -> None:
    owed = look.live(CPM)
    with look.day(30):
        look.tell(client, owed.creator, owed, 50_000)
    for statement in ("UPDATE told_figures SET views = 1", "DELETE FROM figure_answers", "DELETE FROM told_orders"):
        with owning() as session, pytest.raises(sa.exc.IntegrityError):
            session.execute(sa.text(statement))
