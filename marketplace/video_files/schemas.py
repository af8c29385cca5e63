"""Schemas of the API of video files."""

from marshmallow import Schema, fields

from marketplace.core.http.fields import IdField, SaidField, TextField, TimeField, WholeField, WholeParam, one_of
from marketplace.core.http.paging import page_query
from marketplace.video_files import file_kinds, signed_links, whole_uploads
from marketplace.video_files.models import VideoFileStatus

SECONDS = {"description": "How long the link can be used."}


class VideoFileQuery(Schema):
    name = TextField(
        file_kinds.NAME_MAX,
        load_default=None,
        metadata={"description": "What the file is called; of a form, its own name where left out."},
    )


VideoFilesQuery = page_query("vfl", status=one_of(VideoFileStatus, load_default=None))


class VideoFileOut(Schema):
    """A video file. `name` is told to its own party alone; `received_bytes` grows while it comes."""

    id = IdField("vfl", required=True)
    party_id = IdField("pty", required=True)
    person_id = IdField("per", required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)
    status = one_of(VideoFileStatus, required=True)
    message = SaidField(required=True, allow_none=True, metadata={"description": "Why it was refused."})
    media_type = fields.String(required=True, allow_none=True)
    size_bytes = fields.Integer(required=True)
    received_bytes = fields.Integer(required=True)
    sha256 = fields.String(required=True, allow_none=True)
    resumable = fields.Boolean(required=True)
    job_id = IdField("job", required=True, allow_none=True, metadata={"description": "Puts its parts together."})
    created_at = TimeField(required=True)
    expires_at = TimeField(
        required=True, allow_none=True, metadata={"description": "When it is forgotten unless it is kept by then."}
    )


class ReadLinkIn(Schema):
    seconds = WholeField(1, signed_links.SECONDS_MAX, load_default=300, metadata=SECONDS)


class SendLinkIn(Schema):
    name = TextField(file_kinds.NAME_MAX, required=True)
    size_bytes = WholeField(
        1,
        whole_uploads.BYTES_MAX,
        load_default=whole_uploads.BYTES_MAX,
        metadata={"description": "How large the video is at most; so much room is kept for it."},
    )
    seconds = WholeField(1, signed_links.SECONDS_MAX, load_default=900, metadata=SECONDS)


class VideoLinkOut(Schema):
    """An address that needs no key: `method` it once (PUT) or as often as wished (GET) until it expires."""

    video_id = IdField("vfl", required=True)
    method = one_of((signed_links.READ, signed_links.SEND), required=True)
    url = fields.String(required=True, metadata={"format": "uri"})
    expires_at = TimeField(required=True)


class SignedQuery(Schema):
    expires = WholeParam(0, 2**41, required=True, metadata={"description": "Seconds since 1970."})
    signature = TextField(64, shortest=64, pattern="^[0-9a-f]{64}$", required=True)
