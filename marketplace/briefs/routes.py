"""The API of briefs. What concerns their bids too, changes, images and calling off, is in bids/routes.py."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request

from marketplace.briefs import assets, service, vocabulary
from marketplace.briefs.brief_document import SCORING_RULE, SCORING_RULES
from marketplace.briefs.example_brief import example_brief
from marketplace.briefs.models import BrandAsset, BriefStatus, BriefVersion
from marketplace.briefs.schemas import (
    BrandAssetOut,
    BriefIn,
    BriefOptionsOut,
    BriefOut,
    BriefVersionOut,
)
from marketplace.briefs.service import ShownBrief
from marketplace.channels.facts.audience_vocabulary import EDUCATION, INTERESTS, EducationLevel, InterestCategory
from marketplace.channels.facts.region_names import region_name
from marketplace.core import ids
from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.endpoint import ANYONE, SIGNED_IN
from marketplace.core.http.fields import IdField, TextField, one_of
from marketplace.core.http.paging import Page, page_of, page_query
from marketplace.core.http.request_handling import actor, session

blueprint = GuardedBlueprint(
    "briefs", __name__, tag="market", description="What brands want placed, for whom, within what limits"
)

_FILTERS = {
    "status": one_of(BriefStatus, load_default=None),
    "category": one_of(vocabulary.CATEGORIES, load_default=None),
    "market": one_of(vocabulary.MARKETS, load_default=None),
    "q": TextField(100, load_default=None, metadata={"description": "A part of the title."}),
    "brand_id": IdField("pty", load_default=None),
}
_CHANGES: dict[str, Any] = {"allow": (Role.BRAND,), "needs": Permission.BRIEFS}
_READS: dict[str, Any] = {"allow": SIGNED_IN, "needs": Permission.READ}
_ENDS: dict[str, Any] = {"allow": (Role.BRAND, Role.ADMIN), "needs": Permission.BRIEFS, "answers": BriefOut}


@blueprint.get("/brief-options", allow=ANYONE, answers=BriefOptionsOut)
def get_brief_options() -> Mapping[str, Any]:
    """Every code that a brief may use, and the rule by which bids are scored."""
    return {
        "categories": _named(vocabulary.CATEGORIES),
        "placement_kinds": _named(vocabulary.PLACEMENT_KINDS),
        "deliverable_kinds": _named(vocabulary.DELIVERABLE_KINDS),
        "usage_channels": _named(vocabulary.USAGE_CHANNELS),
        "length_tiers": vocabulary.LENGTH_TIERS,
        "genders": vocabulary.GENDERS,
        "age_starts": vocabulary.AGE_STARTS,
        "age_ends": vocabulary.AGE_ENDS,
        "markets": vocabulary.MARKETS,
        "regions": vocabulary.REGIONS,
        "region_names": _region_names(),
        "education": _named(EDUCATION),
        "interests": _named(INTERESTS),
        "scoring_rule": SCORING_RULES[SCORING_RULE],
    }


def _region_names() -> list[dict[str, str]]:
    names = ((code, region_name(code)) for code in vocabulary.REGIONS)
    return [{"code": code, "zh": zh, "en": en} for code, (zh, en) in names]


def _named(
    table: Mapping[str, vocabulary.NamedCode] | Mapping[str, EducationLevel] | Mapping[str, InterestCategory],
) -> list[dict[str, str]]:
    return [{"code": code, "zh": name.zh, "en": name.en} for code, name in table.items()]


@blueprint.post("/briefs", **_CHANGES, takes=BriefIn, example=example_brief, answers=BriefOut, status=201)
def create_brief(body: dict[str, Any]) -> ShownBrief:
    """Write a draft, which nobody else sees."""
    return service.create(session(), actor(), loaded=body)


@blueprint.get("/briefs", **_READS, query=page_query("brf", **_FILTERS), answers=page_of(BriefOut))
def list_briefs(query: dict[str, Any]) -> Page[ShownBrief]:
    """A brand's own briefs; for creators and agencies the published and closed ones."""
    return service.list_briefs(session(), actor(), **query)


@blueprint.get("/briefs/<id('brf'):brief_id>", **_READS, answers=BriefOut)
def get_brief(brief_id: UUID) -> ShownBrief:
    """One brief in its present wording."""
    return service.find(session(), actor(), brief_id)


@blueprint.post("/briefs/<id('brf'):brief_id>/publish", **_CHANGES, answers=BriefOut)
def publish_brief(brief_id: UUID) -> ShownBrief:
    """Open a draft for bids until its deadline."""
    return service.publish(session(), actor(), brief_id)


@blueprint.get(
    "/briefs/<id('brf'):brief_id>/versions", **_READS, query=page_query("brv"), answers=page_of(BriefVersionOut)
)
def list_brief_versions(query: dict[str, Any], brief_id: UUID) -> Page[BriefVersion]:
    """Every wording that the brief has had, the newest first."""
    return service.list_versions(session(), actor(), brief_id, **query)


@blueprint.get("/briefs/<id('brf'):brief_id>/versions/<id('brv'):version_id>", **_READS, answers=BriefVersionOut)
def get_brief_version(brief_id: UUID, version_id: UUID) -> BriefVersion:
    """One wording of the brief."""
    return service.find_version(session(), actor(), brief_id, version_id)


@blueprint.get("/briefs/<id('brf'):brief_id>/assets", **_READS, answers=page_of(BrandAssetOut))
def list_brand_assets(brief_id: UUID) -> Page[assets.AssetFacts]:
    """The brief's reference images, without their bytes."""
    return Page(assets.list_assets(session(), actor(), brief_id), has_more=False)


@blueprint.get("/brand-assets/<id('ast'):asset_id>", **_READS, media_type="image/*")
def download_brand_asset(asset_id: UUID) -> Response:
    """An image's bytes."""
    return _image(assets.read_asset(session(), actor(), asset_id))


def _image(asset: BrandAsset) -> Response:
    name = f"{ids.show('ast', asset.id)}.{assets.SUFFIXES[asset.media_type]}"
    response = Response(asset.data, content_type=asset.media_type)
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    # The bytes are somebody else's: whatever they contain, the browser must not run any of it.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.set_etag(asset.sha256)
    response.make_conditional(request)
    return response
