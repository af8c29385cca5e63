"""The API of video checks: requesting, reading, cancelling, sharing, correcting."""

import importlib.util
from functools import cache
from typing import Any
from uuid import UUID

from flask import Response

from marketplace.checks import corrections as correction_service
from marketplace.checks import labels as label_export
from marketplace.checks import policy, service, sharing
from marketplace.checks.models import VideoCorrection
from marketplace.checks.schemas import (
    JPEG,
    JSONL,
    SVG,
    VideoCheckFrameQuery,
    VideoCheckIn,
    VideoCheckLabelsQuery,
    VideoCheckOut,
    VideoCheckPictureQuery,
    VideoChecksQuery,
    VideoCheckSummaryOut,
    VideoCorrectionIn,
    VideoCorrectionOut,
    VideoCorrectionsQuery,
)
from marketplace.checks.service import ShownCheck
from marketplace.core import storage
from marketplace.core.actor import Permission
from marketplace.core.errors import NotFound, Unavailable
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.paging import Page, page_of
from marketplace.core.http.request_handling import actor, session
from marketplace.core.message import Bilingual
from marketplace.vision import result_drawing
from marketplace.vision.scored_timeline import terms_of

blueprint = GuardedBlueprint(
    "video_checks", __name__, tag="video", description="What videos show of a brand, measured and scored"
)

_WRITES: dict[str, Any] = {"allow": policy.REQUESTERS, "needs": Permission.VIDEOS}
_READS: dict[str, Any] = {"allow": policy.READERS, "needs": Permission.READ}
_OWN: dict[str, Any] = {"allow": policy.REQUESTERS, "needs": Permission.READ}
_SHARES: dict[str, Any] = {"allow": policy.SHARERS, "needs": Permission.VIDEOS, "answers": VideoCheckOut}


@cache
def installed() -> bool:
    """Whether this machine has what checking takes; its workers are set up like it."""
    return importlib.util.find_spec("av") is not None


@blueprint.post("/video-checks", **_WRITES, takes=VideoCheckIn, answers=VideoCheckOut, status=202)
def create_video_check(body: dict[str, Any]) -> ShownCheck:
    """Have a video looked through: for the brand of a bid's brief and against the bid's plan, or for names alone."""
    if not installed():
        raise Unavailable(
            Bilingual(
                "这里没有装好视频检查；请运行者安装 vision 组件。",
                "Checking videos is not set up here; whoever runs this installs the vision extra.",
            )
        )
    return service.request_check(session(), actor(), **body)


@blueprint.get("/video-checks", **_READS, query=VideoChecksQuery, answers=page_of(VideoCheckSummaryOut))
def list_video_checks(query: dict[str, Any]) -> Page[ShownCheck]:
    """Checks, the newest first: one's own side's, and for a brand those that were shared with it."""
    return service.list_checks(session(), actor(), **query)


@blueprint.get("/video-checks/labels", **_OWN, query=VideoCheckLabelsQuery, media_type=JSONL)
def list_video_check_labels(query: dict[str, Any]) -> Response:
    """What people put right, a label a line (JSON lines), the oldest first; go on after the last `correction_id`."""
    return Response(label_export.json_lines(session(), actor(), **query), content_type=JSONL)


@blueprint.get("/video-checks/<id('vck'):check_id>", **_READS, answers=VideoCheckOut)
def get_video_check(check_id: UUID) -> ShownCheck:
    """One check: how far each of its steps is, then what it found."""
    return service.read_check(session(), actor(), check_id)


@blueprint.post("/video-checks/<id('vck'):check_id>/cancel", **_WRITES, answers=VideoCheckOut)
def cancel_video_check(check_id: UUID) -> ShownCheck:
    """Stop a check that is under way."""
    return service.cancel(session(), actor(), check_id)


@blueprint.post("/video-checks/<id('vck'):check_id>/share", **_SHARES)
def share_video_check(check_id: UUID) -> ShownCheck:
    """Show a check to the brand of the accepted bid it was made for, with its keyframes and newest correction."""
    return sharing.share(session(), actor(), check_id)


@blueprint.post("/video-checks/<id('vck'):check_id>/unshare", **_SHARES)
def unshare_video_check(check_id: UUID) -> ShownCheck:
    """Take a shared check back: the brand reads it no more."""
    return sharing.unshare(session(), actor(), check_id)


@blueprint.get("/video-checks/<id('vck'):check_id>/timeline", **_READS, query=VideoCheckPictureQuery, media_type=SVG)
def get_video_check_timeline(query: dict[str, Any], check_id: UUID) -> Response:
    """The result as one picture, in SVG."""
    row = service.find(session(), actor(), check_id)
    result = service.require_result(row)
    if query["of"] == "corrected":
        if row.corrected is None:
            raise NotFound(Bilingual("还没有人更正过这次检查。", "Nobody has corrected this check."))
        result = {**result, **row.corrected}
    plan = terms_of(row.terms).plan
    svg = result_drawing.timeline_svg(result, plan, language=query["language"], width=query["width"])
    return Response(svg, content_type=SVG)


@blueprint.get("/video-checks/<id('vck'):check_id>/pictures", **_READS, query=VideoCheckFrameQuery, media_type=JPEG)
def get_video_check_picture(query: dict[str, Any], check_id: UUID) -> Response:
    """A keyframe with what was found outlined, or the pictures that show what the video repeats."""
    row = service.find(session(), actor(), check_id)
    return _jpeg(service.find_picture(session(), actor(), row, **query))


def _jpeg(sha256: str) -> Response:
    data = b"".join(storage.opened().pieces(storage.key_of(sha256)))
    return Response(data, content_type=JPEG, headers={"Cache-Control": "private, max-age=86400"})


@blueprint.post(
    "/video-checks/<id('vck'):check_id>/corrections",
    **_WRITES,
    takes=VideoCorrectionIn,
    answers=VideoCorrectionOut,
    status=201,
)
def correct_video_check(body: dict[str, Any], check_id: UUID) -> VideoCorrection:
    """Say what the video really shows. It is scored anew, and the differences are kept to learn from."""
    return correction_service.correct(session(), actor(), check_id, **body)


@blueprint.get(
    "/video-checks/<id('vck'):check_id>/corrections",
    **_OWN,
    query=VideoCorrectionsQuery,
    answers=page_of(VideoCorrectionOut),
)
def list_video_check_corrections(query: dict[str, Any], check_id: UUID) -> Page[VideoCorrection]:
    """The corrections of a check, the newest first."""
    return correction_service.list_corrections(session(), actor(), check_id, **query)
