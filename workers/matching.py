"""The jobs of matching: fit models, refresh features, score briefs, put matches before the reviewers."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs.models import Brief, BriefStatus
from marketplace.core import db
from marketplace.core.clock import now
from marketplace.core.jobs import ClaimedJob
from marketplace.matching import recompute
from marketplace.matching.forecast import features, readings
from marketplace.matching.overlap import service as overlaps
from marketplace.matching.pricing import market_deals, price_learning
from marketplace.matching.scoring import score_brief, service
from workers.handlers import Handlers

_TOUCHED = sa.text("SELECT DISTINCT brief_id FROM bids WHERE status = 'open' AND channel_id = ANY(:channels)")


def fit_model(session: Session, _: ClaimedJob) -> dict[str, Any]:
    """Fit the pools; a new model puts every channel's features out of date."""
    changed = features.fit_model(session)
    recompute.ask_for_features(session)
    return {"changed": changed}


def refresh_features(session: Session, job: ClaimedJob) -> dict[str, Any]:
    """Bring a batch of channels up to date and ask for scores of the briefs they bid on; more batches follow."""
    channels = features.refresh(session)
    if len(channels) == features.BATCH:
        recompute.ask_for_features(session)
    for brief_id in sorted(session.scalars(_TOUCHED, {"channels": channels}).all()):
        recompute.ask_for_scores(session, brief_id)
    return {"channels": len(channels)}


def fit_prices(session: Session, _: ClaimedJob) -> dict[str, Any]:
    """Fit the price models to deals, rate cards and suggestions, and publish the index of the months that are over."""
    return {"changed": price_learning.fit_prices(session), "cells": price_learning.publish_index(session, now().date())}


def follow_acceptance(session: Session, job: ClaimedJob) -> dict[str, Any]:
    """Store what an accepted bid closed at, or take back the price of one that is accepted no more."""
    assert job.subject_id is not None
    return {"changed": market_deals.follow_acceptance(session, job.subject_id)}


def fit_overlaps(session: Session, _: ClaimedJob) -> dict[str, Any]:
    """Fit how strongly audiences overlap; selections from now on use it."""
    return {"changed": overlaps.fit(session)}


def fit_growth(session: Session, _: ClaimedJob) -> dict[str, Any]:
    """Fit how views grow after publication."""
    return {"changed": readings.fit_growth(session)}


def score(session: Session, job: ClaimedJob) -> dict[str, Any]:
    """Score all bids of one open brief together. Those of a closed one were scored at the close, and stay so.

    It leaves no event: one that follows what a channel's side has told would say to the brand and to admins that the
    channel has bid.
    """
    assert job.subject_id is not None
    brief = session.get_one(Brief, job.subject_id)
    if brief.status != BriefStatus.PUBLISHED:
        return {"bids": 0, "changed": 0}
    result = score_brief.score_brief(session, brief.id)
    return {"bids": result.bids, "changed": result.written}


def apply_overrides(session: Session, job: ClaimedJob) -> dict[str, Any]:
    """Score a closed brief's bids from the record of its close, with the overrides that hold now."""
    assert job.subject_id is not None
    brief = db.lock(session, Brief, job.subject_id)
    if brief.status != BriefStatus.CLOSED:
        return {"bids": 0, "changed": 0}
    result = score_brief.score_brief(session, brief.id)
    return {"bids": result.bids, "changed": result.written}


def catch_up(session: Session, _: ClaimedJob) -> dict[str, Any]:
    """Ask for whatever is out of date without an event: a new release brings a new model."""
    if features.any_stale(session):
        recompute.ask_for_features(session)
    briefs = service.stale_briefs(session)
    for brief_id in briefs:
        recompute.ask_for_scores(session, brief_id)
    return {"briefs": len(briefs)}


HANDLERS: Handlers = {
    recompute.FIT_MODEL: fit_model,
    recompute.FIT_PRICES: fit_prices,
    market_deals.FOLLOW_ACCEPTANCE: follow_acceptance,
    recompute.FIT_GROWTH: fit_growth,
    recompute.FIT_OVERLAPS: fit_overlaps,
    recompute.FEATURES: refresh_features,
    recompute.SCORE: score,
    recompute.OVERRIDES: apply_overrides,
    recompute.CATCH_UP: catch_up,
}
