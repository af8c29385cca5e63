"""The tables of a deal and of a deliverable, walked: each state, transition and role."""

from itertools import product

import pytest
from flask import Flask

from marketplace.core.actor import Role
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.deals.models import Deal, DealStatus, Deliverable, DeliverableStatus
from marketplace.deals.states import DEAL_TRANSITIONS, DELIVERABLE_TRANSITIONS
from tests.make.state_walks import step


@pytest.mark.parametrize(("name", "status", "role"), list(product(DEAL_TRANSITIONS, DealStatus, Role)))
def test_a_deal_moves_only_as_the_table_says(app: Flask, name: str, status: DealStatus, role: Role) -> None:
    ids_of = ("bid_id", "bid_revision_id", "brief_id", "brief_version_id", "brand_id", "creator_id", "channel_id")
    deal = Deal(
        **{id_: new_id() for id_ in ids_of}, option=0, currency="CNY", timezone="UTC", answer_by=now(), status=status
    )
    step(DEAL_TRANSITIONS, deal, name, role)


@pytest.mark.parametrize(("name", "status", "role"), list(product(DELIVERABLE_TRANSITIONS, DeliverableStatus, Role)))
def test_a_deliverable_moves_only_as_the_table_says(
    app: Flask, name: str, status: DeliverableStatus, role: Role
) -> None:
    ids_of = ("deal_id", "channel_id", "terms_id")
    deliverable = Deliverable(
        **{id_: new_id() for id_ in ids_of}, position=1, kind="video", price_minor=1, due_on=now().date(), status=status
    )
    step(DELIVERABLE_TRANSITIONS, deliverable, name, role)


def test_no_state_of_a_table_is_out_of_reach_and_ended_ones_stay_ended() -> None:
    for table, start, ended in (
        (DEAL_TRANSITIONS, DealStatus.OFFERED, {"lapsed", "cancelled", "completed"}),
        (DELIVERABLE_TRANSITIONS, DeliverableStatus.PLANNED, {"done", "missed", "cancelled"}),
    ):
        assert {rule.target for rule in table.values()} | {start} == set(type(start))
        assert set(type(start)) - {source for rule in table.values() for source in rule.sources} == ended


def test_there_is_no_work_before_the_money_is_held() -> None:
    assert {str(state) for state in DEAL_TRANSITIONS["fund"].sources} == {"agreed"}
    assert {name for name, rule in DEAL_TRANSITIONS.items() if rule.target == "active"} == {
        *("fund", "resume", "go_on", "cut_short", "decide_to_go_on")
    }
