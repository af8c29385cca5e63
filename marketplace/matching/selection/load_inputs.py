"""Loads a closed brief's bids as the inputs of a selection: the same forecasts that their scores were made from."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs.models import Brief, BriefVersion
from marketplace.core import ids
from marketplace.law import gate
from marketplace.matching.audience import channel_tags, grid, targets
from marketplace.matching.audience.arrays import Floats, Ints, as_floats
from marketplace.matching.forecast import flags, forecast
from marketplace.matching.forecast.features import load_model
from marketplace.matching.overlap import overlap_fit, units
from marketplace.matching.overlap import service as overlaps
from marketplace.matching.overlap.service import FittedOverlap
from marketplace.matching.overlap.units import DuplicationModel
from marketplace.matching.scoring import score_brief
from marketplace.matching.selection.inputs import STRATA, SetInputs
from marketplace.pacing import service as pacing
from marketplace.pacing.exclusivity import WantedPlacement

STATUSES = ("open", "accepted", "declined")
STRATA_TAUS = (np.arange(STRATA) + 0.5) / STRATA

_CHOOSABLE = sa.text("SELECT id FROM bids WHERE brief_id = :brief_id AND status = ANY(:statuses) ORDER BY id")
_TOLD = sa.text(
    "SELECT b.id, b.status, b.creator_id, b.agency_id, b.channel_id, c.platform, c.name, r.option_costs,"
    " r.deliverables, w.status AS review FROM bids b JOIN channels c ON c.id = b.channel_id"
    " JOIN bid_revisions r ON r.id = b.revision_id"
    " LEFT JOIN reviews w ON w.subject_id = b.id AND w.subject_kind = 'bid'"
    " WHERE b.brief_id = :brief_id AND b.status = ANY(:statuses)"
)
# A review's word on the bid. One that nobody has settled yet holds nothing back: the brand chooses, admins decide.
_REVIEW_GATES = {"rejected": "review_rejected", "held": "review_held"}


def choosable(session: Session, brief_id: UUID) -> list[str]:
    """Return the public ids of the bids that a selection may name."""
    found = session.scalars(_CHOOSABLE, {"brief_id": brief_id, "statuses": list(STATUSES)}).all()
    return [ids.show("bid", bid) for bid in found]


def load(session: Session, brief: Brief, version: BriefVersion, target: Any = None) -> SetInputs:
    """Return the inputs of a selection among the brief's bids; ``target`` takes the place of the brief's own."""
    wording: Mapping[str, Any] = {**version.content, **({"target": target} if target else {})}
    asked = targets.target_weights(score_brief.target_cells(wording))
    loaded = score_brief.load(session, version, STATUSES)
    if loaded is None:
        return _none(version.currency)
    told = {row.id: row for row in session.execute(_TOLD, {"brief_id": brief.id, "statuses": list(STATUSES)})}
    order = np.argsort(loaded.rows["bid_id"].view("S16"), kind="stable")
    found = [UUID(bytes=bytes(loaded.rows["bid_id"][place].tobytes())) for place in order]
    calibration = load_model(session).calibration
    bids = loaded.bids
    taus = np.concatenate([[forecast.CAREFUL], STRATA_TAUS])
    views = forecast.quantiles(bids.forecasts, taus, calibration, bids.tiers)
    careful = views[:, 0]
    learnt = overlaps.load(session)
    made = units.build(
        bids.joint,
        bids.regions,
        loaded.shares.tags,
        forecast.on_target_people(careful, np.ones(len(careful)), bids.invalid),
        bids.terms.videos,
        asked,
        learnt.duplication,
    )
    rows = [told[bid] for bid in found]
    costs = [_costs(row) for row in rows]
    shares = np.nan_to_num(made.shares[order])
    pair_bids, pair_people, pair_modelled = _measured(session, [row.channel_id for row in rows], learnt.duplication)
    under_age = np.where(
        flags.holds(loaded.rows["flags"], "ages_from_prior"), np.nan, np.sum(bids.joint[:, grid.MINORS], axis=1)
    )
    unlawful = gate.barred(version.category, version.content.get("markets") or [], under_age)
    facts = zip(
        rows,
        costs,
        loaded.rows["known"][order].tolist(),
        bids.fit.clash[order].tolist(),
        unlawful[order].tolist(),
        _paced(session, brief, version, rows),
        (bids.intrusiveness > version.tolerance)[order].tolist(),
        (np.sum(shares, axis=1) > 0).tolist(),
        strict=True,
    )
    return SetInputs(
        currency=version.currency,
        weights=made.units.weights,
        shapes=made.units.shapes,
        shares=shares,
        contacts=np.nan_to_num(made.contacts[order]),
        spread=np.nan_to_num(views[order, 1:] / careful[order, None], nan=1.0),
        intrusiveness=bids.intrusiveness[order],
        ad_load=as_floats(loaded.rows["ad_load"])[order],
        bids=[ids.show("bid", bid) for bid in found],
        creators=[ids.show("pty", row.creator_id) for row in rows],
        agencies=["" if row.agency_id is None else ids.show("pty", row.agency_id) for row in rows],
        platforms=[row.platform for row in rows],
        niches=[channel_tags.main_tag(tags) for tags in loaded.shares.tags[order]],
        names=[row.name for row in rows],
        commitments=[loaded.rows["commitment"][place].decode() for place in order],
        gates=[_gate(*told_of) for told_of in facts],
        statuses=[row.status for row in rows],
        bid_of=np.repeat(np.arange(len(rows)), [len(cost) for cost in costs]),
        place=np.array([place for cost in costs for place in range(len(cost))], dtype=np.int64),
        prices=np.array([_whole(minor) for cost in costs for minor in cost], dtype=np.int64),
        pair_bids=pair_bids,
        pair_people=pair_people,
        pair_modelled=pair_modelled,
        overlap=_learnt(learnt),
    )


def _measured(session: Session, channels: Sequence[UUID], learnt: DuplicationModel) -> tuple[Ints, Floats, Floats]:
    """Return the measured pairs among the bids' channels as Inputs keeps them. A channel bids once on a brief."""
    names, pairs = overlaps.among(session, channels)
    if not names:
        return np.zeros((0, 2), dtype=np.int64), np.zeros(0), np.zeros((0, len(overlap_fit.FACTORS)))
    place = {channel: bid for bid, channel in enumerate(channels)}
    bids = np.array([[place[one], place[other]] for one, other in names], dtype=np.int64)
    return bids, pairs.both, overlap_fit.modelled(pairs, learnt, overlap_fit.FACTORS)


def _learnt(fitted: FittedOverlap) -> dict[str, Any]:
    if fitted.fitted_on is None:
        return {}
    found = fitted.duplication
    return {
        "pairs": found.measured,
        "shape": found.shape,
        "own_niche": found.own_niche,
        "by_niche": dict(found.by_niche),
        "fitted_on": fitted.fitted_on.isoformat(),
        "model": overlap_fit.MODEL_VERSION,
    }


def _costs(row: Any) -> list[float]:
    """Return the most that each option of a bid may cost; what was accepted was accepted at its own price."""
    costs: list[float] = row.option_costs
    return costs[:1] if row.status == "accepted" else costs


def _whole(minor: float) -> int:
    """Return whole minor units. What has no upper end is held back by its gate, whatever stands here."""
    return math.ceil(minor) if math.isfinite(minor) else 0


def _gate(
    row: Any,
    costs: list[float],
    known: bool,
    clash: bool,
    unlawful: bool,
    paced: str,
    disturbing: bool,
    reaches: bool,
) -> str:
    """Return the first gate that holds a bid back, or an empty text. What was accepted is not held back any more."""
    if row.status == "accepted":
        return ""
    gates = (
        ("declined", row.status == "declined"),
        (_REVIEW_GATES.get(row.review, ""), row.review in _REVIEW_GATES),
        ("law_minors", unlawful),
        ("exclusivity_clash", clash),
        (paced, bool(paced)),
        ("over_tolerance", disturbing),
        ("no_audience_data", not known),
        ("no_reach", not reaches),
        ("cost_unbounded", not math.isfinite(max(costs))),
    )
    return next((code for code, holds in gates if holds), "")


def _paced(session: Session, brief: Brief, version: BriefVersion, rows: Sequence[Any]) -> Iterator[str]:
    """Return for each bid which of the channel's own promises and rules holds it back, or an empty text.

    The session must see all: other brands' deals and windows of exclusivity are held against the bids."""
    brand = version.content["brand"]
    wanted = WantedPlacement(brief.brand_id, [*brand["names"], *brand.get("aliases", [])], version.category)
    offers = {row.channel_id: row.deliverables for row in rows if row.status == "open"}
    held = pacing.gates(session, wanted, version.content["publish_window"], offers)
    return (held.get(row.channel_id, "") for row in rows)


def _none(currency: str) -> SetInputs:
    """Return the inputs of a brief that nobody bid on."""
    empty, numbers = np.zeros(0), np.zeros(0, dtype=np.int64)
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
        creators=[],
        agencies=[],
        platforms=[],
        niches=[],
        names=[],
        commitments=[],
        gates=[],
        statuses=[],
        bid_of=numbers,
        place=numbers,
        prices=numbers,
    )
