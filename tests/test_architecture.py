"""The house rules, so that no reviewer has to remember them."""

import ast
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted([*ROOT.glob("marketplace/**/*.py"), *ROOT.glob("workers/**/*.py"), *ROOT.glob("benchmarks/**/*.py")])
NAMES = [str(path.relative_to(ROOT)) for path in SOURCES]

MODULES_MAX = 20
# These names mean the same thing in every room, so a room may have each of them.
STANDARD_MODULES = {"models", "policy", "service", "routes", "schemas", "states", "messages"}
# Measured at 5.1 per cent; models of the field have 2 to 11.
ONE_WORD_CLASSES_MAX = 0.06


@cache
def nodes(path: Path) -> list[ast.AST]:
    """Return every node of a source file, the module itself first. Parsed and walked once for all tests here."""
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def walked(*folders: str) -> Iterator[tuple[str, list[ast.AST]]]:
    """Yield the name and the nodes of every source file in these folders."""
    for path, name in zip(SOURCES, NAMES, strict=True):
        if name.startswith(tuple(f"{folder}/" for folder in folders)):
            yield name, nodes(path)


def repeated(places: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: files for name, files in places.items() if len(files) > 1}


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_a_file_keeps_the_house_rules(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    name = str(path.relative_to(ROOT))
    assert text.count("\n") <= 400, "split this file by use case"
    for node in nodes(path):
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
        if isinstance(node, ast.Attribute) and node.attr == "environ" and getattr(node.value, "id", "") == "os":
            handing_on = (
                "marketplace/core/config.py",
                "marketplace/local/market_tree.py",
                "marketplace/cli/run.py",
                "marketplace/backups/pg_programs.py",
            )
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
        for node in nodes(path)
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
    "marketplace/core/lazy_import.py",  # the one mechanism for heavy libraries
    "marketplace/vision/decode/decoder.py",  # before the sandbox closes the file system
    "workers/handlers.py",  # a queue's handlers are imported by its workers alone
}


def test_modules_are_imported_by_name_only_where_named() -> None:
    found = {name for path, name in zip(SOURCES, NAMES, strict=True) if "import_module" in path.read_text("utf-8")}
    assert found == IMPORTS_BY_NAME, "import at the top of the file, or by core.lazy_import"


# Where a framework is imported besides its own modules, and why it is needed there.
FLASK_ELSEWHERE = {  # measure the same routes on bare Flask
    "benchmarks/speed/edge.py",
    "benchmarks/speed/bare_web.py",
    "benchmarks/speed/mixed_load.py",
}
CELERY_ELSEWHERE = {
    "marketplace/core/doorbell.py",  # any process rings
    "marketplace/local/market_tree.py",  # `inlay up` asks the broker whether it answers and how much waits in it
    "benchmarks/speed/noop.py",  # measures a bare Celery task
}


def is_http(name: str) -> bool:
    in_core = name.startswith("marketplace/core/http/")
    return in_core or name in {"marketplace/app.py", "marketplace/wsgi.py"} or Path(name).stem.startswith("routes")


def test_flask_and_celery_are_imported_only_where_requests_and_workers_are() -> None:
    # What can be done is plain functions: request handling, jobs, the command and tests call the same ones.
    flask, celery = set(), set()
    for name, found in walked("marketplace", "workers", "benchmarks"):
        packages = set(imported_packages(found))
        if packages & {"flask", "flask_smorest"} and not is_http(name):
            flask.add(name)
        if packages & {"celery", "kombu"} and not name.startswith("workers/"):
            celery.add(name)
    assert flask == FLASK_ELSEWHERE, "a route or request handling reads the request and hands on plain values"
    assert celery == CELERY_ELSEWHERE, "ask for work by core.jobs.enqueue"


def imported_packages(found: list[ast.AST]) -> Iterator[str]:
    """Yield the package of every import among the nodes of a module."""
    for node in found:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_celery_is_told_no_countdowns() -> None:
    for path in SOURCES:
        for node in nodes(path):
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


def test_a_folder_holds_few_enough_modules_to_read_in_one_glance() -> None:
    counts = Counter(path.parent.relative_to(ROOT) for path in SOURCES if path.stem != "__init__")
    full = {str(folder): count for folder, count in counts.items() if count > MODULES_MAX}
    assert not full, f"more than {MODULES_MAX} modules: give a part of the folder a folder of its own"


@pytest.mark.parametrize("folders", [("marketplace", "workers"), ("benchmarks",)], ids=" and ".join)
def test_no_two_modules_share_a_name(folders: tuple[str, ...]) -> None:
    places = defaultdict(list)
    for name, _ in walked(*folders):
        stem = Path(name).stem
        if not stem.startswith("__") and stem not in STANDARD_MODULES:
            places[stem].append(name)
    assert not repeated(places), f"say what tells them apart; only {sorted(STANDARD_MODULES)} may repeat"


def test_no_two_public_classes_share_a_name() -> None:
    places = defaultdict(list)
    for name, (module, *_) in walked("marketplace", "workers"):
        assert isinstance(module, ast.Module)
        for node in module.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(name)
    assert not repeated(places), "name each class for what it holds in its own room"


def test_class_names_say_what_they_hold() -> None:
    names = [
        node.name
        for _, found in walked("marketplace", "workers")
        for node in found
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    one_word = sorted(name for name in names if len(re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*", name)) == 1)
    share = len(one_word) / len(names)
    assert share <= ONE_WORD_CLASSES_MAX, f"{share:.1%} of class names are one word; add the noun: {one_word}"


def test_a_service_returns_values_that_say_what_they_hold() -> None:
    untyped = {
        f"{name}:{node.name}"
        for name, found in walked("marketplace")
        for node in found
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and node.returns is not None
        if "dict[str, Any]" in ast.unparse(node.returns) and takes_a_session(node)
    }
    assert not untyped, f"return a frozen dataclass, a NamedTuple or the row itself: {sorted(untyped)}"


def takes_a_session(function: ast.FunctionDef) -> bool:
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return any(re.search(r"\bSession\b", ast.unparse(one.annotation)) for one in arguments if one.annotation)


def contracts() -> list[dict[str, Any]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = project["tool"]["importlinter"]["contracts"]
    return found


def rooms(package: str) -> set[str]:
    """Return the dotted names of a package's own modules and of its folders that hold modules."""
    folder = ROOT / package.replace(".", "/")
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    folders = {path.parent.name for path in folder.glob("*/__init__.py")}
    return {f"{package}.{name}" for name in modules | folders}


def test_every_room_has_its_place_in_the_order_of_imports() -> None:
    # What the contract does not name may import anything, so a new room must not be forgotten there.
    (layers,) = (contract["layers"] for contract in contracts() if contract["type"] == "layers")
    named = {name.strip() for layer in layers for name in re.split(r"[|:]", layer)}
    wanted = (rooms("marketplace") - {"marketplace.matching"}) | rooms("marketplace.matching") | {"workers"}
    assert wanted - named == set(), "give the new room its layer in pyproject.toml, [[tool.importlinter.contracts]]"
    assert named - wanted == set(), "the contract names a room that is not there"


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
