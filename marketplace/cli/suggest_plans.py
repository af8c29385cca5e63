"""Plans that disturb viewers less: of a bid, from the server, and of a plan in a file, without one."""

import json
import math
from collections.abc import Mapping
from typing import Any, TextIO

import click
import numpy as np

from marketplace.cli.calls.id_arguments import IdArgument
from marketplace.cli.client import EXIT_USAGE, ApiClient, fail, name_twice
from marketplace.cli.number_options import RealNumber, WholeNumber
from marketplace.cli.output import echo_json, told
from marketplace.cli.shown.summaries import in_words
from marketplace.core.estimate import NameTwice, unique_names
from marketplace.core.message import Bilingual
from marketplace.intrusiveness import backlash, frontier, plan_score
from marketplace.intrusiveness.backlash import ShownBacklash
from marketplace.intrusiveness.constants import RECENT
from marketplace.intrusiveness.messages import BANDS, between
from marketplace.intrusiveness.notice import MODEL_VERSION as NOTICE_VERSION
from marketplace.intrusiveness.notice import notice_share, share_dict
from marketplace.intrusiveness.plan_score import PlanScore
from marketplace.intrusiveness.timeline import PlanError, Timeline, from_dict
from marketplace.matching.audience import channel_tags
from marketplace.matching.scoring.suggestions.messages import KEEPS
from marketplace.matching.scoring.suggestions.plan_suggestions import keeps


@click.command()
@click.argument("bid", type=IdArgument("bid"), help="A bid's id, bid_...")
@click.option("--take", type=IdArgument("suggestion"), metavar="SUGGESTION", help="Revise the bid to this one, sug_...")
@click.pass_obj
def suggestions(api: ApiClient, /, bid: str, take: str | None) -> None:
    """Suggest plans for a BID that ask less of viewers.

    They are as well noticed. Tells first what the plan asks of viewers before shooting.
    """
    if take is not None:
        answer = api.call("POST", f"/bids/{bid}/suggestions/{take}/accept")
        if api.as_json:
            echo_json(answer)
        else:
            number, left = answer["revision_number"], answer["revisions_left"]
            click.echo(
                in_words(
                    f"{answer['id']} 已改为第 {number} 版，还可修改 {left} 次",
                    f"{answer['id']} has its wording {number}; {left} left",
                )
            )
        return
    answer = api.call("GET", f"/bids/{bid}/suggestions")
    if api.as_json:
        echo_json(answer)
        return
    for reason in answer["before_shooting"]["reasons"]:
        click.echo(told(reason))
    _print(answer["suggestions"], api.language)
    if answer["suggestions"] and not answer["can_accept"]:
        click.echo(in_words("\n该报价不能再修改。", "\nThe bid takes no revision any more."))


@click.command("plan")
@click.argument("file", type=click.File("r", encoding="utf-8-sig"), help="The plan, as JSON.")
@click.option("--fit", type=RealNumber(0, 1), help="How well the brief fits the channel; not known without it.")
@click.option("--tolerance", type=RealNumber(0, 100), help="The most that the brief allows.")
@click.option("--buying-link/--no-buying-link", default=None, help="Whether the video carries one.")
@click.option("--disclosed/--undisclosed", default=None, help="Whether it says that it is an advertisement.")
@click.option("--for-children", is_flag=True, help="The channel's viewers are mostly under 18.")
@click.option("--vertical", type=click.Choice(channel_tags.VERTICALS), help="What the channel is about.")
@click.option("--sponsored", type=WholeNumber(0, 9), help="Of its last nine videos, how many were sponsored.")
@click.option(
    "--past", type=RealNumber(0.01, 100), multiple=True, help="Views of a past sponsored video over the usual (repeat)."
)
@click.option("--number", type=WholeNumber(1, frontier.POINTS_MAX), help="Print this plan alone, as JSON for a bid.")
@click.pass_obj
def check_plan(
    api: ApiClient,
    /,
    file: TextIO,
    fit: float | None,
    tolerance: float | None,
    buying_link: bool | None,
    disclosed: bool | None,
    for_children: bool,
    vertical: str | None,
    sponsored: int | None,
    past: tuple[float, ...],
    number: int | None,
) -> None:
    """Score the placement plan in FILE, and improve it.

    FILE is JSON as a bid carries it; - is standard input. Needs no server.
    """
    plan, known_fit = _read(file), math.nan if fit is None else fit
    found = frontier.frontier(plan, known_fit)
    result = frontier.as_dict(found)
    points: Any = result["points"]
    if number is not None:
        if number > len(points):
            fail(
                Bilingual(
                    f"更好的方案有 {len(points)} 个，没有第 {number} 个。",
                    f"There are {len(points)} better plans, and no number {number}.",
                )
            )
        echo_json(points[number - 1]["plan"])
        return
    noticing = share_dict(notice_share(plan))
    score = plan_score.score_plan(
        plan, known_fit, buying_link=buying_link, disclosed=disclosed, for_children=for_children
    )
    chance = _chance(score, vertical or "", sponsored or 0, past)
    kept = None if tolerance is None else keeps(found.before, tolerance)
    if tolerance is not None:
        for point, option in zip(points, found.points, strict=True):
            point["keeps_tolerance"] = keeps(option.standing, tolerance)
    if api.as_json:
        told = {
            "plan": plan_score.as_dict(score),
            "noticing": noticing | {"model_version": NOTICE_VERSION},
            "frontier": result,
            "backlash": chance._asdict(),
        }
        echo_json(told | ({} if kept is None else {"keeps_tolerance": kept}))
        return
    _print_score(score, found.before.prominence, noticing, api.language)
    chinese = api.language == "zh"
    if kept is not None:
        words = KEEPS[kept][not chinese]
        click.echo(f"{words}上限 {tolerance:g}" if chinese else f"{words} the tolerance of {tolerance:g}")
    click.echo(chance.zh if chinese else chance.en)
    for message in (*score.vetoes, *score.reasons):
        click.echo(f"- {message.zh if chinese else message.en}")
    _print(points, api.language)


def _print_score(
    score: PlanScore, prominence: tuple[float, float], noticing: Mapping[str, float], language: str
) -> None:
    chinese = language == "zh"
    ends = between(score.low, score.high), between(*prominence)
    click.echo(
        f"侵扰度 {ends[0]}（0–100，{BANDS[score.band].zh}），显著度 {ends[1]}"
        if chinese
        else f"intrusiveness {ends[0]} of 100 ({BANDS[score.band].en}), prominence {ends[1]}"
    )
    click.echo(_noticing_line(noticing, chinese))


def _chance(score: PlanScore, vertical: str, sponsored: int, past: tuple[float, ...]) -> ShownBacklash:
    """Return the chance of a backlash for a channel of which no more than this is known."""
    unknown, share = np.array([math.nan]), sponsored / (RECENT - 1)
    viewers = backlash.after_past(backlash.usual_tolerance([vertical], unknown, unknown), past, share)
    with_this = backlash.share_with_this(np.array([share]))
    chances = backlash.chances(np.array([score.low]), np.array([score.high]), with_this, viewers)
    middle, low, high, unsponsored = chances.columns()[0].tolist()
    return backlash.shown(
        (middle, low, high, unsponsored),
        sponsored_videos=len(past),
        market=False,
        viewers_came_for=backlash.came_for(vertical),
    )


def _noticing_line(share: Mapping[str, float], chinese: bool) -> str:
    middle, low, high = (f"{100 * share[end]:.1f}" for end in ("point", "low", "high"))
    if chinese:
        return f"注意率 {middle}%（80% 区间 {low}–{high}%）：方案确定的部分，预计这么多观众会注意到品牌"
    return f"noticing {middle} % (80 %: {low}-{high} %): so many of the viewers notice what the plan is sure of"


def _read(file: TextIO) -> Timeline:
    try:
        return from_dict(json.load(file, object_pairs_hook=unique_names))
    except PlanError as error:
        problems = [
            Bilingual(f"{one.pointer or '/'}：{one.zh}", f"{one.pointer or '/'}: {one.en}") for one in error.problems
        ]
        fail(Bilingual("\n".join(one.zh for one in problems), "\n".join(one.en for one in problems)), EXIT_USAGE)
    except NameTwice as error:
        fail(name_twice(file.name, error), EXIT_USAGE)
    except (ValueError, RecursionError):
        fail(Bilingual(f"{file.name} 不是 JSON。", f"{file.name} is not JSON."), EXIT_USAGE)


def _print(points: list[Mapping[str, Any]], language: str) -> None:
    chinese = language == "zh"
    if not points:
        click.echo("\n没有值得提出的修改。" if chinese else "\nNo change that is worth asking for was found.")
    for rank, point in enumerate(points, start=1):
        kept = KEEPS[point["keeps_tolerance"]][not chinese] if "keeps_tolerance" in point else ""
        fits = f"（{kept}上限）" if chinese and kept else f" ({kept} the tolerance)" if kept else ""
        click.echo(f"\n{rank}. {point[language]}{fits}" + (f" [{point['id']}]" if "id" in point else ""))
        click.echo(f"   {_noticing_line(point['noticing'], chinese)}")
        for step in point["steps"]:
            click.echo(f"   {step[language]}")
