"""A channel's coming days as a calendar file (RFC 5545)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from marketplace.core.lazy_import import lazy_module
from marketplace.intrusiveness.pacing_rule import PacingDay

if TYPE_CHECKING:
    import icalendar
else:
    icalendar = lazy_module("icalendar")

MEDIA_TYPE = "text/calendar"
_PRODUCT = "-//Inlay//pacing//EN"


def write(channel: str, name: str, days: Sequence[PacingDay], at: datetime) -> bytes:
    """Return an event for each run of days that read the same; full ones are marked as busy. ``channel`` is the public
    id, ``name`` what it is called, ``at`` when this was told."""
    found = icalendar.Calendar()
    found.add("prodid", _PRODUCT)
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    found.add("x-wr-calname", f"{name}：植入节奏 / pacing")
    for run in _runs(days):
        found.add_component(_event(channel, run, at))
    written: bytes = found.to_ical()
    return written


def _runs(days: Sequence[PacingDay]) -> Iterable[list[PacingDay]]:
    for _, run in groupby(days, key=lambda day: day.reasons):
        yield list(run)


def _event(channel: str, run: Sequence[PacingDay], at: datetime) -> "icalendar.Event":
    first, last = run[0], run[-1]
    event = icalendar.Event()
    # The same stretch keeps its id, so that a calendar that is read again moves nothing.
    event.add("uid", f"{channel}-{first.day:%Y%m%d}@inlay")
    event.add("dtstamp", at)
    event.add("dtstart", first.day)
    event.add("dtend", last.day + timedelta(days=1))
    event.add("summary", "可接植入 / open" if first.open else "已满 / full")
    event.add("transp", "TRANSPARENT" if first.open else "OPAQUE")
    if first.reasons:
        event.add("description", "\n".join(f"{one.zh}\n{one.en}" for one in first.reasons))
    return event
