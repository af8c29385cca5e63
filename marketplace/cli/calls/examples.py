"""Commands that print a document to begin with."""

import click

from marketplace.bids.example_bid import example_bid
from marketplace.briefs.example_brief import example_brief
from marketplace.cli.output import echo_json
from marketplace.core.clock import now


@click.command("example", epilog="Example:\n\n  inlay briefs example > brief.json")
def brief() -> None:
    """Print a brief to begin with."""
    echo_json(example_brief(now().date()))


@click.command("example", epilog="Example:\n\n  inlay bids example > bid.json")
def bid() -> None:
    """Print a bid to begin with."""
    echo_json(example_bid(now().date()))
