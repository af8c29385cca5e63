"""From what the steps saw, read and heard to the exposure timeline, with the evidence for each exposure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import numpy as np

from marketplace.intrusiveness.timeline import (
    ZERO,
    Exposure,
    ExposureKind,
    Timeline,
    TimelineSource,
    ValueInterval,
    exact,
)
from marketplace.vision.read import brand_words, loudness
from marketplace.vision.read.screen_text import TextLine
from marketplace.vision.read.speech import HeardSpeech, SpokenSentence
from marketplace.vision.read.time_runs import TimeRun, runs
from marketplace.vision.see.boxes import box, common
from marketplace.vision.see.mark_detection import Quad, area_share
from marketplace.vision.see.mark_tracking import MarkSight

LIKENESS_CLEAR = 0.9  # a mark that looks this much like its reference is clear
COVERED_LEAST = 0.2  # share of a face or a subtitle that has to lie under the mark
PLUG_GAP_S = 2.5
CLAIM_REACH_S = 1.0
SUBTITLE_BELOW = 0.6  # a subtitle stands below this share of the height
FACE_STAYS_S = 1.1
KEYFRAMES_MAX = 3


@dataclass(frozen=True)
class BrandSighting:
    """A brand in one picture of the cache: ``at_s``, ``quad`` px, how clear (0..1), the eye's pull (0..1)."""

    picture: int
    at_s: float
    quad: Quad
    clarity: float
    saliency: float


@dataclass(frozen=True)
class ExposureEvidence:
    """What an exposure rests on: the reference's or the name's words, where it was, what was written or said."""

    name: str
    by: str
    places: tuple[BrandSighting, ...] = ()
    text: str = ""

    def keyframes(self) -> list[BrandSighting]:
        """Return the pictures that show it best: where it is largest, and its first and last."""
        if not self.places:
            return []
        largest = max(self.places, key=lambda one: float(np.prod(np.ptp(one.quad, axis=0))))
        chosen = {one.picture: one for one in (self.places[0], largest, self.places[-1])}
        return [chosen[at] for at in sorted(chosen)][:KEYFRAMES_MAX]


@dataclass(frozen=True)
class StepFindings:
    """What the steps found; pictures are numbers in the frame cache, ``shape`` their height and width."""

    duration_s: float
    times: Sequence[float]
    shape: tuple[int, int]
    cuts: Sequence[float]
    references: Sequence[str]
    kinds: Sequence[ExposureKind]
    sights: Sequence[dict[int, MarkSight]]
    lines: Sequence[TextLine]
    heard: HeardSpeech
    faces: dict[int, list[tuple[float, float, float, float]]]
    loudness: Any
    step_s: float


@dataclass(frozen=True)
class DisclosureMark:
    """A mark that says the video is paid for, from ``start_s`` to ``end_s``; ``by`` screen or speech."""

    start_s: float
    end_s: float
    text: str
    by: str


@dataclass(frozen=True)
class MeasuredTimeline:
    """The timeline and, exposure by exposure, its evidence."""

    timeline: Timeline
    evidence: tuple[ExposureEvidence, ...]
    disclosures: tuple[DisclosureMark, ...]


Pull = Callable[[int, Quad], float]


def measure(seen: StepFindings, names: Sequence[str], pull: Pull) -> MeasuredTimeline:
    """Merge what was found into exposures. ``names``: the brand's names; ``pull``: picture and place to saliency."""
    pairs = [*_marks(seen, pull), *_texts(seen, names, pull), *_spoken(seen, names)]
    pairs = _with_claims(seen, pairs, names)
    pairs.sort(key=lambda pair: (pair[0].start_s.low, pair[0].kind))
    spoken = [
        (one.start_s.low, one.start_s.low + one.seconds.low) for one, _ in pairs if one.kind is ExposureKind.SPEECH
    ]
    louder = loudness.louder(seen.loudness, spoken) if spoken else None
    timeline = Timeline(
        duration_s=round(max(1.0, seen.duration_s), 3),
        exposures=tuple(one for one, _ in pairs),
        loudness_lu=exact(round(float(np.clip(louder, -60, 60)), 2)) if louder is not None else ZERO,
        occlusion_share=exact(round(_covered(seen, [evidence for _, evidence in pairs]), 4)),
        source=TimelineSource.MEASURED,
        sample_step_s=seen.step_s,
    )
    return MeasuredTimeline(timeline, tuple(evidence for _, evidence in pairs), tuple(_disclosures(seen)))


Pair = tuple[Exposure, ExposureEvidence]


def _marks(seen: StepFindings, pull: Pull) -> list[Pair]:
    found: list[Pair] = []
    for place, sights in enumerate(seen.sights):
        for run in runs(sights, seen.times, seen.duration_s, seen.cuts):
            if all(sight.by != "found" for _, sight in run.sights):
                continue
            places = [
                BrandSighting(at, seen.times[at], sight.quad, clarity(sight.likeness), pull(at, sight.quad))
                for at, sight in run.sights
            ]
            evidence = ExposureEvidence(seen.references[place], "mark", tuple(places))
            found.append((_visible(seen, run, places, seen.kinds[place], evidence.name), evidence))
    return found


def clarity(likeness: float) -> float:
    """Return how well a mark can be recognised, 0..1, by how much it looks like its reference."""
    return min(1.0, max(0.0, likeness) / LIKENESS_CLEAR)


def _visible(
    seen: StepFindings, run: TimeRun[Any], places: Sequence[BrandSighting], kind: ExposureKind, name: str
) -> Exposure:
    middle = np.asarray([seen.shape[1], seen.shape[0]]) / 2
    off = [float(np.linalg.norm(one.quad.mean(axis=0) - middle) / np.linalg.norm(middle)) for one in places]
    return Exposure(
        start_s=exact(round(run.start_s, 3)),
        seconds=exact(round(run.seconds, 3)),
        kind=kind,
        area_share=_mean([area_share(one.quad, seen.shape) for one in places]),
        centre=_mean([1 - min(1.0, one) for one in off]),
        saliency=_mean([one.saliency for one in places]),
        clarity=_mean([one.clarity for one in places]),
        description=name,
    )


def _mean(values: Sequence[float]) -> ValueInterval:
    return exact(round(min(1.0, max(0.0, fmean(values))), 5))


def _texts(seen: StepFindings, names: Sequence[str], pull: Pull) -> list[Pair]:
    """Return names read on the screen, but for those printed on a mark that was seen anyway."""
    by_name: dict[str, dict[int, list[TextLine]]] = {}
    for line in seen.lines:
        for hit in brand_words.brand_hits(line.text, names, written=True)[:1]:
            if not _on_a_mark(seen, line):
                by_name.setdefault(brand_words.plain(hit.name), {}).setdefault(line.picture, []).append(line)
    found: list[Pair] = []
    for sights in by_name.values():
        for run in runs(sights, seen.times, seen.duration_s, seen.cuts):
            places = [
                BrandSighting(at, seen.times[at], line.quad, line.score, pull(at, line.quad))
                for at, lines in run.sights
                for line in lines[:1]
            ]
            text = max((line.text for _, lines in run.sights for line in lines), key=len)
            evidence = ExposureEvidence(text, "words", tuple(places), text)
            found.append((_visible(seen, run, places, ExposureKind.TEXT, text[:200]), evidence))
    return found


def _on_a_mark(seen: StepFindings, line: TextLine) -> bool:
    middle = line.quad.mean(axis=0)
    for sights in seen.sights:
        for at in (line.picture, line.picture - 1, line.picture + 1):
            if at in sights:
                left, top, right, bottom = box(sights[at].quad)
                wide, high = 0.15 * (right - left), 0.15 * (bottom - top)
                if left - wide <= middle[0] <= right + wide and top - high <= middle[1] <= bottom + high:
                    return True
    return False


def _spoken(seen: StepFindings, names: Sequence[str]) -> list[Pair]:
    """Return stretches of speech about the brand: sentences that name it, and selling points right beside them."""
    said = seen.heard.sentences
    naming = [bool(brand_words.brand_hits(one.text, names)) for one in said]
    told = list(naming)
    for order in (range(1, len(said)), range(len(said) - 2, -1, -1)):
        for at in order:
            beside = at - 1 if order.step > 0 else at + 1
            gap = max(said[at].start_s - said[beside].end_s, said[beside].start_s - said[at].end_s)
            told[at] = told[at] or (told[beside] and gap <= PLUG_GAP_S and bool(brand_words.claims(said[at].text)))
    found: list[Pair] = []
    part: list[SpokenSentence] = []
    for one, about in zip(said, told, strict=True):
        if part and (not about or one.start_s - part[-1].end_s > PLUG_GAP_S):
            found.append(_plug(part, names))
            part = []
        if about:
            part.append(one)
    return [*found, _plug(part, names)] if part else found


def _plug(part: Sequence[SpokenSentence], names: Sequence[str]) -> Pair:
    text = " ".join(one.text for one in part)
    kinds = {(at, kind) for at, one in enumerate(part) for kind in brand_words.claims(one.text)}
    named = sum(bool(brand_words.brand_hits(one.text, names)) for one in part)
    exposure = Exposure(
        start_s=exact(part[0].start_s),
        seconds=exact(round(max(0.05, part[-1].end_s - part[0].start_s), 3)),
        kind=ExposureKind.SPEECH,
        claims=exact(float(len(kinds))),
        mentions=exact(float(named)),
        cta=any(kind == "call_to_action" for _, kind in kinds),
        description=text[:500],
    )
    return exposure, ExposureEvidence(text[:200], "speech", (), text)


def _with_claims(seen: StepFindings, pairs: list[Pair], names: Sequence[str]) -> list[Pair]:
    """Count selling points written on the screen to the exposure they stand beside, each text once."""
    counted: set[str] = set()
    for line in seen.lines:
        kinds = brand_words.claims(line.text)
        text = brand_words.plain(line.text)
        at_s = seen.times[line.picture]
        near = [
            at
            for at, (one, _) in enumerate(pairs)
            if one.kind is not ExposureKind.SPEECH
            and one.start_s.low - CLAIM_REACH_S <= at_s <= one.start_s.low + one.seconds.low + CLAIM_REACH_S
        ]
        if not kinds or text in counted or not near:
            continue
        counted.add(text)
        own = next((at for at in near if pairs[at][1].text == line.text), near[0])
        one, evidence = pairs[own]
        more = exact(min(100.0, one.claims.low + len(kinds)))
        pairs[own] = (replace(one, claims=more, cta=one.cta or "call_to_action" in kinds), evidence)
    return pairs


def _covered(seen: StepFindings, evidence: Sequence[ExposureEvidence]) -> float:
    """Return the share of brand time in which a mark lies over a face or a subtitle."""
    shown: dict[int, bool] = {}
    for one in evidence:
        if one.by != "mark":
            continue
        for place in one.places:
            shown[place.picture] = shown.get(place.picture, False) or _covers(seen, place)
    return sum(shown.values()) / len(shown) if shown else 0.0


def _covers(seen: StepFindings, place: BrandSighting) -> bool:
    mark = box(place.quad)
    for face in _faces_about(seen, place.picture):
        area = (face[2] - face[0]) * (face[3] - face[1])
        if area > 0 and common(mark, face) >= COVERED_LEAST * area:
            return True
    low = SUBTITLE_BELOW * seen.shape[0]
    for line in seen.lines:
        if line.picture == place.picture and line.quad[:, 1].mean() > low:
            text = box(line.quad)
            area = (text[2] - text[0]) * (text[3] - text[1])
            # Words wholly on the mark are the mark's own.
            if COVERED_LEAST * area <= common(mark, text) <= 0.8 * area:
                return True
    return False


def _faces_about(seen: StepFindings, picture: int) -> list[tuple[float, float, float, float]]:
    """Return faces in or shortly before and after a picture of the same shot: a covered face is not seen itself."""
    at_s = seen.times[picture]
    near = []
    for other, found in seen.faces.items():
        low, high = sorted((at_s, seen.times[other]))
        if high - low <= FACE_STAYS_S and not any(low < cut <= high for cut in seen.cuts):
            near += found
    return near


def _disclosures(seen: StepFindings) -> list[DisclosureMark]:
    by_text: dict[str, dict[int, TextLine]] = {}
    for line in seen.lines:
        marked = brand_words.disclosure(line.text)
        if marked:
            by_text.setdefault(marked, {})[line.picture] = line
    found = [
        DisclosureMark(round(run.start_s, 3), round(run.end_s, 3), text, "screen")
        for text, sights in by_text.items()
        for run in runs(sights, seen.times, seen.duration_s, seen.cuts)
    ]
    for one in seen.heard.sentences:
        marked = brand_words.disclosure(one.text)
        if marked:
            found.append(DisclosureMark(one.start_s, one.end_s, marked, "speech"))
    return sorted(found, key=lambda one: one.start_s)
