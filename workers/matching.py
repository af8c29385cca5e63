"""The jobs of matching: fit the forecast model, refresh features, score briefs, lay matches before the reviewers."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs.models import Brief, BriefStatus
from marketplace.core import events, jobs
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.jobs import ClaimedJob
from marketplace.matching.forecast import features, readings
from marketplace.matching.overlap import service as overlaps
from marketplace.matching.pricing import price_learning
from marketplace.matching.scoring import review_queue, score_brief, service

REFIT_PAUSE = timedelta(seconds=1)
PRICES_PAUSE = timedelta(minutes=1)

_TOUCHED = sa.text("SELECT DISTINCT brief_id FROM bids WHERE status = 'open' AND channel_id = ANY(:channels)")


def fit_model(session: Session, _: ClaimedJob) -> dict[str, Any]:
    """Fit the pools again; a new model makes every channel's features stale."""
    changed = features.fit_model(session)
    ask_for_features(session)
    return {"changed": changed}


def refresh_features(session: Session, job: ClaimedJob) -> dict[str, Any]:
    """Bring a batch of channels up to date and ask for scores of the briefs they bid on; more batches follow."""
    channels = features.refresh(session)
    if len(channels) == features.BATCH:
        ask_for_features(session)
    for brief_id in sorted(session.scalars(_TOUCHED, {"channels": channels}).all()):
        service.ask_for_scores(session, brief_id)
    return {"channels": len(channels)}


def ask_for_features(session: Session) -> None:
    jobs.enqueue(session, "matching.features", queue=jobs.SCORING, dedupe_key="matching.features", lease_s=120)


def _fit_later(session: Session, kind: str, pause: timedelta) -> None:
    jobs.enqueue(session, kind, queue=jobs.SCORING, dedupe_key=kind, at=now() + pause, lease_s=300)


def ask_for_model(session: Session) -> None:
    """A pause gathers the imports of a moment into one fitting."""
    _fit_later(session, "matching.fit-model", REFIT_PAUSE)


def fit_prices(session: Session, _: ClaimedJob) -> dict[str, Any]:
    """Learn prices again from deals, rate cards and suggestions, and tell of the months that are over."""
    return {"changed": price_learning.fit_prices(session), "cells": price_learning.publish_index(session, now().date())}


def ask_for_prices(session: Session) -> None:
    """A pause gathers the deals and rate cards of a moment into one fitting."""
    _fit_later(session, "matching.fit-prices", PRICES_PAUSE)


def fit_overlaps(session: Session, _: ClaimedJob) -> dict[str, Any]:
    """Learn again how strongly audiences overlap; selections made from now on count with it."""
    return {"changed": overlaps.fit(session)}


def ask_for_overlaps(session: Session) -> None:
    """A pause gathers the measurements of a moment into one fitting."""
    _fit_later(session, "matching.fit-overlaps", PRICES_PAUSE)


def fit_growth(session: Session, _: ClaimedJob) -> dict[str, Any]:
    """Learn again how views grow after publication."""
    return {"changed": readings.fit_growth(session)}


def ask_for_growth(session: Session) -> None:
    """A pause gathers the readings of a moment into one fitting."""
    _fit_later(session, "matching.fit-growth", PRICES_PAUSE)


def score(session: Session, job: ClaimedJob) -> dict[str, Any]:
    """Score all bids of one brief together."""
    assert job.subject_id is not None
    brief = session.get_one(Brief, job.subject_id)
    done = score_brief.score_brief(session, brief.id)
    if done.written:
        events.record(
            session, "briefs.score", brief.id, SYSTEM, parties=[brief.brand_id], bids=done.bids, changed=done.written
        )
    reviews = review_queue.put_all(session, brief) if brief.status == BriefStatus.CLOSED else 0
    return {"bids": done.bids, "changed": done.written, "reviews": reviews}


def catch_up(session: Session, _: ClaimedJob) -> dict[str, Any]:
    """Ask again for whatever is stale though nothing happened to it: a new release brings a new model."""
    if features.any_stale(session):
        ask_for_features(session)
    briefs = service.stale_briefs(session)
    for brief_id in briefs:
        service.ask_for_scores(session, brief_id)
    return {"briefs": len(briefs)}


HANDLERS = {
    "matching.fit-model": fit_model,
    "matching.fit-prices": fit_prices,
    "matching.fit-growth": fit_growth,
    "matching.fit-overlaps": fit_overlaps,
    "matching.features": refresh_features,
    "matching.score": score,
    "matching.catch-up": catch_up,
}
