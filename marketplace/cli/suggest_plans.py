"""Plans that disturb viewers less: of a bid, from the server, and of a plan in a file, without one."""

import json
import math
from collections.abc import Mapping
from typing import Any, TextIO

import click

from marketplace.cli.client import ApiClient, fail
from marketplace.cli.output import echo_json
from marketplace.intrusiveness import frontier, plan_score
from marketplace.intrusiveness.messages import between
from marketplace.intrusiveness.timeline import PlanError, Timeline, from_dict
from marketplace.matching.scoring.schemas import LANGUAGES

_language = click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True)


@click.command()
@click.argument("bid")
@click.option("--take", metavar="SUGGESTION", help="revise the bid to this one, sug_...")
@_language
@click.pass_obj
def suggestions(api: ApiClient, /, bid: str, take: str | None, language: str) -> None:
    """Tell what a BID's plan asks of viewers before shooting, and plans as well noticed that ask less."""
    if take is not None:
        found = api.call("POST", f"/bids/{bid}/suggestions/{take}/accept")
        if api.as_json:
            echo_json(found)
        else:
            click.echo(f"{found['id']} has its wording {found['revision_number']}; {found['revisions_left']} left")
        return
    found = api.call("GET", f"/bids/{bid}/suggestions")
    if api.as_json:
        echo_json(found)
        return
    for reason in found["before_shooting"]["reasons"]:
        click.echo(reason[language])
    _print(found["suggestions"], language)
    if found["suggestions"] and not found["can_accept"]:
        click.echo("\nThe bid takes no revision any more.")


@click.command("plan")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--fit", type=click.FloatRange(0, 1), help="how well the brief fits the channel; not known without it")
@click.option("--number", type=click.IntRange(1, frontier.POINTS_MAX), help="print this plan alone, as JSON for a bid")
@_language
@click.pass_obj
def check_plan(api: ApiClient, /, file: TextIO, fit: float | None, number: int | None, language: str) -> None:
    """Score the placement plan in FILE (JSON as a bid carries it; - is standard input), and tell what would be better.

    Needs no server.
    """
    made, suits = _read(file), math.nan if fit is None else fit
    found = frontier.as_dict(frontier.frontier(made, suits))
    points: Any = found["points"]
    if number is not None:
        if number > len(points):
            fail(f"there are {len(points)} better plans, and no number {number}.")
        echo_json(points[number - 1]["plan"])
        return
    score = plan_score.score_plan(made, suits)
    if api.as_json:
        echo_json({"plan": plan_score.as_dict(score), "frontier": found})
        return
    seen: Any = found["before"]
    click.echo(
        f"intrusiveness {between(score.low, score.high)} of 100 ({score.band}), "
        f"prominence {between(seen['prominence']['low'], seen['prominence']['high'])}"
    )
    for zh, en in [(one.zh, one.en) for one in score.vetoes] + [(one.zh, one.en) for one in score.reasons]:
        click.echo(f"- {zh if language == 'zh' else en}")
    _print(points, language)


def _read(file: TextIO) -> Timeline:
    try:
        return from_dict(json.load(file))
    except PlanError as error:
        fail("\n".join(f"{one.pointer or '/'}: {one.en}" for one in error.problems), 2)
    except (ValueError, RecursionError):
        fail(f"{file.name} is not JSON.", 2)


def _print(points: list[Mapping[str, Any]], language: str) -> None:
    if not points:
        click.echo("\nNo change that is worth asking for was found.")
    for place, point in enumerate(points, start=1):
        click.echo(f"\n{place}. {point[language]}" + (f" [{point['id']}]" if "id" in point else ""))
        for step in point["steps"]:
            click.echo(f"   {step[language]}")
