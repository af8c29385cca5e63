"""The market's commands: briefs, bids, sets."""

from marketplace.briefs import vocabulary
from marketplace.cli.calls.api_command import ApiCommand
from marketplace.cli.number_options import RealNumber, WholeNumber
from marketplace.cli.output import Column, people, share
from marketplace.cli.shown import summaries
from marketplace.core.money import AMOUNT_MAX

MOST_FOUND = 50
_MOST_PEOPLE = 10_000_000_000
_BRIEF = (
    Column("id", "id"),
    Column("status", "status"),
    Column("title", "title", 14),
    Column("budget", "budget"),
    Column("bids close", lambda row: row["bids_close_at"][:10]),
    Column("category", lambda row: summaries.coded(vocabulary.CATEGORIES, row["product"]["category"])),
    Column("brand", "brand_name", 8),
)
_BID = (
    Column("id", "id"),
    Column("channel", "channel_name", 12),
    Column("price", summaries.bid_price),
    Column("status", "status"),
    Column("model", "price.model"),
    Column("rev", "revision_number"),
    Column("brief", "brief_title", 16),
)
_VERSION = (
    Column("id", "id"),
    Column("number", "number"),
    Column("made", "created_at"),
    Column("budget", "budget"),
    Column("title", "title", 12),
)
_REVISION = (
    Column("id", "id"),
    Column("number", "number"),
    Column("made", "created_at"),
    Column("price", summaries.bid_price),
    Column("model", "price.model"),
)
_COMMITMENT = (Column("id", "id"), Column("made", "created_at"), Column("commitment", "commitment"))
_ASSET = (Column("id", "id"), Column("name", "name", 16), Column("kind", "media_type"), Column("bytes", "size_bytes"))
_FOUND = (
    Column("channel", "channel_id"),
    Column("name", "channel_name", 10),
    Column("followers", "followers"),
    Column("people", lambda row: people(row["people"]["point"])),
    Column("price", lambda row: summaries.estimated_money(row["price"], row["currency"])),
    Column("per 1,000", lambda row: summaries.estimated_money(row["per_thousand"], row["currency"])),
    Column("fit", lambda row: share(row["fit"])),
    Column("ad load", lambda row: share(row["ad_load"])),
    Column("platform", "platform"),
)
_SELECTION = (
    Column("id", "id"),
    Column("status", "status"),
    Column("bids", "bids"),
    Column("who notice", lambda row: people(row["value"])),
    Column("certificate", lambda row: None if row["certificate"] is None else f"{row['certificate']:.1%}"),
    Column("asked", "created_at"),
)

BRIEFS = (
    ApiCommand(
        "briefs", "list", "GET", "/briefs", "List briefs.", _BRIEF, ("status", "category", "market", "q", "brand_id")
    ),
    ApiCommand("briefs", "show", "GET", "/briefs/{brief}", "Show a brief.", summary=summaries.brief),
    ApiCommand(
        "briefs",
        "create",
        "POST",
        "/briefs",
        "Write a draft.",
        body="file",
        summary=summaries.brief,
        example="inlay briefs create --file brief.json",
    ),
    ApiCommand(
        "briefs",
        "change",
        "PATCH",
        "/briefs/{brief}",
        "Change a brief; once published, it has a new version.",
        body="file",
        etag_from="/briefs/{brief}",
        summary=summaries.brief,
        example="""echo '{"tolerance": 25}' | inlay briefs change brf_...""",
    ),
    ApiCommand(
        "briefs", "options", "GET", "/brief-options", "Show every code that a brief may use.", summary=summaries.options
    ),
    ApiCommand("briefs", "versions", "GET", "/briefs/{brief}/versions", "List the wordings of a brief.", _VERSION),
    ApiCommand("briefs", "version", "GET", "/briefs/{brief}/versions/{version}", "Show one wording of a brief."),
    ApiCommand(
        "briefs",
        "price-check",
        "GET",
        "/briefs/{brief}/price-check",
        "Tell how a brief's ceiling stands to what deals closed at.",
        summary=summaries.warnings,
    ),
    ApiCommand("briefs", "publish", "POST", "/briefs/{brief}/publish", "Publish a draft.", summary=summaries.brief),
    ApiCommand(
        "briefs",
        "close",
        "POST",
        "/briefs/{brief}/close",
        "Close a brief before its deadline.",
        summary=summaries.brief,
    ),
    ApiCommand(
        "briefs", "score", "POST", "/briefs/{brief}/score", "Ask for the scoring of an open brief's bids again."
    ),
    ApiCommand(
        "briefs",
        "rescore",
        "POST",
        "/briefs/{brief}/rescore",
        "Score a closed brief's bids anew (administrators).",
        fields=("reason",),
        body="fields",
    ),
    ApiCommand(
        "briefs",
        "cancel",
        "POST",
        "/briefs/{brief}/cancel",
        "Call a brief off, even after its close.",
        fields=("reason",),
        body="fields",
        summary=summaries.brief,
    ),
    ApiCommand(
        "briefs",
        "discover",
        "GET",
        "/briefs/{brief}/discover",
        "Find the best channels for a brief.",
        _FOUND,
        (
            "platform",
            "vertical",
            "region",
            "speaks",
            "followers_min",
            "followers_max",
            "ad_load_max",
            "price_max",
            "reach_min",
            "reach_max",
            "represented",
            "told_within_days",
        ),
        numbers={
            **dict.fromkeys(("followers_min", "followers_max", "reach_min", "reach_max"), WholeNumber(0, _MOST_PEOPLE)),
            "price_max": WholeNumber(0, AMOUNT_MAX),
            "ad_load_max": RealNumber(0, 1),
            "told_within_days": WholeNumber(0, 3650),
        },
        pages=False,
        most=MOST_FOUND,
        example="inlay briefs discover brf_... --followers-min 100000 --ad-load-max 0.3",
    ),
    ApiCommand(
        "briefs", "collusion", "GET", "/briefs/{brief}/collusion-signals", "Show signs of collusion (administrators)."
    ),
    ApiCommand(
        "assets", "list", "GET", "/briefs/{brief}/assets", "List a brief's reference images.", _ASSET, pages=False
    ),
    ApiCommand(
        "assets",
        "add",
        "POST",
        "/briefs/{brief}/assets",
        "Hand in a reference image of a pack or a logo.",
        filters=("name",),
        body="upload",
        example="inlay assets add brf_... pack.png",
    ),
    ApiCommand("assets", "get", "GET", "/brand-assets/{asset}", "Write a reference image to a file.", file=True),
)

BIDS = (
    ApiCommand("bids", "list", "GET", "/bids", "List your side's bids.", _BID, ("brief_id", "status")),
    ApiCommand("bids", "of", "GET", "/briefs/{brief}/bids", "List the bids on a closed brief.", _BID, ("status",)),
    ApiCommand("bids", "count", "GET", "/briefs/{brief}/bids/count", "Tell how many bids a brief has."),
    ApiCommand(
        "bids",
        "commitments",
        "GET",
        "/briefs/{brief}/commitments",
        "List the commitments to a brief's offers.",
        _COMMITMENT,
    ),
    ApiCommand("bids", "show", "GET", "/bids/{bid}", "Show a bid.", summary=summaries.bid),
    ApiCommand(
        "bids",
        "place",
        "POST",
        "/briefs/{brief}/bids",
        "Place a bid.",
        body="file",
        summary=summaries.bid,
        example="inlay bids place brf_... --file bid.json",
    ),
    ApiCommand(
        "bids",
        "revise",
        "POST",
        "/bids/{bid}/revisions",
        "Put a new wording in place of a bid's last.",
        body="file",
        summary=summaries.bid,
    ),
    ApiCommand("bids", "revisions", "GET", "/bids/{bid}/revisions", "List the wordings of a bid.", _REVISION),
    ApiCommand("bids", "withdraw", "POST", "/bids/{bid}/withdraw", "Withdraw a bid.", summary=summaries.bid),
    ApiCommand(
        "bids",
        "confirm-brief",
        "POST",
        "/bids/{bid}/confirm-brief",
        "Stand by a bid after its brief has changed.",
        fields=("brief_version_id",),
        body="fields",
        summary=summaries.bid,
    ),
    ApiCommand(
        "bids",
        "step-back",
        "POST",
        "/bids/{bid}/step-back",
        "Step back from an accepted bid.",
        fields=("reason",),
        body="fields",
        summary=summaries.bid,
    ),
    ApiCommand("bids", "decline", "POST", "/bids/{bid}/decline", "Decline a bid.", summary=summaries.bid),
    ApiCommand("bids", "review", "POST", "/bids/{bid}/review", "Ask a person to look at a bid."),
    ApiCommand(
        "bids",
        "why",
        "GET",
        "/bids/{bid}/match",
        "Tell a bid's scores with every reason.",
        summary=summaries.match,
        waits=True,
    ),
    ApiCommand(
        "bids",
        "outcome",
        "GET",
        "/bids/{bid}/outcome",
        "Tell how your bid fared in the confirmed selection.",
        summary=summaries.sentence,
    ),
    ApiCommand("selections", "list", "GET", "/briefs/{brief}/selections", "List a brief's selections.", _SELECTION),
    ApiCommand(
        "selections",
        "show",
        "GET",
        "/selections/{selection}",
        "Show a selection with its reasons.",
        summary=summaries.selection,
    ),
    ApiCommand(
        "selections",
        "price",
        "GET",
        "/selections/{selection}/winning-prices/{bid}",
        "Tell at which price a bid that was left out would have been chosen.",
        summary=summaries.sentence,
    ),
    ApiCommand(
        "selections", "verify", "GET", "/selections/{selection}/verification", "Choose a set again and compare it."
    ),
)

CALLS = (*BRIEFS, *BIDS)
