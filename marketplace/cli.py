"""The `inlay` command: what the API does, from the shell, and what runs the market."""

import click

from marketplace.commands import (
    calibrating,
    checking,
    mirror,
    prices,
    ranking,
    recomputing,
    run,
    selecting,
    suggesting,
    transfer,
    verify,
)
from marketplace.commands.client import Api
from marketplace.demo.chaos import chaos
from marketplace.demo.command import demo


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
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
    context.obj = Api(url, key, as_json)


mirror.add_to(main)
ROOMS = (run, transfer, ranking, prices, selecting, suggesting, verify, recomputing, calibrating, checking)
for command in (command for room in ROOMS for command in room.COMMANDS):
    main.add_command(command)
main.add_command(demo)
main.add_command(chaos)

if __name__ == "__main__":
    main()
