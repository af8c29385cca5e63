"""The result of a check as JSON data: timeline, score, evidence, the plan beside it, and what was not seen."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from marketplace.intrusiveness.timeline import to_dict
from marketplace.vision import comparison
from marketplace.vision.exposures import Evidence, Measured, Seen, measure
from marketplace.vision.frames import FrameCache
from marketplace.vision.marks import Quad
from marketplace.vision.pipeline import STEPS, Answer, Brand, seen
from marketplace.vision.saliency import Saliency, weight
from marketplace.vision.scored import Terms, scored

VERSION = 1


@dataclass(frozen=True)
class Checked:
    """A measured video and its result as JSON data."""

    seen: Seen
    measured: Measured
    result: dict[str, Any]


def check(cache: FrameCache, brand: Brand, answers: Mapping[str, Answer], terms: Terms) -> Checked:
    """Merge the steps' answers into a result."""
    found = seen(cache, brand, answers)
    measured = measure(found, brand.names, _pull(cache))
    if terms.plan is not None:
        measured = replace(measured, timeline=comparison.with_plot(measured.timeline, terms.plan))
    return Checked(found, measured, as_dict(cache, brand, answers, measured, terms))


def _pull(cache: FrameCache) -> Any:
    maps: dict[int, Any] = {}
    by = Saliency()

    def pull(picture: int, quad: Quad) -> float:
        if picture not in maps:
            maps.clear() if len(maps) > 64 else None
            maps[picture] = by.map(cache.picture(picture))
        return weight(maps[picture], quad, cache.shape)

    return pull


def as_dict(
    cache: FrameCache, brand: Brand, answers: Mapping[str, Answer], measured: Measured, terms: Terms
) -> dict[str, Any]:
    """Return the result as JSON data."""
    info = cache.info
    return {
        "version": VERSION,
        "steps": {one.name: one.version for one in STEPS},
        "video": {
            "sha256": info.sha256,
            "width": info.width,
            "height": info.height,
            "duration_s": round(info.duration_s, 3),
            "fps": round(info.fps, 3),
            "sound": info.audio,
            "pictures": len(cache),
            "closed_by": info.closed_by,
        },
        "brand": {"names": list(brand.names), "references": answers["marks"]["references"]},
        "timeline": to_dict(measured.timeline),
        "evidence": [_evidence(one, cache.shape) for one in measured.evidence],
        "cuts": answers["cuts"]["cuts"],
        "disclosures": [
            {"start_s": one.start_s, "end_s": one.end_s, "text": one.text, "by": one.by} for one in measured.disclosures
        ],
        "speech": {
            "by": answers["speech"]["by"],
            "language": answers["speech"]["language"],
            "sentences": answers["speech"]["sentences"],
        },
        "intrusiveness": scored(measured.timeline, bool(measured.disclosures), terms),
        "plan": None if terms.plan is None else comparison.compare(terms.plan, measured.timeline),
        "not_seen": [{"code": code, "zh": zh, "en": en} for code, zh, en in not_seen(cache, brand, answers)],
    }


def _evidence(one: Evidence, shape: tuple[int, int]) -> dict[str, Any]:
    by = np.asarray([shape[1], shape[0]], float)
    return {
        "name": one.name,
        "by": one.by,
        "text": one.text,
        "keyframes": [place.picture for place in one.keyframes()],
        # In shares of the picture's width and height, so that any size of it can be drawn on.
        "places": [
            {
                "picture": place.picture,
                "at_s": round(place.at_s, 3),
                "quad": (np.asarray(place.quad, float) / by).round(4).tolist(),
            }
            for place in one.places
        ],
    }


def not_seen(cache: FrameCache, brand: Brand, answers: Mapping[str, Answer]) -> list[tuple[str, str, str]]:
    """Return what this check cannot see or did not look at: code, and sentences in Chinese and English."""
    found: list[tuple[str, str, str]] = []
    flat = [one["name"] for one in answers["marks"]["references"] if not one["findable"]]
    if flat:
        names = ", ".join(flat)
        found.append(
            (
                "flat_references",
                f"参考图 {names} 纹理太少，无法可靠识别；若视频中出现，请手动标注。",
                f"The reference images {names} have too little texture to be seen reliably; "
                "where they appear, mark it yourself.",
            )
        )
    if not brand.references:
        found.append(
            (
                "no_references",
                "没有参考图，因此只查找了文字与口播中的品牌名。",
                "There were no reference images, so only names written or spoken were looked for.",
            )
        )
    heard = answers["speech"]
    if not heard["sound"]:
        found.append(("no_sound", "视频没有声音。", "The video has no sound."))
    elif heard["by"] is None:
        found.append(
            (
                "speech_not_read",
                "没有安装语音识别模型，口播未识别；口播露出请手动标注。",
                "No speech model is installed: speech was not read. Mark spoken placements yourself.",
            )
        )
    if answers["faces"]["by"] is None:
        found.append(
            (
                "faces_not_looked_for",
                "没有安装人脸模型，未检查是否遮挡人脸。",
                "No face model is installed: whether faces are covered was not checked.",
            )
        )
    side = min(cache.info.width, cache.info.height)
    if side < 700:
        found.append(
            (
                "low_resolution",
                f"画面短边只有 {side} 像素：小于约 {round(96 * side / 720)} 像素的标识可能漏检；建议上传 720p 以上。",
                f"The picture's shorter side is only {side} px: marks may be missed; upload 720p or more.",
            )
        )
    found.append(
        (
            "limits",
            "看不到：短于 0.5 秒的闪现；小于画面短边约 1/15 的标识；严重运动模糊、弯曲或转角超过约 45° 的包装；"
            "其他品牌的数量。剧情关联度无法测量，有方案时取方案所写，否则按无关联计。",
            "Not to be seen: flashes under 0.5 s; marks under about 1/15 of the shorter side; heavy motion blur; packs "
            "bent or turned by more than about 45°; how many other brands there are. How far the story needs the brand "
            "cannot be measured: it is taken from the plan, else as not at all.",
        )
    )
    return found
