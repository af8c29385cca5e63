"""The commands for video and running the market."""

from marketplace.cli.calls.api_command import ApiCommand
from marketplace.cli.output import Column
from marketplace.cli.shown import summaries

_CHECK = (
    Column("id", "id"),
    Column("status", "status"),
    Column("names", "names", 10),
    Column("repeats", "repeats"),
    Column("asked", "created_at"),
    Column("bid", "bid_id"),
)
_CORRECTION = (
    Column("id", "id"),
    Column("made", "created_at"),
    Column("labels", lambda row: len(row["labels"])),
    Column("note", "note", 16),
)
_VIDEO = (
    Column("id", "id"),
    Column("status", "status"),
    Column("name", "name", 12),
    Column("bytes", "size_bytes"),
    Column("received", "received_bytes"),
    Column("kind", "media_type"),
)


_JOB = (
    Column("id", "id"),
    Column("state", "state"),
    Column("kind", "kind"),
    Column("done", "done"),
    Column("total", "total"),
    Column("stage", "stage", 10),
    Column("attempt", "attempt"),
)
_EVENT = (
    Column("id", "id"),
    Column("kind", "kind"),
    Column("at", "created_at"),
    Column("subject", "subject_id"),
)

VIDEO = (
    ApiCommand("videos", "list", "GET", "/videos", "List your videos, kept and on their way.", _VIDEO, ("status",)),
    ApiCommand("videos", "show", "GET", "/videos/{video}", "Show a video."),
    ApiCommand("videos", "get", "GET", "/videos/{video}/content", "Write a video to a file.", file=True),
    ApiCommand("videos", "delete", "DELETE", "/videos/{video}", "Let a video go."),
    ApiCommand(
        "videos", "link", "POST", "/videos/{video}/links", "Make a link to read a video without a key.", body="file"
    ),
    ApiCommand("videos", "ask", "POST", "/video-links", "Make a link to send one video without a key.", body="file"),
    ApiCommand("videos", "progress", "GET", "/video-uploads/{upload}", "Tell how far an upload is."),
    ApiCommand("videos", "give-up", "DELETE", "/video-uploads/{upload}", "Give an upload up."),
    ApiCommand(
        "video-checks",
        "list",
        "GET",
        "/video-checks",
        "List what was measured in videos.",
        _CHECK,
        ("status", "bid_id", "deliverable_id", "video_id", "repeats"),
    ),
    ApiCommand(
        "video-checks",
        "ask",
        "POST",
        "/video-checks",
        "Have a video looked through.",
        body="file",
        summary=summaries.check,
    ),
    ApiCommand(
        "video-checks",
        "show",
        "GET",
        "/video-checks/{check}",
        "Tell how far a check is, and what it found.",
        summary=summaries.check,
    ),
    ApiCommand(
        "video-checks",
        "timeline",
        "GET",
        "/video-checks/{check}/timeline",
        "Write a check's result as one picture (SVG).",
        filters=("of", "language"),
        file=True,
    ),
    ApiCommand(
        "video-checks", "cancel", "POST", "/video-checks/{check}/cancel", "Stop a check.", summary=summaries.check
    ),
    ApiCommand(
        "video-checks",
        "share",
        "POST",
        "/video-checks/{check}/share",
        "Show a check to the brand of its bid.",
        summary=summaries.check,
    ),
    ApiCommand(
        "video-checks",
        "unshare",
        "POST",
        "/video-checks/{check}/unshare",
        "Take a shared check back.",
        summary=summaries.check,
    ),
    ApiCommand(
        "video-checks",
        "correct",
        "POST",
        "/video-checks/{check}/corrections",
        "Say what a video really shows.",
        body="file",
    ),
    ApiCommand(
        "video-checks",
        "corrections",
        "GET",
        "/video-checks/{check}/corrections",
        "List a check's corrections.",
        _CORRECTION,
    ),
)

OPERATE = (
    ApiCommand(
        "events", "list", "GET", "/events", "List what happened.", _EVENT, ("kind", "subject_id", "since", "order")
    ),
    ApiCommand("events", "show", "GET", "/events/{event}", "Show an event."),
    ApiCommand("jobs", "list", "GET", "/jobs", "List work under way.", _JOB, ("state", "kind", "queue")),
    ApiCommand("jobs", "show", "GET", "/jobs/{job}", "Show a job."),
    ApiCommand("jobs", "cancel", "POST", "/jobs/{job}/cancel", "Stop a job."),
    ApiCommand("jobs", "requeue", "POST", "/jobs/{job}/requeue", "Try a dead job again."),
)

CALLS = (*VIDEO, *OPERATE)
