"""Facts that are entered again within days: a flag is kept with the snapshot, and telling them twice clears nothing."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from marketplace.channels.models import AudienceSnapshot
from marketplace.core import db
from tests.make import channels as make
from tests.make.people import somebody

VIEWS = (31_207, 24_518, 40_933, 28_346, 35_071)


def _flags(snapshot_id: UUID) -> list[str]:
    with db.transaction() as session:
        return [flag["code"] for flag in session.get_one(AudienceSnapshot, snapshot_id).flags]


def _facts(day: int, followers: int = 183_000, times: int = 1, more: int = 0) -> dict[str, Any]:
    views = (count * times + day + more for count in VIEWS)
    return {"taken_on": f"2026-11-{day:02}", "followers": followers, "videos": make.videos(*views)}


@pytest.mark.usefixtures("app")
def test_views_and_followers_that_multiply_within_three_days_are_flagged(session: Session) -> None:
    who = somebody("creator")
    channel = make.channel(who.party_id)
    assert _flags(make.told(who, channel.id, **_facts(10))) == []
    assert _flags(make.told(who, channel.id, **_facts(13, times=10))) == ["video_rewritten"]
    assert _flags(make.told(who, channel.id, **_facts(14, times=10))) == ["video_rewritten"]
    assert _flags(make.told(who, channel.id, **_facts(15, followers=900_000))) == ["growth_jump"]
    assert _flags(make.told(who, channel.id, **_facts(16, followers=900_000))) == ["growth_jump"]
    assert _flags(make.told(who, channel.id, **_facts(17))) == []


@pytest.mark.usefixtures("app")
def test_another_channel_with_the_same_video_ids_is_not_compared(session: Session) -> None:
    one, other = somebody("creator"), somebody("creator")
    make.told(one, make.channel(one.party_id).id, **_facts(10))
    assert _flags(make.told(other, make.channel(other.party_id).id, **_facts(13, times=10, more=7))) == []
