"""A bid before shooting: what its plan does to this channel's viewers, and plans that disturb them less.

Suggestions are computed from the plan and the channel's fit; nothing is stored. A suggestion's id is
derived from the bid's revision and from the suggested plan, so that a suggestion for an older revision differs
visibly from one that never existed.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids import brief_answer, commitment
from marketplace.bids import policy as bids_policy
from marketplace.bids import service as bids
from marketplace.bids.bid_queries import ShownBid
from marketplace.bids.models import Bid, BidRevision, BidStatus
from marketplace.briefs.brief_document import with_defaults
from marketplace.briefs.close_draws import takes_bids
from marketplace.briefs.models import Brief, BriefVersion
from marketplace.core import db, ids
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, DomainError, NotFound
from marketplace.core.estimate import Estimate
from marketplace.core.message import Bilingual
from marketplace.intrusiveness import channel_score, frontier, timeline
from marketplace.intrusiveness.channel_score import PublishedVideo
from marketplace.intrusiveness.constants import NOTICING_KEPT, PROMINENCE_KEPT
from marketplace.intrusiveness.frontier import PlanFrontier, PlanStanding
from marketplace.intrusiveness.notice import notice_share
from marketplace.intrusiveness.plan_score import band, score_plan
from marketplace.intrusiveness.timeline import Timeline
from marketplace.matching.forecast import past_videos
from marketplace.matching.scoring import service
from marketplace.matching.scoring.ranked_match import RankedMatch
from marketplace.matching.scoring.scored_bid import ForecastBasis
from marketplace.matching.scoring.suggestions import messages as suggestion_messages
from marketplace.matching.scoring.suggestions.messages import BeforeShooting

STALE = "stale_suggestion"


@dataclass(frozen=True)
class BidSuggestions:
    """What a bid's plan does, and up to six plans that could replace it, as the API shows them."""

    bid_id: UUID
    revision_id: UUID
    revision_number: int
    can_accept: bool
    before_shooting: BeforeShooting
    suggestions: Sequence[Mapping[str, Any]]
    model_version: str
    prominence_kept: float = PROMINENCE_KEPT
    noticing_kept: float = NOTICING_KEPT


@dataclass(frozen=True)
class SuggestionQuestion:
    """A bid whose plan is looked at, and all that is known of it: what `answer` works out the suggestions from."""

    bid_id: UUID
    revision_id: UUID
    revision_number: int
    can_accept: bool
    plan: Timeline
    match: RankedMatch | None
    tolerance: int
    asked: Mapping[str, Any]
    past: Sequence[PublishedVideo]


def question(session: Session, actor: Actor, bid_id: UUID) -> SuggestionQuestion:
    """Return what the suggestions for a bid come from, for the bidder's side only. Raises NotFound."""
    bid = db.get(session, Bid, bid_id, bids_policy.own(actor))
    revision = session.get_one(BidRevision, bid.revision_id)
    brief = session.get_one(Brief, bid.brief_id)
    version = session.get_one(BriefVersion, brief.version_id)
    revisions_left = bid.revisions_max - bid.revision_number
    return SuggestionQuestion(
        bid_id=bid_id,
        revision_id=revision.id,
        revision_number=revision.number,
        can_accept=bid.status == BidStatus.OPEN and revisions_left > 0 and takes_bids(session, brief.id, now()),
        plan=timeline.from_dict(revision.plan),
        match=service.find_match(session, bid),
        tolerance=version.tolerance,
        asked=with_defaults(version.content),
        past=past_videos.past(session, bid.channel_id),
    )


def answer(asked: SuggestionQuestion) -> BidSuggestions:
    """Return what a bid's plan does and which plans could replace it. It computes while no transaction is open."""
    plan_frontier = _search(asked.plan, asked.match)
    return BidSuggestions(
        bid_id=asked.bid_id,
        revision_id=asked.revision_id,
        revision_number=asked.revision_number,
        can_accept=asked.can_accept,
        before_shooting=_before_shooting(plan_frontier.before, asked.plan, asked.match, asked.tolerance, asked.past),
        suggestions=[
            {
                **frontier.point_dict(point),
                "id": id_of(asked.revision_id, timeline.to_dict(point.plan)),
                "keeps_tolerance": keeps(point.standing, asked.tolerance),
            }
            for point in plan_frontier.points
            # A milder plan may be noticed less than the brief asks for, and would be refused.
            if not any(brief_answer.notice_errors(point.plan, asked.asked))
        ],
        model_version=plan_frontier.model_version,
    )


def accept(session: Session, actor: Actor, bid_id: UUID, suggestion_id: UUID) -> ShownBid:
    """Revise the bid to a suggestion's plan and leave everything else unchanged.

    Raises what a revision raises (NotFound, WrongState, Conflict, InvalidInput), Conflict if the bid or its channel's
    scores have changed since the suggestion was made, and NotFound if this bid never had the suggestion.
    """

    def suggested_plan(revision: BidRevision) -> Mapping[str, Any]:
        match = service.find_match(session, session.get_one(Bid, bid_id))
        for point in _search(timeline.from_dict(revision.plan), match).points:
            plan = timeline.to_dict(point.plan)
            if id_of(revision.id, plan) == suggestion_id:
                return plan
        raise _not_current(session, bid_id, suggestion_id)

    return bids.replan(session, actor, bid_id, choose=suggested_plan)


def id_of(revision_id: UUID, plan: Mapping[str, Any]) -> UUID:
    """Return the id of the suggestion to replace a revision's plan by this one. Its first half names the revision."""
    return UUID(bytes=_half(str(revision_id)) + _half(f"{revision_id}:{commitment.canonical(plan)}"))


def _half(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:8]


def _not_current(session: Session, bid_id: UUID, suggestion_id: UUID) -> DomainError:
    revision_ids = session.scalars(sa.select(BidRevision.id).where(BidRevision.bid_id == bid_id))
    if suggestion_id.bytes[:8] not in {_half(str(revision_id)) for revision_id in revision_ids}:
        return NotFound(
            Bilingual(
                f"这个报价没有建议 {ids.show('sug', suggestion_id)}。",
                f"There is no suggestion {ids.show('sug', suggestion_id)} for this bid.",
            )
        )
    return Conflict(
        Bilingual(
            "提出这条建议之后，报价的方案或账号的分数变了。请重新读取这个报价的建议，再从中选择。",
            "The bid's plan or its channel's scores have changed since this was suggested. Read "
            "the bid's suggestions again and choose among those.",
        ),
        rule=STALE,
    )


def keeps(standing: PlanStanding, tolerance: float) -> str:
    """Return whether a plan keeps a tolerance of 0..100: "yes" with its whole range, "likely" with its middle, by which
    bids are judged, "unlikely" with its low end only, or "no"."""
    low, high = standing.intrusiveness
    ends = (("yes", high), ("likely", (low + high) / 2), ("unlikely", low))
    return next((answer for answer, end in ends if end <= tolerance), "no")


def _search(plan: Timeline, match: RankedMatch | None) -> PlanFrontier:
    """Return the plans that could replace a revision's plan. An unknown fit relieves nothing."""
    return frontier.frontier(plan, math.nan if match is None else match.scored.fit)


def _before_shooting(
    standing: PlanStanding,
    plan: Timeline,
    match: RankedMatch | None,
    tolerance: int,
    past: Sequence[PublishedVideo],
) -> BeforeShooting:
    scored = None if match is None else match.scored
    basis = ForecastBasis() if scored is None else scored.basis
    score = score_plan(plan, math.nan if scored is None else scored.fit, what_ifs=False)
    before = BeforeShooting(
        intrusiveness=_middle_and_ends(standing.intrusiveness),
        prominence=_middle_and_ends(standing.prominence),
        noticing=Estimate(*notice_share(plan)),
        band=band(sum(standing.intrusiveness) / 2),
        tolerance=tolerance,
        keeps_tolerance=keeps(standing, tolerance),
        fit=None if scored is None else scored.fit,
        channel=channel_score.as_dict(channel_score.channel_score(past, channel_score.seen(plan, score))),
        # An ad load of 0 is only shown if some video states whether it is sponsored; otherwise 0 means unknown.
        ad_load=scored.ad_load if scored is not None and basis.sponsored_videos + basis.other_videos > 0 else None,
        sponsored_views=_rounded(basis.sponsored),
        sponsored_videos=basis.sponsored_videos,
        other_videos=basis.other_videos,
        source=None if scored is None else scored.source,
        taken_on=None if scored is None or scored.taken_on is None else scored.taken_on.isoformat(),
        fresh=None if match is None else match.fresh,
    )
    reasons = suggestion_messages.reasons(before, None if match is None else match.reasons, len(plan.exposures))
    return replace(before, reasons=reasons)


def _middle_and_ends(ends: tuple[float, float]) -> Estimate:
    return Estimate(round(sum(ends) / 2, 2), round(ends[0], 2), round(ends[1], 2))


def _rounded(estimate: Estimate | None) -> Estimate:
    return Estimate(None, None, None) if estimate is None else Estimate(*(round(end or 0.0, 4) for end in estimate))
