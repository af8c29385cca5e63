"""Rivals read nothing of each other in the database either, with every filter forgotten.

Each reads every row of every table under the application's role, before the close and after it. What the services
filter is tested in `test_rivals.py`; here nothing is filtered but by the policies, and a new table is read too.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from marketplace.bids.models import Bid
from marketplace.briefs.models import Brief, BriefStatus
from marketplace.core import db, ids
from marketplace.core.actor import NOBODY, Actor
from marketplace.database_state import SEALED_TABLES
from tests.authorization import rival_world
from tests.authorization.rival_world import CALLERS, RivalSecret, RivalWorld
from tests.make import bids as make_bids
from tests.make import briefs as make_briefs

pytestmark = pytest.mark.usefixtures("own_market")

_TABLES = sa.text(
    "SELECT relname, has_table_privilege(current_user, oid, 'SELECT') AS readable FROM pg_class"
    " WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY relname"
)
_PUBLIC_ID = re.compile(r"([a-z]{3})_[0-9a-z]{26}")
# What no actor has any right to.
OF_THE_SYSTEM = {"close_draws", "password_resets", *SEALED_TABLES}


@pytest.fixture(scope="module")
def world(own_market: None) -> RivalWorld:
    return rival_world.make()


def _pattern(secret: RivalSecret) -> re.Pattern[str]:
    """Return what the secret looks like in a row: ids are not written there as they are shown."""
    found = _PUBLIC_ID.fullmatch(secret.pattern.pattern)
    return re.compile(str(ids.read(found[1], found[0]))) if found else secret.pattern


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _rows(session: Session) -> Iterator[tuple[str, str]]:
    """Yield every row that is seen, with its table."""
    for table, readable in session.execute(_TABLES).all():
        if readable:
            for row in session.execute(sa.text(f'SELECT * FROM "{table}"')):
                yield table, " | ".join(_text(value) for value in row)


def _read_all(world: RivalWorld, caller: str, *, closed: bool) -> set[str]:
    """Read all rows as the caller, and return which secrets were among them. None may be a rival's."""
    patterns = [(secret, _pattern(secret)) for secret in world.secrets]
    seen: set[str] = set()
    leaks = set()
    with db.transaction(world.people[caller].actor) as session:
        denied = {row.relname for row in session.execute(_TABLES) if not row.readable}
        for table, text in _rows(session):
            for secret, pattern in patterns:
                if pattern.search(text):
                    seen.add(secret.name)
                    if secret.hidden_from(caller, closed=closed or "closed" in secret.name):
                        leaks.add((caller, table, secret.name))
    assert leaks == set()
    assert denied == OF_THE_SYSTEM
    return seen


def _drawn(world: RivalWorld) -> tuple[str, ...]:
    """Publish a brief with a window, and return what was drawn for it: the seed, and the moment at which it closes."""
    brief = make_briefs.published(world.people["brand"], closing_window_s=600)
    draw = make_briefs.draw(brief.id)
    assert draw.seed is not None
    return draw.seed, draw.closes_at.isoformat()


@pytest.mark.parametrize("caller", CALLERS)
def test_no_rivals_row_is_read_before_the_close(app: Flask, world: RivalWorld, caller: str) -> None:
    seen = _read_all(world, caller, closed=False)
    # What is one's own is there: a policy that hides everything would pass else.
    own = {secret.name for secret in world.secrets if not secret.hidden_from(caller, closed=False)}
    if caller in ("creator", "first", "second", "rival_creator"):
        assert {name for name in own if name.startswith(f"{caller}'s")} - seen == set()


@pytest.mark.parametrize("caller", CALLERS)
def test_nobody_reads_when_bidding_ends(app: Flask, world: RivalWorld, caller: str) -> None:
    drawn = _drawn(world)
    with db.transaction(world.people[caller].actor) as session:
        told = {(table, one) for table, text in _rows(session) for one in drawn if one in text}
    assert told == set()


@pytest.mark.parametrize("actor", [NOBODY, None], ids=["nobody", "no actor"])
def test_who_is_not_signed_in_reads_nothing_of_anybody(app: Flask, world: RivalWorld, actor: Actor | None) -> None:
    patterns = [(secret, _pattern(secret)) for secret in world.secrets]
    with db.Sessions() as session:
        db.become(session, actor)
        found = {(table, secret.name) for table, text in _rows(session) for secret, one in patterns if one.search(text)}
    assert found == set()


@pytest.mark.parametrize("caller", CALLERS)
def test_no_rivals_row_is_changed_or_deleted(app: Flask, world: RivalWorld, caller: str) -> None:
    """What is not seen is not changed: a statement that forgot its condition touches one's own rows alone."""
    actor = world.people[caller].actor
    for table, column in (("bids", "version"), ("briefs", "version"), ("mandates", "version"), ("api_keys", "name")):
        with db.transaction(actor) as session:
            mine = session.scalar(sa.text(f"SELECT count(*) FROM {table}"))
            everybodys = _count(table)
            touched = session.execute(sa.text(f"UPDATE {table} SET {column} = {column}"))
            assert touched.rowcount == mine  # type: ignore[attr-defined]
            assert caller == "admin" or touched.rowcount < everybodys  # type: ignore[attr-defined]
            session.rollback()


def _count(table: str) -> int:
    with db.transaction() as session:
        return session.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()


def test_no_actor_places_a_bid_for_another(app: Flask, world: RivalWorld) -> None:
    bid_id = world.bids["creator", "open"]
    for caller in ("rival_creator", "second", "brand", "rival_brand", "admin"):
        with db.transaction(world.people[caller].actor) as session, pytest.raises(sa.exc.ProgrammingError) as refused:
            session.execute(
                sa.text(
                    "INSERT INTO bids (id, created_at, brief_id, brand_id, channel_id, creator_id, agency_id, status,"
                    " brief_version_id, revision_number, revisions_max, answers_in_part, version) VALUES"
                    " (gen_random_uuid(), now(), :brief, :brand, :channel, :creator, :agency, 'withdrawn', :version, 1,"
                    " 3, false, 1)"
                ),
                _of(bid_id, agency=world.people["first"].party_id),
            )
        assert "row-level security" in str(refused.value), caller


def _of(bid_id: UUID, *, agency: UUID) -> dict[str, Any]:
    with db.transaction() as session:
        bid = session.get_one(Bid, bid_id)
    named = {name: getattr(bid, f"{name}_id") for name in ("brief", "brand", "channel", "creator")}
    return {**named, "agency": agency, "version": bid.brief_version_id}


@pytest.mark.parametrize("caller", ["brand", "admin", "creator", "first"])
def test_no_statement_of_an_actor_unseals_a_bid(app: Flask, world: RivalWorld, caller: str) -> None:
    """The database writes it, whatever a statement says."""
    with db.transaction(world.people[caller].actor) as session:
        session.execute(sa.text("UPDATE bids SET unsealed_at = now()"))
    with db.transaction() as session:
        unsealed = {row.id: row.unsealed_at for row in session.execute(sa.select(Bid.id, Bid.unsealed_at))}
    for (_, state), bid_id in world.bids.items():
        assert (unsealed[bid_id] is not None) == (state == "closed"), state


# Last, because it closes the brief.
@pytest.mark.parametrize("caller", CALLERS)
def test_no_rivals_row_is_read_after_the_close(app: Flask, world: RivalWorld, caller: str) -> None:
    with db.transaction() as session:
        is_open = session.get_one(Brief, world.markets["open"].brief_id).status == BriefStatus.PUBLISHED
    if is_open:
        make_bids.close(world.markets["open"])
    seen = _read_all(world, caller, closed=True)
    if caller == "brand":
        assert {f"{name}'s price, open" for name in ("creator", "first", "second", "rival_creator")} <= seen
    assert f"{caller}'s cost, open" in seen or caller in ("brand", "rival_brand", "admin")
