"""Loads what the gates of a brief's bids read: from what was recorded at the close, and from what holds today."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids import brief_answer, option_lengths
from marketplace.briefs.brief_document import with_defaults
from marketplace.briefs.models import Brief, BriefStatus, BriefVersion
from marketplace.channels.policy import holds, unbeaten
from marketplace.core import db
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.message import Bilingual
from marketplace.intrusiveness.timeline import from_dict
from marketplace.law import gate as law
from marketplace.matching.audience import share_columns
from marketplace.matching.audience.arrays import Floats
from marketplace.matching.forecast import flags
from marketplace.matching.gates.bid_gates import GateFacts, ShutGate, shut_gates
from marketplace.matching.gates.follow_decisions import follow_decisions
from marketplace.matching.scoring import numbers
from marketplace.matching.scoring.models import CLOSE_NAMES
from marketplace.matching.scoring.score_brief import newest_record
from marketplace.pacing import service as pacing
from marketplace.pacing.exclusivity import WantedPlacement

_BIDS = (
    "SELECT b.id, b.status, b.channel_id, b.accepted_option, b.accepted_cost_minor, b.brief_version_id, r.option_costs,"
    " r.deliverables, r.options, r.price, c.platform, w.status AS review, w.reason AS review_reason, f.snapshot_id,"
    f" {share_columns.stored_sql('f.shares')} AS shares, f.flags AS channel_flags,"
    # Of a plan that nobody notices nobody is reached.
    f" CASE WHEN {numbers.sql('noticing', 'point')} = 0 THEN 0 ELSE {numbers.sql('people', 'point')} END AS people,"
    f" {numbers.sql('intrusiveness', 'point')} AS intrusiveness,"
    f" {numbers.sql('per_thousand', 'point')} AS per_thousand,"
    f" {numbers.sql('fit')} AS fit, {numbers.sql('film', 'counted')} AS counted_s,"
    " CASE WHEN jsonb_array_length(r.options) > 1 THEN r.plan END AS plan,"
    " m.flags AS match_flags, party_is_suspended(b.creator_id) OR party_is_suspended(b.brand_id)"
    "   OR b.agency_id IS NOT NULL AND party_is_suspended(b.agency_id) AS suspended,"
    " mandate_holds(b.agency_id, b.creator_id, :at) AS mandate, c.status = 'archived' AS archived,"
    f" c.creator_id <> b.creator_id AS handed_over, {unbeaten('c', 'k')} AS unbeaten, b.answers_in_part,"
    # While nobody has proven the account. Once somebody has, what another claimant's bid meets is that it is beaten.
    f" NOT {holds('c', 'k')} AND EXISTS (SELECT 1 FROM bids o JOIN channels d ON d.id = o.channel_id"
    f"   {CLOSE_NAMES.format(b='o', c='d', k='l')} WHERE o.brief_id = b.brief_id AND o.status = 'accepted'"
    "   AND o.id <> b.id AND l.platform = k.platform AND (l.account_key = k.account_key OR l.handle_key = k.handle_key)"
    f"   AND {unbeaten('d', 'l')} AND NOT {holds('d', 'l')}) AS same_account"
    " FROM bids b JOIN bid_revisions r ON r.id = b.revision_id JOIN channels c ON c.id = b.channel_id"
    f" {CLOSE_NAMES.format(b='b', c='c', k='k')}"
    " LEFT JOIN matches m ON m.id = b.id"
    " {features}"
    " LEFT JOIN reviews w ON w.subject_id = b.id AND w.subject_kind = 'bid'"
    " WHERE b.brief_id = :brief_id AND (CAST(:bids AS uuid[]) IS NULL OR b.id = ANY(:bids)) ORDER BY b.id"
)
_OF_CHANNELS = sa.text(_BIDS.format(features="LEFT JOIN channel_features f ON f.channel_id = b.channel_id"))
_OF_RECORD = sa.text(
    _BIDS.format(features="LEFT JOIN close_features f ON f.bid_id = b.id AND f.record_id = :record_id")
)
_CHANNELS = sa.text(
    f"SELECT c.id, c.platform, c.status = 'archived' AS archived, {unbeaten('c')} AS unbeaten,"
    f" {share_columns.stored_sql('f.shares')} AS shares, f.flags AS channel_flags"
    " FROM channels c LEFT JOIN channel_features f ON f.channel_id = c.id WHERE c.id = ANY(:channels) ORDER BY c.id"
)
_COMMITTED = sa.text(
    "SELECT coalesce(sum(accepted_cost_minor), 0)::bigint FROM bids WHERE brief_id = :brief_id AND status = 'accepted'"
)


def committed(session: Session, brief_id: UUID) -> int:
    """Return the most that a brief's accepted bids cost together, in minor units of its currency."""
    return int(session.scalar(_COMMITTED, {"brief_id": brief_id}) or 0)


def gates_of(
    session: Session,
    brief: Brief,
    bid_ids: Collection[UUID] | None = None,
    *,
    options: Mapping[UUID, int] | None = None,
) -> dict[UUID, tuple[ShutGate, ...]]:
    """Return the shut gates of a brief's bids by their ids: of all bids, or of these.

    ``options``: the option in question by bid; else the accepted one, or the cheapest of an open bid. Reads as the
    system, because promises to other brands count; only codes and sentences leave it. What people decide binds at once:
    scores that have not followed it yet do so first.
    """
    version = session.get_one(BriefVersion, brief.version_id)
    with db.acting_as(session, SYSTEM):
        follow_decisions(session, brief)
        rows = _rows(session, brief, bid_ids)
        facts = _facts(session, brief, version, rows, options or {})
    return {row.id: shut_gates(of_bid) for row, of_bid in zip(rows, facts, strict=True)}


def gates_of_channels(
    session: Session, brief: Brief, channel_ids: Collection[UUID]
) -> dict[UUID, tuple[ShutGate, ...]]:
    """Return the gates that would be shut for a bid of each channel that has not bid: those of the law, of promises and
    of pacing, for one video of each kind that the brief asks for. Reads as the system, as `gates_of` does."""
    version = session.get_one(BriefVersion, brief.version_id)
    content = with_defaults(version.content)
    with db.acting_as(session, SYSTEM):
        rows = session.execute(_CHANNELS, {"channels": sorted(channel_ids)}).all()
        minors = _minors([row.shares for row in rows], [row.channel_flags for row in rows])
        barred = law.barred(version.category, content.get("markets") or [], minors)
        offers = {row.id: _asked(content, row.platform) for row in rows}
        placements = pacing.gates(session, _wanted(brief, version), content["publish_window"], offers)
    return {
        row.id: shut_gates(
            GateFacts(
                status="open",
                currency=version.currency,
                budget=version.budget_minor,
                cost=0,
                people=1,  # whom it would reach is the search's own question
                law="law_minors" if is_barred else "",
                placement=placements.get(row.id, ""),
                is_known=row.shares is not None,
                is_archived=row.archived,
                is_beaten=not row.unbeaten,
                is_closed=brief.closed_at is not None,
            )
        )
        for row, is_barred in zip(rows, barred.tolist(), strict=True)
    }


def _asked(content: Mapping[str, Any], platform: str) -> list[dict[str, Any]]:
    """Return what a brief asks of a channel on this platform, as the deliverables of a bid."""
    return [
        {"kind": line["kind"], "count": line["count"], "publish_starts_at": None, "publish_ends_at": None}
        for line in brief_answer.asked_of(content, platform)
    ]


def _rows(session: Session, brief: Brief, bid_ids: Collection[UUID] | None) -> Sequence[Any]:
    record = newest_record(session, brief.id)
    values: dict[str, Any] = {
        "brief_id": brief.id,
        "bids": None if bid_ids is None else sorted(bid_ids),
        "at": now(),
    }
    if record is None:
        return session.execute(_OF_CHANNELS, values).all()
    return session.execute(_OF_RECORD, {**values, "record_id": record.id}).all()


def _facts(
    session: Session, brief: Brief, version: BriefVersion, rows: Sequence[Any], options: Mapping[UUID, int]
) -> list[GateFacts]:
    minors = _minors([row.shares for row in rows], [row.channel_flags for row in rows])
    barred = law.barred(version.category, version.content.get("markets") or [], minors)
    placements = _placements(session, brief, version, rows)
    spent = committed(session, brief.id)
    content = with_defaults(version.content)
    return [
        GateFacts(
            status=_status(brief, row.status),
            currency=version.currency,
            budget=version.budget_minor,
            cost=_cost(row, options.get(row.id)),
            review=row.review,
            review_reason=row.review_reason or "",
            is_suspended=row.suspended,
            has_mandate=row.mandate,
            is_archived=row.archived,
            is_handed_over=row.handed_over,
            is_beaten=not row.unbeaten,
            is_same_account=row.same_account,
            is_part_offer=row.answers_in_part,
            stands_by_brief=row.brief_version_id == version.id,
            mismatches=_mismatches(row, content) if row.status == "open" else (),
            law="law_minors" if is_barred else "",
            minors=None if math.isnan(share) else share,
            placement=placements.get(row.channel_id, ""),
            is_known=row.snapshot_id is not None,
            people=_known(row.people),
            is_far_below="price_below_market" in flags.shown(row.match_flags or 0),
            intrusiveness=_intrusiveness(row, options.get(row.id)),
            tolerance=version.tolerance,
            per_thousand=_per_thousand(row, options.get(row.id)),
            ceiling=version.ceiling_minor,
            # What an accepted bid costs is among what is committed, and it may not shut its own gate.
            committed=spent - (row.accepted_cost_minor or 0) if row.status == "accepted" else spent,
            is_closed=brief.closed_at is not None,
        )
        for row, share, is_barred in zip(rows, minors.tolist(), barred.tolist(), strict=True)
    ]


def _status(brief: Brief, stored: str) -> str:
    """Return a bid's status as it binds, also if the job that marks the bids of a brief is late."""
    if brief.status == BriefStatus.CANCELLED and stored in ("open", "accepted"):
        return "void"
    is_over = brief.bids_lapse_at is not None and now() >= brief.bids_lapse_at
    return "lapsed" if stored == "open" and is_over else stored


def _mismatches(row: Any, content: Mapping[str, Any]) -> list[Bilingual]:
    """Return where what a bid would deliver does not answer the brief, for bids from before that was refused."""
    stored = {"deliverables": row.deliverables, "options": row.options, "price": row.price}
    stored["rights"] = row.price.get("rights") or {}
    errors = brief_answer.answer_errors(stored, content, row.platform)
    return [
        Bilingual(f"{error.pointer}：{error.detail.zh}", f"{error.pointer}: {error.detail.en}")
        for error in errors
        if error.pointer.startswith("/deliverables")
    ]


def _minors(shares: Sequence[bytes | None], channel_flags: Sequence[int | None]) -> Floats:
    """Return the share of each audience that is under 18 [n]; NaN where no list of ages says so."""
    minors = np.full(len(shares), np.nan)
    known = [row for row, packed in enumerate(shares) if packed is not None]
    if known:
        joint = share_columns.unpack(b"".join(shares[row] or b"" for row in known)).joint
        from_prior = flags.holds(np.array([channel_flags[row] or 0 for row in known]), "ages_from_prior")
        minors[known] = share_columns.minors(joint, from_prior)
    return minors


def _placements(session: Session, brief: Brief, version: BriefVersion, rows: Sequence[Any]) -> Mapping[UUID, str]:
    """Return by channel the code of the promise or pacing rule that leaves no room for what it offers.

    The session must see all rows: other brands' deals and exclusivity windows count against the bids. What is promised
    after the close comes too late for the bids that stood at it.
    """
    offers = {row.channel_id: row.deliverables for row in rows if row.status == "open"}
    window = version.content["publish_window"]
    return pacing.gates(session, _wanted(brief, version), window, offers, promised_until=brief.closed_at)


def _wanted(brief: Brief, version: BriefVersion) -> WantedPlacement:
    brand = version.content["brand"]
    return WantedPlacement(brief.brand_id, [*brand["names"], *brand.get("aliases", [])], version.category)


def _cost(row: Any, option: int | None) -> float:
    """Return the most that a bid costs in an option, or in the accepted one, or in its cheapest."""
    position = row.accepted_option if option is None else option
    costs: list[float] = row.option_costs
    return min(costs) if position is None else costs[position]


def _per_thousand(row: Any, option: int | None) -> float | None:
    """Return the cost per thousand in an option, as in `_cost`: that of the match, which is scored at the bid's own
    price, in proportion to what the option costs."""
    scored, cost = _known(row.per_thousand), _cost(row, option)
    own: float = row.option_costs[0]
    if scored is None or not 0 < own < math.inf or not math.isfinite(cost):
        return scored
    return scored * (cost / own)


def _intrusiveness(row: Any, option: int | None) -> float | None:
    """Return how intrusive a bid is in an option, or in the accepted one, or at its own price: the match's figure and
    what the option's shorter film adds to it."""
    scored, position = _known(row.intrusiveness), (row.accepted_option or 0) if option is None else option
    longest = option_lengths.longest(row.options, position)
    if scored is None or longest is None or row.plan is None:
        return scored
    plan, fit, counted = from_dict(row.plan), _known(row.fit), _known(row.counted_s)
    held = option_lengths.measure(
        plan, plan.duration_s if counted is None else counted, longest, math.nan if fit is None else fit
    )
    return min(scored + held.added, 100.0)


def _known(figure: float | None) -> float | None:
    """Return a stored number, with None where it is missing or not a number."""
    return None if figure is None or math.isnan(figure) else figure
