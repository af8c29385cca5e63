"""The commands for channels and what is known of them."""

from marketplace.cli.calls.api_command import ApiCommand
from marketplace.cli.calls.market_calls import MOST_FOUND
from marketplace.cli.number_options import WholeNumber
from marketplace.cli.output import Column, people, share
from marketplace.cli.shown import summaries
from marketplace.core.money import AMOUNT_MAX

_CHANNEL = (
    Column("id", "id"),
    Column("name", "name", 12),
    Column("platform", lambda row: row["platform"] if row["platform_known"] else f"{row['platform']} ?"),
    Column("claim", "claim_status"),
    Column("handle", "handle", 12),
    Column("region", "region"),
    Column("status", "status"),
)
_OPEN_BRIEF = (
    Column("brief", "brief_id"),
    Column("title", "title", 12),
    Column("budget", "budget"),
    Column("bids close", lambda row: row["bids_close_at"][:10]),
    Column("people", lambda row: people(row["people"]["point"])),
    Column("fit", lambda row: share(row["fit"])),
    Column("category", "category"),
)
_SNAPSHOT = (
    Column("id", "id"),
    Column("taken on", "taken_on"),
    Column("source", "source"),
    Column("followers", "followers"),
    Column("flags", lambda row: ", ".join(flag["code"] for flag in row.get("flags", [])), 8),
)
_READING = (
    Column("video", "external_id"),
    Column("taken", "taken_at"),
    Column("hours", "hours"),
    Column("views", "views"),
    Column("source", "source"),
)
_FORECAST = (
    Column("video", "external_id"),
    Column("published", "published_at"),
    Column("hours", "hours"),
    Column("views", "views"),
    Column("total", lambda row: summaries.estimate(row["forecast"])),
)
_PUBLISHED = (
    Column("video", "external_id"),
    Column("published", "published_at"),
    Column("views", "views"),
    Column("sponsored", "sponsored"),
    Column("title", "title", 12),
)
_DAY = (
    Column("day", "day"),
    Column("open", "open"),
    Column("reason", lambda row: "; ".join(summaries.said(reason) for reason in row["reasons"]), 20),
)
_EXCLUSIVITY = (
    Column("id", "id"),
    Column("from", summaries.first_day),
    Column("to", summaries.last_day),
    Column("category", "category"),
    Column("brand", "brand", 8),
    Column("holder", "holder", 8),
)
_OVERLAP = (
    Column("id", "id"),
    Column("value", "value"),
    Column("method", "method"),
    Column("measured", "measured_on"),
    Column("confirmed", "confirmed_at"),
    Column("sample", "sample"),
    Column("channel", "channel_id"),
    Column("other", "other_channel_id"),
)
_SKETCH = (
    Column("id", "id"),
    Column("kind", "kind"),
    Column("people", lambda row: people(row["people"])),
    Column("taken", "taken_on"),
    Column("provenance", "provenance"),
    Column("channel", "channel_id"),
)
_IMPORT = (
    Column("id", "id"),
    Column("status", "status"),
    Column("rows", "rows_done"),
    Column("bad", "rows_bad"),
    Column("file", "file_name", 12),
    Column("shape", "shape"),
)
_FAULT = (
    Column("row", "row_number"),
    Column("column", "column_name", 12),
    Column("value", "value", 16),
    Column("mend", summaries.mend, 24),
)

CALLS = (
    ApiCommand(
        "channels", "list", "GET", "/channels", "List channels.", _CHANNEL, ("platform", "vertical", "q", "creator_id")
    ),
    ApiCommand("channels", "show", "GET", "/channels/{channel}", "Show a channel."),
    ApiCommand("channels", "create", "POST", "/channels", "Enter a channel by hand.", body="file"),
    ApiCommand(
        "channels",
        "change",
        "PATCH",
        "/channels/{channel}",
        "Change a channel's words or its pacing rule.",
        body="file",
        etag_from="/channels/{channel}",
    ),
    ApiCommand("channels", "archive", "POST", "/channels/{channel}/archive", "Take a channel out of use."),
    ApiCommand("channels", "restore", "POST", "/channels/{channel}/restore", "Take a channel into use again."),
    ApiCommand(
        "channels",
        "price",
        "GET",
        "/channels/{channel}/price",
        "Tell a channel's fair price, and what it is known from.",
        filters=("length_tier", "rights", "exclusivity_days", "currency"),
        numbers={"exclusivity_days": WholeNumber(0, 365)},
        summary=summaries.reasons,
    ),
    ApiCommand(
        "channels",
        "videos",
        "GET",
        "/channels/{channel}/videos",
        "List a channel's videos as last reported.",
        _PUBLISHED,
    ),
    ApiCommand(
        "channels",
        "open-briefs",
        "GET",
        "/channels/{channel}/open-briefs",
        "Find the best open briefs for a channel.",
        _OPEN_BRIEF,
        ("category", "market", "budget_min", "currency", "placement_kind", "closing_before"),
        numbers={"budget_min": WholeNumber(0, AMOUNT_MAX)},
        pages=False,
        most=MOST_FOUND,
    ),
    ApiCommand(
        "snapshots", "list", "GET", "/channels/{channel}/audience-snapshots", "List a channel's snapshots.", _SNAPSHOT
    ),
    ApiCommand("snapshots", "show", "GET", "/audience-snapshots/{snapshot}", "Show an audience snapshot."),
    ApiCommand(
        "snapshots",
        "create",
        "POST",
        "/channels/{channel}/audience-snapshots",
        "Enter a snapshot by hand.",
        body="file",
    ),
    ApiCommand(
        "readings", "list", "GET", "/channels/{channel}/video-readings", "List views over time.", _READING, ("video",)
    ),
    ApiCommand("readings", "tell", "POST", "/channels/{channel}/video-readings", "Tell views of videos.", body="file"),
    ApiCommand(
        "readings",
        "forecasts",
        "GET",
        "/channels/{channel}/video-forecasts",
        "Forecast views at thirty days.",
        _FORECAST,
        ("video",),
        pages=False,
    ),
    ApiCommand(
        "pacing",
        "show",
        "GET",
        "/channels/{channel}/pacing",
        "Tell a channel's room today, when next, and why.",
        filters=("series",),
        summary=summaries.sentence,
    ),
    ApiCommand(
        "pacing",
        "calendar",
        "GET",
        "/channels/{channel}/pacing/calendar",
        "Show the coming days, open or full.",
        _DAY,
        ("series", "days"),
        numbers={"days": WholeNumber(1, 366)},
        pages=False,
    ),
    ApiCommand(
        "pacing",
        "ics",
        "GET",
        "/channels/{channel}/pacing/calendar.ics",
        "Write the coming days as a calendar file.",
        filters=("series", "days"),
        numbers={"days": WholeNumber(1, 366)},
        file=True,
    ),
    ApiCommand(
        "exclusivity", "list", "GET", "/channels/{channel}/exclusivity", "List a channel's windows.", _EXCLUSIVITY
    ),
    ApiCommand(
        "exclusivity",
        "tell",
        "POST",
        "/channels/{channel}/exclusivity",
        "Keep a channel free for some days.",
        body="file",
    ),
    ApiCommand("exclusivity", "remove", "DELETE", "/channels/{channel}/exclusivity/{window}", "Take a window back."),
    ApiCommand(
        "overlaps", "list", "GET", "/overlaps", "List measured overlaps of your channels.", _OVERLAP, ("channel_id",)
    ),
    ApiCommand("overlaps", "tell", "POST", "/overlaps", "Tell of a measured overlap.", body="file"),
    ApiCommand("overlaps", "confirm", "POST", "/overlaps/{overlap}/confirm", "Let an overlap count (administrators)."),
    ApiCommand("overlaps", "salt", "GET", "/audience-sketches/salt", "Show what ids are hashed with in a sketch."),
    ApiCommand("overlaps", "hand-in", "POST", "/audience-sketches", "Hand in a sketch made elsewhere.", body="file"),
    ApiCommand(
        "overlaps", "sketches", "GET", "/audience-sketches", "List sketches of your channels.", _SKETCH, ("channel_id",)
    ),
    ApiCommand(
        "overlaps",
        "confirm-sketch",
        "POST",
        "/audience-sketches/{sketch}/confirm",
        "Let a sketch count (administrators).",
    ),
    ApiCommand("overlaps", "remove-sketch", "DELETE", "/audience-sketches/{sketch}", "Take a sketch back."),
    ApiCommand("imports", "list", "GET", "/imports", "List files that were handed in.", _IMPORT, ("status",)),
    ApiCommand("imports", "show", "GET", "/imports/{import}", "Show a file and what became of it."),
    ApiCommand(
        "imports", "faults", "GET", "/imports/{import}/faults", "List what is wrong in which row of a file.", _FAULT
    ),
)
