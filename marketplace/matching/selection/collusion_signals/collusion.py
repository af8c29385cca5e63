"""Signs that the bidders on one brief did not bid independently. They call for a closer look; they prove nothing.

Collusion is harder in first-price sealed bidding than with open quotes, and what remains shows in the prices and in
the people behind them (Kovacic, Marshall, Marx and Raiff, Bidding rings and the design of anti-collusive measures).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np

# A ladder is reported if prices as regular would arise by chance in fewer than one brief in this many.
RARITY = 1_000
LADDER_LEAST = 4
# Shorter texts, in characters, are alike by chance.
WORDING_LEAST = 20


@dataclass(frozen=True)
class CollusionSignal:
    """One sign: its code, the bids that show it (public ids), the numbers behind it, and its message."""

    code: str
    bids: tuple[str, ...]
    numbers: Mapping[str, Any]
    zh: str
    en: str


def ladder(bids: Sequence[str], prices_minor: Sequence[int]) -> CollusionSignal | None:
    """Return a sign if the prices rise by equal steps, or by equal factors, too evenly to be chance; else None.

    With m steps drawn at random (uniform spacings), the largest is within a share e of the smallest with a probability
    of about m! (e / m)^(m - 1) for small e. Equal prices are no ladder.
    """
    if len(prices_minor) < LADDER_LEAST or len(set(prices_minor)) < len(prices_minor):
        return None
    order = np.argsort(np.asarray(prices_minor, dtype=np.float64), kind="stable")
    prices = np.asarray(prices_minor, dtype=np.float64)[order]
    ladders = []
    for kind, steps in (("equal steps", np.diff(prices)), ("equal factors", np.diff(np.log(np.maximum(prices, 1.0))))):
        count = len(steps)
        uneven = float((steps.max() - steps.min()) / steps.mean())
        # Prices are round numbers, so a difference of less than one whole unit counts as one.
        uneven = max(uneven, 1 / float(np.diff(prices).mean()))
        ladders.append((factorial(count) * (uneven / count) ** (count - 1), kind, uneven, float(steps.mean())))
    chance, kind, uneven, step = min(ladders)
    if chance * RARITY > 1:
        return None
    zh = "等差" if kind == "equal steps" else "等比"
    return CollusionSignal(
        "ladder",
        tuple(bids[row] for row in order.tolist()),
        {"bids": len(prices), "kind": kind, "unevenness": uneven, "step": step, "chance": chance},
        f"{len(prices)} 个报价呈{zh}排列（步长相差 {uneven:.1%}，偶然出现的概率约 {chance:.1e}）。",
        f"{len(prices)} prices stand in {kind} (uneven by {uneven:.1%}; by chance about {chance:.1e}).",
    )


def same_wording(rows: Sequence[tuple[str, str, str]]) -> list[CollusionSignal]:
    """Return a sign for each text that bids of different sides share. ``rows`` hold the bid, its side (the agency, else
    the creator) and the text."""
    by_text: dict[str, list[tuple[str, str]]] = {}
    for bid, side, text in rows:
        normalised = " ".join(text.split()).casefold()
        if len(normalised) >= WORDING_LEAST:
            by_text.setdefault(normalised, []).append((bid, side))
    signals = []
    for _, shared in sorted(by_text.items()):
        sides = {side for _, side in shared}
        if len(sides) > 1:
            signals.append(
                CollusionSignal(
                    "same_wording",
                    tuple(sorted(bid for bid, _ in shared)),
                    {"bids": len(shared), "sides": len(sides)},
                    f"{len(sides)} 方的 {len(shared)} 个报价文字完全相同。",
                    f"{len(shared)} bids of {len(sides)} sides have the same words.",
                )
            )
    return signals


def shared_people(rows: Sequence[tuple[str, str, str]]) -> list[CollusionSignal]:
    """Return a sign for each person who belongs to several sides that bid. ``rows`` hold the person, side and bid.

    Several people behind the same bids give one sign.
    """
    by_person: dict[str, set[tuple[str, str]]] = {}
    for person, side, bid in rows:
        by_person.setdefault(person, set()).add((side, bid))
    by_bids: dict[tuple[str, ...], CollusionSignal] = {}
    for _, shared in sorted(by_person.items()):
        sides = {side for side, _ in shared}
        if len(sides) > 1:
            bids = tuple(sorted({bid for _, bid in shared}))
            by_bids[bids] = CollusionSignal(
                "shared_people",
                bids,
                {"bids": len(bids), "sides": len(sides)},
                f"同一人同时属于 {len(sides)} 个报价方（共 {len(bids)} 个报价）。",
                f"One person belongs to {len(sides)} of the sides that bid ({len(bids)} bids).",
            )
    return list(by_bids.values())


def one_agency(rows: Sequence[tuple[str, str]]) -> list[CollusionSignal]:
    """Return a sign for each agency with several bids, which count as one bidder. ``rows`` hold the bid and the agency
    ("" for none)."""
    by_agency: dict[str, list[str]] = {}
    for bid, agency in rows:
        if agency:
            by_agency.setdefault(agency, []).append(bid)
    return [
        CollusionSignal(
            "one_agency",
            tuple(sorted(bids)),
            {"bids": len(bids)},
            f"同一机构的 {len(bids)} 个报价，应视为一个报价方。",
            f"{len(bids)} bids of one agency: they count as one bidder.",
        )
        for _, bids in sorted(by_agency.items())
        if len(bids) > 1
    ]
