"""Decides on many reviews of one kind with one reason."""

from collections import Counter
from typing import Any

import click

from marketplace.cli.calls.id_arguments import IdArgument
from marketplace.cli.calls.people_calls import REVIEW
from marketplace.cli.client import ApiClient
from marketplace.cli.output import echo_json, table
from marketplace.cli.shown.summaries import in_words, state
from marketplace.core.words.state_names import move_name

BATCH = 200  # as many as the API takes at once
MOST = 10_000


@click.command("decide")
@click.option("--risk", "risks", multiple=True, required=True, help="Reviews that only this risk asks for; repeatable.")
@click.option("--verdict", type=click.Choice(("approve", "hold", "reject")), required=True, help="What is decided.")
@click.option("--reason", required=True, help="Both sides read it if you hold or reject.")
@click.option("--about-id", type=IdArgument("brief"), metavar="BRIEF", help="Only the bids of this brief.")
@click.option("--status", type=click.Choice(("open", "held", "second", "deferred")), help="Only these.")
@click.option("--yes", is_flag=True, help="Do not ask before deciding.")
@click.pass_obj
def decide(
    api: ApiClient,
    /,
    risks: tuple[str, ...],
    verdict: str,
    reason: str,
    about_id: str | None,
    status: str | None,
    yes: bool,
) -> None:
    """Decide on all reviews that a risk asks for.

    A review that any other risk asks for is left for somebody to look at. Where two must agree, each still waits for a
    second person, who can do the same.
    """
    waiting = api.every("/reviews", {"about_id": about_id, "status": status}, MOST)
    chosen = [review for review in waiting if _asking(review) and _asking(review) <= set(risks)]
    if not api.as_json:
        table(chosen, REVIEW)
    if not chosen:
        return
    if not yes:
        move = move_name(verdict)
        question = in_words(f"{move.zh}这 {len(chosen)} 条审核？", f"{move.en.capitalize()} {len(chosen)} reviews?")
        click.confirm(question, abort=True, err=True)
    decided: list[dict[str, Any]] = []
    for start in range(0, len(chosen), BATCH):
        seen = [{name: one[name] for name in ("id", "seen_fingerprint")} for one in chosen[start : start + BATCH]]
        body = {"verdict": verdict, "reason": reason, "reviews": seen}
        decided += api.call("POST", "/reviews/decisions", body)["data"]
    if api.as_json:
        echo_json(decided)
    else:
        counts = Counter(one["status"] for one in decided)
        click.echo(", ".join(f"{count} {state(name)}" for name, count in sorted(counts.items())))


def _asking(review: dict[str, Any]) -> set[str]:
    """Return the codes of the risks that a person is needed for."""
    return {risk["code"] for risk in review["risks"] if risk["asks"]}
