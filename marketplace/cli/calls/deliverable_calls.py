"""The commands on what deals owe: scripts, drafts, publications, and what both sides decide of them."""

from marketplace.cli.calls.api_command import ApiCommand
from marketplace.cli.output import Column
from marketplace.cli.shown import deliverable_lines
from marketplace.core.money import Money

_DELIVERABLE = (
    Column("id", "id"),
    Column("status", "status"),
    Column("waits for", lambda row: deliverable_lines.side(row["waits_for"])),
    Column("due", "due_on"),
    Column("costs at most", deliverable_lines.price),
    Column("number", "position"),
    Column("of deal", "deal.id"),
)
_SCRIPT = (
    Column("id", "id"),
    Column("number", "number"),
    Column("status", "status"),
    Column("made", "created_at"),
    Column("reasons", "reasons", 20),
)
_ROUND = (
    Column("id", "id"),
    Column("status", "status"),
    Column("kind", "kind"),
    Column("amount", lambda row: Money(row["currency"], row["price_minor"]).show()),
    Column("answer by", "answer_by"),
    Column("payment", "payment_id"),
)
_DRAFT = (
    Column("id", "id"),
    Column("number", "number"),
    Column("status", "status"),
    Column("answer by", "answer_by"),
    Column("against it", deliverable_lines.against),
)
_PUBLICATION = (
    Column("id", "id"),
    Column("platform", "platform"),
    Column("address", "url", 40),
    Column("published", "published_at"),
    Column("stays until", "last_live_on"),
)
_AT, _ROUND_AT = "/deliverables/{deliverable}", "/rounds/{round}"

CALLS = (
    ApiCommand(
        "deliverables", "list", "GET", "/deliverables", "List what your deals owe.", _DELIVERABLE, ("deal_id", "status")
    ),
    ApiCommand("deliverables", "show", "GET", _AT, "Show a deliverable.", summary=deliverable_lines.deliverable),
    ApiCommand(
        "deliverables", "scripts", "GET", f"{_AT}/scripts", "List the versions of a script.", _SCRIPT, pages=False
    ),
    ApiCommand(
        "deliverables",
        "send-script",
        "POST",
        f"{_AT}/scripts",
        "Send a script to the brand.",
        fields=("body",),
        body="fields",
    ),
    ApiCommand("deliverables", "rounds", "GET", f"{_AT}/rounds", "List bought rounds of changes.", _ROUND, pages=False),
    ApiCommand(
        "deliverables", "ask-for-round", "POST", f"{_AT}/rounds", "Ask for one more round of changes.", body="file"
    ),
    ApiCommand(
        "deliverables", "confirm-round", "POST", f"{_ROUND_AT}/confirm", "Confirm one more round, as the maker."
    ),
    ApiCommand("deliverables", "refuse-round", "POST", f"{_ROUND_AT}/refuse", "Refuse one more round, as the maker."),
    ApiCommand("deliverables", "approve-script", "POST", "/scripts/{script}/approve", "Approve a script."),
    ApiCommand(
        "deliverables",
        "return-script",
        "POST",
        "/scripts/{script}/send-back",
        "Send a script back with reasons.",
        fields=("reasons",),
        body="fields",
    ),
    ApiCommand("deliverables", "drafts", "GET", f"{_AT}/drafts", "List the drafts of a video.", _DRAFT, pages=False),
    ApiCommand(
        "deliverables",
        "send-draft",
        "POST",
        f"{_AT}/drafts",
        "Send a draft: the video of a finished check.",
        fields=("check_id",),
        optional=("note",),
        body="fields",
        summary=deliverable_lines.draft,
    ),
    ApiCommand("deliverables", "draft", "GET", "/drafts/{draft}", "Show a draft.", summary=deliverable_lines.draft),
    ApiCommand("deliverables", "video", "GET", "/drafts/{draft}/video", "Write a draft to a file.", file=True),
    ApiCommand(
        "deliverables",
        "approve",
        "POST",
        "/drafts/{draft}/approve",
        "Approve a draft.",
        summary=deliverable_lines.draft,
    ),
    ApiCommand(
        "deliverables",
        "request-changes",
        "POST",
        "/drafts/{draft}/request-changes",
        "Ask for changes of a draft at time stamps.",
        body="file",
        summary=deliverable_lines.draft,
        example="""echo '{"changes": [{"at_s": 4.5, "reason": "..."}]}' | inlay deliverables request-changes drf_...""",
    ),
    ApiCommand(
        "deliverables",
        "publication",
        "GET",
        f"{_AT}/publication",
        "Show where a video went live.",
        summary=deliverable_lines.publication,
    ),
    ApiCommand(
        "deliverables",
        "publications",
        "GET",
        f"{_AT}/publications",
        "List where a video went live, channel by channel.",
        _PUBLICATION,
        pages=False,
    ),
    ApiCommand(
        "deliverables",
        "reach",
        "GET",
        f"{_AT}/reach",
        "Show whom a video reaches, each person counted once.",
        summary=deliverable_lines.reach,
    ),
    ApiCommand(
        "deliverables",
        "publish",
        "POST",
        f"{_AT}/publication",
        "Tell that the approved video is live.",
        body="file",
        summary=deliverable_lines.publication,
        example="""echo '{"url": "https://...", "published_at": "2027-02-15T12:00:00Z", "label_seconds": 3,
  "video_id": "vfl_..."}' | inlay deliverables publish dlv_...""",
    ),
    ApiCommand(
        "deliverables",
        "report-takedown",
        "POST",
        f"{_AT}/publication/report",
        "Report that a live video is not there any more.",
        fields=("seen_at", "reason"),
        body="fields",
    ),
    ApiCommand(
        "deliverables",
        "decide-takedown",
        "POST",
        f"{_AT}/publication/decide",
        "Decide on a report of a takedown (administrators).",
        body="file",
    ),
)
