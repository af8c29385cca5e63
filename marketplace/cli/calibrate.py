"""Compares the intrusiveness score with outcomes in a file. Works without a server."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np

from marketplace.cli.check_video import plan_problems
from marketplace.cli.client import EXIT_USAGE, ApiClient, fail, name_twice
from marketplace.cli.output import Column, echo_json, table
from marketplace.cli.shown.summaries import in_words
from marketplace.core.estimate import NameTwice, unique_names
from marketplace.core.message import Bilingual
from marketplace.intrusiveness import calibration, constants, factors
from marketplace.intrusiveness.calibration import BAND_CHANCES, OutcomeRows, ScoreCalibration, TooFewRows
from marketplace.intrusiveness.timeline import PlanError, from_dict

LINE_MAX = 2_000_000
COLUMNS = (
    Column("by", "by"),
    Column("AUC", "auc"),
    Column("Brier", "brier"),
    Column("calibration error", "calibration_error"),
)


@click.command()
@click.argument("rows", type=click.File("r", encoding="utf-8-sig"), help="The file of rows; - is standard input.")
@click.option(
    "--weights", type=click.Path(dir_okay=False, path_type=Path), help="Write fitted weights, where the rows bear them."
)
@click.pass_obj
def calibrate(api: ApiClient, /, rows: Iterable[str], weights: Path | None) -> None:
    """Say how well the intrusiveness score foretells backlash.

    ROWS is JSON lines, one published video each: {"creator": "...", "timeline": {...}, "fit": 0.4, "backlash": true}; -
    is standard input. Figures are of creators that were held out. Weights are written only where the evidence bears it.
    """
    try:
        result = calibration.calibrate(_read(rows))
    except TooFewRows as error:
        fail(error.said)
    if api.as_json:
        echo_json(asdict(result))
    else:
        _print(result, api.language)
    if weights is None:
        return
    if result.decision != "weights":
        fail(Bilingual(f"没有写出权重：{result.why_zh}", f"No weights were written: {result.why_en}"))
    fitted = {
        name: asdict(result)[name] for name in ("version", "rows", "events", "creators", "weights", "steps", "bands")
    }
    weights.write_text(json.dumps(fitted, indent=1), encoding="utf-8")


def _read(lines: Iterable[str]) -> OutcomeRows:
    parsed = list(_rows(lines))
    creators = {name: number for number, name in enumerate(sorted({name for name, _, _ in parsed}))}
    return OutcomeRows(
        np.array([relieved for _, relieved, _ in parsed], dtype=np.float64).reshape(len(parsed), len(constants.CODES)),
        np.array([creators[name] for name, _, _ in parsed], dtype=np.int64),
        np.array([backlash for _, _, backlash in parsed], dtype=np.bool_),
    )


def _rows(lines: Iterable[str]) -> Iterator[tuple[str, list[float], bool]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if len(line) > LINE_MAX:
            fail(
                Bilingual(
                    f"第 {number} 行：超过 {LINE_MAX:,} 个字符。",
                    f"line {number}: longer than {LINE_MAX:,} characters.",
                ),
                EXIT_USAGE,
            )
        try:
            row = json.loads(line, object_pairs_hook=unique_names)
        except NameTwice as error:
            fail(name_twice(f"line {number}", error), EXIT_USAGE)
        except (json.JSONDecodeError, RecursionError):
            fail(Bilingual(f"第 {number} 行：不是 JSON。", f"line {number}: not JSON."), EXIT_USAGE)
        yield _row(row, number)


def _row(row: Any, number: int) -> tuple[str, list[float], bool]:
    if not isinstance(row, Mapping):
        fail(Bilingual(f"第 {number} 行：不是对象。", f"line {number}: not an object."), EXIT_USAGE)
    creator, fit, backlash = row.get("creator"), row.get("fit"), row.get("backlash")
    if not isinstance(creator, str) or not creator:
        fail(
            Bilingual(
                f"第 {number} 行：`creator` 要写明视频的发布者。",
                f"line {number}: `creator` names who published the video.",
            ),
            EXIT_USAGE,
        )
    if not isinstance(backlash, bool):
        fail(
            Bilingual(
                f"第 {number} 行：`backlash` 只能是 true 或 false。", f"line {number}: `backlash` is true or false."
            ),
            EXIT_USAGE,
        )
    if fit is not None and (isinstance(fit, bool) or not isinstance(fit, int | float) or not 0 <= fit <= 1):
        fail(
            Bilingual(
                f"第 {number} 行：`fit` 在 0 与 1 之间，或不填。",
                f"line {number}: `fit` lies between 0 and 1, or is left out.",
            ),
            EXIT_USAGE,
        )
    try:
        made = from_dict(row.get("timeline"))
    except PlanError as error:
        fail(plan_problems(f"line {number}", error), EXIT_USAGE)
    points = factors.points(factors.raw(made, "mid"), float("nan") if fit is None else float(fit))
    return creator, [mine / most for mine, most in zip(points, constants.POINTS, strict=True)], backlash


def _print(result: ScoreCalibration, language: str) -> None:
    rows, creators, events = f"{result.rows:,}", f"{result.creators:,}", f"{result.events:,}"
    click.echo(
        in_words(
            f"{creators} 位创作者的 {rows} 条视频，其中 {events} 条反弹",
            f"{rows} videos of {creators} creators, {events} with backlash",
        )
    )
    figures = {
        in_words("分数", "score"): result.table,
        in_words("拟合的权重", "fitted weights"): result.fitted,
        in_words("仅广告时长", "ad time alone"): result.load_alone,
    }
    table([{"by": name, **asdict(one)} for name, one in figures.items()], COLUMNS)
    gain, ends = f"{result.gain:+.3f} AUC", f"{result.gain_low:+.3f}–{result.gain_high:+.3f}, 90 %"
    click.echo(in_words(f"相对仅看广告时长的增益：{gain}（{ends}）", f"gain over ad time alone: {gain} ({ends})"))
    for chance, score in zip(BAND_CHANCES, result.bands, strict=True):
        reached = (
            in_words("未达到", "not reached")
            if score is None
            else in_words(f"{score:.1f} 分起", f"from {score:.1f} points")
        )
        click.echo(in_words(f"反弹可能 {chance:.0%}：{reached}", f"chance of backlash {chance:.0%}: {reached}"))
    shown = ", ".join(f"{name} {points:g}" for name, points in result.weights.items())
    click.echo(in_words(f"数据给出的权重：{shown}", f"weights as the rows have them: {shown}"))
    click.echo(result.why_zh if language == "zh" else result.why_en)
