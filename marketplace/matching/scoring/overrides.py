"""Values that reviewers have put in place of computed ones: read wherever scores are, beside what was computed."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core.column_copy import Column
from marketplace.matching.audience.arrays import Bools, Floats
from marketplace.matching.scoring.score import BidInputs, BidScores

# An override binds while its review is approved: reopened or decided otherwise, the computed values count again.
_AGREED = sa.text(
    "SELECT subject_id, override FROM reviews WHERE about_id = :brief_id AND subject_kind = 'bid'"
    " AND status = 'approved' AND override IS NOT NULL"
)
_KEEP_COMPUTED = sa.text(
    "UPDATE matches m SET computed = v.computed FROM jsonb_to_recordset(CAST(:computed AS jsonb))"
    " AS v (id uuid, computed jsonb) WHERE m.id = v.id"
)
_FORGET_COMPUTED = sa.text(
    "UPDATE matches SET computed = NULL WHERE brief_id = :brief_id AND computed IS NOT NULL AND NOT id = ANY(:kept)"
)


@dataclass(frozen=True, eq=False)
class BidOverrides:
    """The overrides of n bids: intrusiveness and overall [n], NaN where the computed value counts, and the rows that
    have one [n]."""

    intrusiveness: Floats
    overall: Floats
    rows: Bools

    def of_inputs(self, bids: BidInputs) -> BidInputs:
        """Return the inputs with the intrusiveness that reviewers gave."""
        return replace(
            bids, intrusiveness=np.where(np.isnan(self.intrusiveness), bids.intrusiveness, self.intrusiveness)
        )

    def of_scores(self, scores: BidScores) -> BidScores:
        """Return the scores with the overall that reviewers gave, which has no interval."""
        given = ~np.isnan(self.overall)
        ranking = scores.ranking
        low, overall, high = (
            np.where(given, self.overall, computed) for computed in (ranking.low, ranking.overall, ranking.high)
        )
        return replace(scores, ranking=replace(ranking, overall=overall, low=low, high=high))

    def texts(self) -> list[str]:
        """Return for each bid what its override adds to the fingerprint of its inputs; "" without one."""
        return [
            f"{intrusiveness} {overall}" if overridden else ""
            for intrusiveness, overall, overridden in zip(
                self.intrusiveness.tolist(), self.overall.tolist(), self.rows.tolist(), strict=True
            )
        ]


def load_overrides(session: Session, brief_id: UUID, bid_ids: Column) -> BidOverrides:
    """Return the overrides that hold for the bids with these ids [n], each 16 bytes."""
    agreed = {row.subject_id.bytes: row.override for row in session.execute(_AGREED, {"brief_id": brief_id})}
    keys = [packed.tobytes() for packed in bid_ids] if agreed else []
    given: list[dict[str, Any]] = [agreed.get(key) or {} for key in keys] or [{}] * len(bid_ids)
    return BidOverrides(
        intrusiveness=_given(given, "intrusiveness"),
        overall=_given(given, "overall"),
        rows=np.array([bool(override) for override in given], dtype=bool),
    )


def _given(overrides: list[dict[str, Any]], name: str) -> Floats:
    return np.array([np.nan if of_bid.get(name) is None else of_bid[name] for of_bid in overrides], dtype=np.float64)


def keep_computed(
    session: Session, brief_id: UUID, bid_ids: Column, overrides: BidOverrides, bids: BidInputs, scores: BidScores
) -> None:
    """Store with each overridden match what was computed, from the inputs and scores without overrides."""
    positions = np.flatnonzero(overrides.rows).tolist()
    kept = {
        UUID(bytes=bid_ids[row].tobytes()): {
            "overall": _rounded(scores.ranking.overall[row]),
            "intrusiveness": _rounded(bids.intrusiveness[row]),
        }
        for row in positions
    }
    if kept:
        rows = [{"id": str(bid_id), "computed": computed} for bid_id, computed in kept.items()]
        session.execute(_KEEP_COMPUTED.bindparams(sa.bindparam("computed", type_=sa.JSON)), {"computed": rows})
    session.execute(_FORGET_COMPUTED, {"brief_id": brief_id, "kept": list(kept)})


def _rounded(value: float) -> float | None:
    return None if not np.isfinite(value) else round(float(value), 6)
