"""The `inlay` command: what the API does, from the shell, and what runs the market."""

import click

from marketplace.cli import api_commands
from marketplace.cli.client import ApiClient
from marketplace.cli.lazy_group import LazyCommand, LazyGroup

COMMANDS = {
    "admin": LazyCommand("marketplace.cli.run:admin", "What only the machine's owner may do."),
    "calibrate": LazyCommand(
        "marketplace.cli.calibrate:calibrate", "Say how well the intrusiveness score foretells backlash."
    ),
    "chaos": LazyCommand(
        "marketplace.chaos.fault_run:chaos", "Break a market of its own on purpose and count what was lost or doubled."
    ),
    "check-video": LazyCommand(
        "marketplace.cli.check_video:check_video",
        "Measure where FILE shows, names and speaks of a brand, score it, and hold it against its plan.",
    ),
    "demo": LazyCommand(
        "marketplace.demo.command:demo",
        "Make a world of creators, agencies and brands and run the main job on it, on embedded servers.",
    ),
    "export": LazyCommand(
        "marketplace.cli.transfer:export_file", "Write your own channels to a file that any of the importers reads."
    ),
    "health": LazyCommand("marketplace.cli.run:health", "Say by the exit code whether a part does its work."),
    "import": LazyCommand(
        "marketplace.cli.transfer:import_file",
        "Hand in a FILE of channels (CSV, XLSX or JSON) and follow it row by row.",
    ),
    "labels": LazyCommand(
        "marketplace.cli.transfer:labels",
        "Write what people put right in checks of videos to a file of JSON lines, to learn from.",
    ),
    "migrate": LazyCommand("marketplace.cli.run:migrate", "Bring the database in DATABASE_URL to the newest schema."),
    "pictures": LazyCommand(
        "marketplace.cli.select_bids:pictures", "Draw a bid (price, peers, reach) or a selection as SVG files."
    ),
    "plan": LazyCommand(
        "marketplace.cli.suggest_plans:check_plan",
        "Score the placement plan in FILE (JSON as a bid carries it; - is standard input),"
        " and tell what would be better.",
    ),
    "price-index": LazyCommand(
        "marketplace.cli.market_prices:price_index",
        'Show settled over listed prices; "other" is what no finer row tells of.',
    ),
    "ranking": LazyCommand(
        "marketplace.cli.show_ranking:show_ranking", "Show a BRIEF's matches by rank, and how many are fresh."
    ),
    "ringer": LazyCommand("marketplace.cli.run:ringer", "Ring for due work: timers, lost rings, expired leases."),
    "select": LazyCommand(
        "marketplace.cli.select_bids:select",
        "Choose the best set of a closed BRIEF's bids, and tell why each other bid is out.",
    ),
    "suggestions": LazyCommand(
        "marketplace.cli.suggest_plans:suggestions",
        "Tell what a BID's plan asks of viewers before shooting, and plans as well noticed that ask less.",
    ),
    "up": LazyCommand(
        "marketplace.cli.run:up",
        "Start everything on the embedded servers (or on DATABASE_URL and REDIS_URL); Ctrl-C stops it all.",
    ),
    "upload": LazyCommand(
        "marketplace.cli.transfer:upload_video", "Hand in a video FILE of at most 200 MiB (MP4, MOV, WebM, Matroska)."
    ),
    "verify": LazyCommand("marketplace.cli.verify:verify", "Check what a market promises by hashes and arithmetic."),
    "web": LazyCommand("marketplace.cli.run:web", "Serve the API."),
    "what-if": LazyCommand(
        "marketplace.cli.select_bids:what_if",
        "Tell which set it would be for a closed BRIEF with other limits or another budget; nothing is stored.",
    ),
    "worker": LazyCommand("marketplace.cli.run:worker", "Do jobs."),
}


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option(
    "--url", envvar="INLAY_URL", default="http://127.0.0.1:8000", show_default=True, help="where the API is (INLAY_URL)"
)
@click.option(
    "--key", envvar="INLAY_KEY", default="", help="your API key (better as INLAY_KEY, which no process list shows)"
)
@click.option("--json", "as_json", is_flag=True, help="print answers as JSON")
@click.version_option(package_name="inlay")
@click.pass_context
def main(context: click.Context, url: str, key: str, as_json: bool) -> None:
    """Inlay, a marketplace for product placement in short video.

    Exit codes: 0 done, 1 refused, 2 wrong usage, 3 the server cannot be reached (of check-video: must be mended).
    """
    context.obj = ApiClient(url, key, as_json)


api_commands.add_to(main)

if __name__ == "__main__":
    main()
