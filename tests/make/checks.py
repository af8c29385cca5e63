"""Checks of videos as they stand when their work is over, without the work."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from marketplace.checks import service, sharing
from marketplace.checks.models import VideoCheck, VideoCheckStatus
from marketplace.core import db, storage
from marketplace.intrusiveness.timeline import from_dict
from marketplace.vision import plan_comparison
from marketplace.vision.scored_timeline import scored, terms_of
from tests.make import bids as make_bids
from tests.make import videos as make_videos
from tests.make.bids import Market
from tests.make.people import Somebody

TIMELINE: dict[str, Any] = {
    "duration_s": 30,
    "source": "measured",
    "exposures": [{"kind": "product", "start_s": 4.0, "seconds": 3.0, "area_share": 0.02, "centre": 0.7}],
}


def queued(who: Somebody, bid_id: UUID | None = None) -> UUID:
    """A check that nobody has begun."""
    video_id = make_videos.kept(who)
    with db.transaction(who.actor) as session:
        return service.request_check(
            session, who.actor, video_id=video_id, bid_id=bid_id, names=["x"], buying_link=None
        ).id


def for_a_bid(there: Market | None = None) -> tuple[Market, UUID]:
    """A market with an accepted bid, and the id of a check of a draft made for it."""
    there = make_bids.with_audience(there or make_bids.market())
    bid = make_bids.place(there)
    make_bids.close(there)
    make_bids.accept(there, bid.id)
    return there, done(there.creator, bid.id)


def shared(there: Market | None = None) -> tuple[Market, UUID]:
    """The same, shown to the bid's brand."""
    there, check_id = for_a_bid(there)
    with db.transaction(there.creator.actor) as session:
        sharing.share(session, there.creator.actor, check_id)
    return there, check_id


def done(who: Somebody, bid_id: UUID | None = None) -> UUID:
    """A check with a result, one keyframe and one video that it repeats."""
    check_id = queued(who, bid_id)
    finish(check_id)
    return check_id


def finish(
    check_id: UUID,
    *,
    timeline: Mapping[str, Any] = TIMELINE,
    discloses: bool | None = False,
    duplicates: Sequence[Mapping[str, Any]] | None = None,
) -> None:
    """Let a check have come to this result; without ``duplicates`` it repeats itself. With None for ``discloses`` its
    language could not be judged."""
    kept = storage.opened().put([b"\xff\xd8\xff not a real picture"]).sha256
    shown = from_dict(timeline)
    with db.transaction() as session:
        row = session.get_one(VideoCheck, check_id)
        row.status = VideoCheckStatus.DONE
        terms = terms_of(row.terms)
        given = [{"sha256": row.sha256}] if duplicates is None else duplicates
        row.result = {
            "timeline": dict(timeline),
            "intrusiveness": scored(shown, discloses=discloses, terms=terms),
            "version": 1,
            "steps": {"cuts": 1},
            "video": {
                "sha256": row.sha256,
                "width": 720,
                "height": 1280,
                "duration_s": float(timeline["duration_s"]),
                "fps": 30.0,
                "sound": False,
                "pictures": 120,
            },
            "brand": {"names": ["x"], "references": []},
            "speech": {"by": None, "language": None, "sentences": []},
            "evidence": [{"name": "x", "by": "mark", "text": "", "keyframes": [0], "places": []}],
            "cuts": [],
            "disclosures": [{"start_s": 0.0, "end_s": 3.0, "text": "广告", "by": "text"}] if discloses else [],
            "not_judged": ["sw"] if discloses is None else [],
            "plan": None if terms.plan is None else plan_comparison.compare(terms.plan, shown),
            "not_seen": [],
            "pictures": {"0": kept},
            "duplicates": [
                {
                    "share": 1.0,
                    "pictures": 9,
                    "mirrored": False,
                    "this_frame": kept,
                    "other_frame": kept,
                    "seen_first": "other",
                    "foreign": False,
                    "pairs": [{"at_s": 1.0, "other_s": 1.0, "bits": 0}],
                    **one,
                }
                for one in given
            ],
        }
