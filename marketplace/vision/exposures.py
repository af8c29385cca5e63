"""Merges what the steps saw, read and heard into the exposure timeline, with the evidence for each exposure."""

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
from marketplace.vision import same_sight
from marketplace.vision.marks.mark_detection import Quad, area_share
from marketplace.vision.marks.mark_tracking import MarkSight
from marketplace.vision.read import brand_words, loudness, market_languages
from marketplace.vision.read.screen_text import TextLine
from marketplace.vision.read.speech import HeardSpeech, SpokenSentence
from marketplace.vision.read.time_runs import TimeRun, runs
from marketplace.vision.see.boxes import box, common

LIKENESS_CLEAR = 0.9  # a mark that looks this much like its reference is clear
COVERED_LEAST = 0.2  # share of a face or a subtitle that the mark has to cover
PLUG_GAP_S = 2.5  # a longer pause in speech about the brand begins another exposure
CLAIM_REACH_S = 1.0  # a selling point on the screen counts for an exposure up to this long before or after it
SUBTITLE_BELOW = 0.6  # a subtitle is lower than this share of the height
FACE_STAYS_S = 1.1  # a face seen this long before or after is taken to be there still
KEYFRAMES_MAX = 3


@dataclass(frozen=True)
class BrandSighting:
    """A brand in one picture of the cache: ``at_s`` (s), ``quad`` (4 x 2 px), how clear it is and how strongly it draws
    the eye (0..1 each)."""

    picture: int
    at_s: float
    quad: Quad
    clarity: float
    saliency: float


@dataclass(frozen=True)
class ExposureEvidence:
    """The evidence for an exposure: the name of the reference or the words found, the places, the text shown or spoken.

    ``by``: mark, words or speech.
    """

    name: str
    by: str
    places: tuple[BrandSighting, ...] = ()
    text: str = ""

    def keyframes(self) -> list[BrandSighting]:
        """Return the sightings that show it best: the largest, the first and the last."""
        if not self.places:
            return []
        largest = max(self.places, key=lambda sighting: float(np.prod(np.ptp(sighting.quad, axis=0))))
        chosen = {sighting.picture: sighting for sighting in (self.places[0], largest, self.places[-1])}
        return [chosen[picture] for picture in sorted(chosen)][:KEYFRAMES_MAX]


@dataclass(frozen=True)
class StepFindings:
    """What the steps found. Pictures are indexes into the frame cache; ``shape``: their height and width (px)."""

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
    """A mark that says that the video is paid for, from ``start_s`` to ``end_s``; ``by``: screen or speech."""

    start_s: float
    end_s: float
    text: str
    by: str


@dataclass(frozen=True)
class LookAlikeName:
    """Words on the screen, from ``start_s`` to ``end_s``, that look or sound nearly like one of the brand's names."""

    start_s: float
    end_s: float
    name: str
    text: str


@dataclass(frozen=True)
class MeasuredTimeline:
    """The timeline and, exposure by exposure, its evidence; the marks of disclosure, the languages in which there may
    be others that nobody can judge here, and words that are nearly a name of the brand and no exposure."""

    timeline: Timeline
    evidence: tuple[ExposureEvidence, ...]
    disclosures: tuple[DisclosureMark, ...]
    not_judged: tuple[str, ...] = ()
    look_alikes: tuple[LookAlikeName, ...] = ()


# Returns how strongly a quadrilateral (px) of a picture draws the eye, 0..1.
Pull = Callable[[int, Quad], float]


def measure(seen: StepFindings, names: Sequence[str], pull: Pull, markets: Sequence[str] = ()) -> MeasuredTimeline:
    """Merge the findings into exposures. ``names``: the brand's names; ``pull``: returns the saliency of a place;
    ``markets``: what the video is for."""
    pairs = [*_marks(seen, pull), *_texts(seen, names, pull), *_spoken(seen, names)]
    pairs = _with_claims(seen, pairs, names)
    pairs.sort(key=lambda pair: (pair[0].start_s.low, pair[0].kind))
    spoken = [
        (exposure.start_s.low, exposure.start_s.low + exposure.seconds.low)
        for exposure, _ in pairs
        if exposure.kind is ExposureKind.SPEECH
    ]
    louder = loudness.louder(seen.loudness, spoken) if spoken else None
    timeline = Timeline(
        duration_s=round(max(1.0, seen.duration_s), 3),
        exposures=tuple(exposure for exposure, _ in pairs),
        loudness_lu=exact(round(float(np.clip(louder, -60, 60)), 2)) if louder is not None else ZERO,
        occlusion_share=exact(round(_covered(seen, [evidence for _, evidence in pairs]), 4)),
        source=TimelineSource.MEASURED,
        sample_step_s=seen.step_s,
    )
    return MeasuredTimeline(
        timeline,
        tuple(evidence for _, evidence in pairs),
        tuple(_disclosures(seen, names)),
        _not_judged(seen, markets),
        tuple(_look_alikes(seen, names)),
    )


def _look_alikes(seen: StepFindings, names: Sequence[str]) -> list[LookAlikeName]:
    by_text: dict[tuple[str, str], dict[int, TextLine]] = {}
    for line in seen.lines:
        for near in brand_words.look_alikes(line.text, names)[:1]:
            by_text.setdefault((near.name, near.written), {})[line.picture] = line
    found = [
        LookAlikeName(round(run.start_s, 3), round(run.end_s, 3), name, text)
        for (name, text), sights in by_text.items()
        for run in runs(sights, seen.times, seen.duration_s, seen.cuts)
    ]
    return sorted(found, key=lambda near: near.start_s)


def _not_judged(seen: StepFindings, markets: Sequence[str]) -> tuple[str, ...]:
    texts = [*(line.text for line in seen.lines), *(sentence.text for sentence in seen.heard.sentences)]
    return market_languages.not_judged(markets, seen.heard.language if seen.heard.sentences else None, texts)


Pair = tuple[Exposure, ExposureEvidence]


def _marks(seen: StepFindings, pull: Pull) -> list[Pair]:
    pairs: list[Pair] = []
    for reference, run in same_sight.joined(seen.sights, seen.times, seen.duration_s, seen.cuts):
        places = [
            BrandSighting(picture, seen.times[picture], sight.quad, clarity(sight.likeness), pull(picture, sight.quad))
            for picture, sight in run.sights
        ]
        evidence = ExposureEvidence(seen.references[reference], "mark", tuple(places))
        pairs.append((_visible(seen, run, places, seen.kinds[reference], evidence.name), evidence))
    return pairs


def clarity(likeness: float) -> float:
    """Return how well a mark can be recognised, 0..1, by how much it looks like its reference."""
    return min(1.0, max(0.0, likeness) / LIKENESS_CLEAR)


def _visible(
    seen: StepFindings, run: TimeRun[Any], places: Sequence[BrandSighting], kind: ExposureKind, name: str
) -> Exposure:
    middle = np.asarray([seen.shape[1], seen.shape[0]]) / 2
    # Distances from the middle of the picture; 1 is a corner.
    distances = [
        float(np.linalg.norm(sighting.quad.mean(axis=0) - middle) / np.linalg.norm(middle)) for sighting in places
    ]
    return Exposure(
        start_s=exact(round(run.start_s, 3)),
        seconds=exact(round(run.seconds, 3)),
        kind=kind,
        area_share=_mean([area_share(sighting.quad, seen.shape) for sighting in places]),
        centre=_mean([1 - min(1.0, distance) for distance in distances]),
        saliency=_mean([sighting.saliency for sighting in places]),
        clarity=_mean([sighting.clarity for sighting in places]),
        description=name,
    )


def _mean(values: Sequence[float]) -> ValueInterval:
    return exact(round(min(1.0, max(0.0, fmean(values))), 5))


def _texts(seen: StepFindings, names: Sequence[str], pull: Pull) -> list[Pair]:
    """Return names read on the screen, except those printed on a mark that was seen anyway, and those in a line that
    only discloses: who says that an advertisement is one is not to score more for it."""
    by_name: dict[str, dict[int, list[TextLine]]] = {}
    for line in seen.lines:
        if brand_words.only_discloses(line.text, names):
            continue
        for hit in brand_words.brand_hits(line.text, names, written=True)[:1]:
            if not _on_a_mark(seen, line):
                by_name.setdefault(brand_words.plain(hit.name), {}).setdefault(line.picture, []).append(line)
    pairs: list[Pair] = []
    for sights in by_name.values():
        for run in runs(sights, seen.times, seen.duration_s, seen.cuts):
            places = [
                BrandSighting(picture, seen.times[picture], line.quad, line.score, pull(picture, line.quad))
                for picture, lines in run.sights
                for line in lines[:1]
            ]
            text = max((line.text for _, lines in run.sights for line in lines), key=len)
            evidence = ExposureEvidence(text, "words", tuple(places), text)
            pairs.append((_visible(seen, run, places, ExposureKind.TEXT, text[:200]), evidence))
    return pairs


def _on_a_mark(seen: StepFindings, line: TextLine) -> bool:
    middle = line.quad.mean(axis=0)
    for sights in seen.sights:
        for picture in (line.picture, line.picture - 1, line.picture + 1):
            if picture in sights:
                left, top, right, bottom = box(sights[picture].quad)
                wide, high = 0.15 * (right - left), 0.15 * (bottom - top)
                if left - wide <= middle[0] <= right + wide and top - high <= middle[1] <= bottom + high:
                    return True
    return False


def _spoken(seen: StepFindings, names: Sequence[str]) -> list[Pair]:
    """Return stretches of speech about the brand: sentences that name it and do not only disclose, and selling points
    right beside them."""
    sentences = seen.heard.sentences
    about_brand = [
        bool(brand_words.brand_hits(sentence.text, names)) and not brand_words.only_discloses(sentence.text, names)
        for sentence in sentences
    ]
    # Forwards, then backwards: selling points count if they follow or precede a sentence that counts.
    for order in (range(1, len(sentences)), range(len(sentences) - 2, -1, -1)):
        for index in order:
            sentence, beside = sentences[index], index - order.step
            neighbour = sentences[beside]
            gap = max(sentence.start_s - neighbour.end_s, neighbour.start_s - sentence.end_s)
            about_brand[index] = about_brand[index] or (
                about_brand[beside] and gap <= PLUG_GAP_S and bool(brand_words.claims(sentence.text))
            )
    pairs: list[Pair] = []
    plug: list[SpokenSentence] = []
    for sentence, about in zip(sentences, about_brand, strict=True):
        if plug and (not about or sentence.start_s - plug[-1].end_s > PLUG_GAP_S):
            pairs.append(_plug(plug, names))
            plug = []
        if about:
            plug.append(sentence)
    return [*pairs, _plug(plug, names)] if plug else pairs


def _plug(sentences: Sequence[SpokenSentence], names: Sequence[str]) -> Pair:
    text = " ".join(sentence.text for sentence in sentences)
    kinds = {(index, kind) for index, sentence in enumerate(sentences) for kind in brand_words.claims(sentence.text)}
    named = sum(bool(brand_words.brand_hits(sentence.text, names)) for sentence in sentences)
    exposure = Exposure(
        start_s=exact(sentences[0].start_s),
        seconds=exact(round(max(0.05, sentences[-1].end_s - sentences[0].start_s), 3)),
        kind=ExposureKind.SPEECH,
        claims=exact(float(len(kinds))),
        mentions=exact(float(named)),
        cta=any(kind == "call_to_action" for _, kind in kinds),
        description=text[:500],
    )
    return exposure, ExposureEvidence(text[:200], "speech", (), text)


def _with_claims(seen: StepFindings, pairs: list[Pair], names: Sequence[str]) -> list[Pair]:
    """Count selling points written on the screen for the exposure that they are shown with, each text once."""
    counted: set[str] = set()
    for line in seen.lines:
        kinds = brand_words.claims(line.text)
        text = brand_words.plain(line.text)
        at_s = seen.times[line.picture]
        near = [
            index
            for index, (exposure, _) in enumerate(pairs)
            if exposure.kind is not ExposureKind.SPEECH
            and exposure.start_s.low - CLAIM_REACH_S
            <= at_s
            <= exposure.start_s.low + exposure.seconds.low + CLAIM_REACH_S
        ]
        if not kinds or text in counted or not near:
            continue
        counted.add(text)
        # The exposure of this very line, if there is one, else the first nearby.
        chosen = next((index for index in near if pairs[index][1].text == line.text), near[0])
        exposure, evidence = pairs[chosen]
        claims = exact(min(100.0, exposure.claims.low + len(kinds)))
        pairs[chosen] = (
            replace(exposure, claims=claims, cta=exposure.cta or "call_to_action" in kinds),
            evidence,
        )
    return pairs


def _covered(seen: StepFindings, evidence: Sequence[ExposureEvidence]) -> float:
    """Return the share of brand time in which a mark covers a face or a subtitle."""
    covering: dict[int, bool] = {}
    for item in evidence:
        if item.by != "mark":
            continue
        for sighting in item.places:
            covering[sighting.picture] = covering.get(sighting.picture, False) or _covers(seen, sighting)
    return sum(covering.values()) / len(covering) if covering else 0.0


def _covers(seen: StepFindings, sighting: BrandSighting) -> bool:
    mark = box(sighting.quad)
    for face in _faces_about(seen, sighting.picture):
        area = (face[2] - face[0]) * (face[3] - face[1])
        if area > 0 and common(mark, face) >= COVERED_LEAST * area:
            return True
    low = SUBTITLE_BELOW * seen.shape[0]
    for line in seen.lines:
        if line.picture == sighting.picture and line.quad[:, 1].mean() > low:
            text = box(line.quad)
            area = (text[2] - text[0]) * (text[3] - text[1])
            # Words wholly on the mark belong to the mark.
            if COVERED_LEAST * area <= common(mark, text) <= 0.8 * area:
                return True
    return False


def _faces_about(seen: StepFindings, picture: int) -> list[tuple[float, float, float, float]]:
    """Return faces in a picture, or shortly before and after it in the same shot, because a covered face is not
    found."""
    at_s = seen.times[picture]
    near = []
    for other, boxes in seen.faces.items():
        low, high = sorted((at_s, seen.times[other]))
        if high - low <= FACE_STAYS_S and not any(low < cut <= high for cut in seen.cuts):
            near += boxes
    return near


def _disclosures(seen: StepFindings, names: Sequence[str]) -> list[DisclosureMark]:
    by_text: dict[str, dict[int, TextLine]] = {}
    for line in seen.lines:
        marked = brand_words.disclosure(line.text, names)
        if marked:
            by_text.setdefault(marked, {})[line.picture] = line
    marks = [
        DisclosureMark(round(run.start_s, 3), round(run.end_s, 3), text, "screen")
        for text, sights in by_text.items()
        for run in runs(sights, seen.times, seen.duration_s, seen.cuts)
    ]
    for sentence in seen.heard.sentences:
        marked = brand_words.disclosure(sentence.text, names)
        if marked:
            marks.append(DisclosureMark(sentence.start_s, sentence.end_s, marked, "speech"))
    return sorted(marks, key=lambda mark: mark.start_s)
