"""Writes a channel's coming days as a calendar file (RFC 5545)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from marketplace.core.lazy_import import lazy_module
from marketplace.core.message import Bilingual, Language
from marketplace.intrusiveness.pacing_rule import PacingDay

if TYPE_CHECKING:
    import icalendar
else:
    icalendar = lazy_module("icalendar")

MEDIA_TYPE = "text/calendar"
_PRODUCT = "-//Inlay//pacing//EN"
_OPEN, _FULL = Bilingual("可接植入", "open"), Bilingual("已满", "full")


def write(channel: str, name: str, days: Sequence[PacingDay], at: datetime, language: Language) -> bytes:
    """Return a file with one event for each run of days whose reasons are the same; full days are marked as busy.

    ``channel``: its public id. ``name``: its name. ``at``: the time of writing. ``language``: that of its texts.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", Bilingual(f"{name}：植入节奏", f"{name}: pacing").said_in(language))
    for run in _runs(days):
        calendar.add_component(_event(channel, run, at, language))
    written: bytes = calendar.to_ical()
    return written


def _runs(days: Sequence[PacingDay]) -> Iterable[list[PacingDay]]:
    for _, run in groupby(days, key=lambda day: day.reasons):
        yield list(run)


def _event(channel: str, run: Sequence[PacingDay], at: datetime, language: Language) -> "icalendar.Event":
    first, last = run[0], run[-1]
    event = icalendar.Event()
    # The same stretch keeps its id, so that a calendar that reads the file again updates its events.
    event.add("uid", f"{channel}-{first.day:%Y%m%d}@inlay")
    event.add("dtstamp", at)
    event.add("dtstart", first.day)
    event.add("dtend", last.day + timedelta(days=1))
    event.add("summary", (_OPEN if first.open else _FULL).said_in(language))
    event.add("transp", "TRANSPARENT" if first.open else "OPAQUE")
    if first.reasons:
        event.add("description", "\n".join(reason.zh if language == "zh" else reason.en for reason in first.reasons))
    return event
