"""Sentences, Chinese and English, about a bid's plan before shooting."""

from collections.abc import Iterator, Mapping
from typing import Any

from marketplace.intrusiveness.messages import between, number

# Told of a match as they stand there.
OF_MATCH = ("fit", "sponsored_views")
KEEPS = {
    "yes": ("全部不超过", "all of it within"),
    "likely": ("中值不超过，但上端超过", "its middle within and its upper end over"),
    "unlikely": ("中值超过，仅下端不超过", "its middle over and only its lower end within"),
    "no": ("全部超过", "all of it over"),
}


def reasons(told: Mapping[str, Any], match: Mapping[str, Any] | None, exposures: int) -> list[dict[str, Any]]:
    """Return {code, zh, en, numbers} of what suggestions.of_bid tells before shooting."""
    return [*_plan(told, exposures), _after(told["channel"]), *_channel(told, match)]


def _after(score: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the planned video does to the channel's own score."""
    told = {
        name: {"value": score[name]["point"], **_ends(score[name]), "unit": "points of 100", "interval": "range"}
        for name in ("before", "after", "unsponsored")
    }
    return _reason("channel_after", score["zh"].removesuffix("。"), score["en"].removesuffix("."), **told)


def _plan(told: Mapping[str, Any], exposures: int) -> Iterator[dict[str, Any]]:
    score, tolerance, noticed = told["intrusiveness"], told["tolerance"], told["prominence"]
    zh, en = KEEPS[told["keeps_tolerance"]]
    shown = between(score["low"], score["high"])
    yield _reason(
        f"tolerance_{told['keeps_tolerance']}",
        f"按计划预计侵扰度 {shown}（0–100），{zh}需求上限 {tolerance}；拍摄前按 {exposures} 处计划露出估计",
        f"The plan's intrusiveness is {shown} of 100, {en} the brief's tolerance of {tolerance}; before shooting, from"
        f" {exposures} planned exposures",
        intrusiveness={"value": score["point"], **_ends(score), "unit": "points of 100", "interval": "range"},
        tolerance={"value": tolerance, "unit": "points of 100"},
    )
    seen = between(noticed["low"], noticed["high"])
    yield _reason(
        "prominence",
        f"按计划预计显著度 {seen}（0–100）",
        f"The plan's prominence is {seen} of 100",
        prominence={"value": noticed["point"], **_ends(noticed), "unit": "points of 100", "interval": "range"},
    )


def _channel(told: Mapping[str, Any], match: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:
    if match is None:
        yield _reason(
            "not_scored",
            "尚未评分：契合度未知，侵扰度未按契合度减免；几秒后再读",
            "Not scored yet: the fit is not known and relieves nothing; read it again in a few seconds",
        )
        return
    yield from (reason for reason in match["reasons"] if reason["code"] in OF_MATCH)
    origin = {name: told[key] for name, key in (("source", "source"), ("date", "taken_on")) if told[key]}
    zh_from = f"；来源 {told['source']}，{told['taken_on']}" if origin else ""
    en_from = f"; source {told['source']}, {told['taken_on']}" if origin else ""
    if told["sponsored_views"]["point"] is None:
        yield _reason(
            "sponsored_views_unknown",
            "没有数据说明商业视频与其他视频的播放差异",
            "Nothing is known of how views of sponsored videos differ from others",
        )
    if told["ad_load"] is None:
        yield _reason("ad_load_unknown", "没有数据说明该账号的广告密度", "The channel's ad load is not known")
        return
    part = number(100 * told["ad_load"])
    yield _reason(
        "ad_load",
        f"该账号最近至多 12 条标明性质的视频中，商业视频占 {part}%{zh_from}",
        f"{part}% of the channel's newest videos that say so, twelve at most, are sponsored{en_from}",
        ad_load={"value": told["ad_load"], "unit": "share of videos", **origin},
    )


def _ends(estimate: Mapping[str, float]) -> dict[str, float]:
    return {"low": estimate["low"], "high": estimate["high"]}


def _reason(code: str, zh: str, en: str, **numbers: Any) -> dict[str, Any]:
    return {"code": code, "zh": zh, "en": en, "numbers": numbers}
