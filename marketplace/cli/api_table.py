"""The table of commands that mirror the API: what is typed, what is called, what is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from marketplace.cli.number_options import WholeNumber
from marketplace.cli.output import Column


@dataclass(frozen=True)
class ApiCommand:
    """`inlay <noun> <verb> ARGUMENTS... --options`. `{name}` in the path is an argument.

    `body` names how the body is given: "file" (JSON from --file or standard input), "fields" (options of their own, of
    which `optional` may be left out) or none. `numbers` are the filters that are numbers. `columns` shows a list as a
    table; without them one thing is shown, a line a value.
    """

    noun: str
    verb: str
    method: str
    path: str
    help: str
    columns: tuple[Column, ...] = ()
    filters: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    body: str = ""
    etag_from: str = ""
    numbers: Mapping[str, WholeNumber] = field(default_factory=dict)


_PARTY: tuple[Column, ...] = (("id", "id"), ("kind", "kind"), ("name", "name"), ("status", "status"))
# Its video and bid, 30 letters each, appear in `show` only: a terminal has 80 columns.
_CHECK: tuple[Column, ...] = (
    ("id", "id"),
    ("names", "names"),
    ("status", "status"),
    ("repeats", "repeats"),
    ("asked", lambda row: str(row["created_at"])[:16].replace("T", " ")),
)
_BRIEF: tuple[Column, ...] = (
    ("id", "id"),
    ("title", "title"),
    ("category", "product.category"),
    ("budget", "budget"),
    ("status", "status"),
    ("bids close", "bids_close_at"),
)
_BID: tuple[Column, ...] = (
    ("id", "id"),
    ("brief", "brief_id"),
    ("channel", "channel_id"),
    ("proven", "channel_proven"),
    ("status", "status"),
    ("rev", "revision_number"),
    ("model", "price.model"),
    ("price", "price.amount"),
)
_CHANNEL: tuple[Column, ...] = (
    ("id", "id"),
    ("platform", "platform"),
    ("handle", "handle"),
    ("name", "name"),
    ("region", "region"),
    ("status", "status"),
    ("claim", "claim_status"),
)
_SELECTION: tuple[Column, ...] = (
    ("id", "id"),
    ("status", "status"),
    ("bids", "bids"),
    ("people (careful)", "value"),
    ("certificate", lambda row: None if row["certificate"] is None else f"{row['certificate']:.3f}"),
    ("asked at", "created_at"),
)
_READING: tuple[Column, ...] = (
    ("video", "external_id"),
    ("taken", "taken_at"),
    ("hours", "hours"),
    ("views", "views"),
    ("source", "source"),
)
_SKETCH: tuple[Column, ...] = (
    ("id", "id"),
    ("channel", "channel_id"),
    ("kind", "kind"),
    ("people", lambda row: round(row["people"])),
    ("taken", "taken_on"),
    ("provenance", "provenance"),
)
_OVERLAP: tuple[Column, ...] = (
    ("id", "id"),
    ("channel", "channel_id"),
    ("other", "other_channel_id"),
    ("value", "value"),
    ("method", "method"),
    ("sample", "sample"),
    ("measured", "measured_on"),
    ("confirmed", "confirmed_at"),
)
_EXCLUSIVITY: tuple[Column, ...] = (
    ("id", "id"),
    ("category", "category"),
    ("brand", "brand"),
    ("holder", "holder"),
    ("from", "first_day"),
    ("to", "last_day"),
)
REVIEW: tuple[Column, ...] = (
    ("id", "id"),
    ("subject", "subject_id"),
    ("status", "status"),
    ("priority", "priority"),
    ("two people", "needs_two"),
    ("risks", lambda row: ", ".join(risk["code"] for risk in row.get("risks", []))),
)
_DEAL_PRICE: tuple[Column, ...] = (
    ("id", "id"),
    ("channel", "channel_id"),
    ("settled on", "settled_on"),
    ("deal", "deal_price"),
    ("list", "list_price"),
    ("told by", "told_by"),
    ("confirmed by", "confirmed_by"),
)
_JOB: tuple[Column, ...] = (
    ("id", "id"),
    ("kind", "kind"),
    ("state", "state"),
    ("stage", "stage"),
    ("done", "done"),
    ("total", "total"),
    ("attempt", "attempt"),
)
_EVENT: tuple[Column, ...] = (("id", "id"), ("kind", "kind"), ("subject", "subject_id"), ("at", "created_at"))
_MANDATE: tuple[Column, ...] = (
    ("id", "id"),
    ("agency", "agency_id"),
    ("creator", "creator_id"),
    ("from", "starts_on"),
    ("to", "ends_on"),
    ("status", "status"),
)
_KEY: tuple[Column, ...] = (
    ("id", "id"),
    ("name", "name"),
    ("public id", "public_id"),
    ("scopes", "scopes"),
    ("last used", "last_used_at"),
    ("revoked", "revoked_at"),
)
_IMPORT: tuple[Column, ...] = (
    ("id", "id"),
    ("file", "file_name"),
    ("shape", "shape"),
    ("status", "status"),
    ("rows", "rows_done"),
    ("bad", "rows_bad"),
)
_VIDEO: tuple[Column, ...] = (
    ("id", "id"),
    ("name", "name"),
    ("kind", "media_type"),
    ("bytes", "size_bytes"),
    ("received", "received_bytes"),
    ("status", "status"),
)
_SNAPSHOT: tuple[Column, ...] = (
    ("id", "id"),
    ("taken on", "taken_on"),
    ("source", "source"),
    ("followers", "followers"),
    ("flags", lambda row: ", ".join(flag["code"] for flag in row.get("flags", []))),
)

CALLS: tuple[ApiCommand, ...] = (
    ApiCommand("me", "show", "GET", "/people/me", "who you are and for whom you act"),
    ApiCommand("parties", "list", "GET", "/parties", "the parties you may know", _PARTY, ("kind",)),
    ApiCommand("parties", "show", "GET", "/parties/{party}", "one party"),
    ApiCommand("creators", "enter", "POST", "/creators", "enter a creator that you act for", body="file"),
    ApiCommand("mandates", "list", "GET", "/mandates", "agencies' mandates", _MANDATE, ("status",)),
    ApiCommand("mandates", "offer", "POST", "/mandates", "offer to act for a creator", body="file"),
    ApiCommand("mandates", "accept", "POST", "/mandates/{mandate}/accept", "accept an agency's mandate"),
    ApiCommand("mandates", "decline", "POST", "/mandates/{mandate}/decline", "decline an agency's mandate"),
    ApiCommand(
        "mandates",
        "end",
        "POST",
        "/mandates/{mandate}/end",
        "end a mandate on a day",
        fields=("ends_on",),
        body="fields",
    ),
    ApiCommand("keys", "list", "GET", "/api-keys", "your party's API keys", _KEY),
    ApiCommand("keys", "create", "POST", "/api-keys", "make a key; it is shown once", body="file"),
    ApiCommand("keys", "revoke", "DELETE", "/api-keys/{key}", "revoke a key at once"),
    ApiCommand("invites", "create", "POST", "/invites", "invite somebody into your party", body="file"),
    ApiCommand(
        "channels", "list", "GET", "/channels", "channels", _CHANNEL, ("platform", "vertical", "q", "creator_id")
    ),
    ApiCommand("channels", "show", "GET", "/channels/{channel}", "one channel"),
    ApiCommand(
        "channels",
        "change",
        "PATCH",
        "/channels/{channel}",
        "change a channel's words or its pacing rule",
        body="file",
        etag_from="/channels/{channel}",
    ),
    ApiCommand("channels", "create", "POST", "/channels", "enter a channel by hand", body="file"),
    ApiCommand(
        "channels",
        "price",
        "GET",
        "/channels/{channel}/price",
        "a channel's fair price with its interval, count and basis",
        filters=("length_tier", "rights", "exclusivity_days", "currency"),
        numbers={"exclusivity_days": WholeNumber(0, 365)},
    ),
    ApiCommand("deal-prices", "list", "GET", "/deal-prices", "what your own deals closed at", _DEAL_PRICE),
    ApiCommand("deal-prices", "tell", "POST", "/deal-prices", "tell what a deal closed at", body="file"),
    ApiCommand(
        "deal-prices", "confirm", "POST", "/deal-prices/{deal_price}/confirm", "confirm what the other side told"
    ),
    ApiCommand(
        "snapshots", "list", "GET", "/channels/{channel}/audience-snapshots", "a channel's snapshots", _SNAPSHOT
    ),
    ApiCommand(
        "snapshots", "create", "POST", "/channels/{channel}/audience-snapshots", "enter a snapshot by hand", body="file"
    ),
    ApiCommand("imports", "list", "GET", "/imports", "files handed in", _IMPORT),
    ApiCommand("imports", "show", "GET", "/imports/{import}", "one file and what became of it"),
    ApiCommand("videos", "list", "GET", "/videos", "your videos, kept and on their way", _VIDEO, ("status",)),
    ApiCommand("videos", "show", "GET", "/videos/{video}", "one video"),
    ApiCommand("videos", "delete", "DELETE", "/videos/{video}", "let a video go"),
    ApiCommand("videos", "link", "POST", "/videos/{video}/links", "a link to read it without a key", body="file"),
    ApiCommand(
        "video-checks",
        "list",
        "GET",
        "/video-checks",
        "what was measured in videos",
        _CHECK,
        ("status", "bid_id", "video_id", "repeats"),
    ),
    ApiCommand("video-checks", "ask", "POST", "/video-checks", "have a video looked through", body="file"),
    ApiCommand("video-checks", "show", "GET", "/video-checks/{check}", "one check: how far it is, what it found"),
    ApiCommand("video-checks", "cancel", "POST", "/video-checks/{check}/cancel", "stop a check"),
    ApiCommand("video-checks", "share", "POST", "/video-checks/{check}/share", "show a check to the brand of its bid"),
    ApiCommand("video-checks", "unshare", "POST", "/video-checks/{check}/unshare", "take a shared check back"),
    ApiCommand(
        "video-checks",
        "correct",
        "POST",
        "/video-checks/{check}/corrections",
        "say what the video really shows",
        body="file",
    ),
    ApiCommand("videos", "ask", "POST", "/video-links", "a link to send one video without a key", body="file"),
    ApiCommand("briefs", "list", "GET", "/briefs", "briefs", _BRIEF, ("status", "category", "market", "q", "brand_id")),
    ApiCommand("briefs", "show", "GET", "/briefs/{brief}", "one brief"),
    ApiCommand("briefs", "create", "POST", "/briefs", "write a draft", body="file"),
    ApiCommand(
        "briefs",
        "change",
        "PATCH",
        "/briefs/{brief}",
        "change a brief (a new version once published)",
        body="file",
        etag_from="/briefs/{brief}",
    ),
    ApiCommand(
        "briefs", "price-check", "GET", "/briefs/{brief}/price-check", "how the ceiling stands to what deals closed at"
    ),
    ApiCommand("briefs", "publish", "POST", "/briefs/{brief}/publish", "publish a draft"),
    ApiCommand("briefs", "close", "POST", "/briefs/{brief}/close", "close a brief before its deadline"),
    ApiCommand(
        "briefs",
        "rescore",
        "POST",
        "/briefs/{brief}/rescore",
        "score a closed brief's bids on what is known now (administrators)",
        fields=("reason",),
        body="fields",
    ),
    ApiCommand(
        "briefs",
        "cancel",
        "POST",
        "/briefs/{brief}/cancel",
        "call a brief off, even after its close",
        fields=("reason",),
        body="fields",
    ),
    ApiCommand("bids", "list", "GET", "/bids", "your side's bids", _BID, ("brief_id", "status")),
    ApiCommand("bids", "of", "GET", "/briefs/{brief}/bids", "the bids on a closed brief", _BID, ("status",)),
    ApiCommand("bids", "show", "GET", "/bids/{bid}", "one bid"),
    ApiCommand("bids", "place", "POST", "/briefs/{brief}/bids", "place a bid", body="file"),
    ApiCommand("bids", "revise", "POST", "/bids/{bid}/revisions", "revise a bid", body="file"),
    ApiCommand("bids", "withdraw", "POST", "/bids/{bid}/withdraw", "withdraw a bid"),
    ApiCommand(
        "bids",
        "confirm-brief",
        "POST",
        "/bids/{bid}/confirm-brief",
        "stand by a bid after its brief has changed",
        fields=("brief_version_id",),
        body="fields",
    ),
    ApiCommand(
        "bids",
        "step-back",
        "POST",
        "/bids/{bid}/step-back",
        "step back from an accepted bid",
        fields=("reason",),
        body="fields",
    ),
    ApiCommand("bids", "decline", "POST", "/bids/{bid}/decline", "decline a bid"),
    ApiCommand(
        "bids", "review", "POST", "/bids/{bid}/review", "ask a person about a bid that was deferred or passed by rule"
    ),
    ApiCommand("bids", "why", "GET", "/bids/{bid}/match", "a bid's scores with every reason"),
    ApiCommand("bids", "outcome", "GET", "/bids/{bid}/outcome", "how your bid fared in the confirmed selection"),
    ApiCommand(
        "readings", "list", "GET", "/channels/{channel}/video-readings", "views over time", _READING, ("video",)
    ),
    ApiCommand("readings", "tell", "POST", "/channels/{channel}/video-readings", "tell views of videos", body="file"),
    ApiCommand("readings", "forecasts", "GET", "/channels/{channel}/video-forecasts", "views at thirty days"),
    ApiCommand("overlaps", "list", "GET", "/overlaps", "measured overlaps of your channels", _OVERLAP, ("channel_id",)),
    ApiCommand("overlaps", "tell", "POST", "/overlaps", "tell of a measured overlap", body="file"),
    ApiCommand("overlaps", "confirm", "POST", "/overlaps/{overlap}/confirm", "let an overlap count (administrators)"),
    ApiCommand("overlaps", "salt", "GET", "/audience-sketches/salt", "what ids are hashed with in a sketch"),
    ApiCommand("overlaps", "hand-in", "POST", "/audience-sketches", "hand in a sketch made elsewhere", body="file"),
    ApiCommand(
        "overlaps", "sketches", "GET", "/audience-sketches", "sketches of your channels", _SKETCH, ("channel_id",)
    ),
    ApiCommand(
        "overlaps",
        "confirm-sketch",
        "POST",
        "/audience-sketches/{sketch}/confirm",
        "let a sketch count (administrators)",
    ),
    ApiCommand("overlaps", "remove-sketch", "DELETE", "/audience-sketches/{sketch}", "take a sketch back"),
    ApiCommand(
        "pacing", "show", "GET", "/channels/{channel}/pacing", "room today, when next, and why", filters=("series",)
    ),
    ApiCommand("exclusivity", "list", "GET", "/channels/{channel}/exclusivity", "a channel's windows", _EXCLUSIVITY),
    ApiCommand("exclusivity", "tell", "POST", "/channels/{channel}/exclusivity", "keep a channel free", body="file"),
    ApiCommand("exclusivity", "remove", "DELETE", "/channels/{channel}/exclusivity/{window}", "take a window back"),
    ApiCommand("selections", "list", "GET", "/briefs/{brief}/selections", "a brief's selections", _SELECTION),
    ApiCommand("selections", "show", "GET", "/selections/{selection}", "one selection with its reasons"),
    ApiCommand(
        "briefs", "collusion", "GET", "/briefs/{brief}/collusion-signals", "signs of collusion (administrators)"
    ),
    ApiCommand("selections", "verify", "GET", "/selections/{selection}/verification", "choose again and compare"),
    ApiCommand("reviews", "list", "GET", "/reviews", "the review queue", REVIEW, ("status", "about_id", "risk")),
    ApiCommand("reviews", "summary", "GET", "/reviews/summary", "how many there are, by status and by risk"),
    ApiCommand("reviews", "show", "GET", "/reviews/{review}", "one review with its decisions"),
    ApiCommand("reviews", "approve", "POST", "/reviews/{review}/approve", "approve", fields=("reason",), body="fields"),
    ApiCommand("reviews", "hold", "POST", "/reviews/{review}/hold", "hold", fields=("reason",), body="fields"),
    ApiCommand("reviews", "reject", "POST", "/reviews/{review}/reject", "reject", fields=("reason",), body="fields"),
    ApiCommand(
        "reviews",
        "reopen",
        "POST",
        "/bids/{bid}/review/reopen",
        "take back what was decided on a bid",
        fields=("reason",),
        body="fields",
    ),
    ApiCommand("reviews", "override", "POST", "/reviews/{review}/override", "decide against the scores", body="file"),
    ApiCommand("events", "list", "GET", "/events", "what happened", _EVENT, ("kind", "subject_id", "order")),
    ApiCommand("jobs", "list", "GET", "/jobs", "work under way", _JOB, ("state", "kind", "queue")),
    ApiCommand("jobs", "show", "GET", "/jobs/{job}", "one job"),
    ApiCommand("jobs", "cancel", "POST", "/jobs/{job}/cancel", "stop a job"),
    ApiCommand("jobs", "requeue", "POST", "/jobs/{job}/requeue", "try a dead job again"),
)
