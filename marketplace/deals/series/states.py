"""The transitions of a series and of an episode, and who may make them: the maker's side alone."""

from marketplace.core.actor import Role
from marketplace.core.states import Transitions, transition
from marketplace.deals.series.models import EpisodeStatus, SeriesStatus

_MAKER = (Role.CREATOR, Role.AGENCY)

SERIES_TRANSITIONS: Transitions = {
    "close": transition(SeriesStatus.OPEN, to=SeriesStatus.CLOSED, by=_MAKER),
    "open_again": transition(SeriesStatus.CLOSED, to=SeriesStatus.OPEN, by=_MAKER),
}

EPISODE_TRANSITIONS: Transitions = {
    "move": transition(EpisodeStatus.PLANNED, to=EpisodeStatus.PLANNED, by=_MAKER),
    "drop": transition(EpisodeStatus.PLANNED, to=EpisodeStatus.DROPPED, by=_MAKER),
}
