"""The API of resumable uploads: tus 1.0 (tus.io/protocols/resumable-upload) with the extensions creation, expiration,
termination and checksum. The headers are those of tus; the bodies are our own."""

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

from flask import Response, current_app, request
from werkzeug.http import http_date

from marketplace.core import ids
from marketplace.core.actor import Permission
from marketplace.core.errors import DomainError, FieldError, InvalidInput
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.bodies import ANY_FILE, RawBody, RawBodySpec
from marketplace.core.http.endpoint import SIGNED_IN, HeaderSpec
from marketplace.core.http.request_handling import actor, session
from marketplace.core.message import Bilingual
from marketplace.video_files import checksums, resumable_uploads, service
from marketplace.video_files.models import VideoFile
from marketplace.video_files.routes import HELD, quota_bytes
from marketplace.video_files.schemas import VideoFileOut
from marketplace.video_files.write_hold import WriteHold

blueprint = GuardedBlueprint(
    "video_uploads", __name__, tag="video", description="Videos of up to 2 GiB, in stretches (tus 1.0)"
)

VERSION = "1.0.0"
STRETCH = RawBodySpec(resumable_uploads.BYTES_MAX, ("application/offset+octet-stream", ANY_FILE))
OTHER_TUS = 412
_WRITES: dict[str, Any] = {"allow": SIGNED_IN, "needs": Permission.VIDEOS}
_COUNT = "^[0-9]{1,15}$"
_TUS = HeaderSpec("Tus-Resumable", "The version of tus that the client speaks.", f"^{VERSION.replace('.', '[.]')}$")
_LENGTH = HeaderSpec("Upload-Length", f"The size of the video, at most {resumable_uploads.BYTES_MAX} bytes.", _COUNT)
_NAME = HeaderSpec(
    "Upload-Metadata",
    "`filename`, a space and the name of the file in UTF-8 and base 64.",
    "^filename [A-Za-z0-9+/]+={0,2}$",
    required=False,
)
_OFFSET = HeaderSpec("Upload-Offset", "The byte of the video at which this stretch begins.", _COUNT)
_CHECKSUM = HeaderSpec(
    "Upload-Checksum",
    f"{' or '.join(checksums.ALGORITHMS)}, a space and the sum of the stretch in base 64.",
    f"^({'|'.join(checksums.ALGORITHMS)}) [A-Za-z0-9+/]+={{0,2}}$",
    required=False,
)


class OtherTus(DomainError):
    status = OTHER_TUS
    code = "tus-version"
    title = Bilingual("这里不支持这个版本的 tus", "This version of tus is not spoken here")


@blueprint.after_request
def _add_tus_headers(response: Response) -> Response:
    response.headers["Tus-Resumable"] = VERSION
    if request.method == "OPTIONS":
        response.headers["Tus-Version"] = VERSION
        response.headers["Tus-Max-Size"] = str(resumable_uploads.BYTES_MAX)
        response.headers["Tus-Extension"] = "creation,expiration,termination,checksum"
        response.headers["Tus-Checksum-Algorithm"] = ",".join(checksums.ALGORITHMS)
    return response


@blueprint.post(
    "/video-uploads",
    **_WRITES,
    once=False,
    headers=(_TUS, _LENGTH, _NAME),
    answers=VideoFileOut,
    status=201,
    refuses=(OTHER_TUS, 413),
)
def create_video_upload() -> Response:
    """Announce a video: `Upload-Length` in bytes, its name as `filename` in `Upload-Metadata`. `Location` takes it."""
    _require_version()
    size, name = _number("Upload-Length"), _file_name(request.headers.get("Upload-Metadata", ""))
    if size > resumable_uploads.BYTES_MAX:
        detail = Bilingual(
            f"最多 {resumable_uploads.BYTES_MAX} 字节。", f"At most {resumable_uploads.BYTES_MAX} bytes."
        )
        raise InvalidInput(
            Bilingual("视频太大。", "The video is too large."), errors=[FieldError("header:/Upload-Length", detail)]
        )
    row = resumable_uploads.create(session(), actor(), name=name, size_bytes=size, quota_bytes=quota_bytes())
    response = _answer(row, 201)
    response.headers["Location"] = f"{request.base_url}/{ids.show('vfl', row.id)}"
    return response


@blueprint.get(
    "/video-uploads/<id('vfl'):upload_id>",
    allow=SIGNED_IN,
    needs=Permission.READ,
    answers=VideoFileOut,
    refuses=(OTHER_TUS,),
)
def get_video_upload(upload_id: UUID) -> Response:
    """How far an upload is: `Upload-Offset` of `Upload-Length`. HEAD gives the headers alone."""
    _require_version()
    return _answer(resumable_uploads.find(session(), actor(), upload_id), 200)


@contextmanager
def _appended(body: RawBody, upload_id: UUID) -> Iterator[WriteHold]:
    _require_version()
    offset, header = _number("Upload-Offset"), request.headers.get("Upload-Checksum")
    checksum = None if header is None else checksums.parse_checksum(header)
    if header is not None and checksum is None:
        detail = Bilingual(
            f"先写{' 或 '.join(checksums.ALGORITHMS)}，再写空格和 base 64 的校验值。",
            f"{' or '.join(checksums.ALGORITHMS)}, a space, the sum in base 64.",
        )
        raise InvalidInput(
            Bilingual("看不懂这个校验值。", "The sum cannot be understood."),
            errors=[FieldError("header:/Upload-Checksum", detail)],
        )
    stretch = resumable_uploads.UploadStretch(upload_id, offset, request.content_length, checksum)
    with resumable_uploads.appended(actor(), body, stretch) as hold:
        yield hold


@blueprint.patch(
    "/video-uploads/<id('vfl'):upload_id>",
    **_WRITES,
    takes_raw=STRETCH,
    receive=_appended,
    headers=(_TUS, _OFFSET, _CHECKSUM),
    if_match=False,
    status=204,
    refuses=(OTHER_TUS, HELD, 460),
)
def append_video_upload(hold: WriteHold, upload_id: UUID) -> Response:
    """Send a stretch that begins at `Upload-Offset`. With the last one a job begins to put the video together."""
    row = resumable_uploads.find(session(), actor(), hold.video_id)
    return Response(status=204, headers=_headers(row))


@blueprint.delete("/video-uploads/<id('vfl'):upload_id>", **_WRITES, refuses=(OTHER_TUS, HELD))
def delete_video_upload(upload_id: UUID) -> None:
    """Give an upload up; nothing of it stays."""
    _require_version()
    resumable_uploads.terminate(session(), actor(), upload_id)


def _require_version() -> None:
    """Raise OtherTus if the client states another version, or none in a call that stores something: its bytes would
    be taken in a way that it may not mean. What reads or gives up may leave the header out."""
    unstated = "" if request.method in ("POST", "PATCH") else VERSION
    if request.headers.get("Tus-Resumable", unstated) != VERSION:
        raise OtherTus(
            Bilingual(f"请发送 Tus-Resumable: {VERSION}。", f"Send Tus-Resumable: {VERSION}."),
            headers={"Tus-Version": VERSION},
        )


def _number(header: str) -> int:
    text = request.headers.get(header, "")
    if not re.fullmatch(r"[0-9]{1,15}", text, re.ASCII):
        raise InvalidInput(
            Bilingual("缺少一个头，或它不是数字。", "A header is missing or no number."),
            errors=[FieldError(f"header:/{header}", Bilingual("字节数。", "A number of bytes."))],
        )
    return int(text)


def _file_name(metadata: str) -> str:
    """Return the `filename` of an Upload-Metadata header, empty if there is none. Raises InvalidInput."""
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                return base64.b64decode(value, validate=True).decode()
            except (binascii.Error, ValueError) as error:
                detail = Bilingual(
                    "先写 filename，再写空格和 base 64 的 UTF-8 名称。",
                    "filename, a space, the name in UTF-8 and base 64.",
                )
                raise InvalidInput(
                    Bilingual("看不懂这个名称。", "The name cannot be understood."),
                    errors=[FieldError("header:/Upload-Metadata", detail)],
                ) from error
    return ""


def _headers(row: VideoFile) -> dict[str, str]:
    headers = {"Upload-Offset": str(row.received_bytes), "Upload-Length": str(row.size_bytes)}
    if row.expires_at is not None:
        headers["Upload-Expires"] = http_date(row.expires_at)
    return headers


def _answer(row: VideoFile, status: int) -> Response:
    response = cast(Response, current_app.json.response(VideoFileOut().dump(service.show(actor(), row))))
    response.status_code = status
    response.headers.update(_headers(row))
    return response
