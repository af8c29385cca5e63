"""Finds channels for a brief and open briefs for a channel, each with its reasons.

Who has bid is sealed until the close. So an open brief finds bidders and others alike, and finds what a draft of the
same words finds; from the close on those that bid are left out. A channel's open briefs lack those that the asking side
itself has bid on, and no others: another agency's bid for the same channel is sealed too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids import policy as bids_policy
from marketplace.bids.models import Bid
from marketplace.briefs import policy as briefs_policy
from marketplace.briefs.models import Brief, BriefStatus, BriefVersion
from marketplace.channels import policy as channels_policy
from marketplace.channels.models import Channel
from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.column_copy import Column
from marketplace.core.errors import Unavailable, WrongState
from marketplace.core.message import Bilingual, Message
from marketplace.matching.audience import channel_tags
from marketplace.matching.audience.arrays import Bools
from marketplace.matching.discovery import candidates, column_store, messages
from marketplace.matching.discovery.brief_columns import best_briefs
from marketplace.matching.discovery.candidates import ScoredCandidates
from marketplace.matching.discovery.column_file import ColumnFile
from marketplace.matching.discovery.discovery_memory import BriefRowCache
from marketplace.matching.discovery.discovery_results import (
    CandidateFigures,
    FoundChannel,
    FoundChannels,
    OpenBrief,
    OpenBriefs,
)
from marketplace.matching.discovery.market_columns import ChannelColumns
from marketplace.matching.discovery.shortlist import BriefWants, ChannelFilters, first_pass
from marketplace.matching.gates.gate_facts import gates_of_channels
from marketplace.matching.pricing.asking_price import BASES, SETTLED
from marketplace.matching.scoring import service
from marketplace.matching.scoring.messages import reasons
from marketplace.matching.scoring.ranked_match import RELATIVE

LIMIT_MAX = 50
# How many candidates are scored exactly; the second number only when the first leaves too few after the filters.
LOOKS = (256, 4096)
DAY_S = 86_400
# Reasons that speak of other bids, or of an offer that nobody has made.
_NOT_SHOWN = frozenset({*RELATIVE, "cost", "cost_unknown", "largest_cost", "intrusiveness_unknown"})
_DETAILS = sa.text(
    "SELECT c.id, c.creator_id, c.platform, c.handle, c.claim_status, c.name, c.url, c.region, c.language, c.verticals,"
    " s.followers, s.taken_on, s.source FROM channel_features f JOIN channels c ON c.id = f.channel_id"
    " JOIN audience_snapshots s ON s.id = f.snapshot_id WHERE c.id = ANY(:ids)"
)
_WITH_VERTICAL = sa.text("SELECT id FROM channels WHERE id = ANY(:ids) AND jsonb_exists(verticals, :vertical)")
# Columns of _DETAILS that a found channel shows under their own names.
_OF_CHANNEL = (
    "handle",
    "platform",
    "url",
    "region",
    "language",
    "verticals",
    "followers",
    "taken_on",
    "source",
    "creator_id",
)
_BRIEF_FILTERS: Mapping[str, Callable[[Any], sa.ColumnElement[bool]]] = {
    "category": lambda value: BriefVersion.category == value,
    "market": lambda value: BriefVersion.content["markets"].contains([value]),
    "budget_min": lambda value: BriefVersion.budget_minor >= value,
    "currency": lambda value: BriefVersion.currency == value,
    "placement_kind": lambda value: BriefVersion.content["placement_kinds"].contains([value]),
    "closing_before": lambda value: Brief.bids_close_at < value,
}


def discover(
    session: Session, actor: Actor, brief_id: UUID, columns: ColumnFile, *, limit: int, **filters: Any
) -> FoundChannels:
    """Return the best channels for a brief, each at the price it would likely ask; once it is closed, those that have
    not bid on it.

    `columns` hold the market (see column_store), `filters` are those of ChannelFilters. Raises NotFound for anyone but
    the brief's brand, and Unavailable while a large market is read for the first time.
    """
    brief = service.find_brief(session, actor, brief_id)
    version = session.get_one(BriefVersion, brief.version_id)
    filters["language"] = filters["language"] and filters["language"].split("-")[0].lower()
    wants = candidates.wants_of(version, ChannelFilters(day=_day(), **filters))
    # Whose bid the actor may not see, such as one withdrawn before the close, is not to be told by its absence either.
    bid = sa.select(Bid.channel_id).distinct().where(Bid.brief_id == brief_id, bids_policy.visible(actor))
    bidders = session.scalars(bid).all()
    # As the system: a brand may look for any channel that lets itself be found, and no other figures leave.
    with db.acting_as(session, SYSTEM):
        live, found = _search(session, version, wants, columns, bidders, limit)
    gates = gates_of_channels(session, brief, [channel.channel_id for channel in found])
    with_gates = [replace(channel, gates=gates.get(channel.channel_id, ())) for channel in found]
    return FoundChannels(brief_id, live, with_gates)


def _search(
    session: Session,
    version: BriefVersion,
    wants: BriefWants,
    columns: ColumnFile,
    bidders: Sequence[UUID],
    limit: int,
) -> tuple[int, list[FoundChannel]]:
    """Return how many channels let themselves be found, and the best of them."""
    market = column_store.present(session, columns)
    models = column_store.models(session)
    best: list[int] = []
    for look in LOOKS:
        rows = first_pass(market, wants, limit + len(bidders), look + len(bidders))
        ids = _without(market.ids[rows], bidders)
        scored = candidates.score_rows(version, wants, column_store.rows_by_id(session, ids[: LOOKS[-1]]), models)
        admitted = candidates.admitted(scored, wants, models)
        admitted &= _has_vertical(session, scored, wants.filters.vertical)
        best = [index for index in scored.order.tolist() if admitted[index]][:limit]
        if len(best) == limit or len(rows) < look:
            break
    found = _found_channels(session, scored, best, version, models.prices.fitted_on)
    return int(np.count_nonzero(market["live"] > 0)), found


def _day() -> float:
    """Return the present moment in days since 1970, as columns hold days."""
    return now().timestamp() / DAY_S


def _without(ids: Column, bidders: Sequence[UUID]) -> list[UUID]:
    excluded = set(bidders)
    return [id_ for id_ in (UUID(bytes=packed.tobytes()) for packed in ids) if id_ not in excluded]


def _has_vertical(session: Session, scored: ScoredCandidates, vertical: str | None) -> Bools | bool:
    """Return which candidates [n] have a vertical. Rare verticals share one column, so these are read from the
    channels themselves."""
    if vertical is None or vertical in channel_tags.VERTICALS:
        return True
    ids = [UUID(bytes=packed.tobytes()) for packed in scored.rows["channel_id"]]
    having = set(session.scalars(_WITH_VERTICAL, {"ids": ids, "vertical": vertical}))
    return np.array([id_ in having for id_ in ids], dtype=np.bool_)


def _found_channels(
    session: Session, scored: ScoredCandidates, best: Sequence[int], version: BriefVersion, fitted_on: date | None
) -> list[FoundChannel]:
    ids = [UUID(bytes=scored.rows["channel_id"][index].tobytes()) for index in best]
    details: dict[UUID, Any] = {row["id"]: row for row in session.execute(_DETAILS, {"ids": ids}).mappings()}
    return [
        _found_channel(scored, index, version, details[id_], fitted_on) for index, id_ in zip(best, ids, strict=True)
    ]


def _found_channel(
    scored: ScoredCandidates, index: int, version: BriefVersion, details: Mapping[str, Any], fitted_on: date | None
) -> FoundChannel:
    return FoundChannel(
        channel_id=details["id"],
        channel_name=details["name"],
        represented=float(scored.rows["agency_until"][index]) > _day(),
        claim_status=details["claim_status"],
        **{name: details[name] for name in _OF_CHANNEL},
        **vars(_figures(scored, index, version, details, fitted_on)),
    )


def _figures(
    scored: ScoredCandidates, index: int, version: BriefVersion, details: Mapping[str, Any], fitted_on: date | None
) -> CandidateFigures:
    """Return a candidate's figures and reasons; nothing of the creator's own costs is among them."""
    candidate = candidates.scored_candidate(scored, index, version, details)
    match_reasons = [reason for reason in reasons(candidate) if reason.code not in _NOT_SHOWN]
    basis, count = int(scored.asking.basis[index]), int(scored.asking.count[index])
    return CandidateFigures(
        overall=candidate.overall,
        views=candidate.views,
        share=candidate.share,
        people=candidate.people,
        per_thousand=candidate.per_thousand,
        fit=candidate.fit,
        price=candidate.cost,
        price_basis=BASES[basis],
        price_count=count,
        currency=version.currency,
        ad_load=candidate.ad_load,
        flags=list(candidate.flags),
        reasons=[*match_reasons, _price_reason(scored, index, version.currency, details, fitted_on)],
    )


def _price_reason(
    scored: ScoredCandidates, index: int, currency: str, details: Mapping[str, Any], fitted_on: date | None
) -> Message:
    asking = scored.asking
    price = float(asking.point[index]), float(asking.low[index]), float(asking.high[index])
    basis, count, listed = int(asking.basis[index]), int(asking.count[index]), float(asking.listed[index])
    source, day = ("settled deals", fitted_on) if basis == SETTLED else (details["source"], details["taken_on"])
    return messages.price_reason(currency, price if basis else None, basis, count, source, day, listed)


def open_briefs(
    session: Session, actor: Actor, channel_id: UUID, cache: BriefRowCache, *, limit: int, **filters: Any
) -> OpenBriefs:
    """Return the open briefs that suit one of the actor's channels best, as if it had bid what it would likely ask.

    Briefs on which the actor sees a bid for it are left out; `filters` are those of _BRIEF_FILTERS. Raises NotFound,
    WrongState (no audience snapshot) and Unavailable (the snapshot is not worked out yet).
    """
    channel = db.get(session, Channel, channel_id, channels_policy.own(actor))
    if channel.snapshot_id is None:
        raise WrongState(
            Bilingual(
                "这个账号还没有受众数据：请先添加受众快照。",
                "This channel has told nothing of its audience: add an audience snapshot first.",
            )
        )
    rows = column_store.rows_by_id(session, [channel_id])
    if not len(rows["channel_id"]):
        raise Unavailable(
            Bilingual(
                "这个账号的数据正在计算，请几秒后再问。",
                "The channel's figures are being worked out. Ask again in a few seconds.",
            )
        )
    models = column_store.models(session)
    versions = _open_versions(session, actor, channel_id, filters)
    columns = ChannelColumns(rows["channel_id"], column_store.values_of(rows, models))
    best = best_briefs(columns, cache.rows(session, versions), limit)
    details: Any = session.execute(_DETAILS, {"ids": [channel_id]}).mappings().one()
    found = []
    for index in best.tolist():
        version = session.get_one(BriefVersion, versions[index])
        wants = candidates.wants_of(version, ChannelFilters(day=0))
        scored = candidates.score_rows(version, wants, rows, models)
        found.append(_open_brief(scored, version, wants.ceiling, details, models.prices.fitted_on))
    found.sort(key=lambda brief: -(brief.overall.point or 0))
    return OpenBriefs(channel_id, len(versions), found)


def _open_versions(session: Session, actor: Actor, channel_id: UUID, filters: Mapping[str, Any]) -> list[UUID]:
    """Return the present versions of the open briefs that the actor may see, without those on which it sees a bid for
    the channel. Admins and other agencies see none before the close."""
    bid_on = sa.select(Bid.brief_id).where(
        Bid.channel_id == channel_id, Bid.status.in_(service.LISTED), bids_policy.visible(actor)
    )
    query = sa.select(BriefVersion.id).join(Brief, Brief.version_id == BriefVersion.id).order_by(BriefVersion.id)
    query = query.where(briefs_policy.visible(actor), Brief.status == BriefStatus.PUBLISHED)
    query = query.where(Brief.bids_close_at > now(), Brief.id.not_in(bid_on))
    query = query.where(*(_BRIEF_FILTERS[name](value) for name, value in filters.items() if value))
    return list(session.scalars(query))


def _open_brief(
    scored: ScoredCandidates, version: BriefVersion, ceiling: float, details: Mapping[str, Any], fitted_on: date | None
) -> OpenBrief:
    figures = _figures(scored, 0, version, details, fitted_on)
    days_left = max((version.bids_close_at - now()).total_seconds() / 86_400, 0.0)
    worth = (figures.people.point or 0.0) * ceiling / 1000
    brief_reasons = [
        messages.room_reason(version.currency, worth, figures.price.point),
        messages.days_reason(days_left),
    ]
    return OpenBrief(
        brief_id=version.brief_id,
        title=version.title,
        category=version.category,
        markets=version.content["markets"],
        placement_kinds=version.content["placement_kinds"],
        budget=version.budget,
        bids_close_at=version.bids_close_at,
        days_left=days_left,
        ceiling_per_thousand=ceiling,
        ceiling_is_the_briefs=version.ceiling_minor is not None,
        worth_at_ceiling=worth,
        **vars(replace(figures, reasons=[*figures.reasons, *brief_reasons])),
    )
