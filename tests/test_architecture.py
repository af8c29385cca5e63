"""The house rules, so that no reviewer has to remember them."""

import ast
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted([*ROOT.glob("marketplace/**/*.py"), *ROOT.glob("workers/**/*.py"), *ROOT.glob("benchmarks/**/*.py")])
NAMES = [str(path.relative_to(ROOT)) for path in SOURCES]


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_a_file_keeps_the_house_rules(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    name = str(path.relative_to(ROOT))
    assert text.count("\n") <= 400, "split this file by use case"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{node.name} is too long"
            inner = [one for one in ast.walk(node) if isinstance(one, ast.Import | ast.ImportFrom)]
            assert not inner, f"{node.name} imports inside"
        if (
            isinstance(node, ast.Attribute)
            and node.attr in {"commit", "rollback"}
            and not name.startswith("benchmarks")
        ):
            raise AssertionError(f"line {node.lineno}: only the edge's transaction ends a transaction")
        if isinstance(node, ast.Attribute) and node.attr == "environ":
            handing_on = ("marketplace/core/config.py", "marketplace/local/market_tree.py", "marketplace/cli/run.py")
            assert name in handing_on or name.startswith("benchmarks"), "settings come from Config"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"now", "utcnow"}:
            owner = node.func.value
            naive = isinstance(owner, ast.Name) and owner.id == "datetime" and not node.args
            assert not naive, f"line {node.lineno}: times are aware and come from core.clock"


def test_only_request_handling_says_who_acts() -> None:
    """Elsewhere a scope ends with its block: `db.acting_as`. A scope left open shows one party another's rows."""
    allowed = {"marketplace/core/db.py", "marketplace/core/http/request_handling.py"}
    callers = {
        name
        for path, name in zip(SOURCES, NAMES, strict=True)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr == "become")
        or (isinstance(node, ast.ImportFrom) and any(alias.name == "become" for alias in node.names))
        or (isinstance(node, ast.Name) and node.id == "become")
    }
    assert callers == allowed


def test_advisory_locks_are_taken_by_name() -> None:
    """One place hashes names into PostgreSQL's one space of advisory locks, each with its purpose in front."""
    hashing = {name for path, name in zip(SOURCES, NAMES, strict=True) if "advisory" in path.read_text("utf-8")}
    assert hashing == {"marketplace/core/db.py", "marketplace/schema.py"}


# Where a module is imported by its name while the program runs, and why it cannot be imported at the door.
IMPORTS_BY_NAME = {
    "benchmarks/speed/imports.py",  # after it has made the settings that a worker reads
    "benchmarks/speed/scoring.py",  # pandas, which is not among the dependencies
    "marketplace/cli/check_video.py",  # needs the extra `vision`
    "marketplace/cli/lazy_group.py",  # a command is imported when it is called
    "marketplace/demo/command.py",  # needs the extra `vision`
    "marketplace/vision/decode/decoder.py",  # before the sandbox closes the file system
    "marketplace/vision/read/speech.py",  # an optional library
    "workers/handlers.py",  # a queue's handlers are imported by its workers alone
}


def test_modules_are_imported_by_name_only_where_named() -> None:
    found = {name for path, name in zip(SOURCES, NAMES, strict=True) if "import_module" in path.read_text("utf-8")}
    assert found <= IMPORTS_BY_NAME


def test_celery_is_told_no_countdowns() -> None:
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword):
                assert node.arg not in ("countdown", "eta"), f"{path}:{node.value.lineno}: timers are rows"


def test_imports_run_downwards() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_lock_files_pin_by_hash_and_name_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-vision.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text, name
        pins = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
        assert len(pins) > 20
        assert all("==" in line and line.rstrip().endswith("\\") for line in pins), name


def test_every_direct_dependency_is_locked_and_justified() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    wanted = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["embedded"],
        *(one for group in groups.values() for one in group),
    ]
    names = {re.split(r"[\[><=;~ ]", one)[0] for one in wanted}
    locked = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements-dev.lock").read_text(), re.MULTILINE))
    told = set(re.findall(r"^\| ([a-z0-9._-]+) \|", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE))
    assert names <= locked
    assert names <= told


def test_vendored_files_are_what_the_manifest_says() -> None:
    vendor = ROOT / "marketplace/static/vendor"
    manifest = json.loads((vendor / "manifest.json").read_text())
    found = {
        str(path.relative_to(vendor)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in vendor.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert found == manifest["sha256"]


def test_the_compose_file_is_a_compose_file() -> None:
    done = subprocess.run(
        [
            Path(sys.executable).parent / "check-jsonschema",
            "--builtin-schema",
            "vendor.compose-spec",
            "docker-compose.yml",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_migrations_import_none_of_the_models() -> None:
    for path in (ROOT / "migrations/versions").glob("*.py"):
        assert "marketplace" not in path.read_text(), f"{path.name}: a migration must not change when the models do"
