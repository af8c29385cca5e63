"""Measures how loud the sound is over time, and the placement compared with the rest (ITU-R BS.1770-4, EBU R 128)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from marketplace.core.lazy_import import lazy_module
from marketplace.vision.decode.decoder import SOUND_HZ
from marketplace.vision.decode.frames import SoundFile

if TYPE_CHECKING:
    import pyloudnorm
else:  # brings scipy.signal, which a clip without sound never needs
    pyloudnorm = lazy_module("pyloudnorm")

BLOCK_S = 0.4
STEP_S = 0.2
GATE_LUFS, RELATIVE_GATE_LU = -70.0, -10.0
PART_LEAST_S = 1.0
PART_S = 15  # filtered at once; filtering holds the samples several times over as doubles


def curve(sound: NDArray[np.int16] | SoundFile) -> NDArray[np.float32]:
    """Return the momentary loudness (LUFS) of blocks of BLOCK_S that begin every STEP_S; -inf for silence."""
    meter = pyloudnorm.Meter(SOUND_HZ)
    step, block = int(STEP_S * SOUND_HZ), int(BLOCK_S * SOUND_HZ)
    step_powers: list[NDArray[np.float64]] = []
    part, lead = PART_S * SOUND_HZ, SOUND_HZ
    for start in range(0, len(sound), part):
        lead_start = max(0, start - lead)  # the filters ring: a second before each part lets them settle
        samples = sound[lead_start : start + part].astype(np.float32) / 32768
        for filter_ in meter._filters.values():
            samples = np.stack([filter_.apply_filter(samples[:, channel]) for channel in (0, 1)], axis=1)
        squares = (samples[start - lead_start :] ** 2).sum(axis=1)
        whole = len(squares) // step * step
        step_powers.append(squares[:whole].reshape(-1, step).mean(axis=1))
    powers = np.concatenate(step_powers) if step_powers else np.zeros(0)
    steps_per_block = block // step
    if len(powers) < steps_per_block:
        return np.zeros(0, np.float32)
    mean = np.convolve(powers, np.ones(steps_per_block) / steps_per_block, mode="valid")
    with np.errstate(divide="ignore"):
        return (-0.691 + 10 * np.log10(mean)).astype(np.float32)


def integrated(blocks: NDArray[np.float32]) -> float | None:
    """Return the gated loudness of blocks (LUFS), or None if all are silent."""
    gated = blocks[blocks > GATE_LUFS].astype(np.float64)
    if not len(gated):
        return None
    gated = gated[gated > _mean(gated) + RELATIVE_GATE_LU]
    return _mean(gated)


def _mean(blocks: NDArray[np.float64]) -> float:
    return float(-0.691 + 10 * np.log10(np.mean(10 ** ((blocks + 0.691) / 10))))


def louder(blocks: NDArray[np.float32], spans: Sequence[tuple[float, float]]) -> float | None:
    """Return how much louder (LU) the spans (start, end; s) are than the rest; None if either is silent or short."""
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
