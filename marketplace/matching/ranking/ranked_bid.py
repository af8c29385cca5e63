"""One line of a closed brief's ranking: a match, the gates that are shut for its bid now, and what is known since."""

from dataclasses import dataclass, fields
from datetime import date
from uuid import UUID

from marketplace.matching.gates.bid_gates import ShutGate
from marketplace.matching.scoring.ranked_match import RankedMatch
from marketplace.reviews.verdicts import ReviewVerdict


@dataclass(frozen=True)
class LaterFacts:
    """What a channel is called now and its newest audience snapshot, beside the names and figures that count.

    `snapshot_id` is None where the newest is the one that the bid is scored on, and a figure where it is not known.
    """

    handle: str
    handle_at_close: str
    channel_name: str
    channel_name_at_close: str
    snapshot_id: UUID | None
    taken_on: date | None
    followers: int | None
    followers_at_close: int | None
    median_views: float | None
    median_views_at_close: float | None
    flags: tuple[str, ...]


@dataclass(frozen=True)
class RankedBid(RankedMatch):
    """A match with its bid's shut gates (empty: every gate is open), its review, and what became known since the close.

    `rank` is None for a bid that answers an older version of the brief: it has a place, but only once its side has
    confirmed the present version. `too_small`: a selection that names no smallest bid leaves it out as one.
    """

    gates: tuple[ShutGate, ...] = ()
    review: ReviewVerdict | None = None
    since_close: LaterFacts | None = None
    too_small: bool = False


def with_gates(match: RankedMatch, gates: tuple[ShutGate, ...], review: ReviewVerdict | None) -> RankedBid:
    values = {field.name: getattr(match, field.name) for field in fields(RankedMatch)}
    if any(gate.code == "older_version" for gate in gates):
        values["rank"] = None
    return RankedBid(**values, gates=gates, review=review)
