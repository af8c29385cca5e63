"""Finds channels for a brief among those that have not bid, and open briefs for a channel, each with its reasons."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs import policy as briefs_policy
from marketplace.briefs.models import Brief, BriefStatus, BriefVersion
from marketplace.channels import policy as channels_policy
from marketplace.channels.models import Channel
from marketplace.core import db
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.column_copy import Column
from marketplace.core.errors import Unavailable, WrongState
from marketplace.matching.audience import channel_tags
from marketplace.matching.audience.arrays import Bools
from marketplace.matching.discovery import candidates
from marketplace.matching.discovery import messages as discovery_reasons
from marketplace.matching.discovery.brief_columns import BriefRow, best_briefs, brief_row
from marketplace.matching.discovery.candidates import ScoredCandidates, told
from marketplace.matching.discovery.column_store import models, present, rows_by_id, values_of
from marketplace.matching.discovery.market_columns import ChannelColumns
from marketplace.matching.discovery.shortlist import ChannelFilters, first_pass
from marketplace.matching.forecast import flags
from marketplace.matching.pricing.asking_price import BASES, SETTLED
from marketplace.matching.scoring import service
from marketplace.matching.scoring.messages import reasons

LIMIT_MAX = 50
LOOKS = (256, 4096)  # candidates scored exactly; the second time only where the first found too few
EPOCH = date(1970, 1, 1)
READ, KEPT_MAX = 500, 20_000
# What speaks of other bids, or of an offer that nobody has made.
_UNTOLD = frozenset({*service.RELATIVE, "cost", "cost_unknown", "intrusiveness_unknown"})
_BIDDERS = sa.text("SELECT DISTINCT channel_id FROM bids WHERE brief_id = :brief_id AND status = ANY(:listed)")
_DETAILS = sa.text(
    "SELECT c.id, c.creator_id, c.platform, c.handle, c.name, c.url, c.region, c.language, c.verticals, s.followers,"
    " s.taken_on, s.source FROM channel_features f JOIN channels c ON c.id = f.channel_id"
    " JOIN audience_snapshots s ON s.id = f.snapshot_id WHERE c.id = ANY(:ids)"
)
_HAVING = sa.text("SELECT id FROM channels WHERE id = ANY(:ids) AND jsonb_exists(verticals, :vertical)")
_LIMITS: Mapping[str, Callable[[Any], sa.ColumnElement[bool]]] = {
    "category": lambda value: BriefVersion.category == value,
    "market": lambda value: BriefVersion.content["markets"].contains([value]),
    "budget_min": lambda value: BriefVersion.budget_minor >= value,
    "currency": lambda value: BriefVersion.currency == value,
    "placement_kind": lambda value: BriefVersion.content["placement_kinds"].contains([value]),
    "closing_before": lambda value: Brief.bids_close_at < value,
}
_kept: dict[UUID, BriefRow] = {}
_BIDS_OF = sa.text("SELECT brief_id FROM bids WHERE channel_id = :channel_id AND status = ANY(:listed)")


def discover(
    session: Session, actor: Actor, brief_id: UUID, folder: Path, *, limit: int, **asked: Any
) -> dict[str, Any]:
    """Return the best channels for a brief that have not bid on it, each at the price it would likely ask.

    `folder` holds the columns (see column_store). Raises NotFound for who is not its brand, Unavailable while a large
    market is read for the first time.
    """
    brief = service.find_brief(session, actor, brief_id)
    version = session.get_one(BriefVersion, brief.version_id)
    asked["language"] = asked["language"] and asked["language"].split("-")[0].lower()
    wanted = candidates.wanted_of(version, ChannelFilters(day=(now().date() - EPOCH).days, **asked))
    table = present(session, folder)
    by = models(session)
    bidders = session.scalars(_BIDDERS, {"brief_id": brief_id, "listed": list(service.LISTED)}).all()
    best: list[int] = []
    for look in LOOKS:
        rows = first_pass(table, wanted, limit + len(bidders), look + len(bidders))
        ids = _without(table.ids[rows], bidders)
        found = candidates.score_rows(version, wanted, rows_by_id(session, ids[: LOOKS[-1]]), by)
        shown = candidates.admitted(found, wanted, by)
        shown &= _has_vertical(session, found, wanted.filters.vertical)
        best = [place for place in found.order.tolist() if shown[place]][:limit]
        if len(best) == limit or len(rows) < look:
            break
    return {
        "brief_id": brief_id,
        "channels": int(np.count_nonzero(table["live"] > 0)),
        "data": _shown(session, found, best, version, by.prices.fitted_on),
    }


def _without(ids: Column, bidders: Sequence[UUID]) -> list[UUID]:
    left = set(bidders)
    return [one for one in (UUID(bytes=some.tobytes()) for some in ids) if one not in left]


def _has_vertical(session: Session, found: ScoredCandidates, vertical: str | None) -> Bools | bool:
    """Verticals without a column of their own share one: only the channels themselves tell which it is."""
    if vertical is None or vertical in channel_tags.VERTICALS:
        return True
    ids = [UUID(bytes=one.tobytes()) for one in found.rows["channel_id"]]
    having = set(session.scalars(_HAVING, {"ids": ids, "vertical": vertical}))
    return np.array([one in having for one in ids], dtype=np.bool_)


def _shown(
    session: Session, found: ScoredCandidates, places: Sequence[int], version: BriefVersion, fitted_on: date | None
) -> list[dict[str, Any]]:
    ids = [UUID(bytes=found.rows["channel_id"][place].tobytes()) for place in places]
    details = {row["id"]: row for row in session.execute(_DETAILS, {"ids": ids}).mappings()}
    return [_candidate(found, place, version, details[id_], fitted_on) for place, id_ in zip(places, ids, strict=True)]


def _candidate(
    found: ScoredCandidates, place: int, version: BriefVersion, row: Any, fitted_on: date | None
) -> dict[str, Any]:
    until = float(found.rows["agency_until"][place])
    return {
        **row,
        "channel_id": row["id"],
        "channel_name": row["name"],
        "represented": until >= (now().date() - EPOCH).days,
        **_figures(found, place, version, row, fitted_on),
    }


def _figures(
    found: ScoredCandidates, place: int, version: BriefVersion, row: Mapping[str, Any], fitted_on: date | None
) -> dict[str, Any]:
    """Return a candidate's numbers and sentences; nothing of the creator's own costs is among them."""
    bits = int(found.rows["flags"][place])
    said = told(found, place, version, {**row, "audience_flags": flags.audience(bits)})
    overall = [
        None if np.isnan(value) else float(value)
        for value in (found.scores.ranking.overall[place], found.overall_low[place], found.overall_high[place])
    ]
    facts = service.facts(
        said, {"overall": overall[0], "overall_low": overall[1], "overall_high": overall[2]}, flags.shown(bits)
    )
    asking = found.asking
    ends = (float(asking.point[place]), float(asking.low[place]), float(asking.high[place]))
    basis, count = int(asking.basis[place]), int(asking.count[place])
    source, day = ("settled deals", fitted_on) if basis == SETTLED else (row["source"], row["taken_on"])
    price = discovery_reasons.price_reason(
        version.currency, ends if basis else None, basis, count, source, day, float(asking.listed[place])
    )
    shown = [reason for reason in reasons(facts) if reason["code"] not in _UNTOLD]
    return {
        "overall": _estimate(overall),
        "views": _estimate(said["views"]),
        "share": _estimate(said["share"]),
        "people": _estimate(said["people"]),
        "per_thousand": _estimate(said["per_thousand"]),
        "fit": said["fit"],
        "price": _estimate(said["cost"]),
        "price_basis": BASES[basis],
        "price_count": count,
        "currency": version.currency,
        "ad_load": said["ad_load"],
        "flags": flags.shown(bits),
        "reasons": [*shown, price],
    }


def _estimate(ends: Sequence[float | None]) -> dict[str, float | None]:
    return dict(zip(("point", "low", "high"), ends, strict=True))


def open_briefs(session: Session, actor: Actor, channel_id: UUID, *, limit: int, **asked: Any) -> dict[str, Any]:
    """Return the open briefs that suit a channel of the actor's best and that it has not bid on, as if it had bid what
    it would likely ask. Raises NotFound, WrongState (no audience facts), Unavailable (facts not read yet)."""
    channel = db.get(session, Channel, channel_id, channels_policy.own(actor))
    if channel.snapshot_id is None:
        raise WrongState("This channel has told nothing of its audience: add an audience snapshot first.")
    rows = rows_by_id(session, [channel_id])
    if not len(rows["channel_id"]):
        raise Unavailable("The channel's figures are being worked out. Ask again in a few seconds.")
    by = models(session)
    versions = _open(session, actor, channel_id, asked)
    column = ChannelColumns(rows["channel_id"], values_of(rows, by))
    best = best_briefs(column, _rows(session, versions), limit)
    row: Any = session.execute(_DETAILS, {"ids": [channel_id]}).mappings().one()
    data = []
    for place in best.tolist():
        version = session.get_one(BriefVersion, versions[place])
        found = candidates.score_rows(version, candidates.wanted_of(version, ChannelFilters(day=0)), rows, by)
        data.append(_brief(found, version, row, by.prices.fitted_on))
    data.sort(key=lambda one: -(one["overall"]["point"] or 0))
    return {"channel_id": channel_id, "briefs": len(versions), "data": data}


def _open(session: Session, actor: Actor, channel_id: UUID, asked: Mapping[str, Any]) -> list[UUID]:
    taken = session.scalars(_BIDS_OF, {"channel_id": channel_id, "listed": list(service.LISTED)}).all()
    wanted = sa.select(BriefVersion.id).join(Brief, Brief.version_id == BriefVersion.id).order_by(BriefVersion.id)
    wanted = wanted.where(briefs_policy.visible(actor), Brief.status == BriefStatus.PUBLISHED)
    wanted = wanted.where(Brief.bids_close_at > now(), Brief.id.not_in(taken))
    return list(session.scalars(wanted.where(*(_LIMITS[name](value) for name, value in asked.items() if value))))


def _rows(session: Session, versions: Sequence[UUID]) -> list[BriefRow]:
    """Versions never change, so what was made of one is kept."""
    missing = [id_ for id_ in versions if id_ not in _kept]
    for start in range(0, len(missing), READ):
        some = sa.select(BriefVersion).where(BriefVersion.id.in_(missing[start : start + READ]))
        made = {version.id: brief_row(version) for version in session.scalars(some)}
        if len(_kept) + len(made) > KEPT_MAX:
            _kept.clear()
        _kept.update(made)
    return [_kept[id_] for id_ in versions]


def _brief(
    found: ScoredCandidates, version: BriefVersion, row: Mapping[str, Any], fitted_on: date | None
) -> dict[str, Any]:
    figures = _figures(found, 0, version, row, fitted_on)
    left = max((version.bids_close_at - now()).total_seconds() / 86_400, 0.0)
    people, ceiling = figures["people"]["point"], candidates.wanted_of(version, ChannelFilters(day=0)).ceiling
    worth = (people or 0.0) * ceiling / 1000
    more = [
        discovery_reasons.room_reason(version.currency, worth, figures["price"]["point"]),
        discovery_reasons.days_reason(left),
    ]
    return {
        **figures,
        "brief_id": version.brief_id,
        "title": version.title,
        "category": version.category,
        "markets": version.content["markets"],
        "placement_kinds": version.content["placement_kinds"],
        "budget": version.budget,
        "bids_close_at": version.bids_close_at,
        "days_left": left,
        "ceiling_per_thousand": ceiling,
        "ceiling_is_the_briefs": version.ceiling_minor is not None,
        "worth_at_ceiling": worth,
        "reasons": [*figures["reasons"], *more],
    }
