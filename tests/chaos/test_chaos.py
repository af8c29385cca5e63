"""`inlay chaos`: a short run is clean, and whatever makes a run worth less is in its result."""

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from marketplace.chaos import chaos_market, fault_run, faults
from marketplace.chaos.fault_run import ChaosRun
from marketplace.chaos.faults import FAULTS, FaultMaker
from marketplace.cli.main import main
from marketplace.local.market_tree import MarketTree
from marketplace.local.servers import LocalServers
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.process

CHAOS = (sys.executable, "-m", "marketplace.cli.main", "chaos")
CLEAN = {
    **dict.fromkeys(fault_run.MUST_BE_ZERO, 0),
    "error": None,
    "threads_that_died": {},
    "faults_that_failed": {},
    "jobs_wanted": 10,
    "jobs_acknowledged": 12,
    "bids_wanted": 3,
    "bids_answered": 3,
    "faults_wanted": 4,
    "faults_total": 4,
    "faults_while_jobs_came": 4,
    "faults_while_bids_came": 4,
}


def test_a_short_run_loses_and_doubles_nothing(tmp_path: Path) -> None:
    out = tmp_path / "result.json"
    done = subprocess.run(
        [*CHAOS, "--jobs", "200", "--faults", "6", "--bids", "20", "--every", "0.3", "--seed", "3", "--out", str(out)],
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result: dict[str, Any] = json.loads(out.read_text())
    assert (result["clean"], result["unclean"]) == (True, [])
    assert result["jobs_acknowledged"] >= 200
    assert result["bids_answered"] == 20
    assert result["faults_while_jobs_came"] == result["faults_while_bids_came"] == result["faults_total"] == 6
    assert set(result["faults"].values()) == {1}


@pytest.mark.parametrize("name", fault_run.MUST_BE_ZERO)
def test_a_count_that_is_not_nought_or_was_not_made_is_not_clean(name: str) -> None:
    assert fault_run.verdict(CLEAN) == []
    assert fault_run.verdict({**CLEAN, name: 1}) == [f"{name}: 1"]
    without = {key: value for key, value in CLEAN.items() if key != name}
    assert fault_run.verdict(without) == [f"{name}: not counted"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("jobs_acknowledged", 10),
        ("bids_answered", 3),
        ("faults_total", 4),
        ("faults_while_jobs_came", 4),
        ("faults_while_bids_came", 4),
    ],
)
def test_too_little_is_not_clean(name: str, wanted: int) -> None:
    assert f"{name}: {wanted - 1} of {wanted}" in fault_run.verdict({**CLEAN, name: wanted - 1})


@pytest.fixture
def tree(engine: object, market: LocalServers, environment: dict[str, str], tmp_path: Path) -> Iterator[MarketTree]:
    """A tree on the market in which nothing runs yet but the servers."""
    tree = MarketTree(environment, market, tmp_path / "tree.log")
    yield tree
    tree.supervisor.close()


def only(*names: str) -> dict[str, Any]:
    return {name: FAULTS[name] for name in names}


def test_the_load_lasts_as_long_as_the_faults(tree: MarketTree) -> None:
    breaker = FaultMaker(tree, "", 1, 4, 0.5, only("FLUSHALL", "Valkey drops connections"))
    run = ChaosRun(breaker, seed=1, wanted=10, bids_wanted=0)
    threads = [run.thread("jobs", run.load), run.thread("faults", run.break_things)]
    for thread in threads:
        thread.join(PATIENCE_S)
    assert breaker.made == {"FLUSHALL": 2, "Valkey drops connections": 2}
    # Ten were enough after a tenth of a second.
    assert run.under["jobs"] == 4
    assert len(run.acked) >= 20
    assert run.died == {}


def test_a_fault_that_fails_is_told_and_not_counted_as_made(tree: MarketTree, market: LocalServers) -> None:
    breaker = FaultMaker(tree, "", 1, 1, 0.1, only("FLUSHALL"))
    run = ChaosRun(breaker, seed=1, wanted=10, bids_wanted=0)
    market.kill_valkey()
    run.thread("faults", run.break_things).join(PATIENCE_S)
    market.restart_valkey()
    told = fault_run.summary(run)
    assert (told["faults_total"], told["faults_that_failed"]) == (0, {"FLUSHALL: ConnectionError": 1})
    why = fault_run.verdict({**CLEAN, **told})
    assert "faults_that_failed: {'FLUSHALL: ConnectionError': 1}" in why
    assert "faults_total: 0 of 1" in why


def test_when_there_is_nothing_to_break_the_run_ends_and_says_so(
    tree: MarketTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "NOTHING_TO_BREAK_S", 0.5)
    tree.add_worker(1)  # never started
    run = ChaosRun(FaultMaker(tree, "", 1, 1, 0.1, only("SIGKILL worker")), seed=1, wanted=10, bids_wanted=0)
    run.thread("faults", run.break_things).join(PATIENCE_S)
    told = fault_run.summary(run)
    assert told["threads_that_died"] == {"faults": "TimeoutError: nothing could be broken for 0.5 s"}
    assert run.over.is_set()
    assert run.faults_over.is_set()


def test_a_load_that_dies_ends_the_run_and_is_told(tree: MarketTree, web: str) -> None:
    market = dataclasses.replace(chaos_market.make(2), creator_key="inl_live_nobodys")
    run = ChaosRun(FaultMaker(tree, web, 1, 0, 0.1), seed=1, wanted=10, bids_wanted=2)
    run.thread("bids", lambda: run.bid(market)).join(PATIENCE_S)
    told = fault_run.summary(run)
    assert list(told["threads_that_died"]) == ["bids"]
    assert told["threads_that_died"]["bids"].startswith("RuntimeError: ")
    assert "401" in told["threads_that_died"]["bids"]
    assert run.over.is_set()
    assert any("threads_that_died" in why for why in fault_run.verdict({**CLEAN, **told}))


def test_a_run_that_is_cut_short_is_not_clean(
    tree: MarketTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while the load is on. The command is the real one; of the market only the database runs."""
    seen: list[ChaosRun] = []

    class Market:
        @staticmethod
        @contextlib.contextmanager
        def on_embedded_servers(*_: object, **__: object) -> Iterator[MarketTree]:
            tree.supervisor.add("idle", [sys.executable, "-S", "-c", "import time; time.sleep(600)"])
            yield tree

    class SeenRun(ChaosRun):
        def load(self) -> None:
            seen.append(self)
            super().load()

    def interrupt() -> None:
        until(lambda: seen and seen[0].acked)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(fault_run, "MarketTree", Market)
    monkeypatch.setattr(fault_run, "ChaosRun", SeenRun)
    monkeypatch.setattr(fault_run, "answers", lambda _: True)
    out = tmp_path / "result.json"
    threading.Thread(target=interrupt, daemon=True).start()
    done = CliRunner().invoke(main, ["chaos", "--jobs", "5000", "--faults", "0", "--bids", "0", "--out", str(out)])
    assert done.exit_code == 1
    result = json.loads(out.read_text())
    assert result["clean"] is False
    assert "stopped before" in result["error"]
    assert 0 < result["jobs_acknowledged"] < 5000
