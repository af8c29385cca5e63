"""Pictures that are left out of decoding, against FFmpeg's own word on which no other refers to."""

from pathlib import Path

import av
import numpy as np
import pytest

from marketplace.demo import clips
from marketplace.demo.clips import DrawnScene
from marketplace.vision.decode import media, spare_pictures

FPS = 30.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("spare") / "clip.mp4"
    drawn = (picture for picture, _ in clips.frames(DrawnScene(320, 240, 3, cut_every_s=2).frame, 6.0, FPS))
    clips.encode(path, drawn, FPS)
    return path


def _moments(clip: Path, skip: str) -> set[int]:
    with av.open(str(clip)) as container:
        video = container.streams.video[0]
        video.codec_context.skip_frame = skip
        return {frame.pts for packet in container.demux(video) for frame in packet.decode()}


def test_the_pictures_that_others_refer_to_are_those_that_ffmpeg_keeps(clip: Path) -> None:
    with av.open(str(clip)) as container:
        video = container.streams.video[0]
        length = spare_pictures.length_bytes(video.codec_context.name, video.codec_context.extradata)
        assert length == 4
        packets = [one for one in container.demux(video) if one.size]
        needed = {packet.pts for packet in packets if not spare_pictures.unreferenced(packet, length)}

    assert needed == _moments(clip, "NONREF")
    assert needed < _moments(clip, "DEFAULT")


def test_a_video_decoded_without_them_keeps_its_moments(clip: Path, tmp_path: Path) -> None:
    cache = media.decode(clip, tmp_path / "frames")

    steps = np.arange(len(cache)) * media.STEP_S
    assert len(cache) == 24
    assert (np.abs(np.asarray(cache.times) - steps) <= spare_pictures.GAP_S_MAX).all()
    times, pictures = cache.thumbs()
    assert np.diff(times).max() <= 2 * spare_pictures.GAP_S_MAX
    with av.open(str(clip)) as container:
        video = container.streams.video[0]
        at = 0
        # What is left looks as it does where everything is decoded.
        for frame in container.decode(video):
            if at < len(times) and abs(float(frame.time or 0) - times[at]) < 1e-6:
                small = frame.reformat(90, 90, "bgr24", interpolation="FAST_BILINEAR").to_ndarray()
                assert np.array_equal(small, pictures[at])
                at += 1
        assert at == len(times)


@pytest.mark.parametrize(
    ("needed", "unneeded", "found"),
    [
        ([0, 2, 4], [1, 3], {1, 3}),
        ([0, 2, 6], [1, 3, 4, 5], {1}),  # what is left would stand too far apart
        ([2, 4], [1, 3, 5], {3}),  # neither the first nor the last
        ([0], [1], set()),
        ([], [0, 1], set()),
        ([0, 2], [], set()),
    ],
)
def test_only_pictures_between_close_ones_are_spare(needed: list[int], unneeded: list[int], found: set[int]) -> None:
    assert spare_pictures.spare(needed, unneeded, 2) == found


@pytest.mark.parametrize(
    ("packet", "answer"),
    [
        (b"", False),
        (b"\0\0\0\1\x01", True),  # a slice with nal_ref_idc 0
        (b"\0\0\0\1\x41", False),  # and with 2
        (b"\0\0\0\1\x06\0\0\0\1\x01", True),  # after supplemental information
        (b"\0\0\0\1\x06", False),  # which is no picture
        (b"\0\0\0\1\x01\0\0\0\1\x61", False),  # one slice of two
        (b"\xff\xff\xff\xff\x01\0\0\0\1\x61", True),  # a length beyond the end; the packet is looked at no further
        (b"\0\0\0\0\0\0\0\0", False),
    ],
)
def test_broken_packets_are_looked_at_without_harm(packet: bytes, answer: bool) -> None:
    assert spare_pictures.unreferenced(packet, 4) is answer


def test_other_codecs_and_streams_without_lengths_are_decoded_whole() -> None:
    assert spare_pictures.length_bytes("hevc", bytes([1, 0, 0, 0, 0xFF])) is None
    assert spare_pictures.length_bytes("h264", None) is None
    assert spare_pictures.length_bytes("h264", b"\0\0\0\1g") is None
