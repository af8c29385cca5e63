"""The days of a mandate are days of the creator's time zone, from midnight to midnight there.

The creator's, because it is the creator who gives the mandate and reads on the calendar at home when it ends; an agency
acts for creators in several zones, and one zone for all of them would move the end of what the creator agreed to.

In SQL there are two functions of the database: `mandate_covers(starts_on, ends_on, timezone, moment)` for whoever holds
the mandate and the creator's party, and `mandate_holds(agency, creator, moment)` for whoever may read neither; it is
true for a bid in person (no agency).
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from marketplace.core.clock import now
from marketplace.core.errors import FieldError, InvalidInput
from marketplace.core.message import Bilingual
from marketplace.identity.models import Party

_KNOWN = sa.text("SELECT now() AT TIME ZONE :timezone")


def day_of(timezone: str, at: datetime) -> date:
    """Return the day that the calendar shows in a time zone at a moment."""
    return at.astimezone(ZoneInfo(timezone)).date()


def today_of(party: Party) -> date:
    return day_of(party.timezone, now())


def require_known(session: Session, timezone: str, pointer: str) -> str:
    """Return a time zone that the database knows too: its list and Python's may be of different years."""
    try:
        with session.begin_nested():
            session.execute(_KNOWN, {"timezone": timezone})
    except DataError as error:
        detail = Bilingual(
            "数据库不认识这个时区。请用城市的时区，例如 Asia/Shanghai。",
            "The database does not know this time zone. Choose a city's, such as Asia/Shanghai.",
        )
        raise InvalidInput(errors=[FieldError(pointer, detail)]) from error
    return timezone
