"""The commands on series: a maker's schedule, which all deals on it share."""

from marketplace.cli.calls.api_command import ApiCommand
from marketplace.cli.output import Column
from marketplace.cli.shown import series_lines

_SERIES = (
    Column("id", "id"),
    Column("title", "title", 24),
    Column("status", "status"),
    Column("episodes", lambda row: str(len(row["episodes"]))),
    Column("slots", lambda row: ", ".join(row["slots"]), 40),
)
_AT = "/series/{series}"

CALLS = (
    ApiCommand("series", "list", "GET", "/series", "List your series, and those of your deals.", _SERIES),
    ApiCommand("series", "show", "GET", _AT, "Show a series: its episodes and slots.", summary=series_lines.series),
    ApiCommand(
        "series",
        "create",
        "POST",
        "/series",
        "Make a schedule of episodes with slots.",
        body="file",
        summary=series_lines.series,
        example="""echo '{"channel_id": "chn_...", "title": "...", "slots": ["..."],
  "episodes": [{"title": "...", "airs_on": "2027-03-01"}]}' | inlay series create""",
    ),
    ApiCommand(
        "series",
        "add-episode",
        "POST",
        f"{_AT}/episodes",
        "Add an episode behind the last one.",
        fields=("title", "airs_on"),
        body="fields",
        summary=series_lines.series,
    ),
    ApiCommand(
        "series",
        "move",
        "POST",
        "/episodes/{episode}/move",
        "Move an episode; every brand on it is told.",
        fields=("airs_on", "reason"),
        body="fields",
        summary=series_lines.series,
    ),
    ApiCommand(
        "series",
        "drop",
        "POST",
        "/episodes/{episode}/drop",
        "Drop an episode in which no brand has a place.",
        fields=("reason",),
        body="fields",
        summary=series_lines.series,
    ),
    ApiCommand(
        "series", "close", "POST", f"{_AT}/close", "Sign no further brand for a series.", summary=series_lines.series
    ),
    ApiCommand(
        "series",
        "open-again",
        "POST",
        f"{_AT}/open-again",
        "Sign brands for a series again.",
        summary=series_lines.series,
    ),
)
