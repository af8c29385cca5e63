"""How well spoken names are heard: the share found by language, names heard that nobody said, and the cost.

    python -m benchmarks.quality.spoken FOLDER [--table FILE] [--models DIR] [--snr-db 20 10] [--plain]

FOLDER holds mono WAV files of any rate; the table (``transcripts.tsv`` in it, unless named) has a line for each, parted
by tabs, under the heads ``file``, ``language``, ``text`` and ``name``: the word in the text that is taken for a brand's
name, or nothing, and then the longest (English) or a drawn one of three characters (Chinese) is taken. Each file is
heard once with its own name and once with three that are not said in it. Noise, chords with a beat and silence are
heard with names, too: there every hit is wrong. ``--plain`` tells the recogniser no names.
"""

import argparse
import csv
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.io import wavfile
from scipy.signal import resample_poly

from marketplace.vision.read import brand_words, speech
from marketplace.vision.read.speech import HEARD_HZ, HeardSpeech, SpeechRecogniser

Sound = NDArray[np.float32]
OTHERS = 3


@dataclass(frozen=True)
class Utterance:
    """A sound in which a name is said."""

    file: str
    language: str
    text: str
    name: str
    sound: Sound


def load(path: Path) -> Sound:
    """Return a WAV file as the recogniser takes it, 16 kHz and -1..1."""
    rate, told = wavfile.read(path)
    scale = np.iinfo(told.dtype).max if np.issubdtype(told.dtype, np.integer) else 1
    sound = told.astype(np.float32) / scale
    if sound.ndim > 1:
        sound = sound.mean(axis=1)
    return np.asarray(sound if rate == HEARD_HZ else resample_poly(sound, HEARD_HZ, rate), np.float32)


def read(folder: Path, table: Path) -> list[Utterance]:
    random = np.random.default_rng(1)
    found = []
    for line in csv.DictReader(table.read_text().splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        text, language = line["text"], line["language"]
        name = line.get("name") or ""
        if not name and language == "zh":
            han = brand_words.plain(text).replace(" ", "")
            at = int(random.integers(0, max(1, len(han) - 2)))
            name = han[at : at + 3]
        elif not name:
            name = max(re.findall(r"[\w']+", text), key=len)
        found.append(Utterance(line["file"], language, text, name, load(folder / line["file"])))
    return found


def noisy(sound: Sound, snr_db: float, random: np.random.Generator) -> Sound:
    """Return a sound with chords and noise under it, ``snr_db`` below its own power."""
    under = (
        chords(len(sound) / HEARD_HZ, random)[: len(sound)] + 0.3 * noise(len(sound) / HEARD_HZ, random)[: len(sound)]
    )
    power = float(np.mean(sound**2)) / max(1e-12, float(np.mean(under**2)))
    return np.asarray(np.clip(sound + under * np.sqrt(power / 10 ** (snr_db / 10)), -1, 1), np.float32)


def noise(seconds: float, random: np.random.Generator) -> Sound:
    return (0.1 * random.normal(0, 1, int(seconds * HEARD_HZ) + 1)).astype(np.float32)


def chords(seconds: float, random: np.random.Generator) -> Sound:
    """Return music of a kind: a chord every half second with its overtones, and a beat."""
    at_s = np.arange(int(seconds * HEARD_HZ) + 1) / HEARD_HZ
    whole = np.zeros(len(at_s))
    for beat in range(int(seconds * 2) + 1):
        since = at_s - beat / 2
        loud = np.where(since >= 0, np.exp(-3 * np.clip(since, 0, 9)), 0)
        root = 220 * 2 ** (int(random.integers(0, 12)) / 12)
        for step in (1.0, 1.26, 1.498):
            whole += loud * sum(np.sin(2 * np.pi * root * step * over * at_s) / over for over in (1, 2, 3))
        whole += np.where((since >= 0) & (since < 0.03), random.normal(0, 1.5, len(at_s)), 0)
    return (0.2 * whole / max(1e-9, float(np.abs(whole).max()))).astype(np.float32)


def met(heard: HeardSpeech, names: Sequence[str]) -> bool:
    return any(brand_words.brand_hits(sentence.text, names) for sentence in heard.sentences)


def told(heard: HeardSpeech) -> str:
    return " | ".join(sentence.text for sentence in heard.sentences)


def others(spoken: Sequence[Utterance], one: Utterance, random: np.random.Generator) -> list[str]:
    """Return names that are not said in an utterance, of the same language first."""
    said = brand_words.plain(one.text).replace(" ", "")
    there = sorted({two.name for two in spoken if brand_words.plain(two.name).replace(" ", "") not in said})
    own = [two for two in there if any(three.name == two and three.language == one.language for three in spoken)]
    pool = own if len(own) >= OTHERS else there
    return [pool[at] for at in random.permutation(len(pool))[:OTHERS]]


def hear(by: SpeechRecogniser, sound: Sound, names: Sequence[str], plain: bool) -> tuple[HeardSpeech, float]:
    """Return what is heard and the processor seconds it took."""
    began = time.process_time()
    heard = by.hear(sound, () if plain else names)
    return heard, time.process_time() - began


def measure(
    by: SpeechRecogniser, spoken: Sequence[Utterance], snr_db: float | None, plain: bool, explain: bool
) -> None:
    random = np.random.default_rng(7)
    found, there, wrong = Counter[str](), Counter[str](), Counter[str]()
    cpu_s = seconds = 0.0
    for one in spoken:
        sound = one.sound if snr_db is None else noisy(one.sound, snr_db, random)
        heard, spent = hear(by, sound, [one.name], plain)
        cpu_s, seconds = cpu_s + spent, seconds + len(sound) / HEARD_HZ
        there[one.language] += 1
        hit = met(heard, [one.name])
        found[one.language] += hit
        if explain and not hit:
            print(f"  missed {one.name!r} in {one.file}: {told(heard)}")
        absent = others(spoken, one, random)
        heard, _ = hear(by, sound, absent, plain)
        if met(heard, absent):
            wrong[one.language] += 1
            if explain:
                print(f"  wrongly met one of {absent} in {one.file}: {told(heard)}")
    under = "as they are" if snr_db is None else f"music and noise {snr_db:g} dB below"
    for language in sorted(there):
        print(
            f"{language}, {under}: found {found[language] / there[language]:.3f} of {there[language]}; "
            f"wrong hits in {wrong[language]} of {there[language]} with {OTHERS} names that are not said"
        )
    print(f"  {60 * cpu_s / seconds:.1f} CPU s a minute of speech in files of {seconds / len(spoken):.1f} s")


def nothing_said(by: SpeechRecogniser, names: Sequence[str], plain: bool) -> None:
    """Print what is met where nobody speaks."""
    random = np.random.default_rng(3)
    sounds = {
        "noise": noise(60, random),
        "chords": chords(60, random),
        "silence": np.zeros(60 * HEARD_HZ, np.float32),
        "hum": (0.1 * np.sin(np.arange(60 * HEARD_HZ) * 2 * np.pi * 100 / HEARD_HZ)).astype(np.float32),
    }
    for what, sound in sounds.items():
        heard, cpu_s = hear(by, sound, names, plain)
        print(
            f"a minute of {what}: {'a wrong hit' if met(heard, names) else 'none met'}, {cpu_s:.1f} CPU s {told(heard)}"
        )


def main() -> None:
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("folder", type=Path)
    parse.add_argument("--table", type=Path)
    parse.add_argument("--models", type=Path, default=Path(".data/models"), help="where the joined model is kept")
    parse.add_argument("--snr-db", type=float, nargs="*", default=[], help="also under music and noise this far below")
    parse.add_argument("--plain", action="store_true", help="without names as hot words")
    parse.add_argument("--explain", action="store_true", help="print each miss and each wrong hit")
    args = parse.parse_args()
    by = speech.recogniser(args.models)
    if by is None:
        raise SystemExit("No speech model is installed: make vision")
    spoken = read(args.folder, args.table or args.folder / "transcripts.tsv")
    for snr_db in (None, *args.snr_db):
        measure(by, spoken, snr_db, args.plain, args.explain)
    nothing_said(by, sorted({one.name for one in spoken})[:20], args.plain)


if __name__ == "__main__":
    main()
