"""Checks a video file for a brand. Works without a server, but needs the `vision` extra."""

import importlib.util
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from marketplace.cli.client import ApiClient, fail
from marketplace.cli.number_options import RealNumber
from marketplace.cli.output import echo_json
from marketplace.core.estimate import NameTwice, unique_names
from marketplace.core.lazy_import import lazy_module
from marketplace.intrusiveness.messages import BANDS, KINDS, number, stamp
from marketplace.intrusiveness.timeline import PlanError, Timeline, from_dict
from marketplace.vision.scored_timeline import ScoringTerms

if TYPE_CHECKING:
    from marketplace.vision.pipeline import WantedBrand

PLAN_BYTES_MAX = 1_000_000


@click.command("check-video")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--brand", required=True, help="the brand's name as it is written")
@click.option("--alias", "aliases", multiple=True, help="another name: of a product, in the other script; repeatable")
@click.option(
    "--refs",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="a folder of reference images (PNG, JPEG, WebP) of packs and logos",
)
@click.option("--plan", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="the placement plan, JSON")
@click.option("--fit", type=RealNumber(0, 1), help="how well the brief fits the channel, 0..1")
@click.option("--buying-link/--no-buying-link", default=None, help="whether the video will carry a buying link")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="write result, timeline and keyframes")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="where frames and models are kept")
@click.option("--language", type=click.Choice(["zh", "en"]), default="en", show_default=True)
@click.pass_obj
def check_video(
    api: ApiClient,
    /,
    file: Path,
    brand: str,
    aliases: tuple[str, ...],
    refs: Path | None,
    plan: Path | None,
    fit: float | None,
    buying_link: bool | None,
    out: Path | None,
    cache: Path | None,
    language: str,
) -> None:
    """Measure where FILE shows, names and speaks of a brand, score it, and hold it against its plan.

    Exit code 0 where nothing forbids it, 3 where something must be mended whatever the score, 2 for bad input,
    1 where the machine is too busy to decode the video.
    """
    if importlib.util.find_spec("av") is None or importlib.util.find_spec("cv2") is None:
        fail("checking videos needs the vision extra: make vision, or pip install 'inlay[vision]'.", 2)
    limits, local = _vision("decode.limits"), _vision("local_check")
    sought, terms = _brand(brand, aliases, refs), _terms(plan, fit, buying_link)
    try:
        with _StepBars(language) as bars:
            local_check = local.run(file, sought, terms, cache or local.cache_root(), bars.show)
    except limits.MediaRefused as refused:
        at = "" if refused.at_s is None else f" ({stamp(refused.at_s)})"
        fail(f"{file}: {refused.refusal.zh if language == 'zh' else refused.refusal.en}{at}", 2)
    except limits.MachineBusy as busy:
        fail(f"{file}: {busy.zh if language == 'zh' else busy.en}", 1)
    written = local.write(local_check, terms, out) if out is not None else []
    result = local_check.checked.result
    if api.as_json:
        echo_json(result)
    else:
        _print(result, language)
        for path in written:
            click.echo(str(path))
    if any(veto["certain"] for veto in result["intrusiveness"]["vetoes"]):
        raise click.exceptions.Exit(3)


def _vision(module: str) -> Any:
    """Return a module of the vision extra, which may not be installed: only this command needs it."""
    return lazy_module(f"marketplace.vision.{module}")


def _brand(brand: str, aliases: tuple[str, ...], refs: Path | None) -> "WantedBrand":
    references, words = _vision("see.reference_images"), _vision("read.brand_words")
    names = tuple(dict.fromkeys((brand, *aliases)))
    for name in names:
        if not words.plain(name) or len(name) > words.NAME_MAX:
            fail(f"a name has letters and at most {words.NAME_MAX} characters: {name!r}.", 2)
    if len(names) > words.NAMES_MAX:
        fail(f"at most {words.NAMES_MAX} names.", 2)
    try:
        images = references.load_folder(refs) if refs is not None else []
    except references.BadReference as error:
        fail(str(error), 2)
    brand_sought: WantedBrand = _vision("pipeline").WantedBrand(names, tuple(images))
    return brand_sought


def _terms(plan: Path | None, fit: float | None, buying_link: bool | None) -> ScoringTerms:
    return ScoringTerms(None if plan is None else read_plan(plan), math.nan if fit is None else fit, buying_link)


def read_plan(path: Path) -> Timeline:
    """Return the plan in a file. Ends the command with one line if the file holds none."""
    if path.stat().st_size > PLAN_BYTES_MAX:
        fail(f"{path}: larger than {PLAN_BYTES_MAX:,} bytes.", 2)
    try:
        return from_dict(json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=unique_names))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        fail(f"{path}: not JSON.", 2)
    except NameTwice as error:
        fail(f"{path}: {error}.", 2)
    except PlanError as error:
        fail(f"{path}: {error}", 2)


class _StepBars:
    """One bar a step, on standard error."""

    def __init__(self, language: str) -> None:
        steps = _vision("pipeline").BY_NAME
        zh = language == "zh"
        self._names = {"decode": "解码" if zh else "decoding"} | {
            name: step.zh if zh else step.en for name, step in steps.items()
        }
        self._shown = Progress(
            TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=Console(stderr=True)
        )
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> "_StepBars":
        self._shown.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.stop()

    def show(self, stage: str, done: int, total: int) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._shown.add_task(self._names[stage], total=total)
        self._shown.update(self._tasks[stage], completed=done, total=total)


def _print(result: dict[str, Any], language: str) -> None:
    score, zh = result["intrusiveness"], language == "zh"
    points, prominence = number(score["score"]["point"]), number(score["prominence"]["point"])
    click.echo(
        f"侵扰度 {points}（满分 100，{BANDS[score['band']][0]}），显著度 {prominence}（满分 100）"
        if zh
        else f"intrusiveness {points} of 100 ({score['band']}), prominence {prominence} of 100"
    )
    for one in score["vetoes"]:
        must = ("必须修改：" if zh else "must be mended: ") if one["certain"] else ""
        may = "可能需要修改：" if zh else "may have to be mended: "
        click.echo(f"{must or may}{one[language]}")
    parts = {one["index"]: one for one in score["exposures"]}
    for at, (one, shown) in enumerate(zip(result["timeline"]["exposures"], result["evidence"], strict=True), 1):
        part = parts.get(at - 1, {"alone": 0.0, "marginal": 0.0})
        click.echo(f"{at:3}. {_exposure(one, shown['name'], part, zh)}")
    for one in result["disclosures"]:
        seconds = f"{one['start_s']:.2f}–{one['end_s']:.2f}"
        by = {"screen": "画面", "speech": "口播"}[one["by"]]
        click.echo(
            f"     广告标识 {seconds} 秒（{by}）：{one['text']}"
            if zh
            else f"     disclosed {seconds} s on {one['by']}: {one['text']}"
        )
    for one in score["reasons"]:
        click.echo(f"- {one[language]}")
        if one["what_if"] is not None:
            click.echo(f"    {one['what_if'][language]}")
    if result["plan"] is not None:
        click.echo(result["plan"][language])
        for row in result["plan"]["rows"]:
            click.echo(f"{'+' if row['kept'] else '!'} {row[language]}")
    for one in result["not_seen"]:
        click.echo(f"({one[language]})")


def _exposure(exposure: dict[str, Any], name: str, part: dict[str, Any], zh: bool) -> str:
    """Return a line on an exposure: when, what, how large, and its points."""
    when = f"{exposure['start_s']:7.2f} –{exposure['start_s'] + exposure['seconds']:7.2f}"
    share = f"{100 * exposure['area_share']:.2g}%"
    alone, adds = number(part["alone"]), number(part["marginal"])
    if zh:
        size = "" if exposure["kind"] == "speech" else f"，占画面 {share}"
        return f"{when} 秒  {KINDS[exposure['kind']][0]}  {name}{size}，单独计 {alone} 分，去掉它少 {adds} 分"
    size = "" if exposure["kind"] == "speech" else f", {share} of the picture"
    return f"{when} s  {exposure['kind']:8} {name}{size}, {alone} points alone, {adds} of the whole"
