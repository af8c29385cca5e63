"""Many who act on one deal at once: one comes first, and everything tells the same story."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Flask

from marketplace.bids.models import Bid
from marketplace.core import db
from marketplace.deals.models import Deal, DealSignature, DealTerms, Deliverable
from tests.bids.look import path as bid_path
from tests.deals import look
from tests.make import bids as make
from tests.make.many import MANY, at_once
from tests.make.offered_deals import Offered, hash_of, offered


def test_many_acceptances_make_one_deal(app: Flask) -> None:
    there, bid = make.standing("open")
    answers = at_once(
        app,
        [lambda client: client.post(bid_path(bid.id, "accept"), json=make.ACCEPTS, headers=there.brand.once())],
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: MANY - 1}
    with db.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).where(Deal.bid_id == bid.id)) == 1


def test_accept_counter_confirm_and_withdraw_at_once_have_one_winner_and_one_order(app: Flask) -> None:
    deal = offered()
    present = hash_of(deal.deal_id)
    body = {"content_hash": present, "changes": {"keep_live_days": 30}}
    calls: list[Callable[[Any], Any]] = [
        lambda client: client.post(bid_path(deal.bid_id, "accept"), json=make.ACCEPTS, headers=deal.brand.once()),
        lambda client: client.post(look.path(deal.deal_id, "counter"), json=body, headers=deal.creator.once()),
        lambda client: look.confirm(client, deal.creator, deal.deal_id, content_hash=present),
        lambda client: look.leave(client, deal.brand, deal.deal_id, "withdraw"),
    ]
    answers = at_once(app, calls)
    assert {answer.status_code for answer in answers} <= {200, 409}
    won = Counter(number % len(calls) for number, answer in enumerate(answers) if answer.status_code == 200)
    tell_one_story(deal, won)


def tell_one_story(deal: Offered, won: Counter[int]) -> None:
    with db.transaction() as session:
        bid = session.get_one(Bid, deal.bid_id)
        deals = session.scalars(sa.select(Deal).where(Deal.bid_id == deal.bid_id).order_by(Deal.id)).all()
        living = [row for row in deals if row.status != "lapsed"]
        kinds = [event.kind for event in look.events(deal.deal_id)]
        first = deals[0]
        terms = session.scalars(sa.select(DealTerms).where(DealTerms.deal_id == first.id)).all()
        signatures = session.scalars(sa.select(DealSignature).where(DealSignature.deal_id == first.id)).all()
        owed = session.scalar(sa.select(sa.func.count()).where(Deliverable.deal_id == first.id))
    # One deal of the bid lives, or the bid is open; whoever accepted it again made the second deal.
    assert len(living) == (1 if bid.status == "accepted" else 0)
    assert len(deals) == 1 + won[0]
    assert (won[1] <= 1, won[2] <= 1, won[3] <= 1) == (True, True, True)
    # Of a counter, a confirmation and a withdrawal that all meant the first terms, the first one settled it, but for a
    # turning away of the maker's counter: the brand declines that, and does not withdraw.
    assert won[1] + won[2] + won[3] == 1
    moves = {1: "deals.counter", 2: "deals.confirm", 3: "deals.withdraw"}
    assert kinds == ["deals.offer", *(moves[number] for number in moves if won[number])]
    assert [event.data["before"] for event in look.events(deal.deal_id)[1:]] == ["offered"]
    assert len(terms) == 1 + won[1]
    assert len(signatures) == 1 + won[1] + won[2]
    assert owed == (6 if won[2] else 0)
    assert first.status == {1: "offered", 2: "agreed", 3: "lapsed"}[next(number for number in moves if won[number])]


def test_a_deal_that_goes_back_and_forth_keeps_one_order_of_versions(app: Flask) -> None:
    deal = offered()

    def counter(who: str) -> Callable[[Any], Any]:
        def call(client: Any) -> Any:
            return look.counter(client, getattr(deal, who), deal.deal_id, keep_live_days=30 if who == "brand" else 60)

        return call

    answers = at_once(app, [counter("creator"), counter("brand")])
    assert {answer.status_code for answer in answers} <= {200, 409, 422}
    with db.transaction() as session:
        found = session.get_one(Deal, deal.deal_id)
        rows = session.scalars(sa.select(DealTerms).where(DealTerms.deal_id == deal.deal_id).order_by(DealTerms.number))
        terms = rows.all()
    done = sum(answer.status_code == 200 for answer in answers)
    assert [row.number for row in terms] == list(range(1, done + 2))
    assert found.terms_id == terms[-1].id
    assert found.brand_counters + found.maker_counters == done <= 6
    sides = [str(row.proposed_side) for row in terms]
    assert sides == ["brand" if number % 2 == 0 else "maker" for number in range(len(sides))]
    told = [event.data["terms_number"] for event in look.events(deal.deal_id)]
    assert told == [row.number for row in terms]
