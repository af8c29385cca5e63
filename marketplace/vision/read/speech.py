"""Recognises speech: an adapter to a recogniser whose model comes in packages, or a plain "speech was not read"."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from marketplace.core.lazy_import import lazy_module
from marketplace.vision.decode.decoder import SOUND_HZ
from marketplace.vision.decode.frames import SoundFile
from marketplace.vision.read.brand_words import brand_hits, sound_ratio, sound_within
from marketplace.vision.read.market_languages import languages_by_script, languages_of
from marketplace.vision.read.speech_model import MODEL_NAME, installed, model_folder
from marketplace.vision.read.text_forms import plain, simplified

if TYPE_CHECKING:
    from scipy import signal
else:  # a clip without sound needs none of it
    signal = lazy_module("scipy.signal")

HEARD_HZ = 16_000
# A window is first read the quick way (a beam of 1), and with this beam only if it may hold a name.
BEAM = 5
# How alike in sound a stretch and a name must be for reading it slowly, and for giving the name to the recogniser. With
# 0.76 for both, 0.81 of English names were found instead of 0.96.
QUICK_LEAST, DOUBT_LEAST = 0.68, 0.7
# A word surer than this is not a misheard name: each of 31 that the quick way misheard held a word of at most 0.68.
SURE_LEAST = 0.8
PAUSE_S = 0.45
SENTENCE_ENDS = "。！？!?."
COMPRESSION_MAX, LOG_PROBABILITY_LEAST = 2.4, -1.2
# If the model itself doubts that anybody speaks, it has to be surer of the words.
NO_SPEECH_MOST, LOG_PROBABILITY_SURE = 0.6, -0.8
WINDOW_S, AFTER_S = 14.0, 2.0
# The next word of one window costs nearly as much as that of several, so windows are read in batches: padded to the
# longest they hold at most BATCH_S (a second takes 2 MB), the longest is at most LONGER_MOST times the shortest, and
# TOGETHER_MAX windows are held at once.
BATCH_S, LONGER_MOST, TOGETHER_MAX = 34.0, 1.25, 12
# Pauses within one window. After a longer one another language may be spoken, and a window is read in one language; but
# a word or two alone (SHORT_S) are not enough to detect it, so they may join across SHORT_GAP_S.
JOIN_GAP_S, SHORT_S, SHORT_GAP_S = 0.1, 1.5, 2.0
PART_S, MONO_PART_S = 60, 30
TOKENS_MAX = 160  # in a window; fast speech was measured at 5 a second
SOUNDED_LEAST = 0.6
SILENT_DB = -60.0

Window = tuple[int, int]  # first sample and the one after the last


@dataclass(frozen=True)
class SpokenSentence:
    """One spoken sentence, from ``start_s`` to ``end_s``."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True)
class HeardSpeech:
    """All the speech in a video. ``by``: the recogniser; None if none is installed, and nothing was transcribed."""

    by: str | None
    language: str | None
    sentences: tuple[SpokenSentence, ...]
    silent: bool = False


class SpeechRecogniser(Protocol):
    """Turns sound (16 kHz, -1..1) into sentences, with names that it may expect to hear, in some languages (codes; if
    none are given, in whatever it hears)."""

    name: str

    def hear(self, sound: NDArray[np.float32], names: Sequence[str], languages: Sequence[str] = ()) -> HeardSpeech: ...


@dataclass(frozen=True)
class SpokenWord:
    """A word with its times, s from the start of the sound, and how sure the model is of it, 0..1."""

    start: float
    end: float
    word: str
    sure: float


@dataclass(frozen=True)
class _WindowText:
    """The reading of a window: its tokens and text, and whether it can be trusted."""

    tokens: list[int]
    text: str
    sane: bool


class WhisperRecogniser:
    """Whisper base through faster-whisper (CTranslate2, 8 bit, one thread).

    The model was trained on windows of 30 s, and each costs the same however little speech it has. Here windows are
    only as long as the speech, with a little silence after it. That was measured to be as accurate, provided that the
    model also writes time stamps: without them it repeats the text of short windows.
    """

    name = MODEL_NAME

    def __init__(self, folder: Path) -> None:
        # Slow to import, and may be missing.
        whisper: Any = lazy_module("faster_whisper")
        self._vad: Any = lazy_module("faster_whisper.vad")
        self._transcribe: Any = lazy_module("faster_whisper.transcribe")
        self._model: Any = whisper.WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)

    def hear(self, sound: NDArray[np.float32], names: Sequence[str], languages: Sequence[str] = ()) -> HeardSpeech:
        likely: Counter[str] = Counter()
        sentences: list[SpokenSentence] = []
        windows = self._windows(sound)
        for first in range(0, len(windows), TOGETHER_MAX):
            block = windows[first : first + TOGETHER_MAX]
            batches = [self._encoded(sound, windows_alike) for windows_alike in alike(block)]
            tokens = self._tokens(block, batches, likely, languages)
            words_of = dict(reading for batch in batches for reading in self._transcribed(batch, tokens, names))
            for window in block:
                sentences += _sentences(words_of[window])
        language = likely.most_common(1)[0][0] if likely else None
        return HeardSpeech(self.name, language, tuple(sentences))

    def _tokens(
        self,
        block: Sequence[Window],
        batches: Sequence["_WindowBatch"],
        likely: Counter[str],
        languages: Sequence[str],
    ) -> dict[Window, Any]:
        """Return the tokeniser of each window, by its language; ``likely`` counts the languages so far, in samples."""
        chances_of = {
            window: among({token[2:-2]: chance for token, chance in ranked}, languages)
            for batch in batches
            for window, ranked in zip(batch.windows, self._model.model.detect_language(batch.stored()), strict=True)
        }
        tokenisers: dict[Window, Any] = {}
        for window in block:
            chances = chances_of[window]
            for language, chance in chances.items():
                likely[language] += chance * (window[1] - window[0])
            # A short window alone is easily taken for a language that is spoken nowhere else in the video.
            whole = max(1e-9, likely.total())
            language = max(chances, key=lambda code: chances[code] + likely[code] / whole)
            tokenisers[window] = self._transcribe.Tokenizer(
                self._model.hf_tokenizer, True, task="transcribe", language=language
            )
        return tokenisers

    def _windows(self, sound: NDArray[np.float32]) -> list[Window]:
        """Return the stretches in which somebody speaks, in samples, none longer than WINDOW_S."""
        options = self._vad.VadOptions(
            max_speech_duration_s=WINDOW_S, min_silence_duration_ms=300, speech_pad_ms=200, min_speech_duration_ms=100
        )
        windows: list[Window] = []
        # In parts, because the detector holds its input several times over; a sentence cut there is joined again.
        for part_start in range(0, len(sound), PART_S * HEARD_HZ):
            for stretch in self._vad.get_speech_timestamps(sound[part_start : part_start + PART_S * HEARD_HZ], options):
                start, end = part_start + int(stretch["start"]), part_start + int(stretch["end"])
                if windows and _joins(windows[-1], (start, end)) and end - windows[-1][0] <= WINDOW_S * HEARD_HZ:
                    start = windows.pop()[0]
                windows.append((start, end))
        return windows

    def _encoded(self, sound: NDArray[np.float32], windows: Sequence[Window]) -> "_WindowBatch":
        longest = max(end - start for start, end in windows) + int(AFTER_S * HEARD_HZ)
        parts = [np.pad(sound[start:end], (0, longest - (end - start))) for start, end in windows]
        features = np.stack([self._model.feature_extractor(part) for part in parts])
        # The encoder halves the number of frames.
        encoded = self._model.encode(features[:, :, : min(3000, features.shape[2]) // 2 * 2])
        return _WindowBatch(tuple(windows), np.asarray(encoded), type(encoded).from_array)

    def _transcribed(
        self, batch: "_WindowBatch", tokens: Mapping[Window, Any], names: Sequence[str]
    ) -> Iterator[tuple[Window, list[SpokenWord]]]:
        """Yield the spoken words of each window of a batch.

        Hot words correct misheard names, but now and then they spoil one that was heard well, or produce one that
        nobody said. So they are given only if a name may have been misheard, and a name has to sound like what is in
        its place without them.
        """
        for index, quick_text in enumerate(self._decoded(batch, tokens, (), beam=1)):
            single = batch.only(index)
            heard = self._words(single, tokens, quick_text)
            if not quick_text.sane or (not brand_hits(quick_text.text, names) and may_be_in(names, heard)):
                # One at a time: side by side, every reading holds its window's keys and values in memory.
                slow_text = self._decoded(single, tokens, ())[0]
                heard = self._words(single, tokens, self._primed(single, tokens, names, slow_text) or slow_text)
            yield batch.windows[index], heard

    def _primed(
        self, single: "_WindowBatch", tokens: Mapping[Window, Any], names: Sequence[str], slow_text: _WindowText
    ) -> _WindowText | None:
        """Return the reading of a window with the names that it may hold as hot words, if it then holds one of them."""
        candidates = [name for name in names if sound_within(name, slow_text.text) >= DOUBT_LEAST]
        if not candidates or brand_hits(slow_text.text, names):
            return None
        primed_text = self._decoded(single, tokens, candidates)[0]
        hits = brand_hits(primed_text.text, candidates)
        plausible = any(sounded(primed_text.text, hit.written, slow_text.text) >= SOUNDED_LEAST for hit in hits)
        return primed_text if primed_text.sane and plausible else None

    def _decoded(
        self, batch: "_WindowBatch", tokens: Mapping[Window, Any], names: Sequence[str], beam: int = BEAM
    ) -> list[_WindowText]:
        tokenisers = [tokens[window] for window in batch.windows]
        hotwords = " ".join(names) or None
        prompts = [self._model.get_prompt(tokeniser, [], hotwords=hotwords) for tokeniser in tokenisers]
        answers = self._model.model.generate(
            batch.stored(),
            prompts,
            beam_size=beam,
            max_length=len(prompts[0]) + TOKENS_MAX,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=self._transcribe.get_suppressed_tokens(tokenisers[0], (-1,)),
            max_initial_timestamp_index=50,
        )
        return [self._trusted(tokeniser, answer) for tokeniser, answer in zip(tokenisers, answers, strict=True)]

    def _trusted(self, tokens: Any, answer: Any) -> _WindowText:
        tokens_said = [token for token in answer.sequences_ids[0] if token < tokens.eot]
        text = tokens.decode(tokens_said).strip()
        certain = answer.scores[0] > LOG_PROBABILITY_LEAST and not (
            answer.no_speech_prob > NO_SPEECH_MOST and answer.scores[0] < LOG_PROBABILITY_SURE
        )
        return _WindowText(
            tokens_said, text, certain and self._transcribe.get_compression_ratio(text) < COMPRESSION_MAX
        )

    def _words(self, single: "_WindowBatch", tokens: Mapping[Window, Any], reading: _WindowText) -> list[SpokenWord]:
        """Return the words with their times; none if the reading cannot be trusted."""
        if not (reading.sane and reading.tokens):
            return []
        start, end = single.windows[0]
        frames = min(3000, int((end - start) / HEARD_HZ * 100))
        alignment = self._model.find_alignment(tokens[single.windows[0]], [reading.tokens], single.stored(), frames)[0]
        self._transcribe.merge_punctuations(alignment, "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、")
        at_s, end_s = start / HEARD_HZ, end / HEARD_HZ
        return [
            SpokenWord(
                min(end_s, at_s + float(word["start"])),
                min(end_s, at_s + float(word["end"])),
                word["word"],
                float(word["probability"]),
            )
            for word in alignment
            if word["word"]
        ]


def among(chances: Mapping[str, float], languages: Sequence[str]) -> dict[str, Any]:
    """Return the chances of those languages alone, which add up to 1; of all where none of them is known.

    Accents and music make the model choose a language that nobody speaks here, and then its script.
    """
    wanted = {code: chance for code, chance in chances.items() if code in languages} or dict(chances)
    whole = sum(wanted.values())
    return {code: chance / whole for code, chance in wanted.items()} if whole > 0 else wanted


@dataclass(frozen=True)
class _WindowBatch:
    """Windows that are read together; ``encoded``: windows x frames x channels."""

    windows: tuple[Window, ...]
    encoded: NDArray[np.float32]
    store: Callable[[NDArray[np.float32]], Any]

    def stored(self) -> Any:
        return self.store(self.encoded)

    def only(self, at: int) -> "_WindowBatch":
        return _WindowBatch(self.windows[at : at + 1], self.encoded[at : at + 1], self.store)


def alike(windows: Sequence[Window]) -> list[list[Window]]:
    """Group windows of about the same length into batches, because each is padded to the longest of its batch."""
    batches: list[list[Window]] = []
    for window in sorted(windows, key=_long):
        batch = batches[-1] if batches else []
        few = (len(batch) + 1) * _long(window) <= BATCH_S * HEARD_HZ
        if batch and few and _long(window) <= LONGER_MOST * _long(batch[0]):
            batch.append(window)
        else:
            batches.append([window])
    return batches


def _long(window: Window) -> float:
    """Return how many samples a window has with the silence after it."""
    return window[1] - window[0] + AFTER_S * HEARD_HZ


def _joins(earlier: Window, later: Window) -> bool:
    """Return whether two stretches of speech (samples) belong together."""
    short = min(earlier[1] - earlier[0], later[1] - later[0]) < SHORT_S * HEARD_HZ
    return later[0] - earlier[1] <= (SHORT_GAP_S if short else JOIN_GAP_S) * HEARD_HZ


def may_be_in(names: Sequence[str], heard: Sequence[SpokenWord]) -> bool:
    """Return whether words heard with doubt, together with those beside them, sound like one of the names."""
    unsure = {index for index, word in enumerate(heard) if word.sure < SURE_LEAST and plain(word.word)}
    stretches = [""]
    for index, word in enumerate(heard):
        if unsure & {index - 1, index, index + 1}:
            stretches[-1] += word.word
        else:
            stretches.append("")
    return any(sound_within(name, stretch) >= QUICK_LEAST for name in names for stretch in stretches if stretch)


def sounded(primed: str, written: str, without: str) -> float:
    """Return how much the text in a name's place in another reading of the same sound sounds like the name, 0..1."""
    name, letters, other_letters = (text.replace(" ", "") for text in (written, plain(primed), plain(without)))
    start = letters.find(name)
    if start < 0:
        return 0.0
    end = start + len(name)
    edits = Levenshtein.opcodes(letters, other_letters)
    touching = [edit for edit in edits if edit.src_start < end and edit.src_end > start]
    low, high = min(edit.dest_start for edit in touching), max(edit.dest_end for edit in touching)
    for edit in edits:  # of a stretch that is equal in both, only the name's part counts
        if edit.tag == "equal" and edit.src_start < start < edit.src_end:
            low = edit.dest_start + start - edit.src_start
        if edit.tag == "equal" and edit.src_start < end < edit.src_end:
            high = edit.dest_start + end - edit.src_start
    return sound_ratio(name, other_letters[low:high])


def _sentences(words: Sequence[SpokenWord]) -> list[SpokenSentence]:
    """Split words with their times into sentences, at pauses and full stops."""
    sentences: list[SpokenSentence] = []
    words_so_far: list[SpokenWord] = []
    for word in words:
        if words_so_far and word.start - words_so_far[-1].end > PAUSE_S:
            sentences.append(_joined(words_so_far))
            words_so_far = []
        words_so_far.append(word)
        if word.word.strip()[-1:] in SENTENCE_ENDS:
            sentences.append(_joined(words_so_far))
            words_so_far = []
    return [*sentences, _joined(words_so_far)] if words_so_far else sentences


def _joined(words: Sequence[SpokenWord]) -> SpokenSentence:
    text = simplified("".join(word.word for word in words).strip())
    return SpokenSentence(round(words[0].start, 3), round(words[-1].end, 3), text)


def recogniser(cache: Path) -> SpeechRecogniser | None:
    """Return the recogniser, or None if its packages are missing; ``cache``: the folder for the joined model."""
    return WhisperRecogniser(model_folder(cache)) if installed() else None


def mono(sound: NDArray[np.int16] | SoundFile) -> NDArray[np.float32]:
    """Return stereo at 48 kHz as one channel at 16 kHz, -1..1."""
    ratio = SOUND_HZ // HEARD_HZ
    heard = np.empty(-(-len(sound) // ratio), np.float32)
    # In parts, whose length is a multiple of the ratio, so that ten minutes are never in memory as doubles.
    step = MONO_PART_S * SOUND_HZ
    for start in range(0, len(sound), step):
        part = sound[start : start + step].astype(np.float32).mean(axis=1) / 32768
        heard[start // ratio : (start + step) // ratio] = signal.resample_poly(part, 1, ratio)
    return heard


def listen(
    sound: NDArray[np.int16] | SoundFile,
    names: Sequence[str],
    by: SpeechRecogniser | None,
    markets: Sequence[str] = (),
) -> HeardSpeech:
    """Return the speech in stereo sound at 48 kHz. Without a recogniser ``by`` is None and nothing is transcribed.

    Only the languages of the ``markets`` and of the names' scripts are listened for; without markets all are.
    """
    if by is None:
        return HeardSpeech(None, None, ())
    samples = mono(sound)
    loudest = float(np.abs(samples).max()) if len(samples) else 0.0
    if loudest < 10 ** (SILENT_DB / 20):
        return HeardSpeech(by.name, None, (), silent=True)
    languages = (*languages_of(markets), *languages_by_script(names)) if markets else ()
    return by.hear(samples, names, languages)
