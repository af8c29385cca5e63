"""THE table of late effects: what follows which event. Read this file to know every one of them.

A reaction is called with a stretch of events of its kind, in the relay's transaction, and asks for jobs.
"""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.orm import Session

from marketplace.core.events import Event

Reaction = Callable[[Session, Sequence[Event]], None]

REACTIONS: Mapping[str, Reaction] = {}
