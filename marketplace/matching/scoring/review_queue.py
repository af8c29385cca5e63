"""Lets the calm bids of a closed brief pass, and puts risky ones before people once they are nearly chosen."""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs.models import Brief, BriefVersion
from marketplace.core import ids
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict
from marketplace.core.message import Bilingual
from marketplace.matching.audience import grid
from marketplace.matching.forecast import flags
from marketplace.matching.scoring import scored_bid
from marketplace.matching.scoring.scored_bid import ScoredBid
from marketplace.reviews import review_entry
from marketplace.reviews.review_entry import ReviewSubject
from marketplace.reviews.risk import RiskFacts

# Before a selection nobody knows what will be chosen. Bids in the order of their scores that cost twice the budget
# together hold more than the budget buys, also where some of them drop out; ten is for briefs with few large bids.
NEAR_BUDGETS, NEAR_LEAST = 2.0, 10
# After a selection: how many of the bids that were left out, those first whose price was nearest to winning.
NEAREST_LEFT_OUT = 5
BELOW_MARKET = "price_below_market"
# Not the one that a person's approval opens.
_GATES = frozenset((*flags.GATES, "no_audience_data")) - {BELOW_MARKET}

_MATCHES = (
    f"SELECT m.id AS bid_id, m.revision_id, m.snapshot_id, m.fingerprint, m.computed, {scored_bid.COLUMNS},"
    " b.creator_id, b.agency_id, b.brand_id,"
    " (SELECT max(cost) FROM bid_revisions r, unnest(r.option_costs) cost WHERE r.id = m.revision_id"
    "   AND cost < 'Infinity') AS dearest,"
    " NOT EXISTS (SELECT 1 FROM bids e WHERE e.creator_id = b.creator_id AND e.status = 'accepted') AS first_time"
    f" FROM matches m JOIN bids b ON b.id = m.id {scored_bid.JOINS}"
    " WHERE m.brief_id = :brief_id AND b.status = 'open'"
)
_IN_ORDER = sa.text(f"{_MATCHES} ORDER BY m.rank, m.id")
_ONE = sa.text(f"{_MATCHES} AND b.id = :bid_id")
_SHARED = sa.text(
    "SELECT o.party_id, array_agg(o.person_id) AS people FROM memberships m JOIN memberships o"
    " ON o.person_id = m.person_id AND o.party_id <> m.party_id WHERE m.party_id = :brand_id GROUP BY o.party_id"
)


def queue_reviews(session: Session, brief: Brief, kept_out: Collection[UUID] = ()) -> int:
    """Assess every open bid of a closed brief, and return for how many something is new.

    ``kept_out`` are the bids that a gate keeps out, beside those that scoring itself has marked: no person is asked
    about them before the gate opens and they come near to being chosen.
    """
    rows: Sequence[Any] = session.execute(_IN_ORDER, {"brief_id": brief.id}).mappings().all()
    bids = [scored_bid.from_row(row) for row in rows]
    budget = session.get_one(BriefVersion, brief.version_id).budget_minor
    near = nearly_chosen([(row["bid_id"], bid) for row, bid in zip(rows, bids, strict=True)], budget, kept_out)
    shared, today = _shared_people(session, brief), now().date()
    subjects = [
        _subject(brief, row, risk_facts(bid, row, today, shared), row["bid_id"] in near)
        for row, bid in zip(rows, bids, strict=True)
    ]
    return review_entry.put(session, "bid", subjects)


def ask_for(session: Session, actor: Actor, brief: Brief, bid_id: UUID) -> None:
    """Have a person look at an open bid of a closed brief that was deferred, or that a rule let pass.

    Raises Conflict (not scored yet) and WrongState.
    """
    row = session.execute(_ONE, {"brief_id": brief.id, "bid_id": bid_id}).mappings().one_or_none()
    if row is None:
        raise Conflict(
            Bilingual("还没有打分，请几秒后再问。", "It has not been scored yet. Ask again in a few seconds.")
        )
    facts = risk_facts(scored_bid.from_row(row), row, now().date(), _shared_people(session, brief))
    review_entry.ask_for(session, actor, _subject(brief, row, facts, True))


def _shared_people(session: Session, brief: Brief) -> dict[UUID, set[UUID]]:
    """Return, for each party, the people who are members of the brief's brand too."""
    return {row.party_id: set(row.people) for row in session.execute(_SHARED, {"brand_id": brief.brand_id})}


def nearly_chosen(
    bids: Sequence[tuple[UUID, ScoredBid]], budget_minor: float, kept_out: Collection[UUID] = ()
) -> set[UUID]:
    """Return the bids that a person is asked about before anything is chosen: of those that no gate keeps out, in the
    order of their scores, as many as cost twice the budget together, and ten at least.

    By the score and not the rank, because a bid that only a person's approval lets count is ranked behind all others.
    """
    near: set[UUID] = set()
    spent = 0.0
    standing = [(bid_id, bid) for bid_id, bid in bids if bid_id not in kept_out and _GATES.isdisjoint(bid.flags)]
    for bid_id, bid in sorted(standing, key=lambda one: _from_the_best(one[1])):
        if bid.cost.point is None:
            continue
        if spent >= NEAR_BUDGETS * budget_minor and len(near) >= NEAR_LEAST:
            break
        near.add(bid_id)
        spent += bid.cost.point
    return near


def _from_the_best(bid: ScoredBid) -> float:
    overall = bid.overall.point
    return 1.0 if overall is None or math.isnan(overall) else -overall


def ask_about_set(session: Session, result: Mapping[str, Any]) -> int:
    """Ask people about the bids of a selection's result, and about those left out that were nearest to winning, if
    their reviews were deferred. Return about how many."""
    left_out = [line for line in result["left_out"] if line["would_win_at"] is not None]
    lines = [*result["chosen"], *left_out[:NEAREST_LEFT_OUT]]
    return review_entry.ask(session, [ids.read("bid", line["bid_id"]) for line in lines])


def _subject(brief: Brief, row: Any, facts: RiskFacts, is_near: bool) -> ReviewSubject:
    return ReviewSubject(
        subject_id=row["bid_id"],
        about_id=brief.id,
        parties=(*_bidders(row), row["brand_id"]),
        facts=facts,
        fingerprint=row["fingerprint"],
        is_near=is_near,
    )


def _bidders(row: Any) -> list[UUID]:
    return [party for party in (row["creator_id"], row["agency_id"]) if party is not None]


def risk_facts(bid: ScoredBid, row: Any, today: date, shared: Mapping[UUID, set[UUID]]) -> RiskFacts:
    """Return the facts of a match that the risk of its bid is rated by. ``shared`` names, for each party, the people
    who are members of the brand too."""
    per_thousand, (_, low, high) = bid.per_thousand.point, bid.intrusiveness
    # A person's own value is no new risk: what was computed is what they have decided on.
    computed = (row["computed"] or {}).get("intrusiveness")
    if computed is not None:
        low = high = computed
    # Every bid has a plan, and every plan is scored when the bid is placed.
    assert low is not None
    assert high is not None
    # Only an absent list is a risk. A list of the top regions counts as a list, although the prior fills its rest.
    missing = [f"{name}_from_prior" for name in grid.LISTS if f"{name}_from_prior" in bid.audience_flags]
    people: set[UUID] = set().union(*(shared.get(party, set()) for party in _bidders(row)))
    return RiskFacts(
        currency=bid.currency,
        # The brand may accept any of the options, and commits the most that it costs.
        amount_minor=_largest(bid.cost.point, row["dearest"]),
        snapshot_flags=tuple(flag for flag in bid.snapshot_flags if flag != BELOW_MARKET),
        snapshot_age_days=None if bid.taken_on is None else (today - bid.taken_on).days,
        margins_missing=len(missing),
        intrusiveness_low=low,
        intrusiveness_high=high,
        tolerance=bid.tolerance,
        percentile=bid.percentile,
        comparables=bid.comparables,
        over_ceiling=None if per_thousand is None else per_thousand / bid.ceiling_minor,
        first_time=row["first_time"],
        below_market=BELOW_MARKET in (*bid.flags, *bid.snapshot_flags),
        shared_people=len(people),
        minors=bid.minors,
        told=f"{row['revision_id']} {row['snapshot_id']}",
    )


def _largest(*amounts: float | None) -> float | None:
    return max((amount for amount in amounts if amount is not None), default=None)
