"""The commands of the API for whose an account is, and for who may act: claims, transfers, suspensions."""

from marketplace.cli.api_table import ApiCommand
from marketplace.cli.output import Column

_CLAIM: tuple[Column, ...] = (
    ("id", "id"),
    ("platform", "channel.platform"),
    ("handle", "channel.handle"),
    ("creator", "creator.name"),
    ("claim", "channel.claim_status"),
    ("rivals", lambda row: len(row["rivals"])),
    ("proof", lambda row: row["proofs"][0]["code"] or row["proofs"][0]["kind"] if row["proofs"] else None),
)
_PROOF: tuple[Column, ...] = (
    ("id", "id"),
    ("kind", "kind"),
    ("code", "code"),
    ("good until", "expires_at"),
    ("status", "status"),
    ("reason", "reason"),
)
_TRANSFER: tuple[Column, ...] = (
    ("id", "id"),
    ("platform", "platform"),
    ("handle", "handle"),
    ("from", "from_creator_id"),
    ("to", "to_creator_id"),
    ("status", "status"),
)

CLAIM_CALLS: tuple[ApiCommand, ...] = (
    *(
        ApiCommand(noun, verb, "POST", f"{path}/{verb}", help_, fields=("reason",), body="fields")
        for noun, path, verb, help_ in (
            ("parties", "/parties/{party}", "suspend", "let a party read and no longer act (administrators)"),
            ("parties", "/parties/{party}", "reinstate", "let a suspended party act again (administrators)"),
            ("parties", "/parties/{party}", "unverify", "take a verification back (administrators)"),
            ("people", "/people/{person}", "suspend", "end a person's sessions and stop their keys (administrators)"),
            ("people", "/people/{person}", "reinstate", "let a suspended person in again (administrators)"),
            ("claims", "/channel-claims/{channel}", "refuse", "refuse a claim (administrators)"),
        )
    ),
    ApiCommand(
        "parties",
        "verify",
        "POST",
        "/parties/{party}/verify",
        "note that a brand or an agency is who it says (administrators)",
        fields=("reason", "evidence"),
        optional=("evidence_sha256",),
        body="fields",
    ),
    ApiCommand(
        "claims", "list", "GET", "/channel-claims", "claims whose proof waits (administrators)", _CLAIM, ("status",)
    ),
    ApiCommand("claims", "show", "GET", "/channel-claims/{channel}", "one claim with its rivals (administrators)"),
    ApiCommand(
        "claims",
        "ask",
        "POST",
        "/channels/{channel}/proof",
        "ask for a code that proves a channel yours, or name an imported export of the platform",
        optional=("kind", "import_id"),
        body="fields",
    ),
    ApiCommand("claims", "proofs", "GET", "/channels/{channel}/proofs", "what was offered as proof", _PROOF),
    ApiCommand(
        "claims",
        "prove",
        "POST",
        "/channel-claims/{channel}/prove",
        "accept the proof that waits (administrators)",
        fields=("reason", "evidence"),
        optional=("evidence_sha256",),
        body="fields",
    ),
    ApiCommand("transfers", "list", "GET", "/channel-transfers", "channels handed over", _TRANSFER, ("status",)),
    ApiCommand(
        "transfers",
        "offer",
        "POST",
        "/channels/{channel}/transfer",
        "offer your proven channel to another creator",
        fields=("creator_id",),
        body="fields",
    ),
    *(
        ApiCommand("transfers", verb, "POST", f"/channel-transfers/{{transfer}}/{verb}", help_)
        for verb, help_ in (
            ("accept", "take a channel over"),
            ("decline", "refuse a channel that is offered"),
            ("withdraw", "take your offer back"),
        )
    ),
)
