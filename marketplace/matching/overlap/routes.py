"""The API of measured overlaps between audiences."""

from typing import Any
from uuid import UUID

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.fields import IdField
from marketplace.core.http.paging import Page, page_of, page_query
from marketplace.core.http.request_handling import actor, session
from marketplace.matching.overlap import service as overlaps
from marketplace.matching.overlap import sketches
from marketplace.matching.overlap.models import AudienceOverlap, AudienceSketch
from marketplace.matching.overlap.schemas import OverlapIn, OverlapOut, SaltOut, SketchIn, SketchOut
from marketplace.matching.overlap.sketches import SharedSalt

blueprint = GuardedBlueprint(
    "overlaps", __name__, tag="market", description="How many people two audiences have in common, as it was measured"
)

_OWNERS = (Role.CREATOR, Role.AGENCY, Role.ADMIN)


@blueprint.post("/overlaps", allow=_OWNERS, needs=Permission.CHANNELS, takes=OverlapIn, answers=OverlapOut, status=201)
def report_overlap(body: dict[str, Any]) -> AudienceOverlap:
    """Tell how far the audience of one's own channel was measured to overlap with another's. An admin confirms it."""
    return overlaps.record(session(), actor(), **body)


@blueprint.get(
    "/overlaps",
    allow=_OWNERS,
    needs=Permission.READ,
    query=page_query("ovl", channel_id=IdField("chn", load_default=None)),
    answers=page_of(OverlapOut),
)
def list_overlaps(query: dict[str, Any]) -> Page[AudienceOverlap]:
    """The overlaps that were told of one's own channels."""
    return overlaps.listed(session(), actor(), **query)


@blueprint.post(
    "/overlaps/<id('ovl'):overlap_id>/confirm", allow=(Role.ADMIN,), needs=Permission.CHANNELS, answers=OverlapOut
)
def confirm_overlap(overlap_id: UUID) -> AudienceOverlap:
    """Stand by an overlap: from now on it counts in what is learnt and in selections."""
    return overlaps.confirm(session(), actor(), overlap_id)


@blueprint.get("/audience-sketches/salt", allow=_OWNERS, needs=Permission.CHANNELS, answers=SaltOut)
def get_audience_sketch_salt() -> SharedSalt:
    """What to hash the ids of viewers or commenters with, on one's own machine, to make a sketch of them."""
    return sketches.shared_salt(session())


@blueprint.post(
    "/audience-sketches", allow=_OWNERS, needs=Permission.CHANNELS, takes=SketchIn, answers=SketchOut, status=201
)
def submit_audience_sketch(body: dict[str, Any]) -> AudienceSketch:
    """Hand in a sketch of one's own channel's audience: no ids. An admin lets it count."""
    return sketches.record(session(), actor(), **body)


@blueprint.get(
    "/audience-sketches",
    allow=_OWNERS,
    needs=Permission.READ,
    query=page_query("skt", channel_id=IdField("chn", load_default=None)),
    answers=page_of(SketchOut),
)
def list_audience_sketches(query: dict[str, Any]) -> Page[AudienceSketch]:
    """The sketches of one's own channels, without their data, which nobody reads again."""
    return sketches.listed(session(), actor(), **query)


@blueprint.post(
    "/audience-sketches/<id('skt'):sketch_id>/confirm",
    allow=(Role.ADMIN,),
    needs=Permission.CHANNELS,
    answers=SketchOut,
)
def confirm_audience_sketch(sketch_id: UUID) -> AudienceSketch:
    """Stand by a sketch: from now on it counts in what is learnt and in selections."""
    return sketches.confirm(session(), actor(), sketch_id)


@blueprint.delete("/audience-sketches/<id('skt'):sketch_id>", allow=_OWNERS, needs=Permission.CHANNELS)
def delete_audience_sketch(sketch_id: UUID) -> None:
    """Take a sketch back, with its data. What was learnt from it until then stays."""
    sketches.remove(session(), actor(), sketch_id)
