"""The commands on deals: read one and its terms, and answer them."""

from marketplace.cli.calls.api_command import ApiCommand
from marketplace.cli.number_options import WholeNumber
from marketplace.cli.output import Column
from marketplace.cli.shown import deal_lines

_DEAL = (
    Column("id", "id"),
    Column("status", "status"),
    Column("turn", lambda row: deal_lines.side(row["turn"])),
    Column("costs at most", deal_lines.total),
    Column("brand", lambda row: row["names"]["brand_name"], 10),
    Column("channel", lambda row: row["names"]["channel_name"], 10),
)
_TERMS = (
    Column("number", "number"),
    Column("proposed by", lambda row: deal_lines.side(row["proposed_side"])),
    Column("made", "created_at"),
    Column("changes", deal_lines.changes),
)

CALLS = (
    ApiCommand("deals", "list", "GET", "/deals", "List your party's deals.", _DEAL, ("status", "brief_id", "bid_id")),
    ApiCommand("deals", "show", "GET", "/deals/{deal}", "Show a deal.", summary=deal_lines.deal),
    ApiCommand(
        "deals",
        "terms",
        "GET",
        "/deals/{deal}/terms",
        "List all versions of a deal's terms, with what differs.",
        _TERMS,
        pages=False,
    ),
    ApiCommand(
        "deals",
        "contract",
        "GET",
        "/deals/{deal}/contract",
        "Write a deal's contract as a page.",
        filters=("language", "number"),
        numbers={"number": WholeNumber(1, 100)},
        file=True,
    ),
    ApiCommand(
        "deals",
        "counter",
        "POST",
        "/deals/{deal}/counter",
        "Answer terms with other ones.",
        body="file",
        summary=deal_lines.deal,
        example="""echo '{"content_hash": "...", "changes": {"keep_live_days": 30}}' | inlay deals counter dea_...""",
    ),
    ApiCommand(
        "deals",
        "confirm",
        "POST",
        "/deals/{deal}/confirm",
        "Confirm the terms of this hash.",
        fields=("content_hash", "signed_name"),
        body="fields",
        summary=deal_lines.deal,
    ),
    *(
        ApiCommand(
            "deals",
            verb,
            "POST",
            f"/deals/{{deal}}/{verb}",
            said,
            optional=("reason",),
            body="fields",
            summary=deal_lines.deal,
        )
        for verb, said in (
            ("decline", "Turn the other side's terms down."),
            ("withdraw", "Take back the terms that you have confirmed."),
        )
    ),
)
