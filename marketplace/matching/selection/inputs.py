"""What a selection is made from, as plain arrays that are stored with it: the same bytes give the same set."""

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from marketplace.matching.audience.arrays import Floats, Ints
from marketplace.matching.overlap import coverage
from marketplace.matching.overlap.coverage import PeopleUnits
from marketplace.matching.overlap.overlap_fit import FACTORS
from marketplace.matching.selection.solver.selection_market import SelectionMarket

# Views of one bid are told by so many equally likely strata.
STRATA = 16
_ARRAYS: Mapping[str, str] = {
    "weights": "<f8",
    "shapes": "<f8",
    "shares": "<f4",
    "contacts": "<f8",
    "spread": "<f4",
    "intrusiveness": "<f8",
    "ad_load": "<f8",
    "pair_bids": "<i8",
    "pair_people": "<f8",
    "pair_modelled": "<f8",
    "bid_of": "<i8",
    "place": "<i8",
    "prices": "<i8",
}
_TEXTS = ("bids", "creators", "agencies", "platforms", "niches", "names", "commitments", "gates", "statuses")


class BadInputs(ValueError):
    """The stored inputs are not what was stored."""


@dataclass(frozen=True, eq=False)
class SetInputs:
    """n bids and their m options.

    Of units: ``weights`` (people times what each is worth), ``shapes`` [U]. Of bids: ``shares`` [n, U], the careful
    share of each unit's people reached; ``contacts`` [n], careful weighted views; ``spread`` [n, 16], views at the
    middles of 16 equally likely strata over the careful views; ``intrusiveness``, ``ad_load`` [n] (NaN: not known);
    public ids, the channel's name, the gate that holds the bid back (or an empty text) and the bid's status. Of
    options: ``bid_of``, ``place`` (0: the bid's own price) and ``prices`` [m] in minor units of ``currency``. Of P
    measured pairs of the bids' audiences: ``pair_bids`` [P, 2], ``pair_people`` [P] that both have, and
    ``pair_modelled`` [P, F], those that the model has at each of overlap_fit.FACTORS. ``overlap`` tells what the shapes
    were learnt from: pairs, the day, shape and own_niche; nothing: the prior."""

    currency: str
    weights: Floats
    shapes: Floats
    shares: Floats
    contacts: Floats
    spread: Floats
    intrusiveness: Floats
    ad_load: Floats
    bids: Sequence[str]
    creators: Sequence[str]
    agencies: Sequence[str]
    platforms: Sequence[str]
    niches: Sequence[str]
    names: Sequence[str]
    commitments: Sequence[str]
    gates: Sequence[str]
    statuses: Sequence[str]
    bid_of: Ints
    place: Ints
    prices: Ints
    pair_bids: Ints = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))
    pair_people: Floats = field(default_factory=lambda: np.zeros(0))
    pair_modelled: Floats = field(default_factory=lambda: np.zeros((0, len(FACTORS))))
    overlap: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.bids)

    def units(self) -> PeopleUnits:
        return PeopleUnits(self.weights, self.shapes)

    def rates(self, factor: float = 1.0) -> Floats:
        """Return the bids' exposure rates [n, U], with every shape times a factor."""
        return coverage.rates(self.shares.astype(np.float64), self.shapes * factor)

    def market(self) -> SelectionMarket:
        """Return the options as the optimiser takes them."""
        groups = {"agency": self.agencies, "platform": self.platforms, "niche": self.niches}
        gates = [self.gates[bid] or None for bid in self.bid_of.tolist()]
        return SelectionMarket(
            units=self.units(),
            rates=self.rates()[self.bid_of],
            prices=self.prices,
            bids=self.bid_of,
            creators=_numbers(self.creators)[self.bid_of],
            commitments=tuple(
                f"{self.commitments[bid]}:{place}"
                for bid, place in zip(self.bid_of.tolist(), self.place.tolist(), strict=True)
            ),
            contacts=self.contacts[self.bid_of],
            intrusiveness=self.intrusiveness[self.bid_of],
            ad_load=self.ad_load[self.bid_of],
            groups={name: _numbers(words)[self.bid_of] for name, words in groups.items()},
            barred=tuple(gates),
        )


def _numbers(words: Sequence[str]) -> Ints:
    """Return a number for each word, the same for the same; -1 for none."""
    places = {word: place for place, word in enumerate(sorted(set(words) - {""}))}
    return np.array([places.get(word, -1) for word in words], dtype=np.int64)


def pack(inputs: SetInputs) -> bytes:
    """Return the inputs as they are stored."""
    arrays = {name: np.ascontiguousarray(getattr(inputs, name), dtype=kind) for name, kind in _ARRAYS.items()}
    head: dict[str, Any] = {
        "currency": inputs.currency,
        "shapes_of": {name: list(array.shape) for name, array in arrays.items()},
        **{name: list(getattr(inputs, name)) for name in _TEXTS},
        "overlap": dict(inputs.overlap),
    }
    text = json.dumps(head, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    body = b"".join(array.tobytes() for array in arrays.values())
    return zlib.compress(len(text).to_bytes(8, "big") + text + body, 1)


def unpack(data: bytes) -> SetInputs:
    """Return stored inputs. Raises BadInputs."""
    try:
        raw = zlib.decompress(data)
        start = 8 + int.from_bytes(raw[:8], "big")
        head = json.loads(raw[8:start])
        arrays: dict[str, Any] = {}
        # What was stored before overlaps were measured has no pairs.
        for name, kind in ((name, kind) for name, kind in _ARRAYS.items() if name in head["shapes_of"]):
            shape = tuple(head["shapes_of"][name])
            count = int(np.prod(shape))
            array = np.frombuffer(raw, dtype=kind, count=count, offset=start).reshape(shape)
            arrays[name] = array.astype(np.int64 if kind == "<i8" else np.float64)
            start += count * np.dtype(kind).itemsize
        texts = {name: head[name] for name in _TEXTS}
        return SetInputs(currency=head["currency"], overlap=head.get("overlap", {}), **texts, **arrays)
    except (zlib.error, KeyError, ValueError) as error:
        raise BadInputs("The stored inputs cannot be read.") from error


def hash_of(data: bytes) -> str:
    """Return the name of stored inputs: SHA-256 of what is in them."""
    return hashlib.sha256(zlib.decompress(data)).hexdigest()
