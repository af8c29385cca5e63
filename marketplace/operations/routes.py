"""The API of events and jobs."""

from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields

from marketplace.core import ids
from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.endpoint import ANYONE, SIGNED_IN
from marketplace.core.http.fields import IdField, TextField, one_of
from marketplace.core.http.load_refusals import refusal
from marketplace.core.http.paging import Page, page_of, page_query
from marketplace.core.http.request_handling import actor, session
from marketplace.core.jobs import QUEUES, JobState
from marketplace.operations import event_links, service
from marketplace.operations.event_links import ChainHead, ReadLink
from marketplace.operations.schemas import EventHeadOut, EventHeadQuery, EventLinkOut, EventOut, JobOut
from marketplace.operations.service import EventSubject, ShownEvent, ShownJob

blueprint = GuardedBlueprint("records", __name__, tag="operate", description="What happened, and what is being done")

_READS: dict[str, Any] = {"allow": SIGNED_IN, "needs": Permission.READ}
_NOUNS = {prefix: noun for noun, prefix in ids.PREFIXES.items()}
_PUBLIC = ids.pattern(f"({'|'.join(sorted(_NOUNS))})")


class SubjectId(fields.String):
    """A public id of any noun; it is loaded as an EventSubject."""

    def _deserialize(  # type: ignore[override]
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> EventSubject:
        prefix = str(value).partition("_")[0]
        try:
            return EventSubject(_NOUNS[prefix], ids.read(prefix, str(value)))
        except (KeyError, ValueError) as error:
            raise ValidationError(
                refusal("这里应当是公开的 id，例如 bid_...。", "Not a public id such as bid_... .")
            ) from error


_EVENTS = {
    "kind": TextField(80, load_default=None),
    "subject_id": SubjectId(load_default=None, metadata={"pattern": _PUBLIC}),
    "since": IdField("evt", load_default=None, metadata={"description": "Only what happened after this event."}),
    "order": one_of(("asc", "desc"), load_default="desc"),
}
_CHAIN = {"party_id": IdField("pty", load_default=None), "brief_id": IdField("brf", load_default=None)}
_JOBS = {
    "state": one_of(JobState, load_default=None),
    "kind": TextField(80, load_default=None),
    "queue": one_of(QUEUES, load_default=None),
}


@blueprint.get("/events", **_READS, query=page_query("evt", **_EVENTS), answers=page_of(EventOut))
def list_events(query: dict[str, Any]) -> Page[ShownEvent]:
    """What happened. `order=asc` with `starting_after` replays from any point on and misses nothing: the list ends at
    the oldest transaction that is not over, such as an import that is being written."""
    return service.listed_events(session(), actor(), **query)


@blueprint.get("/events/<id('evt'):event_id>", **_READS, answers=EventOut)
def get_event(event_id: UUID) -> ShownEvent:
    """One event."""
    return service.find_event(session(), actor(), event_id)


@blueprint.get("/event-links", **_READS, query=page_query("evl", **_CHAIN), answers=page_of(EventLinkOut))
def list_event_links(query: dict[str, Any]) -> Page[ReadLink]:
    """A chain of events from its beginning: that of your own party, or of the closed brief that you name.
    `inlay verify events` works it out again."""
    return event_links.listed_links(session(), actor(), **query)


@blueprint.get("/event-heads", allow=ANYONE, query=EventHeadQuery, answers=EventHeadOut)
def get_event_head(query: dict[str, Any]) -> ChainHead:
    """The newest hash of the chain of all events, or the one at a `position` that you have kept. It needs no key."""
    return event_links.head_of_market(session(), query["position"])


@blueprint.get("/jobs", **_READS, query=page_query("job", **_JOBS), answers=page_of(JobOut))
def list_jobs(query: dict[str, Any]) -> Page[ShownJob]:
    """Your jobs; all of them for the platform."""
    return service.listed_jobs(session(), actor(), **query)


@blueprint.get("/jobs/<id('job'):job_id>", **_READS, answers=JobOut)
def get_job(job_id: UUID) -> ShownJob:
    """One job with its progress."""
    return service.find_job(session(), actor(), job_id)


@blueprint.post("/jobs/<id('job'):job_id>/cancel", **_READS, answers=JobOut)
def cancel_job(job_id: UUID) -> ShownJob:
    """Stop an import of yours (the platform: any job): at once while it waits, at its next report while it runs."""
    return service.cancel(session(), actor(), job_id)


@blueprint.post("/jobs/<id('job'):job_id>/requeue", allow=(Role.ADMIN,), needs=Permission.REVIEWS, answers=JobOut)
def requeue_job(job_id: UUID) -> ShownJob:
    """Try a dead job again."""
    return service.requeue(session(), actor(), job_id)
