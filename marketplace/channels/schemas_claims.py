"""Schemas of proofs, claims and transfers of channels."""

from marshmallow import Schema, fields

from marketplace.channels.models import ClaimStatus, ProofKind, ProofStatus, TransferStatus
from marketplace.channels.schemas import ChannelOut
from marketplace.core.http.fields import IdField, TextField, TimeField, one_of
from marketplace.core.http.paging import page_query


class ClaimProofIn(Schema):
    """A code to put into the account's profile, or an export of the platform that was imported already."""

    kind = one_of(ProofKind, load_default=ProofKind.CODE_IN_PROFILE.value)
    import_id = IdField("imp", load_default=None, allow_none=True, metadata={"description": "For platform_export."})


class ClaimProofOut(Schema):
    id = IdField("prf", required=True)
    channel_id = IdField("chn", required=True)
    handle = fields.String(required=True, metadata={"description": "Of the account that it is a proof of."})
    kind = one_of(ProofKind, required=True)
    code = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Put it into the profile of the account, until an admin has looked."},
    )
    import_id = IdField("imp", required=True, allow_none=True)
    expires_at = TimeField(required=True, allow_none=True)
    status = one_of(ProofStatus, required=True)
    reason = fields.String(required=True, allow_none=True)
    decided_at = TimeField(required=True, allow_none=True)
    created_at = TimeField(required=True)
    version = fields.Integer(required=True)


class ProofEvidenceOut(ClaimProofOut):
    """A proof as admins see it, with what was seen and by whom."""

    evidence = fields.String(required=True, allow_none=True)
    evidence_sha256 = fields.String(required=True, allow_none=True)
    decided_by = IdField("per", required=True, allow_none=True)


class ClaimantOut(Schema):
    id = IdField("pty", required=True)
    name = fields.String(required=True)
    status = fields.String(required=True)


class RivalOut(Schema):
    channel = fields.Nested(ChannelOut, required=True)
    creator = fields.Nested(ClaimantOut, required=True)


class ClaimOut(RivalOut):
    """A creator's claim of an account, the proofs offered for it, newest first, and who else claims the account."""

    id = IdField("chn", attribute="channel.id", required=True)
    proofs = fields.List(fields.Nested(ProofEvidenceOut), required=True)
    rivals = fields.List(fields.Nested(RivalOut), required=True)


class ClaimProvenIn(Schema):
    """What was seen. `evidence_sha256`: of a file kept elsewhere; without it, that of the export or of the words."""

    reason = TextField(500, pattern=r"^\s*\S", required=True)
    evidence = TextField(
        4000, pattern=r"^\s*\S", required=True, metadata={"description": "What was seen, where, and of which day."}
    )
    evidence_sha256 = TextField(64, pattern=r"^[0-9a-f]{64}$", load_default=None, allow_none=True)


class ClaimRefusedIn(Schema):
    reason = TextField(500, pattern=r"^\s*\S", required=True, metadata={"description": "Read by the creator's side."})


ClaimQuery = page_query(
    "chn",
    status=one_of(
        ClaimStatus, load_default=None, metadata={"description": "Left out: those whose proof waits for a decision."}
    ),
)


class TransferIn(Schema):
    creator_id = IdField("pty", required=True, metadata={"description": "The creator who is to have the channel."})


class TransferOut(Schema):
    id = IdField("ctr", attribute="row.id", required=True)
    channel_id = IdField("chn", attribute="channel.id", required=True)
    platform = fields.String(attribute="channel.platform", required=True)
    handle = fields.String(attribute="channel.handle", required=True)
    name = fields.String(attribute="channel.name", required=True)
    from_creator_id = IdField("pty", attribute="row.from_creator_id", required=True)
    to_creator_id = IdField("pty", attribute="row.to_creator_id", required=True)
    status = one_of(TransferStatus, attribute="row.status", required=True)
    decided_at = TimeField(attribute="row.decided_at", required=True, allow_none=True)
    created_at = TimeField(attribute="row.created_at", required=True)
    version = fields.Integer(required=True)


TransferQuery = page_query("ctr", status=one_of(TransferStatus, load_default=None))
