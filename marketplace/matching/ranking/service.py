"""A brief's ranking for its readers: its matches in one total order, each with its reasons and its shut gates."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from marketplace.bids import policy as bids_policy
from marketplace.bids.models import Bid, BidRevision
from marketplace.briefs.models import Brief, BriefVersion
from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.errors import NotFound
from marketplace.core.message import Bilingual, Message
from marketplace.matching.gates.follow_decisions import follow_decisions
from marketplace.matching.gates.gate_facts import gates_of
from marketplace.matching.ranking import later_facts, small_bids
from marketplace.matching.ranking.ranked_bid import RankedBid, with_gates
from marketplace.matching.scoring import fair_price
from marketplace.matching.scoring.ranked_match import RankedMatch
from marketplace.matching.scoring.score_brief import newest_record
from marketplace.matching.scoring.service import find_brief, find_match, freshness, page_by_rank, places, plan_score
from marketplace.reviews.verdicts import verdicts


@dataclass(frozen=True)
class BriefRanking:
    """One page of a brief's ranking. Before the brief closes it is sealed and has only the counts.

    `fresh` of `total` bids are scored as they and the brief read now; those of a closed brief all are, on what was
    known then.
    `record` is the number of the record that the bids are scored on; each re-scoring by an admin adds one.
    """

    brief_id: UUID
    sealed: bool
    total: int
    fresh: int
    data: list[RankedBid]
    has_more: bool
    record: int | None = None
    warnings: list[Message] = field(default_factory=list)


@dataclass(frozen=True)
class PlannedMatch:
    """A bid's match, and the plan that is still to be scored: as it is stored, with a buying link or without."""

    match: RankedBid
    plan: dict[str, Any]
    buying_link: bool


def ranking(session: Session, actor: Actor, brief_id: UUID, *, limit: int, starting_after: UUID | None) -> BriefRanking:
    """Return the matches of a closed brief by rank; for an open brief, only how many there are and how many are fresh.

    Every bid that was open at the close keeps its place, whatever became of it, and of the brief. Raises NotFound.
    """
    brief = find_brief(session, actor, brief_id)
    if not brief.was_closed:
        # As the system: how many sealed bids there are is no secret, and nothing else of them leaves.
        with db.acting_as(session, SYSTEM):
            state = freshness(session, brief_id)
        return BriefRanking(brief_id, True, state.total, state.told, [], False)
    # As the system, like all that is asked of a whole brief: whoever may read its ranking may know how long it is.
    with db.acting_as(session, SYSTEM):
        follow_decisions(session, brief)
        total = places(session, brief_id)
    page = page_by_rank(session, brief_id, limit=limit, starting_after=starting_after)
    # As the system, of the bids of this page alone, which the caller's policies have let through.
    with db.acting_as(session, SYSTEM):
        record = newest_record(session, brief_id)
        priced = fair_price.with_fair_prices(session, page.data, record)
        gated = small_bids.with_small_bids(session, _with_gates(session, brief, priced))
        matches = later_facts.with_later_facts(session, gated)
    warnings = fair_price.ceiling_warnings(session, brief) if starting_after is None else []
    number = None if record is None else record.number
    return BriefRanking(brief_id, False, total, total, matches, page.has_more, number, warnings)


def _follow_decisions(session: Session, brief: Brief) -> None:
    """Before scores are read: else their gates, which are read after them, would be of another moment."""
    with db.acting_as(session, SYSTEM):
        follow_decisions(session, brief)


def _with_gates(session: Session, brief: Brief, matches: Sequence[RankedMatch]) -> list[RankedBid]:
    bid_ids = [match.bid_id for match in matches]
    # As the system: reviews are the platform's own, and a verdict is what both sides may know of one.
    with db.acting_as(session, SYSTEM):
        gates = gates_of(session, brief, bid_ids)
        reviews = verdicts(session, bid_ids)
    return [with_gates(match, gates.get(match.bid_id, ()), reviews.get(match.bid_id)) for match in matches]


def match_of_bid(session: Session, actor: Actor, bid_id: UUID) -> RankedBid:
    """Return one bid's match with every reason and without the score of its plan, for whoever may see the bid.

    Raises NotFound, also before the bid's first scoring.
    """
    bid = db.get(session, Bid, bid_id, bids_policy.visible(actor))
    brief = session.get_one(Brief, bid.brief_id)
    _follow_decisions(session, brief)
    # As the system: its place says something of sealed rivals, and is taken out below.
    with db.acting_as(session, SYSTEM):
        stored = find_match(session, bid)
    if stored is None:
        raise NotFound(
            Bilingual(
                "这个报价还没有打分，请几秒后再问。", "This bid has not been scored yet. Ask again in a few seconds."
            )
        )
    [match] = _with_gates(
        session, brief, fair_price.with_fair_prices(session, [stored], newest_record(session, brief.id))
    )
    [match] = small_bids.with_small_bids(session, [match])
    if brief.was_closed:
        [match] = later_facts.with_later_facts(session, [match])
    else:
        match = match.sealed()
    if actor.role in bids_policy.BIDDERS:
        revision = session.get_one(BidRevision, bid.revision_id)
        match = match.with_reasons(fair_price.floor_reasons(session, bid, revision, match.scored))
    return match


def planned_match(session: Session, actor: Actor, bid_id: UUID) -> PlannedMatch:
    """Return one bid's match with its plan, which `with_plan_score` scores. Raises what `match_of_bid` does."""
    match = match_of_bid(session, actor, bid_id)
    revision = session.get_one(BidRevision, session.get_one(Bid, bid_id).revision_id)
    version = session.get_one(BriefVersion, revision.brief_version_id)
    return PlannedMatch(match, revision.plan, buying_link=bool(version.content.get("buying_link")))


def with_plan_score(asked: PlannedMatch) -> RankedBid:
    """Return a match with the score of its plan. It computes while no transaction is open."""
    scored = asked.match.scored
    fit = 0.0 if math.isnan(scored.fit) else scored.fit
    score = plan_score(asked.plan, fit, buying_link=asked.buying_link, minors=scored.minors)
    return replace(asked.match, plan=score)
