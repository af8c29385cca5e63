"""THE table of late effects: what follows which event. Read this file to know every one of them.

A reaction is called with many events of its kind, in the relay's transaction, and asks for jobs.
"""

from collections.abc import Callable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import jobs
from marketplace.core.events import Event
from marketplace.matching import recompute
from marketplace.matching.forecast import features
from marketplace.matching.pricing import market_deals
from marketplace.matching.scoring import review_queue
from marketplace.matching.selection.models import Selection
from marketplace.reviews import review_entry

Reaction = Callable[[Session, Sequence[Event]], None]

_BRIEFS_OF_REVIEWS = sa.text("SELECT DISTINCT about_id FROM reviews WHERE id = ANY(:reviews) AND subject_kind = 'bid'")
_BRIEFS_OF = sa.text("SELECT DISTINCT brief_id FROM bids WHERE id = ANY(:bids)")


def score_briefs_of_bids(session: Session, events: Sequence[Event]) -> None:
    """Ask for one scoring of each brief, however many of its bids are new."""
    bids = [event.subject_id for event in events]
    for brief_id in sorted(session.scalars(_BRIEFS_OF, {"bids": bids}).all()):
        recompute.ask_for_scores(session, brief_id)


def drop_reviews(session: Session, events: Sequence[Event]) -> None:
    """Drop the reviews of bids that are over."""
    review_entry.drop(session, [event.subject_id for event in events])


def ask_about_sets(session: Session, events: Sequence[Event]) -> None:
    """Ask people about the bids of a finished selection, chosen or nearly, that nobody had to look at before."""
    for result in session.scalars(sa.select(Selection.result).where(Selection.id.in_([e.subject_id for e in events]))):
        if result is not None:
            review_queue.ask_about_set(session, result)


def withdraw_bids(session: Session, events: Sequence[Event]) -> None:
    """Drop the reviews of withdrawn bids, and rank again the bids that stay on an open brief."""
    drop_reviews(session, events)
    score_briefs_of_bids(session, events)


def score_briefs(session: Session, events: Sequence[Event]) -> None:
    for brief_id in sorted({event.subject_id for event in events}):
        recompute.ask_for_scores(session, brief_id)


def apply_overrides(session: Session, events: Sequence[Event]) -> None:
    """Score anew, from the record of its close, each brief in whose reviews people have cleared figures, put values in
    place of the computed ones, or taken either back."""
    reviews = [event.subject_id for event in events]
    for brief_id in sorted(session.scalars(_BRIEFS_OF_REVIEWS, {"reviews": reviews}).all()):
        recompute.ask_for_overrides(session, brief_id)


def void_bids(session: Session, events: Sequence[Event]) -> None:
    for brief_id in sorted({event.subject_id for event in events}):
        jobs.enqueue(session, "bids.void", subject_id=brief_id, dedupe_key=f"bids.void:{brief_id}")


def refresh_features(session: Session, _: Sequence[Event]) -> None:
    """Ask for features after a change of a channel's own statements, which are part of them."""
    recompute.ask_for_features(session)


def learn_from_snapshots(session: Session, _: Sequence[Event]) -> None:
    """Ask for features at once, and after a pause for the forecast model and prices, which snapshots change too."""
    recompute.ask_for_features(session)
    recompute.ask_for_model(session, features.model_pause(session))
    recompute.ask_for_prices(session)


def learn_from_deals(session: Session, _: Sequence[Event]) -> None:
    recompute.ask_for_prices(session)


def follow_acceptances(session: Session, events: Sequence[Event]) -> None:
    """Store the prices of bids that were accepted, and take back those of bids that are accepted no more."""
    for bid_id in sorted({event.subject_id for event in events}):
        key = f"{market_deals.FOLLOW_ACCEPTANCE}:{bid_id}"
        jobs.enqueue(session, market_deals.FOLLOW_ACCEPTANCE, subject_id=bid_id, dedupe_key=key)


def end_open_bids(session: Session, events: Sequence[Event]) -> None:
    """Store or take back the prices of bids that are open no more, and drop what reviews of them are left."""
    follow_acceptances(session, events)
    drop_reviews(session, events)


def learn_from_overlaps(session: Session, _: Sequence[Event]) -> None:
    recompute.ask_for_overlaps(session)


def learn_from_readings(session: Session, _: Sequence[Event]) -> None:
    recompute.ask_for_growth(session)


REACTIONS: Mapping[str, Reaction] = {
    "reviews.approve": apply_overrides,
    "reviews.reopen": apply_overrides,
    "bids.place": score_briefs_of_bids,
    "bids.revise": score_briefs_of_bids,
    "bids.withdraw": withdraw_bids,
    "bids.confirm_brief": score_briefs_of_bids,
    "bids.void": end_open_bids,
    "bids.lapse": drop_reviews,
    "bids.decline": drop_reviews,
    # A gate lets nothing through that waits: only a review that came up at the same moment is left.
    "bids.accept": end_open_bids,
    "bids.step_back": follow_acceptances,
    "bids.put_back": follow_acceptances,
    "bids.back_out": end_open_bids,
    "briefs.revise": score_briefs,
    "briefs.cancel": void_bids,
    "selections.finish": ask_about_sets,
    "channels.change": refresh_features,
    "channels.archive": refresh_features,
    "channels.restore": refresh_features,
    "audience_snapshots.new": learn_from_snapshots,
    "deal_prices.new": learn_from_deals,
    "deal_prices.confirm": learn_from_deals,
    "deal_prices.remove": learn_from_deals,
    "audience_overlaps.new": learn_from_overlaps,
    "audience_overlaps.confirm": learn_from_overlaps,
    "audience_sketches.new": learn_from_overlaps,
    "audience_sketches.confirm": learn_from_overlaps,
    "audience_sketches.remove": learn_from_overlaps,
    "video_readings.new": learn_from_readings,
}
