"""The commands for people: parties, members, mandates, keys, whose an account is, reviews."""

from marketplace.cli.calls.api_command import ApiCommand
from marketplace.cli.output import Column
from marketplace.cli.shown import summaries

_PARTY = (Column("id", "id"), Column("kind", "kind"), Column("status", "status"), Column("name", "name", 12))
_MEMBER = (
    Column("id", "id"),
    Column("name", "person.name", 10),
    Column("status", "person.status"),
    Column("email", "person.email", 16),
    Column("permissions", "permissions", 16),
)
_INVITE = (
    Column("id", "id"),
    Column("email", "email", 16),
    Column("expires", "expires_at"),
    Column("accepted", "accepted_at"),
    Column("permissions", "permissions", 16),
)
_MANDATE = (
    Column("id", "id"),
    Column("status", "status"),
    Column("from", summaries.first_day),
    Column("to", summaries.last_day),
    Column("agency", "agency_id"),
    Column("creator", "creator_id"),
)
_SESSION = (
    Column("id", "id"),
    Column("party", "party.name", 12),
    Column("since", "created_at"),
    Column("last used", "last_seen_at"),
    Column("this one", "current"),
)
_KEY = (
    Column("id", "id"),
    Column("name", "name", 10),
    Column("public id", "public_id"),
    Column("last used", "last_used_at"),
    Column("revoked", "revoked_at"),
    Column("scopes", "scopes", 12),
)
_CLAIM = (
    Column("id", "id"),
    Column("platform", "channel.platform"),
    Column("handle", "channel.handle", 10),
    Column("creator", "creator.name", 10),
    Column("claim", "channel.claim_status"),
    Column("rivals", lambda row: len(row["rivals"])),
    Column("proof", lambda row: row["proofs"][0]["code"] or row["proofs"][0]["kind"] if row["proofs"] else None),
)
_PROOF = (
    Column("id", "id"),
    Column("status", "status"),
    Column("kind", "kind"),
    Column("code", "code"),
    Column("good until", "expires_at"),
    Column("reason", "reason", 12),
)
_TRANSFER = (
    Column("id", "id"),
    Column("status", "status"),
    Column("platform", "platform"),
    Column("handle", "handle", 12),
    Column("from", "from_creator_id"),
    Column("to", "to_creator_id"),
)
REVIEW = (
    Column("id", "id"),
    Column("status", "status"),
    Column("priority", "priority"),
    Column("two people", "needs_two"),
    Column("risks", lambda row: ", ".join(risk["code"] for risk in row.get("risks", [])), 16),
    Column("subject", "subject_id"),
)


def _reasoned(noun: str, path: str, verb: str, help_: str) -> ApiCommand:
    return ApiCommand(noun, verb, "POST", f"{path}/{verb}", help_, fields=("reason",), body="fields")


PEOPLE = (
    ApiCommand("me", "show", "GET", "/people/me", "Show who you are and for whom you act.", summary=summaries.me),
    ApiCommand("sessions", "list", "GET", "/sessions", "List where you are signed in.", _SESSION),
    ApiCommand("sessions", "end", "DELETE", "/sessions/{session}", "End one of your sessions."),
    ApiCommand("parties", "list", "GET", "/parties", "List the parties that you may know.", _PARTY, ("kind",)),
    ApiCommand("parties", "show", "GET", "/parties/{party}", "Show a party."),
    ApiCommand(
        "parties",
        "change",
        "PATCH",
        "/parties/{party}",
        "Change a party's name or time zone.",
        optional=("name", "timezone"),
        body="fields",
        etag_from="/parties/{party}",
    ),
    _reasoned("parties", "/parties/{party}", "suspend", "Let a party read and no longer act (administrators)."),
    _reasoned("parties", "/parties/{party}", "reinstate", "Let a suspended party act again (administrators)."),
    ApiCommand(
        "parties",
        "verify",
        "POST",
        "/parties/{party}/verify",
        "Note that a brand or an agency is who it says (administrators).",
        fields=("reason", "evidence"),
        optional=("evidence_sha256",),
        body="fields",
    ),
    _reasoned("parties", "/parties/{party}", "unverify", "Take a verification back (administrators)."),
    _reasoned("people", "/people/{person}", "suspend", "Stop a person's sessions and keys (administrators)."),
    _reasoned("people", "/people/{person}", "reset-second-factor", "Take a lost second factor away (administrators)."),
    _reasoned("people", "/people/{person}", "reinstate", "Let a suspended person in again (administrators)."),
    ApiCommand("members", "list", "GET", "/parties/{party}/members", "List who sits in a party.", _MEMBER),
    ApiCommand(
        "members", "remove", "DELETE", "/parties/{party}/members/{membership}", "Take a seat away, with its keys."
    ),
    ApiCommand("invites", "list", "GET", "/invites", "List your party's invitations.", _INVITE),
    ApiCommand("invites", "create", "POST", "/invites", "Invite somebody into your party.", body="file"),
    ApiCommand("invites", "remove", "DELETE", "/invites/{invite}", "Take an invitation back."),
    ApiCommand("creators", "enter", "POST", "/creators", "Enter a creator that you act for.", body="file"),
    ApiCommand("mandates", "list", "GET", "/mandates", "List agencies' mandates.", _MANDATE, ("status",)),
    ApiCommand("mandates", "offer", "POST", "/mandates", "Offer to act for a creator.", body="file"),
    ApiCommand("mandates", "accept", "POST", "/mandates/{mandate}/accept", "Accept an agency's mandate."),
    ApiCommand("mandates", "decline", "POST", "/mandates/{mandate}/decline", "Decline an agency's mandate."),
    ApiCommand(
        "mandates",
        "end",
        "POST",
        "/mandates/{mandate}/end",
        "End a mandate on a day.",
        fields=("ends_on",),
        body="fields",
    ),
    ApiCommand("keys", "list", "GET", "/api-keys", "List your party's API keys.", _KEY),
    ApiCommand("keys", "create", "POST", "/api-keys", "Make a key, which is shown once.", body="file"),
    ApiCommand("keys", "revoke", "DELETE", "/api-keys/{key}", "Revoke a key at once."),
)

CLAIMS = (
    ApiCommand(
        "claims",
        "list",
        "GET",
        "/channel-claims",
        "List claims whose proof waits (administrators).",
        _CLAIM,
        ("status",),
    ),
    ApiCommand("claims", "show", "GET", "/channel-claims/{channel}", "Show a claim with its rivals (administrators)."),
    ApiCommand(
        "claims",
        "ask",
        "POST",
        "/channels/{channel}/proof",
        "Ask for a code that proves a channel yours.",
        optional=("kind", "import_id"),
        body="fields",
    ),
    ApiCommand("claims", "proofs", "GET", "/channels/{channel}/proofs", "List what was offered as proof.", _PROOF),
    ApiCommand(
        "claims",
        "prove",
        "POST",
        "/channel-claims/{channel}/prove",
        "Accept the proof that waits (administrators).",
        fields=("reason", "evidence"),
        optional=("evidence_sha256",),
        body="fields",
    ),
    _reasoned("claims", "/channel-claims/{channel}", "refuse", "Refuse a claim (administrators)."),
    ApiCommand(
        "transfers", "list", "GET", "/channel-transfers", "List channels that are handed over.", _TRANSFER, ("status",)
    ),
    ApiCommand(
        "transfers",
        "offer",
        "POST",
        "/channels/{channel}/transfer",
        "Offer your proven channel to another creator.",
        fields=("creator_id",),
        body="fields",
    ),
    ApiCommand("transfers", "accept", "POST", "/channel-transfers/{transfer}/accept", "Take a channel over."),
    ApiCommand(
        "transfers", "decline", "POST", "/channel-transfers/{transfer}/decline", "Refuse a channel that is offered."
    ),
    ApiCommand(
        "transfers", "withdraw", "POST", "/channel-transfers/{transfer}/withdraw", "Take your offer of a channel back."
    ),
)

REVIEWS = (
    ApiCommand(
        "reviews", "list", "GET", "/reviews", "List the reviews.", REVIEW, ("status", "about_id", "subject_id", "risk")
    ),
    ApiCommand("reviews", "summary", "GET", "/reviews/summary", "Count reviews by status and by risk."),
    ApiCommand(
        "reviews", "show", "GET", "/reviews/{review}", "Show a review with its facts.", summary=summaries.review
    ),
    _reasoned("reviews", "/reviews/{review}", "approve", "Let a review pass."),
    _reasoned("reviews", "/reviews/{review}", "hold", "Leave a review for later."),
    _reasoned("reviews", "/reviews/{review}", "reject", "Refuse what a review is about."),
    ApiCommand("reviews", "override", "POST", "/reviews/{review}/override", "Decide against the scores.", body="file"),
    ApiCommand(
        "reviews",
        "reopen",
        "POST",
        "/bids/{bid}/review/reopen",
        "Take back what was decided on a bid.",
        fields=("reason",),
        body="fields",
    ),
)

CALLS = (*PEOPLE, *CLAIMS, *REVIEWS)
