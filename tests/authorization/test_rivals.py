"""Rivals read nothing of each other, on whatever route: each calls every one with the others' ids.

Routes are taken from the application, so a new one is walked too; one whose path names a thing that the world of rivals
does not have fails until it is put there. `tests/authorization/matrix.py` says who reaches what; this says that nothing
of another's stands in the answer, be it in a list, a stream, a picture, a header or an error.
"""

import re
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from marshmallow.validate import OneOf

from marketplace.core import db, events, ids
from marketplace.core.http.endpoint import Endpoint
from marketplace.core.ids import new_id
from tests.authorization import bodies, rival_world
from tests.authorization.rival_world import CALLERS, RivalWorld, ids_for
from tests.authorization.world import PREFIXES, World, routes
from tests.make import bids as make_bids

pytestmark = pytest.mark.usefixtures("own_market")
# What a path names that belongs to nobody in particular: who may read it is the events' and the signatures' own rule.
ANYBODYS = {"event_id"}
# POSTs that would change who may do what, or end the things that are looked for.
RIGHTS = (
    *("/sign-up", "/sessions", "/people", "/invites", "/api-keys", "/mandates", "/parties"),
    *("/channel-claims", "/channel-transfers"),
)
ENDING = ("/close", "/cancel", "/archive", "/withdraw", "/publish", "/requeue", "/transfer", "/video-uploads")


@pytest.fixture(scope="module")
def world(own_market: None) -> RivalWorld:
    return rival_world.make()


def _asked(endpoint: Endpoint) -> list[str]:
    """Return the queries to send: one for each picture of a route that draws several."""
    named = endpoint.query.fields.get("name") if endpoint.query is not None else None
    choices = [rule.choices for rule in named.validators if isinstance(rule, OneOf)] if named is not None else []
    return [f"?name={choice}" for choice in choices[0]] if choices else [""]


def _path(path: str, found: Mapping[str, UUID]) -> str:
    return re.sub(r"\{(\w+)\}", lambda hit: ids.show(PREFIXES[hit[1]], found[hit[1]]), path)


def _read(app: Flask, caller: str, world: RivalWorld, method: str, path: str, body: Any = None) -> str:
    headers = {**world.people[caller].headers, "Idempotency-Key": new_id().hex, "If-Match": '"1"'}
    more = {} if body is None else {"json": body}
    answer = app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **more)
    assert answer.status_code < 500, answer.text
    text = str(answer.headers)
    for chunk in answer.iter_encoded():
        text += chunk.decode(errors="replace")
        if answer.mimetype == "text/event-stream":
            break
    answer.close()
    # What one has asked for by its name is no news.
    return text.replace(path, "").replace(path.rsplit("/", 1)[-1], "") if answer.status_code == 404 else text


def _calls(app: Flask, world: RivalWorld, caller: str) -> Iterator[str]:
    named = [{**found, "event_id": _event(world)} for found in ids_for(world, caller)]
    for (method, path), endpoint in sorted(routes(app).items()):
        if method != "GET":
            continue
        shown = {_path(path, found) for found in named}
        yield from (one + query for one in sorted(shown) for query in _asked(endpoint))
    yield from (
        "/events?limit=100&order=asc",
        "/events?limit=100&kind=bids.place",
        "/jobs?limit=100",
        "/bids?limit=100",
    )


def _event(world: RivalWorld) -> UUID:
    """The placing of the first agency's sealed bid."""
    with db.transaction() as session:
        query = events.Event.__table__.select().where(events.Event.subject_id == world.bids["first", "open"])
        found: UUID = session.execute(query).mappings().first()["id"]  # type: ignore[index]
        return found


def _walk(app: Flask, world: RivalWorld, caller: str, *, closed: bool) -> set[str]:
    """Read all that there is as the caller, and return which secrets were among it. None may be a rival's."""
    seen: set[str] = set()
    leaks = []
    for path in _calls(app, world, caller):
        text = _read(app, caller, world, "GET", path)
        for secret in world.secrets:
            hidden = secret.hidden_from(caller, closed=closed or "closed" in secret.name)
            # What the caller may see need not be met twice.
            if not hidden and secret.name in seen:
                continue
            if not secret.pattern.search(text) or secret.pattern.search(path):
                continue
            seen.add(secret.name)
            if hidden:
                leaks.append((caller, path, secret.name))
    assert leaks == []
    return seen


def test_every_path_names_only_what_the_world_has(app: Flask, world: RivalWorld) -> None:
    wanted = {name for _, path in routes(app) for name in re.findall(r"\{(\w+)\}", path)}
    there = {name for found in ids_for(world, "admin") for name in found} | ANYBODYS
    assert wanted - there == set(), "put it into tests/authorization/rival_world.py"


@pytest.mark.parametrize("caller", CALLERS)
def test_nobody_reads_a_rivals_secrets_before_the_close(app: Flask, world: RivalWorld, caller: str) -> None:
    seen = _walk(app, world, caller, closed=False)
    own = {secret.name for secret in world.secrets if not secret.hidden_from(caller, closed=False)}
    # The walk reads what it should: whoever may see something meets it somewhere.
    if caller != "admin":
        assert own - seen == set()


@pytest.mark.parametrize("caller", CALLERS)
def test_a_partys_chain_is_read_by_itself_alone(app: Flask, worker: ModuleType, world: RivalWorld, caller: str) -> None:
    """Its length and times alone, beside the sealed events of the stream, would tell who bids."""
    while worker.relay():
        pass
    placed = ids.show("evt", _event(world))
    assert placed in _read(app, "admin", world, "GET", "/events?limit=100&kind=bids.place")
    for name, other in world.people.items():
        text = _read(app, caller, world, "GET", f"/event-links?limit=100&party_id={ids.show('pty', other.party_id)}")
        assert ("has_more" in text) is (name == caller), name
        assert (placed in text) is (name == caller and name in ("creator", "first")), name


@pytest.mark.parametrize("caller", CALLERS)
def test_no_post_tells_a_rivals_secrets_in_its_answer_or_refusal(app: Flask, world: RivalWorld, caller: str) -> None:
    leaks = []
    own = {**ids_for(world, caller)[0], "event_id": _event(world)}
    for (method, path), endpoint in sorted(routes(app).items()):
        if method != "POST" or path.startswith(RIGHTS) or endpoint.raw is not None or path.endswith(ENDING):
            continue
        others = [name for name in world.ids if name != caller]
        for name in others:
            found = {**own, **world.ids[name]}
            body = _body(method, path, world, found)
            shown = _path(path, found)
            text = _read(app, caller, world, method, shown, body)
            for secret in world.secrets:
                hidden = secret.hidden_from(caller, closed="closed" in secret.name)
                if hidden and not secret.pattern.search(shown + str(body)) and secret.pattern.search(text):
                    leaks.append((caller, shown, secret.name))
    assert leaks == []


def _body(method: str, path: str, world: RivalWorld, found: Mapping[str, UUID]) -> Any:
    """A body that names the rival's things, so that a refusal has something to say of them."""
    others = {"other_creator": world.people["rival_creator"], "creator": world.people["creator"]}
    deal_id = world.ids["rival_brand"]["deal_id"]
    by_subject = {
        "published": {"channel_id": world.ids["rival_creator"]["channel_id"]},
        "countered": {"deal_id": deal_id},
    }
    return bodies.body(method, path, World({}, dict(found), by_subject, others)) or {}


def test_a_bid_for_a_channel_that_a_rival_agency_has_bid_with_tells_nothing_of_it(
    app: Flask, world: RivalWorld
) -> None:
    there, channel_id = world.markets["open"], world.ids["first"]["channel_id"]
    body = {**there.body(), "channel_id": ids.show("chn", channel_id)}
    headers = world.people["second"].once()
    answer = app.test_client().post(there.offers, json=body, headers=headers)
    assert answer.status_code in (409, 422)
    hidden = [secret for secret in world.secrets if secret.hidden_from("second", closed=False)]
    assert [secret.name for secret in hidden if secret.pattern.search(answer.text)] == []


@pytest.mark.parametrize("caller", CALLERS)
def test_after_the_close_the_brand_and_the_admins_read_the_bids_and_rivals_still_do_not(
    app: Flask, world: RivalWorld, caller: str
) -> None:
    if "past" not in world.markets:
        make_bids.close(world.markets["open"])
        world.markets["past"] = world.markets["open"]
    seen = _walk(app, world, caller, closed=True)
    if caller in ("brand", "admin"):
        prices = {secret.name for secret in world.secrets if "'s price" in secret.name and secret.from_the_close}
        assert prices - seen == set()
