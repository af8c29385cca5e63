"""The commands on what videos with a variable price have come to: figures told, answered and decided."""

from marketplace.cli.calls.api_command import ApiCommand
from marketplace.cli.number_options import WholeNumber
from marketplace.cli.output import Column
from marketplace.cli.shown import result_lines

_AT, _FIGURE = "/deliverables/{deliverable}", "/figures/{figure}"
_VIEWS = {"views": WholeNumber(0, 10**11)}
_ORDER = (
    Column("id", "order_id"),
    Column("at", "ordered_at"),
    Column("amount", "amount_minor"),
    Column("returns", lambda row: row["returned_order_id"] or "-"),
)

CALLS = (
    ApiCommand(
        "deliverables",
        "result",
        "GET",
        f"{_AT}/result",
        "Show what a variable price has come to.",
        summary=result_lines.result,
    ),
    ApiCommand(
        "deliverables",
        "tell-views",
        "POST",
        f"{_AT}/views",
        "Tell the views of a video at the end of a day.",
        fields=("views", "counted_on", "evidence"),
        numbers=_VIEWS,
        body="fields",
        summary=result_lines.figure,
    ),
    ApiCommand(
        "deliverables",
        "tell-export",
        "POST",
        f"{_AT}/views/from-export",
        "Tell the views that the imported export has.",
        summary=result_lines.figure,
    ),
    ApiCommand(
        "deliverables",
        "tell-orders",
        "POST",
        f"{_AT}/orders",
        "Hand in a file of orders: csv or json.",
        filters=("name",),
        body="upload",
        summary=result_lines.figure,
        example="inlay deliverables tell-orders dlv_... orders.csv",
    ),
    ApiCommand(
        "deliverables",
        "orders",
        "GET",
        f"{_FIGURE}/orders",
        "List the orders that a file added.",
        _ORDER,
    ),
    ApiCommand(
        "deliverables",
        "confirm-figure",
        "POST",
        f"{_FIGURE}/confirm",
        "Confirm a figure that the other side told.",
        summary=result_lines.figure,
    ),
    ApiCommand(
        "deliverables",
        "contest-figure",
        "POST",
        f"{_FIGURE}/contest",
        "Contest a figure; the platform decides.",
        fields=("reason",),
        optional=("views",),
        numbers=_VIEWS,
        body="fields",
        summary=result_lines.figure,
    ),
    ApiCommand(
        "deliverables",
        "decide-figure",
        "POST",
        f"{_FIGURE}/decide",
        "Decide on a contested figure (administrators).",
        body="file",
        summary=result_lines.figure,
        example="""echo '{"views": 90000, "reason": "..."}' | inlay deliverables decide-figure tfg_...""",
    ),
)
