"""The inputs of a selection, as plain arrays that are stored with it: the same bytes give the same set."""

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from marketplace.matching.audience.arrays import Floats, Ints, as_floats
from marketplace.matching.overlap import coverage
from marketplace.matching.overlap.coverage import PeopleUnits
from marketplace.matching.overlap.duplication import DuplicationModel, MarketDuplication
from marketplace.matching.overlap.markets import MARKETS
from marketplace.matching.overlap.units import NICHES, CellAudiences, PeopleCells
from marketplace.matching.scoring.worth import noticing as worth_noticing
from marketplace.matching.selection.solver.selection_market import ReachedPeople, SelectionMarket

# The distribution of a bid's views is given by this many equally likely strata.
STRATA = 16
# The stored arrays by their stored names: the attribute of SetInputs, and the type in the file.
_ARRAYS: Mapping[str, tuple[str, str]] = {
    "weights": ("weights", "<f8"),
    "shapes": ("shapes", "<f8"),
    "shares": ("shares", "<f4"),
    "contacts": ("contacts", "<f8"),
    "spread": ("spread", "<f4"),
    "intrusiveness": ("intrusiveness", "<f8"),
    "ad_load": ("ad_load", "<f8"),
    "pair_bids": ("pairs.bids", "<i8"),
    "pair_people": ("pairs.people", "<f8"),
    "bid_of": ("options.bid_of", "<i8"),
    "place": ("options.option", "<i8"),
    "prices": ("options.prices", "<i8"),
    "pair_lifts": ("pairs.lifts", "<f8"),
    "cell_of": ("cell_of", "<i8"),
    "cell_markets": ("cell_markets", "<i8"),
    "content": ("content", "<f4"),
    "noticing": ("noticing", "<f8"),
    "suitability": ("suitability", "<f8"),
    "suits_most": ("suits_most", "<f8"),
    "option_intrusiveness": ("option_intrusiveness", "<f8"),
    "option_noticing": ("option_noticing", "<f8"),
}
# An older release stored, after the people of pairs, the model's number of them.
_FORMER_ARRAY, _AFTER = "pair_modelled", "pair_people"
# The stored texts of bids by their stored names, with the field of ChoosableBid for each.
_TEXTS: Mapping[str, str] = {
    "bids": "bid_id",
    "creators": "creator_id",
    "agencies": "agency_id",
    "platforms": "platform",
    "niches": "niche",
    "names": "channel_name",
    "commitments": "tie_breaker",  # in inputs stored by an older release the commitments themselves
    "gates": "gate",
    "statuses": "status",
    "languages": "language",
}


class BadInputs(ValueError):
    """The stored inputs are damaged and cannot be read."""


class ChoosableBid(NamedTuple):
    """A bid that a set may contain, with public ids; an empty string if it has no agency, niche or gate.

    `tie_breaker` orders equals and draws for the bid (see scoring.rank.tie_breakers): nobody could choose it.
    `gate` is the code of what keeps the bid out whatever its price; `status` is the status of the bid; `language` is
    the tag of the channel's language ("": not known).
    """

    bid_id: str
    creator_id: str
    agency_id: str
    platform: str
    niche: str
    channel_name: str
    tie_breaker: str
    gate: str
    status: str
    language: str = ""


class OptionColumns(NamedTuple):
    """The m options of all bids: the row of the bid [m], the option's index in it [m] (0: its own price), and the most
    that the option costs [m], in minor units."""

    bid_of: Ints
    option: Ints
    prices: Ints


class MeasuredPairs(NamedTuple):
    """P pairs of bids whose channels' common audience was measured: the rows of both bids [P, 2], the people in both
    audiences [P], and the lift with which they have so many in common [P] (see overlap_fit.own_lifts)."""

    bids: Ints
    people: Floats
    lifts: Floats


NO_PAIRS = MeasuredPairs(np.zeros((0, 2), dtype=np.int64), np.zeros(0), np.zeros(0))
_NO_NUMBERS = np.zeros(0, dtype=np.int64)
_NO_FLOATS = np.zeros(0)


@dataclass(frozen=True, eq=False)
class SetInputs:
    """n bids and their options, from which a set is chosen. Money is in minor units of ``currency``.

    Per unit of people: ``weights`` (people times the weight of each) and ``shapes`` [U]. Per bid: ``shares`` [n, U],
    the share of each unit's people reached by the careful forecast; ``contacts`` [n], its weighted views; ``spread``
    [n, 16], views at the middles of 16 equally likely strata divided by the careful views; ``intrusiveness`` and
    ``ad_load`` [n] (NaN: not known). ``cell_of`` [U] is the cell of each unit and ``cell_markets`` [C] the number of
    each cell's market; ``content`` [n, G] what the channels show (all empty: inputs stored by an older release).
    ``noticing`` [n] is the careful share of a bid's viewers who notice the brand (NaN: not known) and ``suitability``
    [n] what the fit of its content makes of people, ``suits_most`` [1] the most that any content could; all are empty
    in inputs of a release that chose by people alone.
    ``option_intrusiveness`` and ``option_noticing`` [m] are those of each option in a film of its own length (empty:
    an older release, where every option was as its bid).
    ``overlap`` states what the lifts were fitted to: pairs, the day, and the lifts of each market that has any; it is
    empty for the prior.
    """

    currency: str
    weights: Floats
    shapes: Floats
    shares: Floats
    contacts: Floats
    spread: Floats
    intrusiveness: Floats
    ad_load: Floats
    bids: Sequence[ChoosableBid]
    options: OptionColumns
    pairs: MeasuredPairs = NO_PAIRS
    cell_of: Ints = field(default_factory=_NO_NUMBERS.copy)
    cell_markets: Ints = field(default_factory=_NO_NUMBERS.copy)
    content: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    noticing: Floats = field(default_factory=_NO_FLOATS.copy)
    suitability: Floats = field(default_factory=_NO_FLOATS.copy)
    suits_most: Floats = field(default_factory=_NO_FLOATS.copy)
    option_intrusiveness: Floats = field(default_factory=_NO_FLOATS.copy)
    option_noticing: Floats = field(default_factory=_NO_FLOATS.copy)
    overlap: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.bids)

    def money(self, minor: int) -> dict[str, Any]:
        """Return an amount in minor units as it is shown."""
        return {"amount_minor": int(minor), "currency": self.currency}

    def units(self) -> PeopleUnits:
        """Return the units that a set is chosen by: people who would notice if all did, with content that suits fully.
        What a set has of them are its effective people; see `rates`."""
        return PeopleUnits(self.weights * self._most_effective(), self.shapes)

    def rates(self) -> Floats:
        """Return the options' exposure rates [m, U] among the people of `units`: of those whom a bid reaches, the part
        that notices the option and suits, so that a person who notices either of two bids is counted once."""
        bid_of = self.options.bid_of
        shares = self.shares.astype(np.float64)[bid_of]
        if len(self.suits_most):
            noticed = worth_noticing.counted(self.noticing_of_options())
            shares *= (noticed * self.suitability[bid_of] / self._most_effective())[:, None]
        return coverage.rates(shares, self.shapes)

    def noticing_of_options(self) -> Floats:
        """Return the careful share of viewers who notice each option [m]."""
        return self.option_noticing if len(self.option_noticing) else self.noticing[self.options.bid_of]

    def intrusiveness_of_options(self) -> Floats:
        """Return how intrusive each option is [m]."""
        own = self.option_intrusiveness
        return own if len(own) else self.intrusiveness[self.options.bid_of]

    def reached(self, bid_of: Ints) -> ReachedPeople:
        """Return everybody whom some bids or their options reach."""
        rates = coverage.rates(self.shares.astype(np.float64), self.shapes)
        return ReachedPeople(PeopleUnits(self.weights, self.shapes), rates[bid_of])

    def _most_effective(self) -> float:
        """Return as how many a person of the units can count: by content that suits fully, if all notice."""
        return float(self.suits_most[0]) if len(self.suits_most) else 1.0

    def audiences(self, bids: Sequence[int]) -> CellAudiences:
        """Return some bids' audiences on cells, which are sums of units. Without cells every unit counts as one."""
        rows = np.array(bids, dtype=np.int64)
        cell_of = self.cell_of if len(self.cell_of) else np.arange(len(self.weights))
        count = len(self.cell_markets) if len(self.cell_of) else len(self.weights)
        weights = as_floats(np.bincount(cell_of, weights=self.weights, minlength=count))
        people = np.zeros((len(rows), count))
        np.add.at(people.T, cell_of, (self.shares[rows] * self.weights).T)
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = np.where(weights > 0, people / weights, 0.0)
        markets = self.cell_markets if len(self.cell_of) else np.zeros(count, dtype=np.int64)
        return CellAudiences(
            PeopleCells(weights, np.ones(count), markets, MARKETS),
            np.minimum(shares, 1.0),
            self.content[rows] if len(self.content) else self._main_content()[rows],
            np.array([self.bids[row].language.split("-")[0] for row in bids], dtype=np.str_),
        )

    def _main_content(self) -> Floats:
        """Return all of each bid's content on its main niche [n, G]."""
        return np.array([[float(bid.niche == name) for name in NICHES] for bid in self.bids]).reshape(-1, len(NICHES))

    def duplication(self) -> MarketDuplication:
        """Return the lifts of all markets."""
        fitted = self.overlap.get("markets", {})
        return MarketDuplication({name: DuplicationModel(**model) for name, model in fitted.items()})

    def market(self) -> SelectionMarket:
        """Return the options in the form that the optimiser takes."""
        bid_of, option_of, prices = self.options
        groups = {"agency": "agency_id", "platform": "platform", "niche": "niche"}
        option_bids = [self.bids[row] for row in bid_of.tolist()]
        return SelectionMarket(
            units=self.units(),
            rates=self.rates(),
            prices=prices,
            bids=bid_of,
            creators=_numbers([bid.creator_id for bid in self.bids])[bid_of],
            tie_breakers=tuple(
                f"{bid.tie_breaker}:{option}" for bid, option in zip(option_bids, option_of.tolist(), strict=True)
            ),
            contacts=self.contacts[bid_of],
            intrusiveness=self.intrusiveness_of_options(),
            ad_load=self.ad_load[bid_of],
            groups={
                group: _numbers([getattr(bid, field_name) for bid in self.bids])[bid_of]
                for group, field_name in groups.items()
            },
            barred=tuple(bid.gate or None for bid in option_bids),
            reached=self.reached(bid_of) if len(self.suits_most) else None,
        )


def _numbers(names: Sequence[str]) -> Ints:
    """Return a number for each name, from 0 in alphabetical order; -1 for an empty one."""
    numbers = {name: number for number, name in enumerate(sorted(set(names) - {""}))}
    return np.array([numbers.get(name, -1) for name in names], dtype=np.int64)


def pack(inputs: SetInputs) -> bytes:
    """Return the inputs as stored bytes: the length of a JSON head, the head, and the arrays; compressed by zlib."""
    arrays = {
        name: np.ascontiguousarray(attrgetter(path)(inputs), dtype=kind) for name, (path, kind) in _ARRAYS.items()
    }
    head: dict[str, Any] = {
        "currency": inputs.currency,
        "shapes_of": {name: list(array.shape) for name, array in arrays.items()},
        **{name: [getattr(bid, field_name) for bid in inputs.bids] for name, field_name in _TEXTS.items()},
        "overlap": dict(inputs.overlap),
    }
    text = json.dumps(head, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    body = b"".join(array.tobytes() for array in arrays.values())
    return zlib.compress(len(text).to_bytes(8, "big") + text + body, 1)


def unpack(data: bytes) -> SetInputs:
    """Return the inputs from stored bytes. Raises BadInputs."""
    try:
        raw = zlib.decompress(data)
        start = 8 + int.from_bytes(raw[:8], "big")
        head = json.loads(raw[8:start])
        arrays = _read_arrays(raw, start, head["shapes_of"])
        # Inputs of an older release have no languages, cells or lifts of pairs.
        texts = [head[name] for name in _TEXTS if name in head]
        options = OptionColumns(*(arrays.pop(name) for name in ("bid_of", "place", "prices")))
        arrays.pop(_FORMER_ARRAY, None)
        pairs = [arrays.pop(name) for name in ("pair_bids", "pair_people", "pair_lifts") if name in arrays]
        return SetInputs(
            currency=head["currency"],
            bids=[ChoosableBid(*fields_of_bid) for fields_of_bid in zip(*texts, strict=True)],
            options=options,
            pairs=MeasuredPairs(*pairs) if len(pairs) == len(MeasuredPairs._fields) else NO_PAIRS,
            overlap=head.get("overlap", {}),
            **arrays,
        )
    except (zlib.error, KeyError, ValueError) as error:
        raise BadInputs("The stored inputs cannot be read.") from error


def _read_arrays(raw: bytes, start: int, shapes: Mapping[str, list[int]]) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    kinds = [(name, kind) for name, (_, kind) in _ARRAYS.items()]
    kinds.insert([name for name, _ in kinds].index(_AFTER) + 1, (_FORMER_ARRAY, "<f8"))
    for name, kind in kinds:
        if name not in shapes:
            continue
        shape = tuple(shapes[name])
        count = int(np.prod(shape))
        array = np.frombuffer(raw, dtype=kind, count=count, offset=start).reshape(shape)
        arrays[name] = array.astype(np.int64 if kind == "<i8" else np.float64)
        start += count * np.dtype(kind).itemsize
    return arrays


def hash_of(data: bytes) -> str:
    """Return the SHA-256 of stored inputs. Taken before compression, which may differ between zlib versions."""
    return hashlib.sha256(zlib.decompress(data)).hexdigest()
