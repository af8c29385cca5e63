"""The API of what deals owe: scripts, drafts, publications, and what both sides decide of them."""

from typing import Any
from uuid import UUID

from flask import Response

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.paging import Page, page_of
from marketplace.core.http.request_handling import actor, session
from marketplace.deliverables import policy, publishing, scripts, shown_work, video_drafts, video_reach
from marketplace.deliverables.models import Script, TakedownReport
from marketplace.deliverables.publishing import NewPublication
from marketplace.deliverables.schemas import (
    ChangeRequestsIn,
    DeliverablesQuery,
    DeliverableWorkOut,
    DraftIn,
    DraftOut,
    PublicationIn,
    PublicationOut,
    ScriptIn,
    ScriptOut,
    ScriptReasonsIn,
    TakedownReportIn,
    TakedownReportOut,
    VideoReachOut,
)
from marketplace.deliverables.shown_work import ShownDeliverable, ShownDraft, ShownPublication
from marketplace.deliverables.video_drafts import AskedChange
from marketplace.deliverables.video_reach import VideoReach
from marketplace.video_files.routes import bytes_of

blueprint = GuardedBlueprint(
    "deliverables",
    __name__,
    tag="deals",
    description="What deals owe: scripts, drafts, publications, until each video is settled",
)

_READS: dict[str, Any] = {"allow": policy.READERS, "needs": Permission.READ}
_MAKES: dict[str, Any] = {"allow": policy.MAKERS, "needs": Permission.DEALS}
_ANSWERS: dict[str, Any] = {"allow": (Role.BRAND,), "needs": Permission.DEALS}
_DELIVERABLE = "/deliverables/<id('dlv'):deliverable_id>"
_SCRIPT, _DRAFT = "/scripts/<id('scr'):script_id>", "/drafts/<id('drf'):draft_id>"


@blueprint.get("/deliverables", **_READS, query=DeliverablesQuery, answers=page_of(DeliverableWorkOut))
def list_deliverables(query: dict[str, Any]) -> Page[ShownDeliverable]:
    """What your party's deals owe, the newest first."""
    return shown_work.listing(session(), actor(), **query)


@blueprint.get(_DELIVERABLE, **_READS, answers=DeliverableWorkOut)
def get_deliverable(deliverable_id: UUID) -> ShownDeliverable:
    """One video owed: how far it is, whom it waits for, what silence does."""
    return shown_work.deliverable(session(), actor(), deliverable_id)


@blueprint.get(f"{_DELIVERABLE}/scripts", **_READS, answers=page_of(ScriptOut))
def list_scripts(deliverable_id: UUID) -> Page[Script]:
    """All versions of its script, the first one first."""
    return Page(scripts.listing(session(), actor(), deliverable_id), has_more=False)


@blueprint.post(f"{_DELIVERABLE}/scripts", **_MAKES, takes=ScriptIn, answers=ScriptOut, status=201)
def send_script(body: dict[str, Any], deliverable_id: UUID) -> Script:
    """Send a script to the brand, before the draft. Needed only where the terms say so."""
    return scripts.send(session(), actor(), deliverable_id, **body)


@blueprint.post(f"{_SCRIPT}/approve", **_ANSWERS, answers=ScriptOut)
def approve_script(script_id: UUID) -> Script:
    """Approve a script. Silence never does."""
    return scripts.approve(session(), actor(), script_id)


@blueprint.post(f"{_SCRIPT}/send-back", **_ANSWERS, takes=ScriptReasonsIn, answers=ScriptOut)
def return_script(body: dict[str, Any], script_id: UUID) -> Script:
    """Send a script back with reasons, within the agreed rounds; after them 409 tells what one more costs."""
    return scripts.send_back(session(), actor(), script_id, **body)


@blueprint.get(f"{_DELIVERABLE}/drafts", **_READS, answers=page_of(DraftOut))
def list_drafts(deliverable_id: UUID) -> Page[ShownDraft]:
    """All drafts of a video, the first one first, each with what its check says and the changes asked for."""
    return shown_work.drafts_of(session(), actor(), deliverable_id)


@blueprint.post(f"{_DELIVERABLE}/drafts", **_MAKES, takes=DraftIn, answers=DraftOut, status=201)
def send_draft(body: dict[str, Any], deliverable_id: UUID) -> ShownDraft:
    """Send a draft: the video of a finished check that was made for this deliverable. The brand reads both from now on,
    and they stay. It has 14 days to answer; silence approves what nothing speaks against."""
    return _draft(video_drafts.send(session(), actor(), deliverable_id, **body).id)


@blueprint.get(_DRAFT, **_READS, answers=DraftOut)
def get_draft(draft_id: UUID) -> ShownDraft:
    """One draft: what its check says against it, and the changes asked for."""
    return _draft(draft_id)


@blueprint.get(f"{_DRAFT}/video", **_READS, media_type="video/*", refuses=(416,))
def download_draft(draft_id: UUID) -> Response:
    """A draft's bytes, or a range of them, for both sides of its deal."""
    return bytes_of(video_drafts.video_of(session(), actor(), draft_id))


@blueprint.post(f"{_DRAFT}/approve", **_ANSWERS, answers=DraftOut)
def approve_draft(draft_id: UUID) -> ShownDraft:
    """Approve a draft. What its check vetoes cannot be approved: 409 tells what, and what to do."""
    return _draft(video_drafts.approve(session(), actor(), draft_id).id)


@blueprint.post(f"{_DRAFT}/request-changes", **_ANSWERS, takes=ChangeRequestsIn, answers=DraftOut)
def request_draft_changes(body: dict[str, Any], draft_id: UUID) -> ShownDraft:
    """Ask for changes with reasons at time stamps, within the agreed rounds; then 409 tells what one more costs."""
    changes = [AskedChange(**one) for one in body["changes"]]
    return _draft(video_drafts.request_changes(session(), actor(), draft_id, changes=changes).id)


@blueprint.get(f"{_DELIVERABLE}/publication", **_READS, answers=PublicationOut)
def get_publication(deliverable_id: UUID) -> ShownPublication:
    """Where a video went live, by what it is known to be the approved one, and reports that it was taken down."""
    return shown_work.publication(session(), actor(), deliverable_id)


@blueprint.get(f"{_DELIVERABLE}/publications", **_READS, answers=page_of(PublicationOut))
def list_publications(deliverable_id: UUID) -> Page[ShownPublication]:
    """Where a video went live, on each channel that the terms name, the first one first."""
    return shown_work.publications(session(), actor(), deliverable_id)


@blueprint.get(f"{_DELIVERABLE}/reach", **_READS, answers=VideoReachOut)
def get_deliverable_reach(deliverable_id: UUID) -> VideoReach:
    """Whom a video reaches on the channels that its terms name: who follows each, and all of them counted once."""
    return video_reach.of_deliverable(session(), actor(), deliverable_id)


@blueprint.post(f"{_DELIVERABLE}/publication", **_MAKES, takes=PublicationIn, answers=PublicationOut, status=201)
def publish_deliverable(body: dict[str, Any], deliverable_id: UUID) -> ShownPublication:
    """Tell that the approved video is live, and show that it is the same one. Another video is refused. Where the terms
    name several channels, tell it of each: with the last one the deliverable is live."""
    return ShownPublication(publishing.publish(session(), actor(), deliverable_id, NewPublication(**body)), ())


@blueprint.post(
    f"{_DELIVERABLE}/publication/report", **_ANSWERS, takes=TakedownReportIn, answers=TakedownReportOut, status=201
)
def report_takedown(body: dict[str, Any], deliverable_id: UUID) -> TakedownReport:
    """Report that a live video is not there any more. It is not settled until the platform has looked."""
    return publishing.report(session(), actor(), deliverable_id, **body)


def _draft(draft_id: UUID) -> ShownDraft:
    return shown_work.draft(session(), actor(), draft_id)
