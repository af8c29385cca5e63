"""Signs that bidders on one brief did not bid each for itself. They ask for a look, they prove nothing.

First-price sealed bidding is harder to collude in than open quotes, and what is left shows in prices and in who is
behind them (Kovacic, Marshall, Marx and Raiff, Bidding rings and the design of anti-collusive measures).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np

# A ladder is told where so regular prices would come about by chance in fewer than one brief in so many.
RARITY = 1_000
LADDER_LEAST = 4
# Texts that are shorter are alike by chance.
WORDING_LEAST = 20


@dataclass(frozen=True)
class CollusionSignal:
    """One sign: its code, the bids it is about (public ids), the numbers behind it, and the sentence."""

    code: str
    bids: tuple[str, ...]
    numbers: Mapping[str, Any]
    zh: str
    en: str


def ladder(bids: Sequence[str], prices_minor: Sequence[int]) -> CollusionSignal | None:
    """Return a sign where the prices rise by equal steps, or by equal factors, more evenly than chance would have it.

    With m steps drawn at random (uniform spacings), the largest is within a share e of the smallest with a chance of
    about m! (e / m)^(m - 1) for small e. Equal prices are no ladder.
    """
    if len(prices_minor) < LADDER_LEAST or len(set(prices_minor)) < len(prices_minor):
        return None
    order = np.argsort(np.asarray(prices_minor, dtype=np.float64), kind="stable")
    prices = np.asarray(prices_minor, dtype=np.float64)[order]
    found = []
    for kind, steps in (("equal steps", np.diff(prices)), ("equal factors", np.diff(np.log(np.maximum(prices, 1.0))))):
        count = len(steps)
        uneven = float((steps.max() - steps.min()) / steps.mean())
        # Prices are round numbers: what cannot be told from a whole unit counts as a whole one.
        uneven = max(uneven, 1 / float(np.diff(prices).mean()))
        found.append((factorial(count) * (uneven / count) ** (count - 1), kind, uneven, float(steps.mean())))
    chance, kind, uneven, step = min(found)
    if chance * RARITY > 1:
        return None
    zh = "等差" if kind == "equal steps" else "等比"
    return CollusionSignal(
        "ladder",
        tuple(bids[place] for place in order.tolist()),
        {"bids": len(prices), "kind": kind, "unevenness": uneven, "step": step, "chance": chance},
        f"{len(prices)} 个报价呈{zh}排列（步长相差 {uneven:.1%}，偶然出现的概率约 {chance:.1e}）。",
        f"{len(prices)} prices stand in {kind} (uneven by {uneven:.1%}; by chance about {chance:.1e}).",
    )


def same_wording(rows: Sequence[tuple[str, str, str]]) -> list[CollusionSignal]:
    """Return a sign for each text that bids of different sides share. ``rows``: bid, its side (agency, else creator),
    text."""
    by_text: dict[str, list[tuple[str, str]]] = {}
    for bid, side, text in rows:
        plain = " ".join(text.split()).casefold()
        if len(plain) >= WORDING_LEAST:
            by_text.setdefault(plain, []).append((bid, side))
    found = []
    for _, shared in sorted(by_text.items()):
        sides = {side for _, side in shared}
        if len(sides) > 1:
            found.append(
                CollusionSignal(
                    "same_wording",
                    tuple(sorted(bid for bid, _ in shared)),
                    {"bids": len(shared), "sides": len(sides)},
                    f"{len(sides)} 方的 {len(shared)} 个报价文字完全相同。",
                    f"{len(shared)} bids of {len(sides)} sides have the same words.",
                )
            )
    return found


def shared_people(rows: Sequence[tuple[str, str, str]]) -> list[CollusionSignal]:
    """Return a sign for each person who belongs to several sides that bid. ``rows``: person, side, bid."""
    by_person: dict[str, set[tuple[str, str]]] = {}
    for person, side, bid in rows:
        by_person.setdefault(person, set()).add((side, bid))
    found: dict[tuple[str, ...], CollusionSignal] = {}
    for _, shared in sorted(by_person.items()):
        sides = {side for side, _ in shared}
        if len(sides) > 1:
            bids = tuple(sorted({bid for _, bid in shared}))
            found[bids] = CollusionSignal(
                "shared_people",
                bids,
                {"bids": len(bids), "sides": len(sides)},
                f"同一人同时属于 {len(sides)} 个报价方（共 {len(bids)} 个报价）。",
                f"One person belongs to {len(sides)} of the sides that bid ({len(bids)} bids).",
            )
    return list(found.values())


def one_agency(rows: Sequence[tuple[str, str]]) -> list[CollusionSignal]:
    """Return what counts as one bidder: an agency with several bids. ``rows``: bid, agency ("" for none)."""
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
