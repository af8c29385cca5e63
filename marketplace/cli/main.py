"""The `inlay` command: what the API does, from the shell, and what runs the market."""

import click

from marketplace.cli import api_commands
from marketplace.cli.client import ApiClient
from marketplace.cli.lazy_group import LazyGroup

COMMANDS = {
    "admin": "commands.run:admin",
    "calibrate": "commands.calibrating:calibrate",
    "chaos": "demo.chaos:chaos",
    "check-video": "commands.checking:check_video",
    "demo": "demo.command:demo",
    "export": "commands.transfer:export_file",
    "health": "commands.run:health",
    "import": "commands.transfer:import_file",
    "labels": "commands.transfer:labels",
    "migrate": "commands.run:migrate",
    "pictures": "commands.selecting:pictures",
    "plan": "commands.suggesting:check_plan",
    "price-index": "commands.prices:price_index",
    "ranking": "commands.ranking:show_ranking",
    "ringer": "commands.run:ringer",
    "select": "commands.selecting:select",
    "suggestions": "commands.suggesting:suggestions",
    "up": "commands.run:up",
    "upload": "commands.transfer:upload_video",
    "verify": "commands.verify:verify",
    "web": "commands.run:web",
    "what-if": "commands.selecting:what_if",
    "worker": "commands.run:worker",
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
