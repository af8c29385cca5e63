"""Sound and picture on one clock: streams that begin at different times, gaps in the sound, what is not taken of it."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from marketplace.demo.clips import DrawnScene
from marketplace.vision.decode import media
from marketplace.vision.decode.frames import FrameCache
from marketplace.vision.pipeline import WantedBrand
from marketplace.vision.read.time_runs import runs
from marketplace.vision.see.blind_spots import not_seen

HZ, FPS = 48_000, 8
# By FFmpeg's name of the samples: their type, and what full loudness is in it.
SAMPLES: dict[str, tuple[type, float]] = {
    "fltp": (np.float32, 1.0),
    "s16": (np.int16, 32767.0),
    "s16p": (np.int16, 32767.0),
    "s32": (np.int32, 2.0**31 - 256),
    "s32p": (np.int32, 2.0**31 - 256),
}
ANSWERS: dict[str, Any] = {
    "marks": {"references": []},
    "speech": {"sound": False, "by": None},
    "faces": {"by": "centerface"},
}


def write(
    path: Path,
    *,
    pictures: int = 24,
    picture_from_s: float = 0.0,
    sound_from_s: float = 0.0,
    sound_s: float = 3.0,
    pause: tuple[float, float] | None = None,
    codec: str = "aac",
    muxing: dict[str, str] | None = None,
) -> Path:
    """Write a clip of drawn pictures and a loud tone, each from its own moment on; no sound within the pause (s)."""
    scene = DrawnScene(160, 96, 3)
    with av.open(str(path), "w", options=muxing or {}) as container:
        video: Any = container.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt, video.thread_count = 160, 96, "yuv420p", 1
        video.options = {"preset": "ultrafast", "bf": "0"}
        audio: Any = container.add_stream(codec, rate=HZ)
        for at in range(pictures):
            frame = av.VideoFrame.from_ndarray(scene.frame(at / FPS), format="bgr24")
            frame.pts, frame.time_base = round((at / FPS + picture_from_s) * 1000), Fraction(1, 1000)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        for start in range(0, int(sound_s * HZ), 1024):
            at_s = sound_from_s + start / HZ
            if pause is not None and pause[0] <= at_s < pause[1]:
                continue
            wave = 0.5 * np.sin(np.arange(start, start + 1024) / 20)[None]
            layout = audio.codec_context.format.name
            kind, scale = SAMPLES[layout]
            samples = (wave * scale).astype(kind)
            sent = av.AudioFrame.from_ndarray(samples, format=layout, layout="mono")
            sent.sample_rate, sent.pts, sent.time_base = HZ, round(at_s * HZ), Fraction(1, HZ)
            container.mux(audio.encode(sent))
        container.mux(audio.encode())
    return path


def loud(cache: FrameCache) -> list[float]:
    """The moments (s) at which the sound begins and ends to be loud, to a hundredth."""
    sound = np.abs(cache.sound()[:].astype(float)).max(axis=1)
    blocks = sound[: len(sound) // 480 * 480].reshape(-1, 480).max(axis=1) > 3000
    return [float(at + 1) / 100 for at in np.flatnonzero(np.diff(np.r_[0, blocks, 0])) - 1]


FORMS = ("mp4", "mov", "mkv")


@pytest.mark.parametrize("form", FORMS)
def test_sound_that_begins_later_is_heard_when_players_play_it(tmp_path: Path, form: str) -> None:
    clip = write(tmp_path / f"a.{form}", pictures=56, sound_from_s=4.0)
    cache = media.decode(clip, tmp_path / "frames")

    assert loud(cache) == pytest.approx([4.0, 7.0], abs=0.06)
    assert cache.times[0] == 0.0
    assert cache.info.duration_s == pytest.approx(7.0, abs=0.06)


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_that_begins_later_is_seen_when_players_show_it(tmp_path: Path, form: str) -> None:
    clip = write(tmp_path / f"a.{form}", picture_from_s=2.0, sound_s=5.0)
    cache = media.decode(clip, tmp_path / "frames")

    assert cache.times[0] == pytest.approx(2.0, abs=0.03)
    assert cache.times[-1] == pytest.approx(4.75, abs=0.03)
    assert loud(cache) == pytest.approx([0.0, 5.0], abs=0.06)
    # What the first picture shows was not there before it.
    assert runs({0: None}, cache.times, cache.info.duration_s, [])[0].start_s == cache.times[0]


@pytest.mark.parametrize("form", FORMS)
def test_a_gap_in_the_sound_is_silence(tmp_path: Path, form: str) -> None:
    clip = write(tmp_path / f"a.{form}", pictures=40, sound_s=5.0, pause=(1.5, 3.5))
    cache = media.decode(clip, tmp_path / "frames")

    assert loud(cache) == pytest.approx([0.0, 1.5, 3.5, 5.0], abs=0.08)


def test_a_video_lasts_until_the_last_of_its_streams_ends(tmp_path: Path) -> None:
    cache = media.decode(write(tmp_path / "a.mp4", pictures=5, sound_s=9.0), tmp_path / "long")
    assert cache.info.duration_s == pytest.approx(9.0, abs=0.06)
    assert len(cache.sound()) == pytest.approx(9 * HZ, abs=0.06 * HZ)
    # The padding of the last frame of sound is no time.
    cache = media.decode(write(tmp_path / "b.mp4", pictures=24, sound_s=3.0), tmp_path / "even")
    assert cache.info.duration_s == pytest.approx(3.0, abs=1e-6)


def test_time_stamps_that_begin_late_are_no_damage(tmp_path: Path) -> None:
    clip = write(tmp_path / "a.mkv", picture_from_s=10.0, sound_from_s=10.0, muxing={"avoid_negative_ts": "disabled"})
    with av.open(str(clip)) as container:
        assert next(iter(container.demux(video=0))).pts * container.streams.video[0].time_base == 10
    cache = media.decode(clip, tmp_path / "frames")

    assert cache.times[0] == 0.0
    assert loud(cache) == pytest.approx([0.0, 3.0], abs=0.06)
    assert cache.info.duration_s == pytest.approx(3.0, abs=0.06)


@pytest.mark.parametrize(("form", "codec"), [("mov", "pcm_s24le"), ("mov", "alac"), ("mkv", "eac3")])
def test_a_film_is_looked_at_without_a_sound_that_is_not_taken(tmp_path: Path, form: str, codec: str) -> None:
    cache = media.decode(write(tmp_path / f"a.{form}", codec=codec), tmp_path / "frames")

    assert len(cache) == 12
    assert (cache.info.audio, cache.info.sound_left_out, len(cache.sound())) == (False, True, 0)
    codes = [one.code for one in not_seen(cache.info, WantedBrand(("Limeisle",)), ANSWERS)]
    assert "sound_left_out" in codes
    assert "no_sound" not in codes


def test_a_file_of_one_picture_is_told(tmp_path: Path) -> None:
    cache = media.decode(write(tmp_path / "a.mp4", pictures=1, sound_s=0.5), tmp_path / "frames")
    assert "one_picture" in [one.code for one in not_seen(cache.info, WantedBrand(("Limeisle",)), ANSWERS)]
