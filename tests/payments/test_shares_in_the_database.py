"""The shares of a settled payment in the database: who reads them, that they sum, and what was there before them."""

from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace import schema
from marketplace.core import db
from marketplace.core.actor import SYSTEM
from marketplace.core.ids import new_id, show
from marketplace.core.money import Money
from marketplace.local.servers import LocalServers
from marketplace.payments import claw_backs, service
from marketplace.payments.money_invariants import verify
from tests.market import clone_to_own, owning
from tests.payments import make
from tests.payments.make import Paid

pytestmark = pytest.mark.usefixtures("own_market")
# What of a settled payment tells how the maker's side shares it.
TELLING = ("payment_shares", "ledger_postings")


def settled(agency: bool = True) -> Paid:
    deal = make.funded((100_001,))
    with db.transaction() as session:
        service.release(session, SYSTEM, deal.payments[0], agency=deal.part if agency else None)
    return deal


def test_the_brand_reads_neither_shares_nor_postings_in_the_database(client: FlaskClient) -> None:
    deal = settled()
    with db.transaction(deal.first.actor) as session:
        row = claw_backs.ask(session, deal.first.actor, deal.payments[0], amount=Money("CNY", 10_000), reason="a")
    with db.transaction(deal.second.actor) as session:
        claw_backs.confirm(session, deal.second.actor, row.id)  # the postings of it are on the brand's account
    for who, rows in ((deal.brand, [0, 0]), (deal.creator, [1, 0]), (deal.agency, [1, 0])):
        with db.transaction(who.actor) as session:
            seen = [session.scalar(sa.text(f"SELECT count(*) FROM {table}")) for table in TELLING]
        shown = client.get(f"/api/v1/payments/{show('pay', deal.payments[0])}", headers=who.headers).json
        assert (seen, shown["shares"] is not None) == (rows, rows[0] == 1)
        # That something moved on the own accounts is told, with what it changed there.
        transfers = client.get("/api/v1/ledger/transfers", headers=who.headers).json["data"]
        with db.transaction(who.actor) as session:
            assert session.scalar(sa.text("SELECT count(*) FROM ledger_transfers")) == len(transfers) > 0
        assert all(one["changes"] for one in transfers)


def test_the_deals_agency_reads_no_share_that_is_not_its_own(client: FlaskClient) -> None:
    deal = settled(agency=False)  # its mandate had ended
    path = f"/api/v1/payments/{show('pay', deal.payments[0])}"
    assert client.get(path, headers=deal.agency.headers).json["shares"] is None
    assert client.get(path, headers=deal.creator.headers).json["shares"]["agency_id"] is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments SET returned_minor = 1 WHERE id = :settled",
        "UPDATE payments SET status = 'returned' WHERE id = :settled",
        "UPDATE payments SET status = 'released' WHERE id = :held",
        "INSERT INTO payment_shares SELECT :new, now(), :held, creator_id, NULL, 0, amount_minor, 0, 0 FROM payments"
        " WHERE id = :held",
        "UPDATE payment_shares SET maker_minor = maker_minor + 1 WHERE payment_id = :settled",
        "DELETE FROM payment_shares WHERE payment_id = :settled",
    ],
)
def test_the_database_refuses_shares_that_do_not_sum_to_the_payment(statement: str) -> None:
    named = {"settled": settled().payments[0], "held": make.funded().payments[0], "new": new_id()}

    def run() -> None:  # as the owner of the tables; refused at the commit at the latest
        with owning() as session:
            assert session.execute(sa.text(statement), named).rowcount == 1  # type: ignore[attr-defined]

    with pytest.raises(sa.exc.IntegrityError):
        run()
    with db.transaction() as session:
        assert verify(session).faults == []


def test_shares_that_were_tampered_with_are_found() -> None:
    deal = settled()
    with owning() as session:
        session.execute(sa.text("ALTER TABLE payment_shares DISABLE TRIGGER USER"))
        changed = sa.text("UPDATE payment_shares SET maker_minor = maker_minor + 1 WHERE payment_id = :id")
        session.execute(changed, {"id": deal.payments[0]})
        found = [fault for fault in verify(session).faults if fault.invariant == "I12"]
        guards = [fault for fault in verify(session).faults if "payment_shares." in fault.detail.en]
        session.rollback()
    assert [f"{deal.payments[0]}" in fault.detail.en for fault in found] == [True]
    assert len(guards) == 2


def test_payments_of_before_keep_their_shares(servers: LocalServers) -> None:
    url = clone_to_own(servers, "inlay_shares")
    schema.downgrade(url, "0047")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    creator, agency = uuid4(), uuid4()
    rows = (
        ("planned", None, 0, (0, 0, 0, 0)),
        ("released", agency, 3_000, (66_501, 28_500, 5_000, 0)),
        ("split", None, 0, (950, 0, 50, 99_001)),
        ("returned", None, 0, (0, 0, 0, 100_001)),
        ("owed", agency, 10_000, (0, 95_001, 5_000, 0)),
    )
    with engine.begin() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))  # payments alone, of no deal
        for party_id, kind in ((creator, "creator"), (agency, "agency")):
            connection.execute(
                sa.text(
                    "INSERT INTO parties (id, created_at, kind, name, status, version)"
                    " VALUES (:id, now(), :kind, 'p', 'active', 1)"
                ),
                {"id": party_id, "kind": kind},
            )
        for position, (status, party, share, amounts) in enumerate(rows):
            connection.execute(
                sa.text(
                    "INSERT INTO payments (id, created_at, deal_id, position, brand_id, creator_id, channel_id,"
                    " currency, amount_minor, fee_basis_points, status, hold_id, share_agency_id,"
                    " agency_share_basis_points, maker_minor, agency_minor, fee_minor, returned_minor, clawed_minor,"
                    " version) SELECT id, now(), id, :position, id, :creator, id, 'CNY', 100001, 500, :status, hold,"
                    " :party, :share, :maker, :agency, :fee, :returned, 0, 1 FROM (SELECT gen_random_uuid() AS id,"
                    " CASE WHEN :status <> 'planned' THEN gen_random_uuid() END AS hold) made"
                ),
                {
                    "position": position,
                    "creator": creator,
                    "status": status,
                    "party": party,
                    "share": share,
                    **dict(zip(("maker", "agency", "fee", "returned"), amounts, strict=True)),
                },
            )
    asked = sa.text(
        "SELECT p.status, s.agency_id, s.share_basis_points, s.maker_minor, s.agency_minor, s.fee_minor,"
        " p.returned_minor FROM payments p LEFT JOIN payment_shares s ON s.payment_id = p.id ORDER BY p.position"
    )
    schema.upgrade(url, "0048")
    with engine.connect() as connection:
        told = [tuple(row) for row in connection.execute(asked)]
    assert told == [
        (status, party, share, *amounts)
        if status not in ("planned", "returned")
        else (status, None, None, None, None, None, amounts[3])
        for status, party, share, amounts in rows
    ]
    schema.downgrade(url, "0047")
    back = sa.text(
        "SELECT status, share_agency_id, agency_share_basis_points, maker_minor, agency_minor, fee_minor,"
        " returned_minor FROM payments ORDER BY position"
    )
    with engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(back)] == [
            (status, party, share, *amounts) for status, party, share, amounts in rows
        ]
