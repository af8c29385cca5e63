"""Files of the named platforms, handed in over HTTP with what they do not say."""

import json
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


def snapshots(creator_id: object) -> list[AudienceSnapshot]:
    with db.transaction() as session:
        query = sa.select(AudienceSnapshot).join(Channel, Channel.id == AudienceSnapshot.channel_id)
        return list(session.scalars(query.where(Channel.creator_id == creator_id).order_by(AudienceSnapshot.id)))


def test_an_audience_page_completes_the_newest_figures(client: FlaskClient, work: Work) -> None:
    creator = somebody("creator")
    star = "7000000000000000103"
    genders = [{"distribution_key": "female", "distribution_value": "60"}]
    genders.append({"distribution_key": "male", "distribution_value": "40"})
    data = json.dumps({"author_id": star, "distributions": [{"distribution_list": genders}]}).encode()
    alone = done(client, creator, work, data)
    assert (alone["rows_done"], alone["rows_bad"]) == (0, 1), "nothing is known that it could complete"
    done(client, creator, work, (FILES / "xingtu_audience.json").read_bytes())
    told = done(client, creator, work, data)
    assert (told["status"], told["rows_done"], told["snapshots_new"], told["channels_new"]) == ("done", 1, 1, 0), told
    searched, page = snapshots(creator.party_id)
    assert page.margins["gender"] == {"female": 0.6, "male": 0.4}
    assert page.margins["age"] == searched.margins["age"]
    for name in ("taken_on", "followers", "facts", "rate_card", "source"):
        assert getattr(page, name) == getattr(searched, name), name
    with db.transaction() as session:
        (channel,) = session.scalars(sa.select(Channel).where(Channel.creator_id == creator.party_id))
        assert (channel.snapshot_id, channel.name) == (page.id, "小满二号")


def test_an_audience_page_alone_is_taken_with_its_followers_and_day(client: FlaskClient, work: Work) -> None:
    creator = somebody("creator")
    genders = [
        {"distribution_key": "女", "distribution_value": "1"},
        {"distribution_key": "男", "distribution_value": "0"},
    ]
    data = json.dumps([{"star_id": "71", "distributions": [{"distribution_list": genders}]}]).encode()
    told = done(client, creator, work, data, subscribers="900", taken_on="2026-11-20")
    assert (told["status"], told["rows_done"]) == ("done", 1), told
    (page,) = snapshots(creator.party_id)
    assert (page.followers, page.margins["gender"]["female"]) == (900, 1)
