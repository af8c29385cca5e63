"""When the bids of a brief are sealed no more: the one rule, for every room that shows bids or what gives them away.

It stands here and not with briefs, because this room shows the events of bids and may not import what is above it.
"""

from typing import Any

import sqlalchemy as sa


def stood_at_close(bid: Any, brief: Any) -> sa.ColumnElement[bool]:
    """Match the bids that were on the table when their brief was closed, whatever became of them since.

    One withdrawn at the very moment of the close, or later, was there when the brand could first look. The database's
    own policy `tenant` on bids says the same in SQL (`AT_CLOSE` in the newest migration that alters it), and
    tests/bids/test_sealed.py holds the two together.
    """
    return sa.or_(bid.status != "withdrawn", bid.withdrawn_at >= brief.closed_at)


def was_closed(briefs: Any) -> sa.ColumnElement[bool]:
    """Match the briefs (a mapped class, an alias or a table with both times) whose bidding was closed.

    One that was called off later counts; one that was called off while it took bids does not, for that unseals nothing.
    """
    return sa.and_(
        briefs.closed_at.is_not(None), sa.or_(briefs.cancelled_at.is_(None), briefs.closed_at < briefs.cancelled_at)
    )
