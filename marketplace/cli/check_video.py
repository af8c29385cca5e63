"""Checks a video file for a brand. Works without a server, but needs the `vision` extra."""

import importlib.util
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from marketplace.briefs.vocabulary import MARKETS
from marketplace.cli.client import EXIT_USAGE, ApiClient, fail, name_twice
from marketplace.cli.number_options import RealNumber
from marketplace.cli.output import echo_json
from marketplace.cli.shown.check_lines import of_result
from marketplace.core.estimate import NameTwice, unique_names
from marketplace.core.lazy_import import lazy_module
from marketplace.core.message import Bilingual
from marketplace.intrusiveness.messages import stamp
from marketplace.intrusiveness.timeline import PlanError, Timeline, from_dict
from marketplace.vision.scored_timeline import ScoringTerms

if TYPE_CHECKING:
    from marketplace.vision.pipeline import WantedBrand

PLAN_BYTES_MAX = 1_000_000


@click.command("check-video")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The video.")
@click.option("--brand", required=True, help="The brand's name as it is written.")
@click.option("--alias", "aliases", multiple=True, help="Another name: of a product, in the other script; repeatable.")
@click.option(
    "--refs",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of reference images (PNG, JPEG, WebP) of packs and logos.",
)
@click.option(
    "--market",
    "markets",
    type=click.Choice(MARKETS, case_sensitive=False),
    metavar="MARKET",
    multiple=True,
    help="A country that the video is for, as DE: its languages alone are listened for; repeatable.",
)
@click.option("--plan", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The placement plan, JSON.")
@click.option("--fit", type=RealNumber(0, 1), help="How well the brief fits the channel, 0..1.")
@click.option("--buying-link/--no-buying-link", default=None, help="Whether the video will carry a buying link.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Write result, timeline and keyframes.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="Where frames and models are kept.")
@click.pass_obj
def check_video(
    api: ApiClient,
    /,
    file: Path,
    brand: str,
    aliases: tuple[str, ...],
    refs: Path | None,
    markets: tuple[str, ...],
    plan: Path | None,
    fit: float | None,
    buying_link: bool | None,
    out: Path | None,
    cache: Path | None,
) -> None:
    """Measure where FILE shows and names a brand, and score it.

    Holds it against its plan where there is one, and listens for the names that are spoken.

    Exit code 0 where nothing forbids it, 3 where something must be mended whatever the score, 2 for bad input,
    1 where the machine is too busy to decode the video.
    """
    if importlib.util.find_spec("av") is None or importlib.util.find_spec("cv2") is None:
        fail(
            Bilingual(
                "检查视频需要 vision 组件：make vision，或 pip install 'inlay[vision]'。",
                "Checking videos needs the vision extra: make vision, or pip install 'inlay[vision]'.",
            ),
            EXIT_USAGE,
        )
    limits, local = _vision("decode.limits"), _vision("local_check")
    sought, terms = _brand(brand, aliases, refs, markets), _terms(plan, fit, buying_link)
    try:
        with _StepBars(api.language) as bars:
            local_check = local.run(file, sought, terms, cache or local.cache_root(), bars.show)
    except limits.MediaRefused as refused:
        at = "" if refused.at_s is None else f" ({stamp(refused.at_s)})"
        fail(Bilingual(f"{file}：{refused.refusal.zh}{at}", f"{file}: {refused.refusal.en}{at}"), EXIT_USAGE)
    except limits.MachineBusy as busy:
        fail(Bilingual(f"{file}：{busy.zh}", f"{file}: {busy.en}"))
    written = local.write(local_check, terms, out) if out is not None else []
    result = local_check.checked.result
    if api.as_json:
        echo_json(result)
    else:
        for line in of_result(result, api.language):
            click.echo(line)
        for path in written:
            click.echo(str(path))
    if any(veto["certain"] for veto in result["intrusiveness"]["vetoes"]):
        raise click.exceptions.Exit(3)


def _vision(module: str) -> Any:
    """Return a module of the vision extra, which may not be installed: only this command needs it."""
    return lazy_module(f"marketplace.vision.{module}")


def _brand(brand: str, aliases: tuple[str, ...], refs: Path | None, markets: tuple[str, ...]) -> "WantedBrand":
    references, words = _vision("marks.reference_images"), _vision("read.brand_words")
    names = tuple(dict.fromkeys((brand, *aliases)))
    for name in names:
        if not words.plain(name) or len(name) > words.NAME_MAX:
            fail(
                Bilingual(
                    f"名称须含文字且不超过 {words.NAME_MAX} 个字符：{name!r}。",
                    f"A name has letters and at most {words.NAME_MAX} characters: {name!r}.",
                ),
                EXIT_USAGE,
            )
    if len(names) > words.NAMES_MAX:
        fail(Bilingual(f"名称最多 {words.NAMES_MAX} 个。", f"At most {words.NAMES_MAX} names."), EXIT_USAGE)
    try:
        images = references.load_folder(refs) if refs is not None else []
    except references.BadReference as error:
        fail(error.said, EXIT_USAGE)
    brand_sought: WantedBrand = _vision("pipeline").WantedBrand(names, tuple(images), markets=markets)
    return brand_sought


def _terms(plan: Path | None, fit: float | None, buying_link: bool | None) -> ScoringTerms:
    return ScoringTerms(None if plan is None else read_plan(plan), math.nan if fit is None else fit, buying_link)


def read_plan(path: Path) -> Timeline:
    """Return the plan in a file. Ends the command with one line if the file holds none."""
    if path.stat().st_size > PLAN_BYTES_MAX:
        fail(
            Bilingual(f"{path} 超过 {PLAN_BYTES_MAX:,} 字节。", f"{path}: larger than {PLAN_BYTES_MAX:,} bytes."),
            EXIT_USAGE,
        )
    try:
        return from_dict(json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=unique_names))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        fail(Bilingual(f"{path} 不是 JSON。", f"{path}: not JSON."), EXIT_USAGE)
    except NameTwice as error:
        fail(name_twice(str(path), error), EXIT_USAGE)
    except PlanError as error:
        fail(plan_problems(str(path), error), EXIT_USAGE)


def plan_problems(place: str, error: PlanError) -> Bilingual:
    """Return everything that is wrong with a plan in one sentence, after where it stands."""
    zh = "；".join(f"{one.pointer or '/'} {one.zh}" for one in error.problems)
    return Bilingual(f"{place}：{zh}", f"{place}: {error}")


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
