"""A market from before seals held against rivals comes up with what its rows were the business of."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from marketplace import schema
from marketplace.core import db, events
from marketplace.core.clock import now
from marketplace.local.servers import LocalServers
from tests import market
from tests.make import bids as make
from tests.make import checks as make_checks
from tests.make import pacing as make_pacing
from tests.make.deals import record, told
from tests.make.people import somebody
from tests.matching import look

SEALS = "seals against rivals"


@pytest.fixture
def former(app: object, servers: LocalServers) -> Iterator[str]:
    url = market.clone(servers, "inlay_former_seals")
    with market.connected(url, 4):
        yield url


def test_former_rows_are_told_apart_by_who_recorded_them(former: str) -> None:
    creator, brand = somebody("creator"), somebody("brand")
    channel_id, agency = look.channel(creator), make.agency_of(creator.party_id)
    there = look.market(brand=brand)
    by_agency = record(agency, channel_id, told(brand_id=brand.party_id))
    in_person = record(creator, channel_id, told(400_001, brand_id=brand.party_id))
    with db.transaction(agency.actor) as session:
        window = make_pacing.window(session, agency, channel_id)
    bid = make.place(there, agency, channel_id, **look.plain())
    check_id = make_checks.queued(creator, bid.id)
    accepted_later = make.Market(brand, creator, there.brief_id, channel_id)
    make.close(accepted_later)
    make.accept(accepted_later, bid.id)
    # Since the agency had that bid accepted, what the creator told of the same brand is taken to be the agency's deal.
    migrations = ScriptDirectory.from_config(schema.alembic_config("")).walk_revisions()
    before = next(one.down_revision for one in migrations if one.doc == SEALS)
    db.Sessions.kw["bind"].dispose()
    schema.downgrade(market.owner_of(former), str(before))
    schema.upgrade(market.owner_of(former))
    with market.owning() as session:
        rows = session.execute(sa.text("SELECT id, told_by_id, agency_id, bid_id FROM deal_prices")).all()
        assert {row.id: tuple(row[1:]) for row in rows} == {
            by_agency.id: (agency.party_id, agency.party_id, None),
            in_person.id: (creator.party_id, agency.party_id, None),
        }
        of_window = sa.text("SELECT agency_id FROM exclusivity_windows WHERE id = :id")
        assert session.scalar(of_window, {"id": window.id}) == agency.party_id
        of_check = sa.text("SELECT agency_id FROM video_checks WHERE id = :id")
        assert session.scalar(of_check, {"id": check_id}) == agency.party_id
        assert session.scalars(sa.select(events.Event.xid).distinct()).all() == [0]
    with db.transaction() as session:
        fresh = events.record(session, "parties.test", brand.party_id, agency.actor, parties=[])
    with market.owning() as session:
        row = session.get_one(events.Event, fresh)
        assert (row.xid > 0, row.party_ids, row.created_at <= now()) == (True, [agency.party_id], True)
