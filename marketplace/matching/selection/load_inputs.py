"""Loads a closed brief's bids as the inputs of a selection, from the same forecasts as their scores."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids import earlier_plans, option_lengths
from marketplace.briefs.brief_document import with_defaults
from marketplace.briefs.models import Brief, BriefVersion
from marketplace.channels.policy import holds, unbeaten
from marketplace.core import ids
from marketplace.matching.audience import channel_tags, targets
from marketplace.matching.audience.arrays import Bools, Floats, Ints, as_floats
from marketplace.matching.forecast import view_forecast
from marketplace.matching.forecast.view_forecast import ForecastCalibration
from marketplace.matching.gates.bid_gates import OVER_BUDGET
from marketplace.matching.gates.gate_facts import gates_of
from marketplace.matching.overlap import overlap_fit, units
from marketplace.matching.overlap import service as overlaps
from marketplace.matching.overlap.service import FittedOverlap
from marketplace.matching.scoring import rank, score_brief
from marketplace.matching.scoring.models import CLOSE_NAMES, CloseRecord
from marketplace.matching.scoring.score import BidInputs, counted_views, worth_of
from marketplace.matching.scoring.score_brief import LoadedBids, Rows
from marketplace.matching.scoring.worth import noticing
from marketplace.matching.selection.inputs import (
    NO_PAIRS,
    STRATA,
    ChoosableBid,
    MeasuredPairs,
    OptionColumns,
    SetInputs,
)

STATUSES = ("open", "accepted", "declined")
# What does not keep a bid out of a set: the solver keeps to the budget itself, and a review that is still to come binds
# the acceptance, not the choice, for only the chosen are worth a person's time.
# What the brand has to say it accepts binds the acceptance too.
STAYS_CHOOSABLE = frozenset({OVER_BUDGET, "review_open", "review_needed", "part_offer"})
STRATA_TAUS = (np.arange(STRATA) + 0.5) / STRATA

_CHOOSABLE = sa.text("SELECT id FROM bids WHERE brief_id = :brief_id AND status = ANY(:statuses) ORDER BY id")
# Under the names of the close, as in the ranking and the gates. Whose an account is may have been decided since.
_BIDS = sa.text(
    "SELECT b.id, b.status, b.creator_id, b.agency_id, b.channel_id, k.platform, k.account_key, k.handle_key,"
    f" k.channel_name AS name, {holds('c', 'k')} OR NOT {unbeaten('c', 'k')} AS is_decided, c.language, r.option_costs,"
    " r.options, b.accepted_option FROM bids b JOIN channels c ON c.id = b.channel_id"
    f" JOIN bid_revisions r ON r.id = b.revision_id {CLOSE_NAMES.format(b='b', c='c', k='k')}"
    " WHERE b.brief_id = :brief_id AND b.status = ANY(:statuses)"
)


def choosable(session: Session, brief_id: UUID) -> list[str]:
    """Return the public ids of the bids that the wishes for a selection may name."""
    bid_ids = session.scalars(_CHOOSABLE, {"brief_id": brief_id, "statuses": list(STATUSES)}).all()
    return [ids.show("bid", bid_id) for bid_id in bid_ids]


def load(
    session: Session,
    brief: Brief,
    version: BriefVersion,
    target: Any = None,
    *,
    lift_ceiling: bool = False,
    joining: Collection[UUID] = (),
) -> SetInputs:
    """Return the inputs of a selection among a closed brief's bids, from the record of its close; a ``target`` replaces
    the brief's own, and ``lift_ceiling`` sets its ceiling per thousand people aside. ``joining`` are accepted bids
    that are not settled yet: they are being accepted together."""
    record = score_brief.newest_record(session, brief.id)
    loaded = score_brief.load(session, version, STATUSES, record)
    if loaded is None:
        return _no_bids(version.currency)
    content: Mapping[str, Any] = {**version.content, **({"target": target} if target else {})}
    bids = loaded.bids
    calibration = score_brief.calibration_of(session, record)
    careful = counted_views(bids, calibration)
    noticed, suits, suits_most = worth_of(bids, with_defaults(version.content)["fit_weight"])
    fitted = overlaps.load_named(session, None if record is None else record.overlap_model)
    in_rows = _rows(session, brief, [UUID(bytes=bytes(packed.tobytes())) for packed in loaded.rows["bid_id"]])
    brief_units = units.build(
        bids.joint,
        bids.regions,
        loaded.shares.tags,
        view_forecast.on_target_people(careful, np.ones(len(careful))),
        bids.terms.videos,
        targets.target_weights(targets.target_cells(content)),
        fitted.duplication,
        loaded.shares.lists,
        [row.language or "" for row in in_rows],
    )
    # By id, so that the same bids are the same rows in whatever order the database returns them.
    order = np.argsort(loaded.rows["bid_id"].view("S16"), kind="stable")
    rows = [in_rows[place] for place in order.tolist()]
    # A channel without a forecast reaches nobody; its gate keeps it out. NaN would spread through the sums of all bids.
    shares = np.nan_to_num(brief_units.shares[order])
    gates = _gates(session, brief, lift_ceiling, target is not None)
    return SetInputs(
        currency=version.currency,
        weights=brief_units.units.weights,
        shapes=brief_units.units.shapes,
        shares=shares,
        contacts=np.nan_to_num(brief_units.contacts[order]),
        spread=_spread(bids, calibration, careful)[order],
        intrusiveness=bids.intrusiveness[order],
        ad_load=as_floats(loaded.rows["ad_load"])[order],
        bids=_bids(brief, loaded, order, rows, gates, np.sum(shares, axis=1) > 0, joining),
        pairs=_measured_pairs(record, loaded.rows, order, rows),
        cell_of=brief_units.cell_of,
        cell_markets=brief_units.audiences.cells.markets,
        content=brief_units.audiences.content[order],
        noticing=noticed[order],
        suitability=suits[order],
        suits_most=as_floats([suits_most]),
        overlap=_overlap_basis(fitted),
        **_measured_options(session, loaded, order, rows, noticed, float(version.tolerance))._asdict(),
    )


def _spread(bids: BidInputs, calibration: ForecastCalibration | None, careful: Floats) -> Floats:
    """Return the views at the middles of the strata divided by the careful views [n, STRATA]."""
    views = view_forecast.quantiles(bids.forecasts, STRATA_TAUS, calibration, bids.tiers)
    return np.nan_to_num(views / careful[:, None], nan=1.0)


def _rows(session: Session, brief: Brief, bid_ids: Sequence[UUID]) -> list[Any]:
    """Return the other columns of the bids, in the order of their ids."""
    rows = session.execute(_BIDS, {"brief_id": brief.id, "statuses": list(STATUSES)})
    by_id = {row.id: row for row in rows}
    return [by_id[bid_id] for bid_id in bid_ids]


def _bids(
    brief: Brief,
    loaded: LoadedBids,
    order: Ints,
    rows: Sequence[Any],
    gates: Mapping[UUID, Sequence[str]],
    reaches: Bools,
    joining: Collection[UUID],
) -> list[ChoosableBid]:
    """Return the bids in this order, each with the first gate that keeps it out.

    Claimants of one account count as one creator while nobody has decided between them: its people are reached once,
    whoever the account belongs to.
    ``reaches`` [n]: whether it reaches anybody of the target in question, which need not be the brief's own.
    """
    claimants = _claimants(rows, joining)
    breakers = rank.tie_breakers(loaded.rows["commitment"].tolist(), brief.close_seed)
    return [
        ChoosableBid(
            bid_id=ids.show("bid", row.id),
            creator_id=claimants[row.id],
            agency_id="" if row.agency_id is None else ids.show("pty", row.agency_id),
            platform=row.platform,
            niche=channel_tags.main_tag(loaded.shares.tags[loaded_row]),
            channel_name=row.name,
            tie_breaker=breakers[loaded_row].decode(),
            gate=_keeping_out(row, gates.get(row.id, ()), reaches_somebody),
            status=row.status,
            language=row.language or "",
        )
        for row, loaded_row, reaches_somebody in zip(rows, order.tolist(), reaches.tolist(), strict=True)
    ]


def _gates(session: Session, brief: Brief, lift_ceiling: bool, has_target: bool) -> dict[UUID, list[str]]:
    """Return by bid the codes of the shut gates that keep it out of a set. Whom a bid reaches, and at what cost a
    thousand, is another question where the set has a target of its own."""
    open_here = {
        *STAYS_CHOOSABLE,
        *(["over_ceiling"] if lift_ceiling or has_target else []),
        *(["no_reach"] if has_target else []),
    }
    return {
        bid_id: [gate.code for gate in shut if gate.code not in open_here]
        for bid_id, shut in gates_of(session, brief).items()
    }


def _claimants(rows: Sequence[Any], joining: Collection[UUID]) -> dict[UUID, str]:
    """Return by bid the creator that it counts for: the first of those whose bids are of one account.

    A creator has one bid in a set, but what the brand has accepted before is settled: each further one of these counts
    for itself.
    """
    first: dict[tuple[str, str], UUID] = {}
    found: dict[UUID, str] = {}
    settled: set[UUID] = set()
    for row in rows:
        keys = [(row.platform, f"account {row.account_key}"), (row.platform, f"handle {row.handle_key}")]
        creator_id: UUID = row.creator_id
        if not row.is_decided:
            creator_id = next((first[key] for key in keys if key in first), creator_id)
            first |= dict.fromkeys(keys, creator_id)
        is_settled = row.status == "accepted" and row.id not in joining
        found[row.id] = ids.show(*(("bid", row.id) if is_settled and creator_id in settled else ("pty", creator_id)))
        settled |= {creator_id} if is_settled else set()
    return found


def _keeping_out(row: Any, codes: Sequence[str], reaches_somebody: bool) -> str:
    """Return the code of what keeps a bid out of a set, or "". An accepted bid is never kept out."""
    if row.status == "accepted":
        return ""
    # The brand may lift its ceiling: another gate that would then still be shut is the one to name.
    codes = sorted(codes, key=lambda code: code == "over_ceiling")
    return codes[0] if codes else ("" if reaches_somebody else "no_reach")


def _open_options(row: Any) -> list[tuple[int, float]]:
    """Return the options that may still be chosen, with the most that each costs: an accepted bid has only its own."""
    costs: list[tuple[int, float]] = list(enumerate(row.option_costs))
    return costs[row.accepted_option or 0 :][:1] if row.status == "accepted" else costs


class _MeasuredOptions(NamedTuple):
    """The options as fields of SetInputs."""

    options: OptionColumns
    option_intrusiveness: Floats
    option_noticing: Floats


def _measured_options(
    session: Session, loaded: LoadedBids, order: Ints, rows: Sequence[Any], noticed: Floats, tolerance: float
) -> _MeasuredOptions:
    """Return the options of the bids in these rows, each with how intrusive it is and how many notice it in a film of
    its own length. What is above the brief's ``tolerance`` only in its shorter film is no option of an open bid."""
    offered = [(position, option, minor) for position, row in enumerate(rows) for option, minor in _open_options(row)]
    held = {
        (position, option): seconds
        for position, option, _ in offered
        if (seconds := option_lengths.longest(rows[position].options, option)) is not None
        and seconds < loaded.rows["counted_s"][order[position]]
    }
    plans = earlier_plans.plans_of(session, loaded.rows, sorted({int(order[position]) for position, _ in held}))
    kept: list[tuple[int, int, int]] = []
    figures: list[tuple[float, float]] = []
    for position, option, minor in offered:
        row = int(order[position])
        intrusiveness, share = float(loaded.bids.intrusiveness[row]), float(noticed[row])
        if (position, option) in held:
            own = option_lengths.measure(
                plans[row],
                float(loaded.rows["counted_s"][row]),
                held[position, option],
                float(loaded.bids.fit.value[row]),
            )
            if rows[position].status != "accepted" and intrusiveness <= tolerance < intrusiveness + own.added:
                continue
            intrusiveness = min(intrusiveness + own.added, 100.0)
            share = min(share, float(noticing.careful(np.array([own.noticed]))[0]))
        kept.append((position, option, _whole(minor)))
        figures.append((intrusiveness, share))
    columns = np.array(kept, dtype=np.int64).reshape(-1, len(OptionColumns._fields))
    intrusive, shares = as_floats(figures).reshape(-1, 2).T
    return _MeasuredOptions(OptionColumns(*(column.copy() for column in columns.T)), intrusive.copy(), shares.copy())


def _measured_pairs(record: CloseRecord | None, loaded: Rows, order: Ints, rows: Sequence[Any]) -> MeasuredPairs:
    """Return the recorded pairs among the bids' channels. Each channel has at most one bid on a brief."""
    row_of = {row.channel_id: position for position, row in enumerate(rows)}
    pairs = [
        pair
        for pair in (record.pairs if record is not None else [])
        if UUID(pair[0]) in row_of and UUID(pair[1]) in row_of
    ]
    if not pairs:
        return NO_PAIRS
    shares = {row.channel_id: loaded["shares"][order[position]].tobytes() for position, row in enumerate(rows)}
    audiences = overlaps.audiences_of(pairs, shares, {row.channel_id: row.language for row in rows})
    members = np.array([[row_of[UUID(pair[0])], row_of[UUID(pair[1])]] for pair in pairs], dtype=np.int64)
    return MeasuredPairs(members, audiences.both, overlap_fit.own_lifts(audiences))


def _overlap_basis(fitted: FittedOverlap) -> dict[str, Any]:
    """Return what the lifts were fitted to, as it is stored; nothing for the prior."""
    if fitted.fitted_on is None:
        return {}
    duplication = fitted.duplication
    return {
        "pairs": duplication.measured,
        "markets": {name: asdict(model) for name, model in sorted(duplication.fitted.items())},
        "fitted_on": fitted.fitted_on.isoformat(),
        "model": overlap_fit.MODEL_VERSION,
    }


def _whole(minor: float) -> int:
    """Return whole minor units, rounded up. An infinite cost becomes 0, which has no effect: its gate keeps it out."""
    return math.ceil(minor) if math.isfinite(minor) else 0


def _no_bids(currency: str) -> SetInputs:
    """Return the inputs of a brief without bids."""
    empty = np.zeros(0)
    return SetInputs(
        currency=currency,
        weights=empty,
        shapes=empty,
        shares=np.zeros((0, 0)),
        contacts=empty,
        spread=np.zeros((0, STRATA)),
        intrusiveness=empty,
        ad_load=empty,
        bids=[],
        options=OptionColumns(*(np.zeros(0, dtype=np.int64) for _ in OptionColumns._fields)),
    )
