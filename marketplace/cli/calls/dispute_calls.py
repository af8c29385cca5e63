"""The commands on disputes: open one, show what one has, and decide in amounts."""

from marketplace.cli.calls.api_command import ApiCommand
from marketplace.cli.number_options import WholeNumber
from marketplace.cli.output import Column
from marketplace.cli.shown import deal_lines, dispute_lines

_DISPUTE = (
    Column("id", "id"),
    Column("status", "status"),
    Column("told by", lambda row: deal_lines.side(row["side"])),
    Column("reason", "reason", 20),
    Column("answer by", "answer_by"),
    Column("of deal", "deal_id"),
)
_SHOWN = ("script_id", "draft_id", "check_id", "publication_id")

CALLS = (
    ApiCommand(
        "deals",
        "dispute",
        "POST",
        "/deals/{deal}/disputes",
        "Dispute what a deal owes; both sides are heard.",
        fields=("reason",),
        body="fields",
        summary=dispute_lines.dispute,
    ),
    ApiCommand(
        "disputes", "list", "GET", "/disputes", "List the disputes of your deals.", _DISPUTE, ("status", "deal_id")
    ),
    ApiCommand("disputes", "show", "GET", "/disputes/{dispute}", "Show a dispute.", summary=dispute_lines.dispute),
    ApiCommand(
        "disputes",
        "evidence",
        "POST",
        "/disputes/{dispute}/evidence",
        "Show what you have: words, and what they are about.",
        fields=("body",),
        optional=_SHOWN,
        body="fields",
        summary=dispute_lines.dispute,
    ),
    ApiCommand(
        "disputes",
        "propose",
        "POST",
        "/disputes/{dispute}/propose",
        "Propose a decision in amounts (admins).",
        body="file",
        summary=dispute_lines.dispute,
        example="""echo '{"outcome": "cancel", "reason": "...", "amounts": [{"deliverable_id": "dlv_...",
  "due_minor": 250000}]}' | inlay disputes propose dsp_...""",
    ),
    ApiCommand(
        "disputes",
        "confirm",
        "POST",
        "/disputes/{dispute}/confirm",
        "Confirm a decision, as a second person (admins).",
        fields=("version",),
        body="fields",
        numbers={"version": WholeNumber(1, 2**31)},
        summary=dispute_lines.dispute,
    ),
    ApiCommand(
        "disputes",
        "drop-proposal",
        "POST",
        "/disputes/{dispute}/drop-proposal",
        "Drop a decision that is proposed (admins).",
        summary=dispute_lines.dispute,
    ),
)
