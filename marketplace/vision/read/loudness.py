"""How loud the sound is over time, and the placement against the rest (ITU-R BS.1770-4, EBU R 128)."""

from collections.abc import Sequence

import numpy as np
import pyloudnorm
from numpy.typing import NDArray

from marketplace.vision.decode.decoder import SOUND_HZ
from marketplace.vision.decode.frames import SoundFile

BLOCK_S = 0.4
STEP_S = 0.2
GATE_LUFS, RELATIVE_GATE_LU = -70.0, -10.0
PART_LEAST_S = 1.0
PART_S = 15  # is filtered at once, as doubles several times over


def curve(sound: NDArray[np.int16] | SoundFile) -> NDArray[np.float32]:
    """Return the momentary loudness (LUFS) of blocks of BLOCK_S that begin every STEP_S; -inf where it is silent."""
    meter = pyloudnorm.Meter(SOUND_HZ)
    step, block = int(STEP_S * SOUND_HZ), int(BLOCK_S * SOUND_HZ)
    power: list[NDArray[np.float64]] = []
    part, lead = PART_S * SOUND_HZ, SOUND_HZ
    for at in range(0, len(sound), part):
        begin = max(0, at - lead)  # the filters ring: a second before each part lets them settle
        some = sound[begin : at + part].astype(np.float32) / 32768
        for one in meter._filters.values():
            some = np.stack([one.apply_filter(some[:, channel]) for channel in (0, 1)], axis=1)
        squares = (some[at - begin :] ** 2).sum(axis=1)
        whole = len(squares) // step * step
        power.append(squares[:whole].reshape(-1, step).mean(axis=1))
    steps = np.concatenate(power) if power else np.zeros(0)
    span = block // step
    if len(steps) < span:
        return np.zeros(0, np.float32)
    mean = np.convolve(steps, np.ones(span) / span, mode="valid")
    with np.errstate(divide="ignore"):
        return (-0.691 + 10 * np.log10(mean)).astype(np.float32)


def integrated(blocks: NDArray[np.float32]) -> float | None:
    """Return the gated loudness of blocks (LUFS), or None where all is silence."""
    heard = blocks[blocks > GATE_LUFS].astype(np.float64)
    if not len(heard):
        return None
    heard = heard[heard > _mean(heard) + RELATIVE_GATE_LU]
    return _mean(heard)


def _mean(blocks: NDArray[np.float64]) -> float:
    return float(-0.691 + 10 * np.log10(np.mean(10 ** ((blocks + 0.691) / 10))))


def louder(blocks: NDArray[np.float32], spans: Sequence[tuple[float, float]]) -> float | None:
    """Return how much louder (LU) the spans (start, end; s) are than the rest; None where either is silent or short."""
    starts = np.arange(len(blocks)) * STEP_S
    inside = np.zeros(len(blocks), bool)
    touched = np.zeros(len(blocks), bool)
    for start, end in spans:
        inside |= (starts >= start - 1e-9) & (starts + BLOCK_S <= end + 1e-9)
        touched |= (starts + BLOCK_S > start) & (starts < end)
    if inside.sum() * STEP_S < PART_LEAST_S or (~touched).sum() * STEP_S < PART_LEAST_S:
        return None
    placement, rest = integrated(blocks[inside]), integrated(blocks[~touched])
    return None if placement is None or rest is None else placement - rest
