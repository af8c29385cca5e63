"""The closed schema of a deal's terms: every field of a version, and nothing else."""

from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from marketplace.bids.schemas import BidPriceOut
from marketplace.bids.schemas_plan import PlacementPlan
from marketplace.briefs.vocabulary import CATEGORIES, DELIVERABLE_KINDS, LENGTH_TIERS, USAGE_CHANNELS
from marketplace.core.http.fields import SentDocument, WholeField, one_of
from marketplace.core.money import AMOUNT_MAX, BASIS, MINOR_DIGITS
from marketplace.deals.terms.terms_document import MILESTONES, SCHEMA

SPLIT_DAYS = ("publication", "agreement")
DAYS_MAX, ROUNDS_MAX, EXTRAS_MAX, DELIVERABLES_MAX, CHANNELS_MAX = 3_650, 20, 50, 1_000, 20
MOVABLE_MAX = 365
RESULT_DAYS_MAX, CONTEST_DAYS_MAX = 180, 30


class _Closed(Schema):
    class Meta:
        unknown = RAISE


def _minor(description: str, **kwargs: Any) -> WholeField:
    return WholeField(0, AMOUNT_MAX, required=True, metadata={"description": description}, **kwargs)


def _share(description: str) -> WholeField:
    return WholeField(0, BASIS, required=True, metadata={"description": f"{description}, in basis points."})


def _text(**kwargs: Any) -> fields.String:
    return fields.String(required=True, **kwargs)


def _day() -> fields.String:
    return _text(metadata={"format": "date"})


class DealBidNamed(_Closed):
    """The bid that was accepted: its wording, and which of its prices (0 is its own)."""

    bid_id = _text()
    revision_id = _text()
    revision_number = WholeField(1, 100, required=True)
    option = WholeField(0, 20, required=True)


class DealBriefNamed(_Closed):
    """The version of the brief that the bid's side stands by."""

    brief_id = _text()
    version_id = _text()
    version_number = WholeField(1, 10**6, required=True)
    title = _text()


class DealPartyNamed(_Closed):
    """A party as it was called then. What the agency's share is, its mandate says, and the brand does not read it."""

    party_id = _text()
    name = _text()


class DealChannelNamed(_Closed):
    channel_id = _text()
    platform = _text()
    name = _text()
    handle = _text()


class DealProduct(_Closed):
    name = _text()
    category = one_of(CATEGORIES, required=True)
    brand_names = fields.List(fields.String(), required=True)


class DealRight(_Closed):
    """A right that is part of the price, and how much of it."""

    price_minor = _minor("Its part of the price.")


class DealRightForDays(DealRight):
    days = WholeField(1, DAYS_MAX, required=True)


class DealUsage(DealRightForDays):
    channels = fields.List(one_of(USAGE_CHANNELS), required=True)


class DealExclusivity(DealRightForDays):
    """From the first day on which a video may be published, for so many days after the last one is due."""

    category = one_of(CATEGORIES, required=True)


class DealRights(_Closed):
    """null: not given."""

    usage = fields.Nested(DealUsage, required=True, allow_none=True)
    whitelisting = fields.Nested(DealRightForDays, required=True, allow_none=True)
    raw_files = fields.Nested(DealRight, required=True, allow_none=True)
    exclusivity = fields.Nested(DealExclusivity, required=True, allow_none=True)
    likeness_for_ai = fields.Nested(DealRight, required=True, allow_none=True)


class DealPlanLimits(_Closed):
    """What a draft's check is held against, beside the plan itself; null: nothing was asked."""

    intrusiveness_max = fields.Float(required=True, validate=validate.Range(0, 100))
    prominence_min = fields.Float(required=True, allow_none=True)
    brand_seconds_min = fields.Float(required=True, allow_none=True)


class DealPlan(_Closed):
    plan = SentDocument(PlacementPlan, required=True)
    limits = fields.Nested(DealPlanLimits, required=True)


class DealMilestone(_Closed):
    """A share of a deliverable's own price that is paid before it is settled."""

    at = one_of(MILESTONES, required=True)
    share_basis_points = WholeField(1, BASIS, required=True)


class DealEpisodePlace(_Closed):
    """Its place in a series: a slot of an episode, on whose day it is published."""

    episode_id = _text()
    number = WholeField(1, 10**6, required=True)
    slot = _text()


class DealDeliverableTerms(_Closed):
    """One video or post. `plan` is the index of its plan in `plans`; own prices sum to `price_minor` of the deal."""

    position = WholeField(1, DELIVERABLES_MAX, required=True)
    platform = _text()
    kind = one_of(DELIVERABLE_KINDS, required=True)
    title = fields.String(required=True, allow_none=True)
    length_tier = one_of(LENGTH_TIERS, required=True, allow_none=True)
    publish_starts_on = _day()
    due_on = _day()
    plan = WholeField(0, 99, required=True)
    price_minor = _minor("Its own price, without extras.")
    milestones = fields.List(
        fields.Nested(DealMilestone),
        validate=validate.Length(min=1, max=len(MILESTONES)),
        metadata={"description": "What is paid before it is settled; not there: nothing."},
    )
    also_on = fields.List(
        fields.Nested(DealChannelNamed),
        validate=validate.Length(min=1, max=CHANNELS_MAX),
        metadata={"description": "Further channels on which the same video is published; not there: none."},
    )
    episode = fields.Nested(DealEpisodePlace, metadata={"description": "Not there: it is of no series."})


class DealSeriesTerms(_Closed):
    """The series in which its items have places. `category_shared`: whether another brand of the category may be in it;
    `movable_days`: how far the maker may move an episode from its agreed day without asking."""

    series_id = _text()
    title = _text()
    category_shared = fields.Boolean(required=True)
    movable_days = WholeField(0, MOVABLE_MAX, required=True)


class DealPlacement(_Closed):
    must = fields.List(fields.String(), required=True)
    must_not = fields.List(fields.String(), required=True)


class DealDisclosure(_Closed):
    required = fields.Boolean(required=True)
    text = _text()


class DealRounds(_Closed):
    """Rounds of changes that the price includes for each deliverable, and what one more costs."""

    script = WholeField(0, ROUNDS_MAX, required=True)
    draft = WholeField(0, ROUNDS_MAX, required=True)
    one_more_minor = _minor("What one more round costs.")


class DealCancellation(_Closed):
    """What cancelling a deliverable costs of its price, by how far it is."""

    before_script = _share("Before a script was sent")
    after_script = _share("After a script was sent")
    after_draft = _share("After a draft was sent")
    after_approval = _share("After a draft was approved")


class DealSplit(_Closed):
    """By the mandate of which day the agency's share is taken."""

    day = one_of(SPLIT_DAYS, required=True)


class DealSamples(_Closed):
    provided = fields.Boolean(required=True)
    to_return = fields.Boolean(required=True)


class DealResultDays(_Closed):
    """Of a variable price alone: on which day after its publication a video's figures are final, and for how many days
    each may be contested after it was told."""

    final_days = WholeField(1, RESULT_DAYS_MAX, required=True)
    contest_days = WholeField(1, CONTEST_DAYS_MAX, required=True)


class DealExtra(_Closed):
    """Scope that the bid did not have, with a price of its own, due with a deliverable (its position)."""

    name = _text()
    price_minor = WholeField(1, AMOUNT_MAX, required=True)
    deliverable = WholeField(1, DELIVERABLES_MAX, required=True)


class DealTermsDocument(_Closed):
    """A version of a deal's terms. Its hash is the SHA-256 of this in canonical JSON (RFC 8785)."""

    schema = one_of((SCHEMA,), required=True)
    bid = fields.Nested(DealBidNamed, required=True)
    brief = fields.Nested(DealBriefNamed, required=True)
    brand = fields.Nested(DealPartyNamed, required=True)
    creator = fields.Nested(DealPartyNamed, required=True)
    agency = fields.Nested(DealPartyNamed, required=True, allow_none=True)
    channel = fields.Nested(DealChannelNamed, required=True)
    product = fields.Nested(DealProduct, required=True)
    currency = one_of(sorted(MINOR_DIGITS), required=True)
    timezone = _text()
    price_minor = _minor("The most that what the bid offered costs, rights included.")
    pricing = SentDocument(BidPriceOut, required=True)
    rights = fields.Nested(DealRights, required=True)
    plans = fields.List(fields.Nested(DealPlan), required=True, validate=validate.Length(min=1, max=100))
    deliverables = fields.List(
        fields.Nested(DealDeliverableTerms), required=True, validate=validate.Length(min=1, max=DELIVERABLES_MAX)
    )
    placement = fields.Nested(DealPlacement, required=True)
    disclosure = fields.Nested(DealDisclosure, required=True)
    script_needed = fields.Boolean(required=True)
    rounds = fields.Nested(DealRounds, required=True)
    keep_live_days = WholeField(1, 365, required=True)
    payment_days = WholeField(0, 180, required=True)
    may_be_shown = fields.Boolean(required=True)
    cancellation = fields.Nested(DealCancellation, required=True)
    fee_basis_points = _share("The platform's fee")
    split = fields.Nested(DealSplit, required=True)
    samples = fields.Nested(DealSamples, required=True)
    series = fields.Nested(DealSeriesTerms, metadata={"description": "Not there: none."})
    extras = fields.List(fields.Nested(DealExtra), required=True, validate=validate.Length(max=EXTRAS_MAX))
    results = fields.Nested(DealResultDays)


def faults(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the schema refuses of a document, by field; empty where it is a version of terms."""
    found: Mapping[str, Any] = DealTermsDocument().validate(content)
    return found
