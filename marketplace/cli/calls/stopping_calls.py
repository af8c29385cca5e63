"""The commands that stop a deal or let it go on."""

from marketplace.cli.calls.api_command import ApiCommand
from marketplace.cli.output import Column
from marketplace.cli.shown import deal_lines, stopping_lines, summaries

_STOP = (
    Column("id", "id"),
    Column("kind", "kind"),
    Column("told by", lambda row: deal_lines.side(row["side"])),
    Column("reason", "reason", 20),
    Column("made", "began_at"),
    Column("answer by", lambda row: row["answer_by"] or "-"),
    Column("outcome", lambda row: summaries.state(row["outcome"]) if row["outcome"] else "-"),
)

CALLS = (
    ApiCommand(
        "deals",
        "stops",
        "GET",
        "/deals/{deal}/stops",
        "List the pauses of a deal and the requests to cancel it.",
        _STOP,
        pages=False,
    ),
    ApiCommand(
        "deals",
        "pause",
        "POST",
        "/deals/{deal}/pause",
        "Let the work on a deal stand still.",
        fields=("reason",),
        body="fields",
        summary=deal_lines.deal,
    ),
    ApiCommand("deals", "resume", "POST", "/deals/{deal}/resume", "Let a paused deal go on.", summary=deal_lines.deal),
    ApiCommand(
        "deals",
        "quote",
        "GET",
        "/deals/{deal}/cancellation-quote",
        "Show what cancelling a deal costs now.",
        filters=("side", "scope"),
        summary=stopping_lines.quote,
    ),
    ApiCommand(
        "deals",
        "cancel",
        "POST",
        "/deals/{deal}/cancel",
        "Ask to cancel a deal by the quote of this hash.",
        fields=("quote_hash", "reason"),
        body="fields",
        summary=deal_lines.deal,
    ),
    ApiCommand(
        "deals",
        "agree-to-cancel",
        "POST",
        "/deals/{deal}/cancellation/agree",
        "Agree to cancel by the quote of this hash.",
        fields=("quote_hash",),
        body="fields",
        summary=deal_lines.deal,
    ),
    ApiCommand(
        "deals",
        "refuse-to-cancel",
        "POST",
        "/deals/{deal}/cancellation/refuse",
        "Refuse to cancel: the deal goes on as it was.",
        fields=("reason",),
        body="fields",
        summary=deal_lines.deal,
    ),
    ApiCommand(
        "deals",
        "take-cancel-back",
        "POST",
        "/deals/{deal}/cancellation/take-back",
        "Take your own request to cancel back.",
        summary=deal_lines.deal,
    ),
)
