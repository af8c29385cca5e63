"""What is said, by the real recogniser, and which names it may be told."""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from marketplace.core.lazy_import import lazy_module
from marketplace.vision.read import brand_words, market_languages, speech, speech_model
from marketplace.vision.read.speech import HEARD_HZ, SpeechRecogniser

if TYPE_CHECKING:
    from scipy.io import wavfile
else:
    wavfile = lazy_module("scipy.io.wavfile")

SPEECH = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "speech"
shared = [
    pytest.mark.shared,
    pytest.mark.skipif(not SPEECH.exists(), reason="the shared speech is not here"),
]


@pytest.fixture(scope="module")
def recogniser(tmp_path_factory: pytest.TempPathFactory) -> SpeechRecogniser:
    if importlib.util.find_spec(speech_model.PARTS[0]) is None:
        pytest.skip("no speech model is installed")
    found = speech.recogniser(tmp_path_factory.mktemp("models"))
    assert found is not None
    return found


def test_where_nobody_speaks_no_name_is_heard(recogniser: SpeechRecogniser) -> None:
    sound = (0.05 * np.random.default_rng(1).normal(0, 1, 10 * HEARD_HZ)).astype(np.float32)

    heard = recogniser.hear(sound, ["青柠岛", "Northfox"])

    assert not any(brand_words.brand_hits(sentence.text, ["青柠岛", "Northfox"]) for sentence in heard.sentences)


@pytest.mark.parametrize(
    ("file", "language", "name", "absent"),
    [
        pytest.param("long.wav", "zh", "富士康", ["青柠岛", "栖云"], marks=shared),
        pytest.param("mid.wav", "zh", "肯德基", ["青柠岛", "栖云"], marks=shared),
        pytest.param("librispeech-1995-1837-0001.wav", "en", "fantasy", ["Northfox", "Kopeli"], marks=shared),
    ],
)
def test_a_name_is_heard_where_it_is_said(
    recogniser: SpeechRecogniser, file: str, language: str, name: str, absent: list[str]
) -> None:
    _, told = wavfile.read(SPEECH / file)
    sound = told.astype(np.float32) / 32768

    heard = recogniser.hear(sound, [name, *absent])

    assert heard.language == language
    said = [sentence for sentence in heard.sentences if brand_words.brand_hits(sentence.text, [name])]
    assert len(said) == 1
    assert 0 <= said[0].start_s < said[0].end_s <= len(sound) / HEARD_HZ
    assert not any(brand_words.brand_hits(sentence.text, absent) for sentence in heard.sentences)


@pytest.mark.parametrize("markets", [("US",), ("JP", "DE")])
@pytest.mark.parametrize("file", [pytest.param("mid.wav", marks=shared)])
def test_only_the_languages_of_the_markets_and_of_the_names_are_heard(
    recogniser: SpeechRecogniser, file: str, markets: tuple[str, ...]
) -> None:
    rate, told = wavfile.read(SPEECH / file)
    sound = np.repeat(told, speech.SOUND_HZ // rate)
    stereo = np.stack([sound, sound], axis=1)

    heard = speech.listen(stereo, ["Limeisle"], recogniser, markets)
    assert heard.language in market_languages.languages_of(markets)  # Mandarin, which is none of them
    # A name in Chinese is reason enough to listen for Chinese.
    assert speech.listen(stereo, ["肯德基"], recogniser, markets).language == "zh"
    assert speech.listen(stereo, ["Limeisle"], recogniser, ()).language == "zh"


def test_chances_are_those_of_the_wanted_languages_alone() -> None:
    chances = {"th": 0.6, "zh": 0.3, "en": 0.1}
    assert speech.among(chances, ("zh", "en")) == pytest.approx({"zh": 0.75, "en": 0.25})
    assert speech.among(chances, ("km",)) == pytest.approx(chances)
    assert speech.among(chances, ()) == pytest.approx(chances)


@pytest.mark.parametrize(
    ("primed", "written", "without", "alike"),
    [
        ("富士康在印度工厂", "富士康", "故事康在印度工厂", True),
        ("try the Limeisle today", "limeisle", "try the lime aisle today", True),
        ("Northfox is nice weather", "northfox", "it is nice weather", False),
        ("今天喝青柠岛汽水", "青柠岛", "今天喝汽水", False),
    ],
)
def test_a_name_sounds_like_what_stands_in_its_place(primed: str, written: str, without: str, alike: bool) -> None:
    assert (speech.sounded(primed, written, without) >= speech.SOUNDED_LEAST) == alike


@pytest.mark.parametrize(
    ("heard", "doubtful"),
    [
        ([(" you", 0.9), (" can", 0.9), (" find", 0.9), (" Norfolk's", 0.5), (" below", 0.9)], True),
        ([(" you", 0.9), (" can", 0.9), (" find", 0.9), (" Norfolk's", 0.95), (" below", 0.9)], False),
        ([(" the", 0.9), (" loss", 0.9), (" of", 0.9), (" cotton", 0.3), (" itself", 0.9)], False),
        ([(" it", 0.9), (" is", 0.9), (" north", 0.7), (" fox", 0.9)], True),
        ([(".", 0.1)], False),
        ([], False),
    ],
)
def test_a_name_may_be_where_something_like_it_was_heard_unsurely(
    heard: list[tuple[str, float]], doubtful: bool
) -> None:
    spoken = [speech.SpokenWord(number, number + 1, word, sure) for number, (word, sure) in enumerate(heard)]

    assert speech.may_be_in(["NORTHFOX"], spoken) == doubtful


def test_windows_read_together_are_about_as_long() -> None:
    random = np.random.default_rng(2)
    windows = [(at, at + int(length * HEARD_HZ)) for at, length in enumerate(random.uniform(0.3, 14, 40))]

    batches = speech.alike(windows)

    assert sorted(one for batch in batches for one in batch) == sorted(windows)
    for batch in batches:
        lengths = [end - start + speech.AFTER_S * HEARD_HZ for start, end in batch]
        assert len(batch) == 1 or len(batch) * max(lengths) <= speech.BATCH_S * HEARD_HZ
        assert max(lengths) <= speech.LONGER_MOST * min(lengths)


def test_a_sound_is_made_mono_at_the_rate_that_is_heard() -> None:
    at_s = np.arange(3 * speech.SOUND_HZ) / speech.SOUND_HZ
    tone = (20000 * np.sin(2 * np.pi * 440 * at_s)).astype(np.int16)

    heard = speech.mono(np.stack([tone, tone], axis=1))

    assert len(heard) == 3 * HEARD_HZ
    assert abs(float(np.abs(heard).max()) - 20000 / 32768) < 0.02
    assert int(np.argmax(np.abs(np.fft.rfft(heard)))) == 440 * 3
