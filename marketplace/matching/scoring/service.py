"""A brief's ranking as people read it: how many matches are fresh, their numbers, and why."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids import policy as bids_policy
from marketplace.bids.models import Bid, BidRevision
from marketplace.briefs import policy as briefs_policy
from marketplace.briefs.models import Brief, BriefStatus, BriefVersion
from marketplace.core import db
from marketplace.core.actor import Actor
from marketplace.core.errors import NotFound
from marketplace.intrusiveness import plan_score as plan
from marketplace.intrusiveness import timeline
from marketplace.matching.forecast import flags
from marketplace.matching.forecast.features import WANTED, suffix
from marketplace.matching.forecast.flags import GATES
from marketplace.matching.scoring import fair_price, numbers
from marketplace.matching.scoring.messages import MatchFacts, NumberEstimate, reasons
from marketplace.matching.scoring.models import Match
from marketplace.matching.scoring.score_brief import MODEL_VERSION

LISTED = ("open", "accepted", "declined")
# Parts and reasons that speak of the brief's other bids.
RELATIVE = frozenset({"percentile", "comparables", "peers", "price_percentile", "too_few_comparables"})
# What was decided keeps the scores on which it was decided.
_FRESH = (
    "m.id IS NOT NULL AND (b.status <> 'open' OR m.revision_id = b.revision_id AND m.brief_version_id = f.version_id"
    " AND m.model_version = :model AND m.features_fingerprint IS NOT DISTINCT FROM"
    f" CASE WHEN c.snapshot_id IS NOT NULL THEN {WANTED} END)"
)
_JOINS = (
    " FROM bids b JOIN briefs f ON f.id = b.brief_id JOIN channels c ON c.id = b.channel_id"
    " LEFT JOIN matches m ON m.id = b.id{more}"
    " WHERE b.brief_id = :brief_id AND b.status = ANY(:listed)"
)
_COUNTS = sa.text(f"SELECT count(*) AS total, count(*) FILTER (WHERE {_FRESH}) AS fresh{_JOINS.format(more='')}")
_SHOWN = (
    f"SELECT m.id, b.id AS bid_id, b.channel_id, b.creator_id, b.agency_id, b.status AS bid_status, m.rank, m.overall,"
    f" m.overall_low, m.overall_high, m.fingerprint, m.model_version, m.scored_at,"
    f" c.name AS channel_name, c.handle, c.platform, {numbers.TOLD}, {_FRESH} AS fresh"
    f"{_JOINS.format(more=' ' + numbers.TOLD_FROM)} AND m.id IS NOT NULL"
)
_RANKED = sa.text(f"{_SHOWN} AND (m.rank, m.id) > (:after, :after_id) ORDER BY m.rank, m.id LIMIT :limit")
_OF_BID = sa.text(f"{_SHOWN} AND b.id = :bid_id")
_STALE = sa.text(
    "SELECT DISTINCT b.brief_id FROM bids b JOIN briefs f ON f.id = b.brief_id JOIN channels c ON c.id = b.channel_id"
    " LEFT JOIN matches m ON m.id = b.id"
    f" WHERE b.status = 'open' AND f.status IN ('published', 'closed') AND ({_FRESH}) IS NOT TRUE"
)


@dataclass(frozen=True)
class ScoreFreshness:
    """How far scoring has come: of `total` bids, `fresh` have a match on the present inputs."""

    total: int
    fresh: int


@dataclass(frozen=True)
class BriefRanking:
    """One stretch of a brief's ranking. Before the close it is sealed: counts only."""

    brief_id: UUID
    sealed: bool
    total: int
    fresh: int
    data: list[dict[str, Any]]
    has_more: bool
    warnings: list[dict[str, Any]] = field(default_factory=list)


def _present(session: Session) -> dict[str, str]:
    """Return what the present model is called: the part that scores, and the part that was fitted."""
    return {"model": MODEL_VERSION, "suffix": suffix(session)}


def freshness(session: Session, brief_id: UUID) -> ScoreFreshness:
    row = session.execute(_COUNTS, {**_present(session), "brief_id": brief_id, "listed": list(LISTED)}).one()
    return ScoreFreshness(row.total, row.fresh)


def stale_briefs(session: Session) -> list[UUID]:
    """Return the briefs, open or closed, with an open bid whose match is not on the present inputs."""
    return sorted(session.scalars(_STALE, _present(session)).all())


def find_brief(session: Session, actor: Actor, brief_id: UUID) -> Brief:
    """Return a brief whose ranking the actor may ask for: its brand and the admins. Raises NotFound."""
    brief = db.get(session, Brief, brief_id, briefs_policy.visible(actor))
    if not actor.sees_all and brief.brand_id != actor.party_id:
        raise NotFound("The ranking of a brief is for its brand.")
    return brief


def ranking(session: Session, actor: Actor, brief_id: UUID, *, limit: int, starting_after: UUID | None) -> BriefRanking:
    """Return the matches of a closed brief by rank; of an open one, only how many bids there are and how many fresh."""
    brief = find_brief(session, actor, brief_id)
    state = freshness(session, brief_id)
    if brief.status != BriefStatus.CLOSED:
        return BriefRanking(brief_id, True, state.total, state.fresh, [], False)
    after: Sequence[Any] = (0, UUID(int=0))
    if starting_after is not None:
        last = sa.select(Match.rank, Match.id).where(Match.id == starting_after, Match.brief_id == brief_id)
        found = session.execute(last).one_or_none()
        if found is None:
            raise NotFound("There is no such match in this ranking; start again from the first page.")
        after = found
    rows = session.execute(
        _RANKED,
        {
            **_present(session),
            "brief_id": brief_id,
            "listed": list(LISTED),
            "after": after[0],
            "after_id": after[1],
            "limit": limit + 1,
        },
    ).mappings()
    data = [show(row) for row in rows]
    fair_price.add_to(session, data[:limit])
    warnings = fair_price.ceiling_warnings(session, brief) if starting_after is None else []
    return BriefRanking(brief_id, False, state.total, state.fresh, data[:limit], len(data) > limit, warnings)


def of_bid(session: Session, actor: Actor, bid_id: UUID) -> dict[str, Any]:
    """Return one bid's match with every reason, and for its plan what to change. Who sees the bid sees this."""
    bid = db.get(session, Bid, bid_id, bids_policy.visible(actor))
    match = match_of(session, bid)
    if match is None:
        raise NotFound("This bid has not been scored yet. Ask again in a few seconds.")
    fair_price.add_to(session, [match])
    brief = session.get_one(Brief, bid.brief_id)
    if brief.status != BriefStatus.CLOSED:
        _seal(match)
    revision = session.get_one(BidRevision, bid.revision_id)
    if actor.role in bids_policy.BIDDERS:
        match["reasons"] += fair_price.floor_reasons(session, bid, revision, match)
    wording = session.get_one(BriefVersion, revision.brief_version_id)
    fit = match["parts"]["fit"]
    match["plan"] = plan_score(revision.plan, 0.0 if fit is None else fit, bool(wording.content.get("buying_link")))
    return match


def match_of(session: Session, bid: Bid) -> dict[str, Any] | None:
    """Return a bid's match as it is shown, or None before its first scoring. Who may see the bid is the caller's."""
    values = {
        **_present(session),
        "brief_id": bid.brief_id,
        "listed": [*LISTED, "withdrawn", "void"],
        "bid_id": bid.id,
    }
    row = session.execute(_OF_BID, values).mappings().one_or_none()
    return None if row is None else show(row)


def _seal(match: dict[str, Any]) -> None:
    """Take out where the bid stands among others that are sealed: it would tell of them."""
    match["rank"] = None
    match["parts"] = {name: value for name, value in match["parts"].items() if name not in RELATIVE}
    match["reasons"] = [reason for reason in match["reasons"] if reason["code"] not in RELATIVE]


def plan_score(document: dict[str, Any], fit: float, buying_link: bool) -> dict[str, object]:
    """Return a stored plan's score by factors and exposures, each reason with its evidence and what to change."""
    return plan.as_dict(plan.score_plan(timeline.from_dict(document), fit, buying_link=buying_link))


def show(row: Any) -> dict[str, Any]:
    """Return a match as it is shown: its numbers and the sentences told from them."""
    told, shown = numbers.of_row(row), flags.shown(row["flag_bits"])
    return {
        **row,
        "parts": told,
        "flags": shown,
        "reasons": reasons(facts(told, row, shown)),
        "intrusiveness": _estimate(told["intrusiveness"]),
    }


def _estimate(ends: list[float | None]) -> dict[str, float | None]:
    return {"point": ends[0], "low": ends[1], "high": ends[2]}


def facts(told: dict[str, Any], row: Any, shown: Sequence[str]) -> MatchFacts:
    """Return the stored numbers in the form that the sentences are told from."""
    overall = (
        None if row["overall"] is None else NumberEstimate(row["overall"], row["overall_low"], row["overall_high"])
    )
    return MatchFacts(
        currency=told["currency"],
        overall=overall,
        views=_known(told["views"]),
        videos_used=told["videos_used"],
        share=_known(told["share"], "bounds"),
        people=_known(told["people"]),
        cost=_known(told["cost"]),
        per_thousand=_known(told["per_thousand"]),
        ceiling_minor=told["ceiling"],
        ceiling_is_the_briefs=told["ceiling_is_the_briefs"],
        percentile=told["percentile"],
        comparables=int(told["comparables"] or 0),
        fit=told["fit"],
        fit_parts=told["fit_parts"],
        quality=told["quality"],
        intrusiveness=_known(told["intrusiveness"], "range"),
        tolerance=told["tolerance"],
        gates=tuple(flag for flag in shown if flag in GATES),
        source=told["source"],
        taken_on=date.fromisoformat(told["taken_on"]) if told["taken_on"] else None,
        audience_flags=tuple(told["audience_flags"]),
        unknown_shares=told["unknown"],
        **_forecast(told["forecast"]),
    )


def _forecast(told: dict[str, float | None]) -> dict[str, Any]:
    """Return what the forecast of views rests on; a difference of log views as the factor it makes."""
    ends = [told[f"sponsored_{name}"] for name in ("gap", "low", "high")]
    factors = [math.exp(end) for end in ends if end is not None]
    return {
        "from_median": bool(told["from_median"]),
        "platform_views": told["platform_views"],
        "platform_weight": told["platform_weight"] or 0.0,
        "sponsored": NumberEstimate(factors[0], factors[1], factors[2]) if len(factors) == len(ends) else None,
        "sponsored_videos": int(told["sponsored_videos"] or 0),
        "other_videos": int(told["other_videos"] or 0),
    }


def _known(ends: list[float | None], interval: str = "80%") -> NumberEstimate | None:
    return None if ends[0] is None else NumberEstimate(ends[0], ends[1], ends[2], interval=interval)


def watch(brief_id: UUID, actor: Actor, turns: int) -> Iterator[ScoreFreshness]:
    """Look again and again, each time in a transaction of its own, until all is fresh or the turns are over."""
    for _ in range(turns):
        with db.transaction(actor) as session:
            state = freshness(session, brief_id)
        yield state
        if state.fresh == state.total:
            return
