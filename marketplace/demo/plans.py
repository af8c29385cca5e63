"""Placement plans as different creators would write them: from a label in the background to a read-out ad."""

from typing import Any

import numpy as np

DURATIONS = {"1-20": 18.0, "21-60": 55.0, "60+": 90.0}


def _between(low: float, high: float) -> dict[str, float]:
    return {"low": round(low, 1), "high": round(high, 1)}


def plan(rng: np.random.Generator, kinds: list[str], tier: str, boldness: float) -> dict[str, Any]:
    """Draw a plan for one video. `boldness` 0..1 turns it from a hint in the background into a plug."""
    duration = DURATIONS[tier]
    exposures = [_seen(rng, duration, boldness)]
    if "plot_use" in kinds and rng.random() < 0.5:
        exposures.append(
            {**_seen(rng, duration, boldness), "plot": _between(0.5, 0.9), "description": "剧情中自然使用"}
        )
    if "spoken_mention" in kinds and rng.random() < 0.3 + boldness / 2:
        exposures.append(_spoken(rng, duration, boldness))
    if "read_ad" in kinds and boldness > 0.75:
        exposures.append(
            {
                "kind": "speech",
                "start_s": _between(duration * 0.3, duration * 0.4),
                "seconds": _between(10, 15),
                "claims": 4,
                "mentions": 3,
                "cta": True,
                "description": "口播卖点与购买引导",
            }
        )
    loud = {"loudness_lu": _between(0, 2)} if boldness > 0.6 else {}
    return {"duration_s": duration, "exposures": exposures, **loud}


def _seen(rng: np.random.Generator, duration: float, boldness: float) -> dict[str, Any]:
    start = float(rng.uniform(0.05 if boldness > 0.5 else 0.25, 0.7)) * duration
    seconds = float(rng.uniform(1.5, 3 + 8 * boldness))
    seconds = min(seconds, duration - start - 2)
    return {
        "kind": "logo" if rng.random() < 0.3 else "product",
        "start_s": _between(start, start + 1),
        "seconds": _between(seconds * 0.8, seconds),
        "area_share": "close-up" if boldness > 0.7 else ("in-hand" if boldness > 0.35 else "background"),
        "centre": "centre" if boldness > 0.6 else "off-centre",
        "plot": 0.0,
        "description": "特写" if boldness > 0.7 else "背景或手持露出",
    }


def _spoken(rng: np.random.Generator, duration: float, boldness: float) -> dict[str, Any]:
    return {
        "kind": "speech",
        "start_s": _between(duration * 0.45, duration * 0.55),
        "seconds": _between(2, 4),
        "mentions": 1 + int(boldness > 0.5),
        "claims": int(rng.integers(0, 2 + int(boldness * 2))),
        "plot": _between(0.2, 0.8) if boldness < 0.5 else 0.0,
        "description": "台词里带一句",
    }
