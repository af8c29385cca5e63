"""Transfers of the ledger against plain inserts of the same rows, in one run on the same server.

A transfer has three postings, as the release of a payment has: to the maker, to its agency, to the platform. Plain are
the same rows in tables without balances, triggers and policies, written by the same clients. Both take turns.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from marketplace import models, schema
from marketplace.core import db
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.identity.models import Party, PartyKind
from marketplace.ledger.models import AccountPurpose
from marketplace.ledger.service import Posting, account, hash_of, transfer
from marketplace.ledger.verification import verify
from marketplace.local.servers import start_servers

assert models.metadata.tables
ROUNDS, CLIENTS, TRANSFERS, DEALS = 5, 8, 400, 64
_PLAIN = (
    "CREATE TABLE plain_transfers (LIKE ledger_transfers INCLUDING INDEXES)",
    "CREATE TABLE plain_postings (LIKE ledger_postings INCLUDING INDEXES)",
    "GRANT SELECT, INSERT ON plain_transfers, plain_postings TO inlay_service",
)
_TRANSFER = sa.text(
    "INSERT INTO plain_transfers (id, created_at, key, content_hash) VALUES (:id, :created_at, :key, :content_hash)"
)
_POSTING = sa.text(
    "INSERT INTO plain_postings (id, created_at, transfer_id, position, source_id, target_id, currency, amount_minor)"
    " VALUES (:id, :created_at, :transfer_id, :position, :source_id, :target_id, :currency, :amount_minor)"
)
_KEYS = count()


def run() -> dict[str, Any]:
    """Return transfers a second of both kinds and their ratio, the medians of the rounds; the ledger is verified."""
    with TemporaryDirectory() as folder, start_servers(Path(folder)) as servers:
        schema.upgrade(servers.owner_url)
        owner = sa.create_engine(servers.owner_url, poolclass=sa.NullPool)
        with owner.begin() as connection:
            for statement in _PLAIN:
                connection.execute(sa.text(statement))
        engine = db.connect(servers.database_url, pool_size=CLIENTS)
        try:
            deals = _deals()
            told: dict[str, list[float]] = {"plain": [], "ledger": []}
            for _ in range(ROUNDS):
                told["plain"].append(_rate(partial(_plain, deals)))
                told["ledger"].append(_rate(partial(_moved, deals)))
            with db.transaction() as session:
                found = verify(session)
        finally:
            engine.dispose()
    return {
        "transfers_per_s": round(median(told["ledger"])),
        "plain_per_s": round(median(told["plain"])),
        "ratio": round(median(a / b for a, b in zip(told["ledger"], told["plain"], strict=True)), 3),
        "transfers_verified": found.transfers,
        "faults": len(found.faults),
    }


def _deals() -> list[tuple[UUID, UUID, UUID, UUID]]:
    """Make deals with money in escrow; return for each the accounts of escrow, maker, agency and platform."""
    deals = []
    with db.transaction() as session:
        clearing = account(session, AccountPurpose.CLEARING, "CNY")
        fee = account(session, AccountPurpose.FEE, "CNY")
        for number in range(DEALS):
            party = Party(kind=PartyKind.CREATOR, name=f"maker {number}")
            session.add(party)
            session.flush()
            ends = [
                account(session, purpose, "CNY", party.id, f"{number}").id
                for purpose in (AccountPurpose.ESCROW, AccountPurpose.PAYABLE)
            ]
            agency = account(session, AccountPurpose.PAYABLE, "CNY", party.id, f"agency {number}").id
            transfer(session, f"fund {number}", [Posting(clearing.id, ends[0], 10**9)])
            deals.append((ends[0], ends[1], agency, fee.id))
    return deals


def _postings(deal: tuple[UUID, UUID, UUID, UUID]) -> list[Posting]:
    escrow, *targets = deal
    return [Posting(escrow, target, amount) for target, amount in zip(targets, (72, 18, 10), strict=True)]


def _moved(deals: list[tuple[UUID, UUID, UUID, UUID]], number: int) -> None:
    with db.transaction() as session:
        transfer(session, f"release {next(_KEYS)}", _postings(deals[number % DEALS]))


def _plain(deals: list[tuple[UUID, UUID, UUID, UUID]], number: int) -> None:
    postings, transfer_id, key = _postings(deals[number % DEALS]), new_id(), f"plain {next(_KEYS)}"
    with db.transaction() as session:
        made = {"id": transfer_id, "created_at": now(), "key": key, "content_hash": hash_of(key, postings, None)}
        session.execute(_TRANSFER, made)
        rows = [
            {
                "id": new_id(),
                "created_at": now(),
                "transfer_id": transfer_id,
                "position": position,
                "source_id": one.source_id,
                "target_id": one.target_id,
                "currency": "CNY",
                "amount_minor": one.amount_minor,
            }
            for position, one in enumerate(postings)
        ]
        session.execute(_POSTING, rows)


def _rate(one: Callable[[int], None]) -> float:
    begun = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(one, range(TRANSFERS)))
    return TRANSFERS / (time.perf_counter() - begun)


if __name__ == "__main__":
    for name, figure in run().items():
        print(f"{name}: {figure}")
