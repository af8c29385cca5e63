"""The supervisor as a process of its own: what it logs, restarts, stops, and leaves behind (nothing)."""

import contextlib
import os
import signal
import subprocess
import textwrap
from pathlib import Path

import pytest

from marketplace.local.supervisor import Supervisor
from tests.local.run import alive, descendants, python
from tests.waiting import until

pytestmark = pytest.mark.process

# Children are small programs of the shell; `py` is for those that need signals.
HEAD = """
import sys, time
from pathlib import Path
from marketplace.local.supervisor import Supervisor

here = Path(sys.argv[1])
tree = Supervisor(here / "log", stop_within_s=float(sys.argv[2]) if len(sys.argv) > 2 else 10.0)

def sh(text):
    return ["/bin/sh", "-c", text]

def py(text):
    return [sys.executable, "-I", "-S", "-c", text]
"""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def program(text: str) -> str:
    return HEAD + textwrap.dedent(text) + "\nsys.exit(tree.run())\n"


def log(folder: Path) -> list[str]:
    """The log's lines without the padding of the names."""
    path = folder / "log"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [f"{name.strip()}: {text}" for name, _, text in (line.partition(" | ") for line in lines)]


def test_every_line_goes_to_one_log_with_its_name(tmp_path: Path) -> None:
    tree = python(
        program("""
        tree.add("first", sh(f"echo one; echo two >&2; printf '\\\\377 without an end'; touch {here}/said; sleep 60"))
        tree.add("second", sh(f"until test -e {here}/said; do sleep 0.05; done; echo $WHO; exit 7"), {"WHO": "由谁"},
                 restart=False)
        """),
        tmp_path,
    )
    told = tree.communicate(timeout=30)[0]
    assert tree.returncode == 7, told
    lines = log(tmp_path)
    assert {"first: one", "first: two", "first: � without an end", "second: 由谁"} <= set(lines)
    assert "inlay: second ended (code 7)" in lines
    assert lines[-2:] == ["inlay: first stopped (signal 15)", "inlay: all stopped"]


def test_a_child_that_signals_end_makes_the_code_of_a_shell(tmp_path: Path) -> None:
    tree = python(program("""tree.add("one", sh("kill -9 $$"), restart=False)"""), tmp_path)
    tree.communicate(timeout=30)
    assert tree.returncode == 128 + 9


def test_a_crashed_child_comes_back_later_each_time(tmp_path: Path) -> None:
    tree = python(
        program("""
        tries = f"echo x >> {here}/tries; test $(wc -l < {here}/tries) -ge 3 || exit 3; "
        tree.add("weak", sh(tries + "echo steady; sleep 60"))
        """),
        tmp_path,
    )
    until(lambda: "weak: steady" in log(tmp_path))
    tree.send_signal(signal.SIGTERM)
    tree.communicate(timeout=30)
    assert tree.returncode == 0
    told = [line for line in log(tmp_path) if "starting it again" in line]
    assert [line.rsplit(" in ", 1)[1] for line in told] == ["0.5 s", "1.0 s"]
    assert all(line.startswith("inlay: weak ended (code 3) after") for line in told)
    assert (tmp_path / "tries").read_text() == "x\n" * 3


def test_ctrl_c_asks_all_at_once_and_ends_even_the_stubborn(tmp_path: Path) -> None:
    tree = python(
        program(f"""
        tree.add("polite", sh("sleep 61 & echo up; wait"))
        tree.add("stubborn", py({STUBBORN!r}))
        tree.add("parent", sh("sleep 62 & sleep 63 & echo up; wait"))
        """),
        tmp_path,
        "2.5",
    )
    until(lambda: len([line for line in log(tmp_path) if line.endswith(": up")]) == 3)
    family = descendants(tree.pid)
    assert len(family) == 7
    os.killpg(tree.pid, signal.SIGINT)
    tree.communicate(timeout=10)
    assert tree.returncode == 0
    assert alive(family) == []
    ends = [line.split()[1] for line in log(tmp_path) if "did not stop" in line or " stopped (" in line]
    # Nobody waits for the stubborn one to be told.
    assert sorted(ends[:2]) == ["parent", "polite"]
    assert ends[2:] == ["stubborn", "stubborn"]


def test_a_second_ctrl_c_does_not_wait(tmp_path: Path) -> None:
    tree = python(program(f"""tree.add("stubborn", py({STUBBORN!r}), grace_s=50)"""), tmp_path, "60")
    until(lambda: "stubborn: up" in log(tmp_path))
    family = descendants(tree.pid)
    while tree.poll() is None:
        tree.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            tree.wait(0.7)
    tree.communicate()
    assert tree.returncode == 0
    assert alive(family) == []


def test_a_killed_supervisor_leaves_no_orphans(tmp_path: Path) -> None:
    tree = python(
        program("""
        tree.add("one", sh("sleep 61 & sleep 62 & echo up; wait"))
        tree.add("two", sh("(trap '' TERM; sleep 63) & echo up; wait"))
        """),
        tmp_path,
    )
    until(lambda: len([line for line in log(tmp_path) if line.endswith(": up")]) == 2)
    family = descendants(tree.pid)
    tree.kill()
    tree.communicate()
    until(lambda: alive(family) == [], within_s=9)


def test_a_crashed_child_takes_its_own_children_along(tmp_path: Path) -> None:
    tree = python(
        program("""
        tree.add("one", sh(f"sleep 61 & echo $! > {here}/grandchild; exit 0"), restart=False)
        """),
        tmp_path,
    )
    tree.communicate(timeout=30)
    assert tree.returncode == 0
    assert alive([int((tmp_path / "grandchild").read_text())]) == []


def test_the_next_child_does_not_wait_for_the_one_before(tmp_path: Path) -> None:
    tree = python(
        program("""
        tree.add("slow", sh(f"while ! test -e {here}/open; do sleep 0.05; done; echo found it; exit 0"), restart=False)
        tree.add("deaf", sh("sleep 60"), ready=lambda: 1 / 0)
        tree.add("next", sh(f"touch {here}/open; sleep 60"))
        """),
        tmp_path,
    )
    tree.communicate(timeout=30)
    assert tree.returncode == 0
    assert "slow: found it" in log(tmp_path)


def test_a_child_that_is_never_ready_ends_the_start(tmp_path: Path) -> None:
    tree = python(
        program("""
        tree.add("deaf", sh("sleep 60"), ready=lambda: 1 / 0, ready_within_s=0.3)
        tree.add("next", sh("sleep 60"))
        """),
        tmp_path,
    )
    tree.communicate(timeout=30)
    assert tree.returncode == 1
    first, *stopped, last = log(tmp_path)[-4:]
    assert (first, last) == ("inlay: deaf was not ready within 0 s", "inlay: all stopped")
    assert sorted(stopped) == ["inlay: deaf stopped (signal 15)", "inlay: next stopped (signal 15)"]


def test_a_program_that_does_not_exist_is_named(tmp_path: Path) -> None:
    tree = python(program("""tree.add("ghost", ["/nowhere/ghost"])"""), tmp_path)
    tree.communicate(timeout=30)
    assert tree.returncode == 1
    assert log(tmp_path)[0].startswith("inlay: ghost cannot be started: [Errno 2]")


def test_a_watch_has_a_hung_child_killed_and_started_again(tmp_path: Path) -> None:
    tree = python(
        program(f"""
        asked = []
        def check():
            asked.append(1)
            if len(asked) == 1:
                raise RuntimeError("not yet")
            if len(asked) == 2:
                return {{"hung": "it drains nothing"}}
            return {{}}
        tree.add("hung", py({STUBBORN!r}))
        tree.watch(check, 0.2)
        """),
        tmp_path,
    )
    until(lambda: log(tmp_path).count("hung: up") == 2)
    tree.send_signal(signal.SIGTERM)
    until(lambda: "inlay: stopping" in log(tmp_path))
    os.kill(max(descendants(tree.pid)), signal.SIGKILL)  # the newest: the child, not the keeper
    tree.communicate(timeout=30)
    assert tree.returncode == 0
    lines = log(tmp_path)
    assert "inlay: a watch failed: RuntimeError: not yet" in lines
    assert lines.count("inlay: restarting hung: it drains nothing") == 1
    assert not [line for line in lines if "starting it again" in line]


def test_a_child_may_close_its_output_without_waking_the_loop(tmp_path: Path) -> None:
    tree = python(
        program("""
        tree.add("silent", sh(f"exec >&- 2>&-; touch {here}/closed; sleep 60"))
        turns = []
        turn = tree._turn
        def counted(until=None):
            turns.append(1)
            (here / "turns").write_text(str(len(turns)))
            turn(until)
        tree._turn = counted
        """),
        tmp_path,
    )
    until((tmp_path / "closed").exists)
    tree.send_signal(signal.SIGTERM)
    tree.communicate(timeout=30)
    assert tree.returncode == 0
    assert int((tmp_path / "turns").read_text()) < 20


def test_two_children_of_one_name_are_refused(tmp_path: Path) -> None:
    tree = Supervisor(tmp_path / "log")
    tree.add("one", ["/bin/true"])
    with pytest.raises(ValueError, match="there is a child one already"):
        tree.add("one", ["/bin/false"])
    assert tree.children["one"].argv == ("/bin/true",)
    with pytest.raises(KeyError):
        tree.restart("two", "no such child")
    tree.close()
