"""What a check of a video found, as lines: of one that the market made, and of one made on this machine."""

from collections.abc import Iterator, Mapping
from typing import Any

from marketplace.cli.client import spoken
from marketplace.cli.shown.summaries import in_words, said, state
from marketplace.intrusiveness.messages import BANDS, KINDS, number

_EXPOSURES, _REASONS, _ROWS = 5, 3, 4


def of_check(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines on a check of the API: how far it is, then what it found, in short."""
    yield f"{answer['id']}  {state(answer['status'])}  {', '.join(answer['names'])}"
    if answer["refusal"]:
        yield said(answer["refusal"])
    for step in answer["steps"] if answer["status"] in ("queued", "running") else []:
        of = "" if step["total"] is None else f" {step['done']}/{step['total']}"
        yield f"  {step['name']}: {state(step['state'])}{of}"
    if answer["corrected"]:
        yield in_words("以下为人工更正后的结果。", "As people corrected it:")
    result = answer["corrected"] or answer["result"]
    if result and "intrusiveness" in result:
        measured = answer["result"] or {}
        yield from of_result({**measured, **result}, spoken(), short=True)
    if answer["repeats"]:
        yield in_words(
            f"与其他主体的 {answer['repeats']} 个视频画面重复", f"repeats {answer['repeats']} videos of others"
        )


def of_result(result: Mapping[str, Any], language: str, *, short: bool = False) -> Iterator[str]:
    """Yield the lines on a result; ``short`` leaves most reasons and rows out."""
    score, zh = result["intrusiveness"], language == "zh"
    points, prominence = number(score["score"]["point"]), number(score["prominence"]["point"])
    yield (
        f"侵扰度 {points}（满分 100，{BANDS[score['band']][0]}），显著度 {prominence}（满分 100）"
        if zh
        else f"intrusiveness {points} of 100 ({score['band']}), prominence {prominence} of 100"
    )
    for one in score["vetoes"]:
        must = ("必须修改：" if zh else "must be mended: ") if one["certain"] else ""
        may = "可能需要修改：" if zh else "may have to be mended: "
        yield f"{must or may}{one[language]}"
    if result.get("plan") is not None:
        yield result["plan"][language]
        rows = sorted(result["plan"]["rows"], key=lambda row: bool(row["kept"])) if short else result["plan"]["rows"]
        yield from _first(
            [f"{'+' if row['kept'] else '!'} {row[language]}" for row in rows], _ROWS if short else None, zh
        )
    yield from _first(list(_exposures(result, language)), _EXPOSURES if short else None, zh)
    yield from _disclosures(result, zh)
    yield from _first(list(_look_alikes(result, zh)), _EXPOSURES if short else None, zh)
    for one in score["reasons"][: _REASONS if short else None]:
        yield f"- {one[language]}"
        if one["what_if"] is not None:
            yield f"    {one['what_if'][language]}"
    for one in result.get("not_seen", []):
        yield f"({one[language]})"


def _first(lines: list[str], most: int | None, zh: bool) -> Iterator[str]:
    yield from lines[:most]
    if most is not None and len(lines) > most:
        yield f"     另有 {len(lines) - most} 条" if zh else f"     and {len(lines) - most} more"


def _disclosures(result: Mapping[str, Any], zh: bool) -> Iterator[str]:
    for one in result.get("disclosures", []):
        seconds = f"{one['start_s']:.2f}–{one['end_s']:.2f}"
        by = {"screen": "画面", "speech": "口播"}[one["by"]]
        yield (
            f"     广告标识 {seconds} 秒（{by}）：{one['text']}"
            if zh
            else f"     disclosed {seconds} s on {one['by']}: {one['text']}"
        )


def _look_alikes(result: Mapping[str, Any], zh: bool) -> Iterator[str]:
    for one in result.get("look_alikes", []):
        seconds = f"{one['start_s']:.2f}–{one['end_s']:.2f}"
        yield (
            f"   ? {seconds} 秒的“{one['text']}”与“{one['name']}”相近，未计为露出，请人工查看"
            if zh
            else f"   ? {seconds} s: “{one['text']}” looks like {one['name']}; not counted, let a person look"
        )


def _exposures(result: Mapping[str, Any], language: str) -> Iterator[str]:
    parts = {one["index"]: one for one in result["intrusiveness"]["exposures"]}
    names = [shown["name"] for shown in result.get("evidence", [])]
    for at, one in enumerate(result.get("timeline", {}).get("exposures", []), 1):
        part = parts.get(at - 1, {"alone": 0.0, "marginal": 0.0})
        name = names[at - 1] if at <= len(names) else ""
        yield f"{at:3}. {_exposure(one, name, part, language == 'zh')}"


def _exposure(exposure: Mapping[str, Any], name: str, part: Mapping[str, Any], zh: bool) -> str:
    """Return a line on an exposure: when, what, how large, and its points."""
    when = f"{exposure['start_s']:7.2f} –{exposure['start_s'] + exposure['seconds']:7.2f}"
    share = f"{100 * exposure['area_share']:.2g}%"
    alone, adds = number(part["alone"]), number(part["marginal"])
    if zh:
        size = "" if exposure["kind"] == "speech" else f"，占画面 {share}"
        return f"{when} 秒  {KINDS[exposure['kind']][0]}  {name}{size}，单独计 {alone} 分，去掉它少 {adds} 分"
    size = "" if exposure["kind"] == "speech" else f", {share} of the picture"
    return f"{when} s  {exposure['kind']:8} {name}{size}, {alone} points alone, {adds} of the whole"
