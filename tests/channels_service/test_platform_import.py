"""Files of the named platforms, handed in over HTTP with what they do not say."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.channels.models import AudienceSnapshot, Channel
from marketplace.core import db
from tests.channels_service.test_import import Work, done
from tests.make.people import somebody

FILES = Path(__file__).parent.parent / "channels" / "platform_files"


@pytest.mark.parametrize(
    ("name", "said", "followers"),
    [
        ("xingtu_search.json", {"taken_on": "2026-11-20"}, 618_932),
        ("xingtu_audience.json", {}, 52_110),
        ("studio_en.csv", {"taken_on": "2026-11-20", "channel": "@limei", "subscribers": "12000"}, 12_000),
    ],
)
def test_a_platforms_file_becomes_a_channel(
    client: FlaskClient, work: Work, name: str, said: dict[str, str], followers: int
) -> None:
    creator = somebody("creator")
    told = done(client, creator, work, (FILES / name).read_bytes(), **said)
    assert (told["status"], told["rows_done"], told["rows_bad"]) == ("done", 1, 0), told
    assert told["options"] == said
    with db.transaction() as session:
        taken = sa.select(AudienceSnapshot.followers).join(Channel, Channel.id == AudienceSnapshot.channel_id)
        assert list(session.scalars(taken.where(Channel.creator_id == creator.party_id))) == [followers]
