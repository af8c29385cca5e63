"""`inlay verify events` against a market that runs: what holds, what was kept, what somebody did to the database."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from marketplace.cli.main import main
from marketplace.core.ids import new_id
from marketplace.local.servers import LocalServers
from tests.market import owner_of
from tests.running_market import RunningMarket, running_market

pytestmark = pytest.mark.process

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def market(servers: LocalServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMarket]:
    with running_market(servers, tmp_path_factory.mktemp("verify"), "inlay_verify") as running:
        yield running


def inlay(market: RunningMarket, *words: str, key: str = "", **env: str) -> Result:
    environment = {"INLAY_URL": market.url, "INLAY_KEY": key, "LC_ALL": "C.UTF-8", "INLAY_LANGUAGE": None, **env}
    return CliRunner(env=environment).invoke(main, words)


def verified(market: RunningMarket, language: str = "en") -> tuple[int, str]:
    """The operator's check, as a process: it connects to the database that it is told."""
    inlay = Path(sys.executable).with_name("inlay")
    words = [str(inlay), "--language", language, "verify", "events", "--database"]
    env = {**os.environ, "DATABASE_URL": market.database_url}
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def joined(market: RunningMarket) -> str:
    """Sign a brand up and in; return its key."""
    email = f"{new_id().hex}@verify.example"
    words = ("sign-up", "--email", email, "--name", "Lin", "--kind", "brand", "--party", "青柠岛")
    assert inlay(market, *words, "--password", PASSWORD).exit_code == 0
    signed_in = inlay(market, "sign-in", "--email", email, "--password", PASSWORD, "--print-key")
    return signed_in.stdout.strip()


def checked(market: RunningMarket, key: str, *words: str) -> tuple[int, dict[str, Any]]:
    done = inlay(market, "verify", "events", "--json", *words, key=key)
    return done.exit_code, json.loads(done.stdout)


def linked(market: RunningMarket, key: str, heads: Path) -> None:
    """Wait until the party's first event is in its chain, and keep its head."""
    deadline = time.monotonic() + 300
    code, told = checked(market, key, "--heads", str(heads))
    while told["links"] < 1:
        assert time.monotonic() < deadline, "nothing was linked"
        time.sleep(0.2)
        code, told = checked(market, key, "--heads", str(heads))
    assert (code, told["faults"]) == (0, [])


def owner(market: RunningMarket, statement: str) -> None:
    engine = sa.create_engine(owner_of(market.database_url), poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        assert connection.exec_driver_sql(statement).rowcount >= 1


def test_what_was_changed_is_found_by_reader_operator_and_kept_hash(market: RunningMarket, tmp_path: Path) -> None:
    key, heads = joined(market), str(tmp_path / "heads.json")
    linked(market, key, Path(heads))
    assert checked(market, key, "--heads", heads)[0] == 0
    code, said = verified(market)
    assert (code, "0 faults" in said) == (0, True), said

    owner(market, "UPDATE events SET actor_role = 'admin' WHERE cardinality(party_ids) > 0")
    code, changed = checked(market, key)
    assert (code, "is not as it was recorded" in " ".join(changed["faults"])) == (1, True), changed
    code, said = verified(market)
    assert (code, "the market: link" in said) == (1, True), said
    assert "事件与记录时不同" in verified(market, "zh")[1]

    # Somebody who owns the database starts every chain anew: only what was kept tells.
    owner(market, "DELETE FROM event_links")
    code, emptied = checked(market, key, "--heads", heads)
    assert (code, emptied["links"]) == (1, 0)
    assert "is not the one that was kept" in emptied["faults"][0]


def test_two_parties_keep_their_heads_in_one_file(market: RunningMarket, tmp_path: Path) -> None:
    heads = tmp_path / "heads.json"
    keys = [joined(market) for _ in range(2)]
    for key in keys:
        linked(market, key, heads)
    kept = json.loads(heads.read_text())
    assert sorted(chain.partition("_")[0] for chain in kept) == ["market", "pty", "pty"]
    assert [checked(market, key, "--heads", str(heads))[0] for key in keys] == [0, 0]
    # As earlier releases wrote it, when a file was of one party.
    heads.write_text(json.dumps({"market": kept["market"], "own": {"1": "0" * 64}}))
    code, told = checked(market, keys[0], "--heads", str(heads))
    assert (code, "is not the one that was kept" in told["faults"][0]) == (1, True), told
    assert "own" not in json.loads(heads.read_text())


def test_what_it_is_asked_has_to_make_sense(market: RunningMarket, tmp_path: Path) -> None:
    two = inlay(market, "verify", "events", "--database", "--brief", "brf_00000000000000000000000000")
    assert two.exit_code == 2
    broken = tmp_path / "heads.json"
    broken.write_text("[]")
    refused = inlay(market, "verify", "events", "--heads", str(broken), key=joined(market))
    assert (refused.exit_code, "no file that --heads wrote" in refused.output) == (2, True), refused.output
