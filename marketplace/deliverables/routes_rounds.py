"""The API of further rounds of changes: asked for by the brand at the quoted price, answered by the maker."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.fields import IdField, MoneyField, TimeField, one_of
from marketplace.core.http.paging import Page, page_of
from marketplace.core.http.request_handling import actor, session
from marketplace.deliverables import extra_rounds, policy
from marketplace.deliverables.models import ExtraRound, ExtraRoundStatus, RoundKind

blueprint = GuardedBlueprint("rounds", __name__, tag="deals", description="Rounds of changes beyond the agreed ones")

_OF = "/deliverables/<id('dlv'):deliverable_id>/rounds"
_ROUND = "/rounds/<id('rnd'):round_id>"


class ExtraRoundIn(Schema):
    """One more round, with the price that you have read."""

    kind = one_of(RoundKind, required=True)
    price = MoneyField(required=True, metadata={"description": "As the terms quote it (`rounds.one_more_minor`)."})


class ExtraRoundOut(Schema):
    """One more round of changes. It counts once it is confirmed, and its payment is held."""

    id = IdField("rnd", required=True)
    deliverable_id = IdField("dlv", required=True)
    kind = one_of(RoundKind, required=True)
    currency = fields.String(required=True)
    price_minor = fields.Integer(required=True)
    status = one_of(ExtraRoundStatus, required=True)
    answer_by = TimeField(
        required=True, metadata={"description": "Until when the maker answers; once confirmed, until when to pay."}
    )
    payment_id = IdField("pay", required=True, allow_none=True)
    created_at = TimeField(required=True)
    version = fields.Integer(required=True)


_ANSWERS: dict[str, Any] = {"allow": policy.MAKERS, "needs": Permission.DEALS, "answers": ExtraRoundOut}


@blueprint.get(_OF, allow=policy.READERS, needs=Permission.READ, answers=page_of(ExtraRoundOut))
def list_extra_rounds(deliverable_id: UUID) -> Page[ExtraRound]:
    """The further rounds that were asked for, the first one first."""
    return Page(list(extra_rounds.listing(session(), actor(), deliverable_id)), has_more=False)


@blueprint.post(_OF, allow=(Role.BRAND,), needs=Permission.DEALS, takes=ExtraRoundIn, answers=ExtraRoundOut, status=201)
def ask_for_extra_round(body: dict[str, Any], deliverable_id: UUID) -> ExtraRound:
    """Ask for one more round of changes at the quoted price. The maker confirms it, then it is paid in; nobody works on
    it before."""
    return extra_rounds.ask(session(), actor(), deliverable_id, kind=RoundKind(body["kind"]), price=body["price"])


@blueprint.post(f"{_ROUND}/confirm", **_ANSWERS)
def confirm_extra_round(round_id: UUID) -> ExtraRound:
    """Confirm one more round, as the maker: its payment is planned, and it counts once that is held."""
    return extra_rounds.confirm(session(), actor(), round_id)


@blueprint.post(f"{_ROUND}/refuse", **_ANSWERS)
def refuse_extra_round(round_id: UUID) -> ExtraRound:
    """Refuse one more round, as the maker; the deal goes on as agreed."""
    return extra_rounds.refuse(session(), actor(), round_id)
