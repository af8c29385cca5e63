"""The exposure timeline: what a video shows of a brand, as planned, as measured, or as corrected by a person.

As JSON (a bid carries one per video), every number may be a plain number or ``{"low": a, "high": b}``; a field marked
*word* also takes a shorthand of ``SHORTHANDS``. Unknown fields are refused.

=====================  ====================  =========================================================================
field                  default               meaning
=====================  ====================  =========================================================================
``duration_s``         needed                length of the video, 1..7200 s, a plain number
``exposures``          needed                at most 200 objects, see below; may be empty
``brands``             1                     brands shown or named by way of advertising, 1..50
``loudness_lu``        0                     loudness of the placement against the rest of the video, -60..60 LU
``occlusion_share``    0                     share of brand time that covers a face or a subtitle, 0..1
``source``             "plan"                plan | measured | corrected
``sample_step_s``      0.5                   how finely it was measured, 0.01..10 s; edges are known to half a step
**an exposure**
``start_s``            needed                seconds from the start of the video
``seconds``            needed                how long; ``low`` may be 0: then it may be left out altogether
``kind``               needed                logo | product | text | speech
``area_share``         needed if visible     share of the frame, 0..1, *word*
``centre``             needed if visible     1 in the middle of the frame, 0 in a corner, *word*
``saliency``           by size, 0.2..0.7     how strongly it draws the eye, 0..1, *word*
``clarity``            0.8..1                how well it can be read or recognised, 0..1, *word*
``claims``             0                     selling points: price, feature, offer, call to action; 0..100
``mentions``           0                     times the brand is named, 0..100
``plot``               0                     how far the story needs it, 0..1, *word*
``cta``                false                 asks the viewer to do something
``description``        ""                    up to 500 characters, for people
=====================  ====================  =========================================================================

A speech exposure is not seen: its ``area_share``, ``centre``, ``saliency`` and ``clarity`` are 0 if left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

DURATION_S = (1.0, 7200.0)
EXPOSURES_MAX = 200
DESCRIPTION_MAX = 500
# The error that a sum of start and length may carry, in seconds.
_ROUNDING_S = 1e-9


@dataclass(frozen=True, slots=True)
class ValueInterval:
    """A number known to be within low..high; exact if both are equal. Raises ValueError if low > high or not finite."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (isfinite(self.low) and isfinite(self.high) and self.low <= self.high):
            raise ValueError("An interval runs from a low to a high finite number.")

    @property
    def mid(self) -> float:
        return (self.low + self.high) / 2


def exact(value: float) -> ValueInterval:
    """Return the interval that holds exactly one number."""
    return ValueInterval(value, value)


ZERO = exact(0.0)
ONE = exact(1.0)


class ExposureKind(StrEnum):
    """How the brand meets the viewer."""

    LOGO = "logo"
    PRODUCT = "product"
    TEXT = "text"
    SPEECH = "speech"


class TimelineSource(StrEnum):
    """Where a timeline's numbers come from."""

    PLAN = "plan"
    MEASURED = "measured"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class Exposure:
    """One stretch of time in which the brand can be seen or heard; fields and units as in the module's table."""

    start_s: ValueInterval
    seconds: ValueInterval
    kind: ExposureKind
    area_share: ValueInterval = ZERO
    centre: ValueInterval = ZERO
    saliency: ValueInterval = ZERO
    clarity: ValueInterval = ZERO
    claims: ValueInterval = ZERO
    mentions: ValueInterval = ZERO
    plot: ValueInterval = ZERO
    cta: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """All exposures of one video; fields and units as in the module's table."""

    duration_s: float
    exposures: tuple[Exposure, ...]
    brands: ValueInterval = ONE
    loudness_lu: ValueInterval = ZERO
    occlusion_share: ValueInterval = ZERO
    source: TimelineSource = TimelineSource.PLAN
    sample_step_s: float = 0.5


@dataclass(frozen=True)
class PlanShorthand:
    """A word a creator may choose instead of a number; ``saliency`` is what it implies unless the creator states it."""

    word: str
    zh: str
    interval: ValueInterval
    saliency: ValueInterval | None = None


SHORTHANDS: dict[str, tuple[PlanShorthand, ...]] = {
    "area_share": (
        PlanShorthand("background", "背景", ValueInterval(0.002, 0.02), ValueInterval(0.05, 0.25)),
        PlanShorthand("in-hand", "手持使用", ValueInterval(0.02, 0.06), ValueInterval(0.3, 0.6)),
        PlanShorthand("close-up", "特写", ValueInterval(0.06, 0.20), ValueInterval(0.4, 0.8)),
        PlanShorthand("full-frame", "占满画面", ValueInterval(0.20, 1.0), ValueInterval(0.7, 1.0)),
        PlanShorthand("corner-bug", "角标", ValueInterval(0.005, 0.03), ValueInterval(0.1, 0.4)),
        PlanShorthand("caption-bar", "字幕条", ValueInterval(0.03, 0.10), ValueInterval(0.3, 0.7)),
    ),
    "centre": (
        PlanShorthand("centre", "居中", ValueInterval(0.75, 1.0)),
        PlanShorthand("off-centre", "偏离中心", ValueInterval(0.45, 0.75)),
        PlanShorthand("edge", "边缘", ValueInterval(0.15, 0.45)),
        PlanShorthand("corner", "角落", ValueInterval(0.0, 0.2)),
    ),
    "saliency": (
        PlanShorthand("calm", "不显眼", ValueInterval(0.05, 0.25)),
        PlanShorthand("usual", "一般", ValueInterval(0.2, 0.7)),
        PlanShorthand("striking", "抢眼", ValueInterval(0.6, 1.0)),
    ),
    "clarity": (
        PlanShorthand("blurred", "模糊", ValueInterval(0.0, 0.4)),
        PlanShorthand("partly", "部分可辨", ValueInterval(0.4, 0.8)),
        PlanShorthand("clear", "清晰", ValueInterval(0.8, 1.0)),
    ),
    "plot": (
        PlanShorthand("none", "与剧情无关", ZERO),
        PlanShorthand("loose", "略有关联", ValueInterval(0.1, 0.5)),
        PlanShorthand("tied", "推动剧情", ValueInterval(0.6, 1.0)),
    ),
}
_WORDS = {field: {shorthand.word: shorthand for shorthand in words} for field, words in SHORTHANDS.items()}
# The least and the most of each number, in its unit: first those of an exposure, then those of the whole video.
LIMITS = {
    "start_s": (0.0, DURATION_S[1]),
    "seconds": (0.0, DURATION_S[1]),
    "area_share": (0.0, 1.0),
    "centre": (0.0, 1.0),
    "saliency": (0.0, 1.0),
    "clarity": (0.0, 1.0),
    "claims": (0.0, 100.0),
    "mentions": (0.0, 100.0),
    "plot": (0.0, 1.0),
    "duration_s": DURATION_S,
    "brands": (1.0, 50.0),
    "loudness_lu": (-60.0, 60.0),
    "occlusion_share": (0.0, 1.0),
    "sample_step_s": (0.01, 10.0),
}
EXPOSURE_NUMBERS = tuple(LIMITS)[:9]
_EXPOSURE_FIELDS = {*EXPOSURE_NUMBERS, "kind", "cta", "description"}
_TIMELINE_FIELDS = {*tuple(LIMITS)[9:], "exposures", "source"}


@dataclass(frozen=True)
class TimelineProblem:
    """One problem of a timeline: a JSON pointer (RFC 6901) into the document, and a sentence in both languages."""

    pointer: str
    zh: str
    en: str


class PlanError(ValueError):
    """The document is not a timeline. ``problems`` lists everything wrong with it; ``pointer`` is that of the first."""

    def __init__(self, problems: list[TimelineProblem]) -> None:
        super().__init__("; ".join(f"{problem.pointer or '/'}: {problem.en}" for problem in problems))
        self.problems = tuple(problems)

    @property
    def pointer(self) -> str:
        return self.problems[0].pointer


class _TimelineReader:
    """Reads fields and collects their problems, so that a creator can fix all of them at once."""

    def __init__(self) -> None:
        self.problems: list[TimelineProblem] = []

    def refuse(self, pointer: str, zh: str, en: str) -> None:
        self.problems.append(TimelineProblem(pointer, zh, en))

    def table(self, value: object, pointer: str, known: set[str]) -> Mapping[str, object] | None:
        if not isinstance(value, Mapping):
            self.refuse(pointer, "此处应为对象。", "Send an object here.")
            return None
        for name in value:
            if name not in known:
                safe = str(name).replace("~", "~0").replace("/", "~1")
                self.refuse(f"{pointer}/{safe}", "没有这个字段，请删除或改正。", "There is no such field; take it out.")
        return value

    def number(self, value: object, pointer: str, field: str) -> float | None:
        low, high = LIMITS[field]
        # What is not a number lies between no ends either.
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            zh, en = f"请填写 {low:g} 到 {high:g} 之间的数。", f"Send a number from {low:g} to {high:g}."
            self.refuse(pointer, zh, en)
            return None
        return float(value)

    def interval(self, value: object, pointer: str, field: str) -> ValueInterval | None:
        if isinstance(value, str) and field in _WORDS:
            shorthand = _WORDS[field].get(value)
            if shorthand is None:
                words = ", ".join(_WORDS[field])
                self.refuse(pointer, f"请选用以下词语之一：{words}。", f"Choose one of these words: {words}.")
                return None
            return shorthand.interval
        if not isinstance(value, Mapping):
            plain = self.number(value, pointer, field)
            return None if plain is None else exact(plain)
        table = self.table(value, pointer, {"low", "high"}) or {}
        if not {"low", "high"} <= table.keys():
            self.refuse(pointer, "区间需要 low 和 high。", "An interval needs both low and high.")
            return None
        low = self.number(table["low"], f"{pointer}/low", field)
        high = self.number(table["high"], f"{pointer}/high", field)
        if low is None or high is None:
            return None
        if low > high:
            self.refuse(pointer, "low 不能大于 high，请对调或改正。", "low is above high; swap or mend them.")
            return None
        return ValueInterval(low, high)

    def exposure(self, value: object, pointer: str, duration_s: float | None) -> Exposure | None:
        table = self.table(value, pointer, _EXPOSURE_FIELDS)
        if table is None:
            return None
        problems_before = len(self.problems)
        kind = _kind(table.get("kind"))
        if kind is None:
            names = ", ".join(ExposureKind)
            self.refuse(f"{pointer}/kind", f"请选择露出形式：{names}。", f"Choose what kind it is: {names}.")
        # An unknown kind is a problem already: asking for the fields of what is seen would only add noise.
        visible = kind is not None and kind is not ExposureKind.SPEECH
        needed = {"start_s", "seconds", "area_share", "centre"} if visible else {"start_s", "seconds"}
        numbers: dict[str, ValueInterval] = {}
        for field in EXPOSURE_NUMBERS:
            if field in table:
                numbers[field] = self.interval(table[field], f"{pointer}/{field}", field) or ZERO
            elif field in needed:
                self.refuse(f"{pointer}/{field}", "请填写此项。", "Fill this in.")
        cta, description = table.get("cta", False), table.get("description", "")
        if not isinstance(cta, bool):
            self.refuse(f"{pointer}/cta", "请填写 true 或 false。", "Send true or false.")
        if not isinstance(description, str) or len(description) > DESCRIPTION_MAX:
            zh, en = f"请填写不超过 {DESCRIPTION_MAX} 字的说明。", f"Send a text of up to {DESCRIPTION_MAX} characters."
            self.refuse(f"{pointer}/description", zh, en)
        if kind is None or len(self.problems) > problems_before:
            return None
        if kind is not ExposureKind.SPEECH:
            size = table["area_share"]
            implied = _WORDS["area_share"][size].saliency if isinstance(size, str) else None
            numbers.setdefault("saliency", implied or _WORDS["saliency"]["usual"].interval)
            numbers.setdefault("clarity", _WORDS["clarity"]["clear"].interval)
        exposure = Exposure(kind=kind, cta=cta is True, description=str(description), **numbers)
        self.times(exposure, pointer, duration_s)
        return exposure

    def times(self, exposure: Exposure, pointer: str, duration_s: float | None) -> None:
        if exposure.seconds.high <= 0:
            self.refuse(f"{pointer}/seconds", "时长必须大于 0 秒。", "It must last longer than 0 s.")
        elif duration_s is not None and exposure.start_s.high + exposure.seconds.low > duration_s + _ROUNDING_S:
            self.refuse(
                f"{pointer}/start_s",
                f"最晚开始、最短持续时也会超出视频结尾（{duration_s:g} 秒），请提前或缩短。",
                f"Begun at its latest, even the shortest runs past the end of the video ({duration_s:g} s); "
                "begin earlier or make it shorter.",
            )


def _kind(value: object) -> ExposureKind | None:
    return ExposureKind(value) if isinstance(value, str) and value in set(ExposureKind) else None


def from_dict(value: object) -> Timeline:
    """Return the timeline that JSON data describes. Raises PlanError naming every field that has a problem."""
    read = _TimelineReader()
    table = read.table(value, "", _TIMELINE_FIELDS) or {}
    duration_s = None
    if "duration_s" not in table:
        read.refuse("/duration_s", "请填写视频时长。", "Say how long the video is.")
    else:
        duration_s = read.number(table["duration_s"], "/duration_s", "duration_s")
    raw = table.get("exposures")
    exposures: list[Exposure | None] = []
    if not isinstance(raw, list | tuple):
        read.refuse("/exposures", "请填写露出列表，可以为空。", "Send a list of exposures; it may be empty.")
    elif len(raw) > EXPOSURES_MAX:
        zh, en = f"最多 {EXPOSURES_MAX} 个露出，请合并。", f"At most {EXPOSURES_MAX} exposures; merge some."
        read.refuse("/exposures", zh, en)
    else:
        exposures = [read.exposure(item, f"/exposures/{index}", duration_s) for index, item in enumerate(raw)]
    source = table.get("source", "plan")
    if not isinstance(source, str) or source not in set(TimelineSource):
        names = ", ".join(TimelineSource)
        read.refuse("/source", f"请选择来源：{names}。", f"Choose the source: {names}.")
    step = read.number(table.get("sample_step_s", 0.5), "/sample_step_s", "sample_step_s")
    brands = read.interval(table.get("brands", 1), "/brands", "brands")
    loudness = read.interval(table.get("loudness_lu", 0), "/loudness_lu", "loudness_lu")
    occlusion = read.interval(table.get("occlusion_share", 0), "/occlusion_share", "occlusion_share")
    if read.problems:
        raise PlanError(read.problems)
    return Timeline(
        duration_s=duration_s or 0.0,
        exposures=tuple(exposure for exposure in exposures if exposure is not None),
        brands=brands or ONE,
        loudness_lu=loudness or ZERO,
        occlusion_share=occlusion or ZERO,
        source=TimelineSource(str(source)),
        sample_step_s=step or 0.0,
    )


def to_dict(timeline: Timeline) -> dict[str, object]:
    """Return the timeline as JSON data that ``from_dict`` reads back into an equal one."""
    return {
        "duration_s": timeline.duration_s,
        "exposures": [_exposure_dict(exposure) for exposure in timeline.exposures],
        "brands": _plain(timeline.brands),
        "loudness_lu": _plain(timeline.loudness_lu),
        "occlusion_share": _plain(timeline.occlusion_share),
        "source": timeline.source.value,
        "sample_step_s": timeline.sample_step_s,
    }


def _exposure_dict(exposure: Exposure) -> dict[str, object]:
    numbers = {field: _plain(getattr(exposure, field)) for field in EXPOSURE_NUMBERS}
    return {"kind": exposure.kind.value, **numbers, "cta": exposure.cta, "description": exposure.description}


def _plain(value: ValueInterval) -> object:
    return value.low if value.low == value.high else {"low": value.low, "high": value.high}
