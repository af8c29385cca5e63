"""Views told by the platform's own export, as it was imported for the channel."""

from datetime import timedelta
from types import ModuleType

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.channels.facts.provenance import Provenance
from marketplace.channels.models import AudienceSnapshot, Channel, ChannelVideo
from marketplace.core.clock import now
from marketplace.deals.models import Deal
from tests.make.owed import Owed
from tests.market import owning
from tests.results import look
from tests.results.look import CPM

pytestmark = pytest.mark.usefixtures("own_market")


def exported(owed: Owed, views: int, *, explained: int | None = None, own: bool = False) -> None:
    """The published video as an import of today has stored it."""
    told_by = Provenance.OWN_FILE if own else Provenance.PLATFORM_EXPORT
    name, today = look.external_id(owed), look.as_day(look.today(owed))
    with owning() as session:
        channel_id = session.get_one(Deal, owed.deal_id).channel_id
        session.execute(sa.delete(ChannelVideo).filter_by(channel_id=channel_id, external_id=name))
        session.add(
            ChannelVideo(
                channel_id=channel_id,
                external_id=name,
                published_at=now() - timedelta(days=30),
                views=views,
                believed_views=views if explained is None else None,
                believed_on=today if explained is None else None,
                explained_views=explained,
                provenance=told_by,
            )
        )
        facts = session.get_one(AudienceSnapshot, session.get_one(Channel, channel_id).snapshot_id)
        facts.taken_on = today


def test_an_export_stands_by_silence_and_names_the_video_and_its_day(client: FlaskClient, worker: ModuleType) -> None:
    owed = look.live(CPM)
    with look.day(31):
        exported(owed, 80_000)
        told = look.tell_export(client, owed.creator, owed)
        assert told.status_code == 201, told.json
        assert (told.json["source"], told.json["views"], told.json["odd"]) == ("platform_export", 80_000, None)
        assert (told.json["counted_on"], told.json["evidence"]) == (look.today(owed), look.external_id(owed))
        assert look.tell_export(client, owed.creator, owed).json["rule"] == "told_already"
        assert look.result(client, owed.brand, owed)["waits_for"] == "brand"
    look.settle(worker)
    assert [row[1] for row in look.paid(owed)] == [400_000]


def test_an_export_whose_views_growth_does_not_explain_is_marked(client: FlaskClient, worker: ModuleType) -> None:
    owed = look.live(CPM)
    with look.day(30):
        exported(owed, 170_000, explained=20_000)
        assert look.tell_export(client, owed.creator, owed).json["odd"]
    look.settle(worker)
    assert look.paid(owed) == []


def test_a_table_of_ones_own_is_no_export(client: FlaskClient) -> None:
    owed = look.live(CPM)
    with look.day(30):
        exported(owed, 80_000, own=True)
        before = look.everything(owed)
        assert look.tell_export(client, owed.creator, owed).json["rule"] == "own_table"
        assert look.everything(owed) == before
    with look.day(40):  # of a day that does not count any more
        exported(owed, 80_000)
        assert look.tell_export(client, owed.creator, owed).json["rule"] == "export_of_other_day"
