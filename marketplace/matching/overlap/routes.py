"""The API of measured overlaps between audiences."""

from typing import Any
from uuid import UUID

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.fields import IdField
from marketplace.core.http.paging import Page, page_of, page_query
from marketplace.core.http.request_handling import actor, session
from marketplace.matching.overlap import service as overlaps
from marketplace.matching.overlap.models import AudienceOverlap
from marketplace.matching.overlap.schemas import OverlapIn, OverlapOut

blueprint = GuardedBlueprint(
    "overlaps", __name__, description="How many people two audiences have in common, as it was measured"
)

_OWNERS = (Role.CREATOR, Role.AGENCY, Role.ADMIN)


@blueprint.post("/overlaps", allow=_OWNERS, needs=Permission.CHANNELS, takes=OverlapIn, answers=OverlapOut, status=201)
def tell(body: dict[str, Any]) -> AudienceOverlap:
    """Tell how far the audience of one's own channel was measured to overlap with another's. An admin confirms it."""
    return overlaps.record(session(), actor(), **body)


@blueprint.get(
    "/overlaps",
    allow=_OWNERS,
    needs=Permission.READ,
    query=page_query("ovl", channel_id=IdField("chn", load_default=None)),
    answers=page_of(OverlapOut),
)
def listing(query: dict[str, Any]) -> Page[AudienceOverlap]:
    """The overlaps that were told of one's own channels."""
    return overlaps.listed(session(), actor(), **query)


@blueprint.post(
    "/overlaps/<id('ovl'):overlap_id>/confirm", allow=(Role.ADMIN,), needs=Permission.CHANNELS, answers=OverlapOut
)
def confirm(overlap_id: UUID) -> AudienceOverlap:
    """Stand by an overlap: from now on it counts in what is learnt and in selections."""
    return overlaps.confirm(session(), actor(), overlap_id)
