"""The `inlay` command: what the API does, from the shell, and what runs the market."""

import click

from marketplace.cli.calls import api_commands
from marketplace.cli.client import EXIT_USAGE, ApiClient, fail
from marketplace.cli.help_formatter import speak_help
from marketplace.cli.language import root_option
from marketplace.cli.lazy_group import LazyCommand, LazyGroup
from marketplace.core.message import Bilingual, Language

COMMANDS = {
    "admin": LazyCommand("marketplace.cli.run:admin", "Do what only the machine's owner may do."),
    "backup": LazyCommand("marketplace.backups.commands:backup", "Back up a running market into FOLDER."),
    "calibrate": LazyCommand(
        "marketplace.cli.calibrate:calibrate", "Say how well the intrusiveness score foretells backlash."
    ),
    "chaos": LazyCommand("marketplace.chaos.fault_run:chaos", "Break a market on purpose, and count what was lost."),
    "check-video": LazyCommand(
        "marketplace.cli.check_video:check_video", "Measure where FILE shows and names a brand, and score it."
    ),
    "completion": LazyCommand("marketplace.cli.completion:completion", "Print what completes commands in a SHELL."),
    "demo": LazyCommand("marketplace.demo.command:demo", "Make a small world, and run the main job on it."),
    "export": LazyCommand(
        "marketplace.cli.transfer:export_file", "Write your own channels to a file that can be imported."
    ),
    "health": LazyCommand("marketplace.cli.run:health", "Say by the exit code whether a part does its work."),
    "import": LazyCommand("marketplace.cli.transfer:import_file", "Hand in a FILE of channels (CSV, XLSX or JSON)."),
    "inbox": LazyCommand(
        "marketplace.cli.calls.inbox_call:inbox", "Show what waits for you: by when, and what silence does."
    ),
    "labels": LazyCommand("marketplace.cli.transfer:labels", "Write what people corrected in checks, to learn from."),
    "mail": LazyCommand("marketplace.cli.account.mail_folder:mail", "Read the mail that was written into a folder."),
    "migrate": LazyCommand("marketplace.cli.run:migrate", "Bring the database in DATABASE_URL to the newest schema."),
    "pictures": LazyCommand(
        "marketplace.cli.pictures:pictures", "Draw a bid, a selection or a check of a video into a folder."
    ),
    "plan": LazyCommand(
        "marketplace.cli.suggest_plans:check_plan", "Score the placement plan in FILE, and improve it."
    ),
    "price-index": LazyCommand(
        "marketplace.cli.market_prices:price_index", "Show settled over listed prices; it needs no key."
    ),
    "ranking": LazyCommand(
        "marketplace.cli.show_ranking:show_ranking", "Rank the bids on a BRIEF, as they were known at its close."
    ),
    "restore": LazyCommand("marketplace.backups.commands:restore", "Restore one backup from FOLDER, and check it."),
    "ringer": LazyCommand("marketplace.cli.run:ringer", "Ring for due work: timers, lost rings, expired leases."),
    "select": LazyCommand("marketplace.cli.select_bids:select", "Choose the best set of a closed BRIEF's bids."),
    "sign-in": LazyCommand("marketplace.cli.account.sign_in:sign_in", "Sign in at this market."),
    "sign-out": LazyCommand("marketplace.cli.account.sign_in:sign_out", "End the session that was kept at sign-in."),
    "sign-up": LazyCommand(
        "marketplace.cli.account.sign_in:sign_up", "Make an account and the party that it acts for."
    ),
    "suggestions": LazyCommand(
        "marketplace.cli.suggest_plans:suggestions", "Suggest plans for a BID that ask less of viewers."
    ),
    "up": LazyCommand("marketplace.cli.run:up", "Start a whole market here; Ctrl-C stops it all."),
    "upload": LazyCommand(
        "marketplace.cli.video_upload:upload_video", "Hand in a video FILE (MP4, MOV, WebM, Matroska)."
    ),
    "verify": LazyCommand(
        "marketplace.cli.verifying.verify:verify", "Check what a market promises by hashes and arithmetic."
    ),
    "web": LazyCommand("marketplace.cli.run:web", "Serve the API."),
    "what-if": LazyCommand(
        "marketplace.cli.select_bids:what_if", "Try another budget or other limits; nothing is stored."
    ),
    "worker": LazyCommand("marketplace.cli.run:worker", "Do jobs."),
}


# What the help lists under which heading; every command is in one of them.
SECTIONS = {
    "Market": (
        "briefs", "assets", "bids", "ranking", "select", "what-if", "selections", "pictures", "suggestions",
        "plan", "channels", "import", "imports", "export", "snapshots", "readings", "pacing", "exclusivity", "overlaps",
        "verify",
    ),
    "People": (
        "sign-up", "sign-in", "sign-out", "passwords", "sessions", "me", "parties", "members", "invites",
        "creators", "mandates", "keys", "claims", "transfers", "reviews", "people",
    ),
    "Video": ("upload", "videos", "video-checks", "check-video", "labels"),
    "Deals": ("inbox", "deals", "deliverables", "series", "disputes"),
    "Money": ("price-index", "deal-prices", "payments", "receipts", "payouts", "claw-backs", "accounts"),
    "Operate": (
        "up", "demo", "admin", "backup", "restore", "web", "worker", "ringer", "migrate", "health", "mail", "jobs",
        "events", "calibrate", "chaos", "completion",
    ),
}  # fmt: skip


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    sections=SECTIONS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option(
    "--url",
    envvar="INLAY_URL",
    default="http://127.0.0.1:8000",
    show_default=True,
    help="Where the API is (INLAY_URL).",
)
@click.option(
    "--key", envvar="INLAY_KEY", default="", help="Your API key (better as INLAY_KEY, which no process list shows)."
)
@click.option("--json", "as_json", is_flag=True, help="Print answers as JSON; may stand anywhere on the line.")
@click.version_option(package_name="inlay", help="Print the version and exit.")
@click.pass_context
def main(context: click.Context, url: str, key: str, as_json: bool, language: Language) -> None:
    """Inlay, a marketplace for product placement in short video.

    Exit codes: 0 done, 1 refused, 2 wrong usage, 3 the server cannot be reached (of check-video: must be mended).
    """
    context.obj = ApiClient(url, key, as_json, language)
    if not url.startswith(("http://", "https://")):
        said = f"{url!r:.60}"
        fail(
            Bilingual(f"{said} 不是地址，应以 http:// 开头。", f"{said} is no address; it begins with http://."),
            EXIT_USAGE,
        )


main.params.insert(3, root_option())
speak_help()
for group in api_commands.groups():
    main.add_command(group)

if __name__ == "__main__":
    main()
