"""The tables of a series and of an episode, walked: each state, transition and role."""

from itertools import product

import pytest
from flask import Flask

from marketplace.core.actor import Role
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.deals.series.models import EpisodeStatus, Series, SeriesEpisode, SeriesStatus
from marketplace.deals.series.states import EPISODE_TRANSITIONS, SERIES_TRANSITIONS
from tests.make.state_walks import step


@pytest.mark.parametrize(("name", "status", "role"), list(product(SERIES_TRANSITIONS, SeriesStatus, Role)))
def test_a_series_moves_only_as_the_table_says(app: Flask, name: str, status: SeriesStatus, role: Role) -> None:
    row = Series(creator_id=new_id(), channel_id=new_id(), title="s", slots=["end"], status=status)
    step(SERIES_TRANSITIONS, row, name, role)


@pytest.mark.parametrize(("name", "status", "role"), list(product(EPISODE_TRANSITIONS, EpisodeStatus, Role)))
def test_an_episode_moves_only_as_the_table_says(app: Flask, name: str, status: EpisodeStatus, role: Role) -> None:
    row = SeriesEpisode(series_id=new_id(), number=1, title="e", airs_on=now().date(), status=status)
    step(EPISODE_TRANSITIONS, row, name, role)
