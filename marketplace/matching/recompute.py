"""Ask for matching to be computed again: the jobs by which models, features and scores follow what has changed.

A job that still waits is joined, so that a hundred bids on one brief ask for one scoring. What the jobs do is in
`workers/matching.py`; whoever learns of a change needs nothing of it but these functions.
"""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs.models import Brief
from marketplace.core import jobs
from marketplace.core.clock import now

SCORE = "matching.score"
OVERRIDES = "matching.apply-overrides"
FEATURES = "matching.features"
FIT_MODEL = "matching.fit-model"
FIT_PRICES = "matching.fit-prices"
FIT_OVERLAPS = "matching.fit-overlaps"
FIT_GROWTH = "matching.fit-growth"
CATCH_UP = "matching.catch-up"  # asked for by the clock alone

# A pause gathers the changes of a moment, as an import makes them, into one fitting. The forecast model has a slow
# clock of its own, because every refit moves every open bid a little; only while a market grows by a tenth does it
# follow at once, for a model of few channels is worth replacing.
MODEL_PAUSE = timedelta(seconds=1)
MODEL_CLOCK = timedelta(minutes=30)
MODEL_GROWTH = 1.1
PRICES_PAUSE = timedelta(minutes=1)


def ask_for_scores(session: Session, brief_id: UUID) -> None:
    """Ask for a brief's scoring, for what its bids rest on has changed.

    The job is nobody's: one that follows what a channel's side has told of it would say that the channel has bid here.
    """
    jobs.enqueue(
        session,
        SCORE,
        queue=jobs.SCORING,
        subject_id=brief_id,
        dedupe_key=f"{SCORE}:{brief_id}",
        payload={jobs.SEALED: True},
    )


def ask_again_for_scores(session: Session, brief_id: UUID) -> UUID:
    """Ask for a brief's scoring as its brand or an admin; returns the job's id.

    The job is always the brand's, whichever of them asks, so that the brand may read how far it is.
    """
    brand_id = session.scalar(sa.select(Brief.brand_id).where(Brief.id == brief_id))
    return jobs.enqueue(
        session,
        SCORE,
        queue=jobs.SCORING,
        subject_id=brief_id,
        party_id=brand_id,
        dedupe_key=f"{SCORE}:{brief_id}:asked",
    )


def ask_for_overrides(session: Session, brief_id: UUID) -> UUID:
    """Ask for a closed brief's scores with the values that reviewers have put in place of computed ones."""
    return jobs.enqueue(
        session, OVERRIDES, queue=jobs.SCORING, subject_id=brief_id, dedupe_key=f"{OVERRIDES}:{brief_id}"
    )


def ask_for_features(session: Session) -> None:
    """Ask for the features of every channel that has changed since they were computed."""
    jobs.enqueue(session, FEATURES, queue=jobs.SCORING, dedupe_key=FEATURES, lease_s=120)


def ask_for_model(session: Session, pause: timedelta = MODEL_PAUSE) -> None:
    """Ask for the forecast model to be fitted after a pause (see `forecast.features.model_pause`)."""
    _ask_for_fitting(session, FIT_MODEL, pause)


def ask_for_prices(session: Session) -> None:
    """Ask for the price models to be fitted after a pause."""
    _ask_for_fitting(session, FIT_PRICES, PRICES_PAUSE)


def ask_for_overlaps(session: Session) -> None:
    """Ask for the overlap of audiences to be fitted after a pause."""
    _ask_for_fitting(session, FIT_OVERLAPS, PRICES_PAUSE)


def ask_for_growth(session: Session) -> None:
    """Ask for the growth of views after publication to be fitted after a pause."""
    _ask_for_fitting(session, FIT_GROWTH, PRICES_PAUSE)


def _ask_for_fitting(session: Session, kind: str, pause: timedelta) -> None:
    jobs.enqueue(session, kind, queue=jobs.SCORING, dedupe_key=kind, at=now() + pause, lease_s=300)
