"""What comes in and goes out of the selections' part of the API."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from marketplace.briefs.schemas import BriefTargetCell
from marketplace.core import ids
from marketplace.core.http.fields import (
    FlagField,
    IdField,
    MoneyField,
    MoneySchema,
    RealField,
    SaidField,
    StoredDocument,
    TimeField,
    WholeField,
    free_form,
    one_of,
)
from marketplace.core.http.load_refusals import refusal
from marketplace.matching.gates.schemas import AcceptIn, GateOut
from marketplace.matching.overlap.models import SketchKind
from marketplace.matching.scoring.schemas import PictureLooks
from marketplace.matching.selection.messages import LIMITS, REASONS
from marketplace.matching.selection.models import SelectionStatus
from marketplace.matching.selection.telling.standing_schemas import StandingSetOut

BIDS_MAX = 1_000
PROVE = ("auto", "always", "never")
PICTURES = ("set_reach", "union", "frequency", "budget_curve", "frontier")
_BID = {"pattern": ids.pattern("bid")}


def _bids(text: str) -> fields.List[Any]:
    return fields.List(
        IdField("bid"),
        load_default=list,
        validate=[validate.Length(max=BIDS_MAX), _different],
        metadata={"uniqueItems": True, "description": text},
    )


def _different(values: list[Any]) -> None:
    if len(set(values)) != len(values):
        raise ValidationError(refusal("同一个报价出现了两次。", "Holds the same bid twice."))


class SelectionCaps(Schema):
    """The most bids of any one agency, platform or niche (the vertical that a channel has most of)."""

    agency = WholeField(1, BIDS_MAX, load_default=None, allow_none=True)
    platform = WholeField(1, BIDS_MAX, load_default=None, allow_none=True)
    niche = WholeField(1, BIDS_MAX, load_default=None, allow_none=True)


class SelectionIn(Schema):
    """What the chosen set has to keep. Everything may be left out: then it keeps the brief's budget and ceiling, and
    the defaults of the limits that every buyer has. The result tells each limit (`limits`), and which cost much reach
    (`costly`)."""

    budget = MoneyField(low=1, load_default=None, allow_none=True, metadata={"description": "Else the brief's."})
    bids_min = WholeField(0, BIDS_MAX, load_default=0)
    bids_max = WholeField(
        1,
        BIDS_MAX,
        load_default=None,
        allow_none=True,
        metadata={"description": "Else 15 % of the budget divided by the handling of a deal, 2 to 50."},
    )
    handling_per_deal = MoneyField(
        low=0,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "What the work on a deal costs the brand: the budget has to cover it beside the price. Else"
            " CNY 800, USD 300, EUR 300, or about as much in the brief's currency."
        },
    )
    smallest_bid = MoneyField(
        low=0, load_default=None, allow_none=True, metadata={"description": "Else three times the handling of a deal."}
    )
    largest_share = RealField(
        0.01,
        1,
        load_default=None,
        allow_none=True,
        metadata={"description": "The largest share of the budget for one bid; else 0.6."},
    )
    caps = fields.Nested(SelectionCaps, load_default=lambda: SelectionCaps().load({}))
    must = _bids("Bids that have to be in the set.")
    never = _bids("Bids that must not be in the set.")
    contacts_per_person_max = RealField(
        1,
        100,
        load_default=None,
        allow_none=True,
        metadata={"description": "How often each person reached sees one of the channels, on average."},
    )
    intrusiveness_max = RealField(0, 100, load_default=None, allow_none=True)
    ad_load_max = RealField(0, 1, load_default=None, allow_none=True)
    lift_ceiling = FlagField(
        load_default=False,
        metadata={
            "description": "Set the brief's own ceiling per thousand people aside, for what a bid alone and what it"
            " adds to the set costs."
        },
    )
    prove = one_of(PROVE, load_default="auto")
    time_limit_s = WholeField(1, 300, load_default=60, metadata={"description": "For the exact solver."})


class WhatIfIn(SelectionIn):
    """The same, and a target instead of the brief's own. Nothing is stored and nothing is proved."""

    target = fields.List(
        fields.Nested(BriefTargetCell), load_default=None, allow_none=True, validate=validate.Length(min=1, max=20)
    )

    class Meta:
        exclude = ("prove", "time_limit_s")


class ConfirmIn(AcceptIn):
    """What the brand sets aside when it confirms. The body may be left out."""

    class Meta:
        exclude = ("option",)


class SaidOut(Schema):
    zh = fields.String(required=True)
    en = fields.String(required=True)


class SketchedOut(SaidOut):
    """The union of the channels' sketches, of one platform and kind, with 95 % bounds, beside all of them added up."""

    platform = fields.String(required=True)
    kind = one_of(SketchKind, required=True)
    people = fields.Float(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)
    summed = fields.Float(required=True)
    oldest_on = fields.String(required=True, metadata={"format": "date"})


class ReachOfSetOut(SaidOut):
    """Weighted on-target people of the chosen set, each counted once.

    `effective`, by which sets are chosen and compared, counts those who notice the brand, by how well the content suits
    (1: as is usual), by the careful forecast. All others count everybody reached: `careful` has every forecast at its
    0.3 quantile, and the set's pairs share as many people as was measured or is predicted. `point`, `low` and `high`
    are the middle and the ends of 80 % over the forecasts' spread. `if_more_shared` and `if_less_shared` are `careful`
    if the pairs shared `doubt` times as many people, or were to be divided by it: an 80 % range of what is known of
    overlaps. `overlap` tells what was learnt from measured pairs (empty: priors); of the set's own `pairs`,
    `pairs_measured` count as measured. `summed` counts everybody as often as reached, `independent` is Sainsbury's
    formula. `sketched` is the union of the channels' sketches, where all have one. Sets that an older release chose
    lack what it did not tell.
    """

    effective = fields.Float()
    careful = fields.Float(required=True)
    point = fields.Float(required=True)
    point_summed = fields.Float(metadata={"description": "The middle of the members' own people added up."})
    low = fields.Float(required=True)
    high = fields.Float(required=True)
    if_more_shared = fields.Float()
    if_less_shared = fields.Float()
    doubt = fields.Float()
    summed = fields.Float(required=True)
    independent = fields.Float(required=True)
    frequency = fields.List(fields.Float(), required=True, metadata={"description": "People reached 1+, 2+, 3+, 4+."})
    notice = fields.Float(
        allow_none=True,
        metadata={"description": "How many of `careful` notice the brand; null where a plan's share is not known."},
    )
    contacts_per_person = fields.Float(required=True, allow_none=True)
    overlap = free_form("what was learnt from measured pairs: pairs, markets with their lifts, fitted_on, model.")
    pairs = fields.Integer()
    pairs_measured = fields.Integer()
    sketched = fields.Nested(SketchedOut, allow_none=True)


class ChosenOut(SaidOut):
    bid_id = fields.String(required=True, metadata=_BID)
    channel_name = fields.String(required=True)
    option = fields.Integer(required=True, metadata={"description": "0 is the bid's own price, then its options."})
    price = fields.Nested(MoneySchema, required=True, metadata={"description": "The most that it may cost."})
    people_alone = fields.Float(required=True)
    people_added = fields.Float(
        required=True, metadata={"description": "In the order of the list; together those of the set."}
    )
    people_lost_without = fields.Float(required=True)
    per_thousand_added = fields.Nested(
        MoneySchema,
        required=True,
        allow_none=True,
        metadata={"description": "Price / `people_lost_without`, which the ceiling limits; null where nobody is lost."},
    )
    intrusiveness = fields.Float(allow_none=True, metadata={"description": "0 to 100; null where it is not known."})
    gates = fields.List(
        fields.Nested(GateOut), required=True, metadata={"description": "What keeps it from being accepted now."}
    )


class LeftOutOut(SaidOut):
    bid_id = fields.String(required=True, metadata=_BID)
    channel_name = fields.String(required=True)
    option = fields.Integer(required=True)
    price = fields.Nested(MoneySchema, required=True)
    reason = one_of(REASONS, required=True)
    would_win_at = fields.Nested(
        MoneySchema,
        required=True,
        allow_none=True,
        metadata={
            "description": "At this price, all else as it is, the same choice takes the bid; null: at none,"
            " or not settled."
        },
    )
    would_win_settled = fields.Boolean(
        metadata={
            "description": "Whether the choice was made again at this price and 1 % above. Else it was not worked"
            " out, and `/selections/{id}/winning-prices/{bid}` does (older releases: an estimate, or 2 % above)."
        }
    )


class BudgetPointOut(Schema):
    """The set of another budget: `effective` never falls as the budget grows; `careful` are all whom the set reaches
    (in older results, which have it alone, in proportion to the people searched)."""

    factor = fields.Float(required=True)
    budget = fields.Nested(MoneySchema, required=True)
    spend = fields.Nested(MoneySchema, required=True, metadata={"description": "The prices, without handling."})
    effective = fields.Float()
    careful = fields.Float(required=True)
    bids = fields.Integer(required=True)


class FrontierPointOut(Schema):
    intrusiveness = fields.Float(required=True)
    effective = fields.Float()
    careful = fields.Float(required=True)
    bids = fields.Integer(required=True)


class ProofOut(SaidOut):
    """How good the set is: `effective` are its people as in `reach`; no set that keeps the limits has more than
    `bound`; `certificate` = effective / bound. An older release told `searched` and a `bound` of effective people
    divided by 0.15."""

    effective = fields.Float()
    searched = fields.Float()
    bound = fields.Float(required=True)
    certificate = fields.Float(required=True)
    how = one_of(("bound", "proved", "gap", "time", "cancelled"), required=True)


class BudgetLeftOut(SaidOut):
    """What the budget has left when prices and handling are paid, and why."""

    amount = fields.Nested(MoneySchema, required=True)


class LimitOut(SaidOut):
    """A limit that the set keeps: a number or an amount of money. `by_default`: the request named none."""

    code = one_of(LIMITS, required=True)
    number = fields.Float(required=True, allow_none=True)
    money = fields.Nested(MoneySchema, required=True, allow_none=True)
    by_default = fields.Boolean(required=True)


class CostlyLimitOut(SaidOut):
    """A limit without which a set would have over 5 % more `effective` people: `change` in the request lifts it. All
    others hold."""

    code = fields.String(required=True)
    change = free_form("members of the request with the values that lift the limit.", required=True)
    effective = fields.Float()
    careful = fields.Float(required=True)
    percent_more = fields.Float(required=True, allow_none=True)


class OutcomeOut(Schema):
    """A chosen set with its reasons. Sets that older releases chose have no `handling`, `cost`, `left`, `limits` and
    `costly`: no deal was counted with its handling, and no limit had a default."""

    chosen = fields.List(fields.Nested(ChosenOut), required=True)
    left_out = fields.List(fields.Nested(LeftOutOut), required=True)
    reach = fields.Nested(ReachOfSetOut, required=True)
    spend = fields.Nested(MoneySchema, required=True, metadata={"description": "The prices, without handling."})
    handling = fields.Nested(MoneySchema, metadata={"description": "The work on all deals of the set."})
    cost = fields.Nested(MoneySchema, metadata={"description": "`spend` and `handling`, which the budget covers."})
    budget = fields.Nested(MoneySchema, required=True)
    left = fields.Nested(BudgetLeftOut)
    limits = fields.List(fields.Nested(LimitOut))
    costly = fields.List(fields.Nested(CostlyLimitOut))
    proof = fields.Nested(ProofOut, required=True)
    budget_curve = fields.List(fields.Nested(BudgetPointOut), required=True)
    frontier = fields.List(fields.Nested(FrontierPointOut), required=True)
    units = fields.Integer(required=True)
    made_of = fields.Nested(SaidOut, required=True)


class WhatIfOut(Schema):
    """Which set it would be; nothing was stored."""

    brief_id = IdField("brf", required=True)
    outcome = StoredDocument(OutcomeOut, required=True)


class SelectionWishesOut(Schema):
    """What the set was asked for, with the defaults of the limits that were left open, whose names are in `by_default`.
    Selections of older releases lack what could not be asked for."""

    budget = fields.Nested(MoneySchema, required=True)
    bids_min = fields.Integer(required=True)
    bids_max = fields.Integer(allow_none=True)
    handling_per_deal = fields.Nested(MoneySchema)
    smallest_bid = fields.Nested(MoneySchema)
    largest_share = fields.Float()
    caps = fields.Nested(SelectionCaps, required=True)
    must = fields.List(fields.String(), required=True)
    never = fields.List(fields.String(), required=True)
    contacts_per_person_max = fields.Float(allow_none=True)
    intrusiveness_max = fields.Float(allow_none=True)
    ad_load_max = fields.Float(allow_none=True)
    ceiling_per_thousand = fields.Nested(MoneySchema, allow_none=True)
    lift_ceiling = fields.Boolean()
    prove = fields.String()
    time_limit_s = fields.Integer()
    by_default = fields.List(fields.String())


class SelectionHeadOut(Schema):
    id = IdField("sel", required=True)
    brief_id = IdField("brf", required=True)
    brief_version_id = IdField("brv", required=True)
    status = one_of(SelectionStatus, required=True)
    version = fields.Integer(required=True)
    job_id = IdField("job", required=True, allow_none=True)
    wishes = StoredDocument(SelectionWishesOut, required=True)
    model_version = fields.String(required=True, allow_none=True)
    inputs_hash = fields.String(required=True, allow_none=True)
    bids = fields.Integer(required=True, allow_none=True)
    value = fields.Float(required=True, allow_none=True, metadata={"description": "`reach.effective` of the result."})
    bound = fields.Float(required=True, allow_none=True, metadata={"description": "No set within the limits has more."})
    certificate = fields.Float(required=True, allow_none=True)
    spend_minor = fields.Integer(required=True, allow_none=True)
    message = SaidField(required=True, allow_none=True)
    created_at = TimeField(required=True)
    finished_at = TimeField(required=True, allow_none=True)
    confirmed_at = TimeField(required=True, allow_none=True)


class SelectionOut(SelectionHeadOut):
    """A selection with its `result`, which comes with the status `found` and changes once more only where the exact
    solver finds a better set. `certificate` = `value` / `bound`, both of effective people."""

    result = StoredDocument(OutcomeOut, required=True, allow_none=True)
    standing = fields.Nested(StandingSetOut, required=True, allow_none=True)


class VerificationOut(Schema):
    """The choice made again from the stored inputs, and the reach of the set counted by a synthetic panel."""

    inputs_unchanged = fields.Boolean(required=True)
    same_model = fields.Boolean(required=True, metadata={"description": "False: an older release chose it."})
    same_set = fields.Boolean(required=True)
    same_value = fields.Boolean(required=True)
    keeps_limits = fields.Boolean(required=True)
    value = fields.Float(required=True)
    bound = fields.Float(required=True)
    panel_people = fields.Float(required=True)
    panel_error = fields.Float(required=True, metadata={"description": "Standard error of the panel."})
    faults = fields.List(fields.String(), required=True)


class OutcomeOfBidOut(SaidOut):
    """How one bid fared in the confirmed selection, for its own side. One that was accepted by itself was not chosen,
    and has no `reason`."""

    bid_id = IdField("bid", required=True)
    selection_id = IdField("sel", required=True)
    chosen = fields.Boolean(required=True)
    reason = fields.String(required=True, allow_none=True)
    lower_percent_from = fields.Float(required=True, allow_none=True)
    lower_percent_to = fields.Float(required=True, allow_none=True)
    confirmed_at = TimeField(required=True)


class PictureQuery(PictureLooks):
    name = one_of(PICTURES, load_default="set_reach")
