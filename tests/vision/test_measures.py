"""Loudness, hashes, references and what is told of blindness."""

import io
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from PIL import Image

from marketplace.core.lazy_import import lazy_module
from marketplace.demo import clips
from marketplace.vision.decode.decoder import SOUND_HZ
from marketplace.vision.marks import mark_search, reference_images
from marketplace.vision.marks.reference_images import BadReference
from marketplace.vision.read import loudness

# It brings scipy.signal, a second of processor time that whoever only collects the tests need not pay.
if TYPE_CHECKING:
    import pyloudnorm
else:
    pyloudnorm = lazy_module("pyloudnorm")


def noise(seconds: float, level: float, seed: int = 1) -> np.ndarray:
    sound = np.random.default_rng(seed).normal(0, level, (int(seconds * SOUND_HZ), 2))
    return (np.clip(sound, -1, 1) * 32767).astype(np.int16)


def test_the_loudness_is_that_of_the_reference() -> None:
    sound = noise(12, 0.05)
    whole = loudness.integrated(loudness.curve(sound))
    assert whole == pytest.approx(pyloudnorm.Meter(SOUND_HZ).integrated_loudness(sound / 32768), abs=0.1)


def test_a_louder_stretch_is_told_in_lu() -> None:
    sound = np.concatenate([noise(8, 0.03), noise(4, 0.06), noise(8, 0.03, 2)])
    assert loudness.louder(loudness.curve(sound), [(8.0, 12.0)]) == pytest.approx(6.02, abs=0.2)


def test_silence_and_short_stretches_have_no_loudness() -> None:
    assert loudness.integrated(loudness.curve(np.zeros((SOUND_HZ, 2), np.int16))) is None
    assert loudness.louder(loudness.curve(noise(5, 0.1)), [(1.0, 1.3)]) is None
    assert len(loudness.curve(np.zeros((0, 2), np.int16))) == 0


def png(picture: np.ndarray) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


def test_a_flat_mark_is_told_to_be_unfindable_and_a_label_findable() -> None:
    assert not mark_search.findable(reference_images.prepare("glyph.png", png(clips.glyph())))
    assert mark_search.findable(reference_images.prepare("label.png", png(clips.label())))


def test_a_see_through_image_is_a_reference_too() -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.dstack([clips.label(), np.full(clips.label().shape[:2], 200, np.uint8)])).save(buffer, "PNG")
    assert mark_search.findable(reference_images.prepare("a.png", buffer.getvalue()))


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, png(clips.glyph(8))])
def test_a_bad_image_is_refused_with_its_name(data: bytes) -> None:
    with pytest.raises(BadReference, match=r"bad\.png"):
        reference_images.prepare("bad.png", data)


def test_the_set_of_references_is_known_whatever_its_order() -> None:
    one, two = (reference_images.prepare(f"{seed}.png", png(clips.label("X", seed))) for seed in (1, 2))
    assert reference_images.digest([one, two]) == reference_images.digest([two, one]) != reference_images.digest([one])
