"""What the check of a draft says for or against approving it, by the terms of its deliverable. Pure.

A veto keeps everybody from approving. A doubt is what could not be measured for sure: the brand may approve when it has
looked, silence may not. A note keeps nobody from anything.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marketplace.core.message import Bilingual
from marketplace.intrusiveness.factors import seconds_in_all
from marketplace.intrusiveness.messages import number
from marketplace.intrusiveness.timeline import from_dict
from marketplace.vision.scored_timeline import of_result


class FindingWeight(StrEnum):
    VETO = "veto"
    DOUBT = "doubt"
    NOTE = "note"


@dataclass(frozen=True)
class DraftFinding:
    """One thing that speaks against a draft: how much it weighs, and what would mend it."""

    code: str
    weight: FindingWeight
    zh: str
    en: str


@dataclass(frozen=True)
class DraftVerdict:
    findings: tuple[DraftFinding, ...]

    @property
    def vetoes(self) -> tuple[DraftFinding, ...]:
        return tuple(one for one in self.findings if one.weight is FindingWeight.VETO)

    @property
    def silence_approves(self) -> bool:
        """Whether the brand's silence approves the draft: nothing speaks against it, and nothing is uncertain."""
        return all(one.weight is FindingWeight.NOTE for one in self.findings)


def judge(
    result: Mapping[str, Any], *, limits: Mapping[str, Any], disclosure: Mapping[str, Any], repeats: bool
) -> DraftVerdict:
    """Return what speaks against a draft: `result` is its check's as it was measured, `limits` and `disclosure` are of
    the terms, and `repeats` says that it is the video of somebody else, or of another deliverable.

    What a side corrected does not count: no party clears its own video.
    """
    found = [*_disclosed(result, disclosure), *_measured(result), *_over(result, limits)]
    if repeats:
        found.append(
            DraftFinding(
                "repeat",
                FindingWeight.VETO,
                "画面与别人的视频或另一个交付项的视频重复：请提交原创的视频。",
                "It repeats the pictures of somebody else's video, or of another deliverable's: hand in a new one.",
            )
        )
    return DraftVerdict((*found, *_beside_the_plan(result, limits)))


def _disclosed(result: Mapping[str, Any], disclosure: Mapping[str, Any]) -> Iterator[DraftFinding]:
    discloses = of_result(result)
    if not disclosure["required"] or discloses:
        return
    text = disclosure["text"]
    if discloses is None:
        yield DraftFinding(
            "disclosure_not_judged",
            FindingWeight.DOUBT,
            f"没有找到广告标注，而片中的语言不能全部判断：请品牌方确认“{text}”可见。",
            f'No disclosure was found, and not all of its languages can be judged: the brand looks for "{text}".',
        )
    else:
        yield DraftFinding(
            "undisclosed",
            FindingWeight.VETO,
            f"条款要求标明广告，片中没有找到：请加上“{text}”。",
            f'The terms ask for disclosure, and none was found: add "{text}".',
        )


def _measured(result: Mapping[str, Any]) -> Iterator[DraftFinding]:
    for veto in result["intrusiveness"]["vetoes"]:
        weight = FindingWeight.VETO if veto["certain"] else FindingWeight.DOUBT
        yield DraftFinding(veto["code"], weight, veto["zh"], veto["en"])


def _over(result: Mapping[str, Any], limits: Mapping[str, Any]) -> Iterator[DraftFinding]:
    score, most = result["intrusiveness"]["score"]["point"], limits["intrusiveness_max"]
    if score > most:
        yield DraftFinding(
            "too_intrusive",
            FindingWeight.VETO,
            f"侵扰度实测 {number(score)}，超过约定的 {number(most)}：请按检查列出的建议减轻。",
            f"Intrusiveness measures {number(score)}, above the agreed {number(most)}: the check's reasons tell what"
            " lowers it.",
        )


def _beside_the_plan(result: Mapping[str, Any], limits: Mapping[str, Any]) -> Iterator[DraftFinding]:
    plan = result["plan"]
    if plan is not None and not plan["kept"]:
        yield DraftFinding("not_as_planned", FindingWeight.NOTE, plan["zh"], plan["en"])
    seen = {
        "prominence_min": (result["intrusiveness"]["prominence"]["point"], "too_little_prominence", _PROMINENCE),
        "brand_seconds_min": (seconds_in_all(from_dict(result["timeline"]), "mid"), "too_few_seconds", _SECONDS),
    }
    for name, (measured, code, name_of) in seen.items():
        least = limits[name]
        if least is not None and measured < least:
            yield DraftFinding(
                code,
                FindingWeight.NOTE,
                f"{name_of.zh}实测 {number(measured)}，约定至少 {number(least)}。",
                f"{name_of.en} measures {number(measured)}; at least {number(least)} was agreed.",
            )


_PROMINENCE, _SECONDS = Bilingual("显著度", "Prominence"), Bilingual("露出秒数", "Seconds of exposure")
