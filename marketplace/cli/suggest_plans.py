"""Plans that disturb viewers less: of a bid, from the server, and of a plan in a file, without one."""

import json
import math
from collections.abc import Mapping
from typing import Any, TextIO

import click

from marketplace.cli.client import ApiClient, fail
from marketplace.cli.number_options import RealNumber, WholeNumber
from marketplace.cli.output import echo_json
from marketplace.core.estimate import NameTwice, unique_names
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
        answer = api.call("POST", f"/bids/{bid}/suggestions/{take}/accept")
        if api.as_json:
            echo_json(answer)
        else:
            click.echo(f"{answer['id']} has its wording {answer['revision_number']}; {answer['revisions_left']} left")
        return
    answer = api.call("GET", f"/bids/{bid}/suggestions")
    if api.as_json:
        echo_json(answer)
        return
    for reason in answer["before_shooting"]["reasons"]:
        click.echo(reason[language])
    _print(answer["suggestions"], language)
    if answer["suggestions"] and not answer["can_accept"]:
        click.echo("\nThe bid takes no revision any more.")


@click.command("plan")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--fit", type=RealNumber(0, 1), help="how well the brief fits the channel; not known without it")
@click.option("--number", type=WholeNumber(1, frontier.POINTS_MAX), help="print this plan alone, as JSON for a bid")
@_language
@click.pass_obj
def check_plan(api: ApiClient, /, file: TextIO, fit: float | None, number: int | None, language: str) -> None:
    """Score the placement plan in FILE (JSON as a bid carries it; - is standard input), and tell what would be better.

    Needs no server.
    """
    plan, known_fit = _read(file), math.nan if fit is None else fit
    result = frontier.as_dict(frontier.frontier(plan, known_fit))
    points: Any = result["points"]
    if number is not None:
        if number > len(points):
            fail(f"there are {len(points)} better plans, and no number {number}.")
        echo_json(points[number - 1]["plan"])
        return
    score = plan_score.score_plan(plan, known_fit)
    if api.as_json:
        echo_json({"plan": plan_score.as_dict(score), "frontier": result})
        return
    before: Any = result["before"]
    click.echo(
        f"intrusiveness {between(score.low, score.high)} of 100 ({score.band}), "
        f"prominence {between(before['prominence']['low'], before['prominence']['high'])}"
    )
    for message in (*score.vetoes, *score.reasons):
        click.echo(f"- {message.zh if language == 'zh' else message.en}")
    _print(points, language)


def _read(file: TextIO) -> Timeline:
    try:
        return from_dict(json.load(file, object_pairs_hook=unique_names))
    except PlanError as error:
        fail("\n".join(f"{problem.pointer or '/'}: {problem.en}" for problem in error.problems), 2)
    except NameTwice as error:
        fail(f"{file.name}: {error}.", 2)
    except (ValueError, RecursionError):
        fail(f"{file.name} is not JSON.", 2)


def _print(points: list[Mapping[str, Any]], language: str) -> None:
    if not points:
        click.echo("\nNo change that is worth asking for was found.")
    for rank, point in enumerate(points, start=1):
        click.echo(f"\n{rank}. {point[language]}" + (f" [{point['id']}]" if "id" in point else ""))
        for step in point["steps"]:
            click.echo(f"   {step[language]}")
