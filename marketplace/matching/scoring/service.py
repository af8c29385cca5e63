"""The stored matches of a brief: how many of them are fresh, and one or many of them by rank."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids.models import Bid, BidStatus
from marketplace.briefs import policy as briefs_policy
from marketplace.briefs.models import Brief, BriefStatus
from marketplace.channels.policy import holds
from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.errors import NotFound, WrongState
from marketplace.core.http.paging import Page
from marketplace.core.message import Bilingual
from marketplace.intrusiveness import plan_score as plan
from marketplace.intrusiveness import timeline
from marketplace.matching.forecast.features import WANTED, suffix
from marketplace.matching.scoring import ranked_match, scored_bid
from marketplace.matching.scoring.models import CLOSE_NAMES, Match
from marketplace.matching.scoring.ranked_match import RankedMatch
from marketplace.matching.scoring.score_brief import MODEL_VERSION
from marketplace.reviews.risk import MINORS_MOST

LISTED = tuple(str(status) for status in BidStatus)
# The bids that still stand, as the counts before the close tell.
_STANDING = (BidStatus.OPEN, BidStatus.ACCEPTED, BidStatus.DECLINED)
# Decided bids and those of closed briefs always count as fresh: they keep the scores of that moment.
_FRESH = (
    "m.id IS NOT NULL AND (f.status IN ('closed', 'cancelled') OR b.status <> 'open' OR m.revision_id = b.revision_id"
    " AND m.brief_version_id = f.version_id"
    " AND m.model_version = :model AND m.features_fingerprint IS NOT DISTINCT FROM"
    f" CASE WHEN c.snapshot_id IS NOT NULL THEN {WANTED} END)"
)
# What is told of sealed bids: whether each was scored in the wording that it has, on the brief as it reads. That its
# channel has new figures is not counted, for it would say whose bid it is.
_TOLD = (
    "m.id IS NOT NULL AND (f.status IN ('closed', 'cancelled') OR b.status <> 'open' OR m.revision_id = b.revision_id"
    " AND m.brief_version_id = f.version_id)"
)
_JOINS = (
    " FROM {bids} JOIN briefs f ON f.id = b.brief_id JOIN channels c ON c.id = b.channel_id"
    " LEFT JOIN matches m ON m.id = b.id{more}"
    " WHERE b.brief_id = :brief_id AND b.status = ANY(:listed)"
)
_COUNTS = sa.text(
    f"SELECT count(*) AS total, count(*) FILTER (WHERE {_FRESH}) AS fresh, count(*) FILTER (WHERE {_TOLD}) AS told"
    f"{_JOINS.format(bids='bids b', more='')}"
)
_NAMED = CLOSE_NAMES.format(b="b", c="c", k="k")
_SHOWN = (
    "SELECT m.id, b.id AS bid_id, b.channel_id, b.creator_id, b.agency_id, b.status AS bid_status, m.rank,"
    " m.fingerprint, m.model_version, m.scored_at, m.computed, k.channel_name, k.handle, k.platform,"
    f" {holds('c', 'k')} AS channel_proven,"
    # Rights that the brief asks for and the bid refuses.
    " ARRAY(SELECT e.key FROM jsonb_each(v.content -> 'rights') e WHERE e.value NOT IN ('null', 'false')"
    "   AND coalesce(r.price -> 'rights' -> e.key, 'null') = 'null' ORDER BY e.key) AS rights_refused,"
    # Others who claim the same account.
    " rival_claims(c.id, k.platform, k.account_key, k.handle_key) AS rival_claims,"
    f" {scored_bid.COLUMNS}, {_FRESH} AS fresh{_JOINS} AND m.id IS NOT NULL"
)
_PARTS = f" {scored_bid.JOINS} JOIN bid_revisions r ON r.id = b.revision_id {_NAMED}"
# A bid that was withdrawn before the close has no place, although it may have been scored.
_WITH_PLACE = (
    "FROM matches m WHERE m.brief_id = :brief_id AND EXISTS (SELECT 1 FROM close_features k WHERE k.bid_id = m.id)"
)
_PLACES = sa.text(f"SELECT count(*) {_WITH_PLACE}")
# The page is found first: what is shown of a bid comes from nine tables, and from the whole brief only a page is asked.
_RANKED = sa.text(
    f"WITH page AS MATERIALIZED (SELECT m.id {_WITH_PLACE} AND (m.rank, m.id) > (:after, :after_id)"
    " ORDER BY m.rank, m.id LIMIT :limit)"
    f" {_SHOWN.format(bids='page JOIN bids b ON b.id = page.id', more=_PARTS)} ORDER BY m.rank, m.id"
)
_OF_BID = sa.text(f"{_SHOWN.format(bids='bids b', more=_PARTS)} AND b.id = :bid_id")
_STALE = sa.text(
    "SELECT DISTINCT b.brief_id FROM bids b JOIN briefs f ON f.id = b.brief_id JOIN channels c ON c.id = b.channel_id"
    " LEFT JOIN matches m ON m.id = b.id"
    f" WHERE b.status = 'open' AND f.status = 'published' AND ({_FRESH}) IS NOT TRUE"
)


@dataclass(frozen=True)
class ScoreFreshness:
    """Progress of scoring: of `total` bids, `fresh` have a match on the current inputs, and `told` one on the wording
    and the brief of today, which is all that readers learn while bids are sealed."""

    total: int
    fresh: int
    told: int


def _present(session: Session) -> dict[str, str]:
    """Return the names of the current models, as parameters of _FRESH: the scoring model and the fitted forecast."""
    return {"model": MODEL_VERSION, "suffix": suffix(session)}


def freshness(session: Session, brief_id: UUID) -> ScoreFreshness:
    """Return how many bids a brief has and how many are scored on what is known now. The caller may read the brief."""
    # As the system: bids and matches are hidden until the close, and their numbers are public.
    with db.acting_as(session, SYSTEM):
        row = session.execute(_COUNTS, {**_present(session), "brief_id": brief_id, "listed": list(_STANDING)}).one()
    return ScoreFreshness(row.total, row.fresh, row.told)


def places(session: Session, brief_id: UUID) -> int:
    """Return how many bids the ranking of a closed brief lists, whatever became of them since."""
    return int(session.execute(_PLACES, {"brief_id": brief_id}).scalar_one())


def stale_briefs(session: Session) -> list[UUID]:
    """Return the published briefs that have an open bid without a fresh match."""
    return sorted(session.scalars(_STALE, _present(session)).all())


def find_brief(session: Session, actor: Actor, brief_id: UUID) -> Brief:
    """Return a brief if the actor may read its ranking: its brand and the admins may. Raises NotFound."""
    brief = db.get(session, Brief, brief_id, briefs_policy.visible(actor))
    if not actor.sees_all and brief.brand_id != actor.party_id:
        raise NotFound(Bilingual("需求的排名只给它的品牌方看。", "The ranking of a brief is for its brand."))
    return brief


def refuse_closed(brief: Brief) -> None:
    """Raise WrongState for a brief whose scores were fixed by its close."""
    if brief.status == BriefStatus.CLOSED:
        raise WrongState(
            Bilingual(
                "报价已在截标时打分；管理员可以写明原因重新打分。",
                "The bids were scored at the close; an admin may score them again with a reason.",
            )
        )


def page_by_rank(session: Session, brief_id: UUID, *, limit: int, starting_after: UUID | None) -> Page[RankedMatch]:
    """Return matches of a brief by rank. Raises NotFound where the page starts after a match that is not there."""
    after: Sequence[Any] = (0, UUID(int=0))
    if starting_after is not None:
        last = sa.select(Match.rank, Match.id).where(Match.id == starting_after, Match.brief_id == brief_id)
        last_row = session.execute(last).one_or_none()
        if last_row is None:
            raise NotFound(
                Bilingual(
                    "这个排名里没有这条匹配，请从第一页重新开始。",
                    "There is no such match in this ranking; start again from the first page.",
                )
            )
        after = last_row
    values = {
        **_present(session),
        "brief_id": brief_id,
        "listed": list(LISTED),
        "after": after[0],
        "after_id": after[1],
        "limit": limit + 1,
    }
    matches = [ranked_match.from_row(row) for row in session.execute(_RANKED, values).mappings()]
    return Page(matches[:limit], len(matches) > limit)


def find_match(session: Session, bid: Bid) -> RankedMatch | None:
    """Return a bid's match, or None before its first scoring. The caller checks who may see the bid."""
    values = {**_present(session), "brief_id": bid.brief_id, "listed": list(LISTED), "bid_id": bid.id}
    # As the system: until the close a match is hidden, for it has a place among rivals; nothing of them is shown here.
    with db.acting_as(session, SYSTEM):
        row = session.execute(_OF_BID, values).mappings().one_or_none()
    return None if row is None else ranked_match.from_row(row)


def plan_score(document: dict[str, Any], fit: float, *, buying_link: bool, minors: float | None) -> dict[str, object]:
    """Return the score of a stored plan by factors and exposures, each reason with its evidence and what to change.

    ``minors``: the share of the channel's audience that is under 18 (None: not known).
    """
    for_children = minors is not None and minors > MINORS_MOST
    found = plan.score_plan(timeline.from_dict(document), fit, buying_link=buying_link, for_children=for_children)
    return plan.as_dict(found)


def watch(brief_id: UUID, actor: Actor, turns: int) -> Iterator[ScoreFreshness]:
    """Yield the freshness up to `turns` times, until all matches are there that are told.

    Each time is its own transaction, so that none stays open while the caller waits.
    """
    for _ in range(turns):
        with db.transaction(actor) as session:
            state = freshness(session, brief_id)
        yield state
        if state.told == state.total:
            return
