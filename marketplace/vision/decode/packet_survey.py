"""What the packets of a video say before any is decoded: its clock, its length, what need not be decoded."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import av

from marketplace.vision.decode import limits, spare_pictures
from marketplace.vision.decode.limits import MediaRefused

# Streams that begin within this of each other begin together (frames of sound are up to 43 ms long), and a shorter gap
# in the sound is none.
TOGETHER_S = 0.1


@dataclass(frozen=True)
class PacketSurvey:
    """What the packets say, whatever the header claims.

    ``picture_s``, ``seconds``, ``number``: beginning, length and frames of the picture. ``begin_s``: the moment from
    which all times count, at which the first of picture and sound begins; ``length_s``: from there to the end of the
    last. ``earliest_s``, ``latest_s``: the first and the last moment of all streams. ``spare``: moments (pts) that need
    no decoding.
    """

    picture_s: float
    seconds: float
    number: int
    begin_s: float
    length_s: float
    earliest_s: float
    latest_s: float
    spare: frozenset[int]


def survey(container: Any, video: Any, sound: Any, check: Callable[[], None]) -> PacketSurvey:
    """Read all packets without decoding. ``sound``: None without one; ``check`` is called for each. Raises
    MediaRefused."""
    picture, heard, all_streams, count = PacketSpan(), PacketSpan(), PacketSpan(), 0
    length = length_bytes(video)
    needed: list[int] = []
    unneeded: list[int] = []
    for packet in container.demux():
        check()
        if packet.size == 0 or packet.pts is None or packet.time_base is None:
            continue
        all_streams.take(packet)
        if packet.stream is sound and not packet.is_discard:
            heard.take(packet)
        if packet.stream is not video or packet.is_discard:  # cut away by an edit: decoded but not shown
            continue
        count += 1
        picture.take(packet)
        (needed if length is None or not spare_pictures.unreferenced(packet, length) else unneeded).append(packet.pts)
        if picture.seconds > limits.DURATION_S_MAX:
            raise MediaRefused("too_long")
        if count > limits.DURATION_S_MAX * limits.FPS_MAX:
            raise MediaRefused("too_fast")
    _check_count(count, picture.seconds)
    gap = spare_pictures.GAP_S_MAX / float(video.time_base) if video.time_base else 0.0
    begin, end = one_clock(picture, heard)
    if end - begin > limits.DURATION_S_MAX:
        raise MediaRefused("too_long")
    return PacketSurvey(
        *(picture.first, picture.seconds, count, begin, end - begin, all_streams.first, all_streams.last),
        spare_pictures.spare(needed, unneeded, gap),
    )


def _check_count(count: int, seconds: float) -> None:
    if count == 0:
        raise MediaRefused("damaged")
    if count > 240 and count / max(seconds, 0.001) > limits.FPS_MAX:
        raise MediaRefused("too_fast")


def length_bytes(video: Any) -> int | None:
    return spare_pictures.length_bytes(video.codec_context.name, video.codec_context.extradata)


class PacketSpan:
    """The time (s) from the start of the first packet to the end of the last."""

    def __init__(self) -> None:
        self.first, self.last = math.inf, -math.inf

    @property
    def seconds(self) -> float:
        return self.last - self.first

    def take(self, packet: Any) -> None:
        start = float(packet.pts * packet.time_base)
        self.first = min(self.first, start)
        self.last = max(self.last, start + float((packet.duration or 0) * packet.time_base))


def one_clock(picture: PacketSpan, heard: PacketSpan) -> tuple[float, float]:
    """Return the first and the last moment (s) of picture and sound together, as players show them. What differs by
    less than TOGETHER_S is the padding of frames of sound."""
    begin = heard.first if heard.first < picture.first - TOGETHER_S else picture.first
    end = heard.last if heard.last > picture.last + TOGETHER_S else picture.last
    return begin, end


def check_claim(container: Any, earliest_s: float, latest_s: float) -> None:
    """Compare the duration in the header with that of the packets: a cut-off upload is shorter. Raises MediaRefused.

    A header without a duration (a live recording) claims nothing. Some count from zero and not from the first packet,
    as those of recordings cut out of longer ones do.
    """
    claimed_s, whole_s = (container.duration or 0) / av.time_base, latest_s - min(0.0, earliest_s)
    if claimed_s > limits.CLAIM_SHARE_MAX * whole_s + limits.CLAIM_S_MAX:
        raise MediaRefused("damaged", latest_s - earliest_s)
