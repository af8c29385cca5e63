"""The `inlay` command: what the API does, from the shell, and what runs the market."""

import click

from marketplace.cli import api_commands
from marketplace.cli.client import ApiClient
from marketplace.cli.lazy_group import LazyGroup

COMMANDS = {
    "admin": "cli.run:admin",
    "calibrate": "cli.calibrate:calibrate",
    "chaos": "chaos.fault_run:chaos",
    "check-video": "cli.check_video:check_video",
    "demo": "demo.command:demo",
    "export": "cli.transfer:export_file",
    "health": "cli.run:health",
    "import": "cli.transfer:import_file",
    "labels": "cli.transfer:labels",
    "migrate": "cli.run:migrate",
    "pictures": "cli.select_bids:pictures",
    "plan": "cli.suggest_plans:check_plan",
    "price-index": "cli.market_prices:price_index",
    "ranking": "cli.show_ranking:show_ranking",
    "ringer": "cli.run:ringer",
    "select": "cli.select_bids:select",
    "suggestions": "cli.suggest_plans:suggestions",
    "up": "cli.run:up",
    "upload": "cli.transfer:upload_video",
    "verify": "cli.verify:verify",
    "web": "cli.run:web",
    "what-if": "cli.select_bids:what_if",
    "worker": "cli.run:worker",
}


@click.group(
    cls=LazyGroup,
    lazy={name: f"marketplace.{where}" for name, where in COMMANDS.items()},
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
