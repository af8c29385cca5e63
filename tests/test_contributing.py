"""The recipes of CONTRIBUTING.md are true of the code: what they say is refused is refused, and their tables agree."""

import ast
import io
import re
import subprocess
from collections import defaultdict
from datetime import date
from functools import cache
from pathlib import Path

import click
import pytest

from marketplace.channels import schemas
from marketplace.channels.files import exports, record_stream
from marketplace.channels.files.shapes import xingtu_audience, youtube_studio
from marketplace.cli.main import main
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.intrusiveness import constants, factors, messages, plan_changes
from tests import docs_pictures
from tests.channels import make
from tests.intrusiveness.make import READ

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
RECIPES = re.findall(r"^## (Add .+?)\n(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL)


def test_there_is_a_recipe_for_each_thing_that_is_added_often() -> None:
    assert [title for title, _ in RECIPES] == [
        "Add a route",
        "Add a job",
        "Add a migration",
        "Add an intrusiveness factor",
        "Add a shape of export file",
    ]


@pytest.mark.parametrize(("title", "text"), RECIPES, ids=[title for title, _ in RECIPES])
def test_a_recipe_follows_an_example_in_ten_steps_and_ends_by_running_its_tests(title: str, text: str) -> None:
    steps = re.findall(r"^(\d+)\. ", text, re.MULTILINE)
    assert [int(step) for step in steps] == list(range(1, len(steps) + 1))
    assert len(steps) <= 10
    assert text.strip().startswith("Follow "), "name the example to follow"
    (run,) = re.findall(r"Run `make test t=(\"[^\"]+\"|\S+?)`", text)
    for path in run.strip('"').split():
        assert (ROOT / path).exists(), f"{title}: {path}"


# A route.


def test_a_route_without_roles_cannot_be_registered() -> None:
    with pytest.raises(TypeError, match="allow"):
        GuardedBlueprint("new", __name__, tag="market").get("/new")


# A job.


KIND = re.compile(r"[a-z_]+\.[a-z-]+")


@cache
def trees() -> dict[Path, ast.Module]:
    """Return the parsed text of every module of the program."""
    return {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for folder in ("marketplace", "workers")
        for path in sorted(ROOT.glob(f"{folder}/**/*.py"))
    }


def constants_of_kinds() -> dict[str, set[str]]:
    """Return what each constant of the program that may name a kind of job is in any module."""
    values = defaultdict(set)
    for tree in trees().values():
        for node in tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(kind))) if KIND.fullmatch(
                    kind
                ):
                    values[name].add(kind)
    return values


def asking_functions() -> dict[str, int]:
    """Return the functions that ask for a job, with the place of the kind among their arguments."""
    found = {"enqueue": 1}
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = [argument.arg for argument in node.args.args]
                if "kind" in names and "enqueue(" in ast.unparse(node):
                    found[node.name] = names.index("kind")
    return found


def test_every_kind_of_job_that_is_asked_for_has_a_handler() -> None:
    values, asking = constants_of_kinds(), asking_functions()

    def kinds(node: ast.expr | None) -> set[str]:
        match node:
            case ast.Constant(value=str(kind)):
                return {kind}
            case ast.Attribute(attr=name) | ast.Name(id=name):
                return values.get(name, set())
        return set()

    asked: set[str] = set()
    handled: set[str] = set()
    for path, tree in trees().items():
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=arguments) if name in asking:
                    asked.update(*map(kinds, arguments[asking[name] : asking[name] + 1]))
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(keys=keys))
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.Dict(keys=keys))
                ) if path.parent == ROOT / "workers":
                    if name in {"HANDLERS", "PREPARES", "AHEAD"}:
                        handled.update(*map(kinds, keys))
                    elif name == "EVERY":
                        asked.update(*map(kinds, keys))
    assert len(asked) > 15
    assert asked - handled == set(), "name the handler in HANDLERS of the room's worker"


# A migration.


def test_each_migration_follows_the_one_before_by_number() -> None:
    files = sorted((ROOT / "migrations/versions").glob("*.py"))
    for number, path in enumerate(files, 1):
        values = {
            node.targets[0].id: node.value.value
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant)
        }
        before = f"{number - 1:04d}" if number > 1 else None
        assert (path.name[:4], values["revision"], values["down_revision"]) == (
            f"{number:04d}",
            f"{number:04d}",
            before,
        )


# An intrusiveness factor.


@pytest.mark.parametrize("code", constants.CODES)
def test_a_factor_is_measured_said_and_can_be_lowered(code: str) -> None:
    assert len(factors.NOTHING) == len(constants.CODES)
    zh, en = messages.explain(code, (0.0, 1.0), (0.0, 1.0), 60.0, [])
    assert zh.strip()
    assert en.strip()
    found = factors.spans(READ, "mid")
    assert all(change.zh and change.en for change in plan_changes.changes(code, READ, found, found))


def test_a_factor_that_has_no_message_or_no_change_is_refused() -> None:
    with pytest.raises(KeyError):
        messages.explain("new", (0.0, 1.0), (0.0, 1.0), 60.0, [])
    with pytest.raises(KeyError):
        list(plan_changes.changes("new", READ, factors.spans(READ, "mid"), factors.spans(READ, "mid")))


def test_the_page_of_intrusiveness_has_the_factors_as_they_are() -> None:
    page = (ROOT / "docs/formulas/intrusiveness.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| (\d+) \| .+ \|$", page, re.MULTILINE)
    assert rows == [(one.code, f"{one.points:g}") for one in constants.FACTORS]


# A shape of export file.


def test_a_shape_is_known_wherever_shapes_are_listed() -> None:
    shapes = set(record_stream.SHAPES)
    modules = ROOT.glob("marketplace/channels/files/shapes/*.py")
    assert len([path for path in modules if re.search(r"^NAME = ", path.read_text(), re.MULTILINE)]) == len(shapes)
    # A table of Studio does not say whose it is, and an audience page is a part: nothing is written in these shapes,
    # and a row alone is not read.
    written = shapes - {youtube_studio.NAME, xingtu_audience.NAME}
    assert set(exports.SUFFIXES) == written
    assert set(schemas.SHAPES) == shapes
    assert set(make.ROWS) == written
    page = (ROOT / "docs/import.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == shapes
    for name, known in (("import", shapes), ("export", written)):
        command = main.get_command(click.Context(main), name)
        assert command is not None
        (option,) = (option for option in command.params if option.name == "shape")
        assert isinstance(option.type, click.Choice)
        assert set(option.type.choices) == known


def test_a_shape_that_is_not_in_the_table_is_not_found() -> None:
    file = io.BytesIO(make.as_csv({"a_column_of_no_shape": 1}))
    with pytest.raises(record_stream.FileRefused):
        list(record_stream.iter_import(file, today=date(2026, 11, 1)))
    file.seek(0)
    with pytest.raises(KeyError):
        list(record_stream.iter_import(file, today=date(2026, 11, 1), shape="new"))


# The commands.


def recipe_of(target: str) -> list[str]:
    (lines,) = re.findall(rf"^{target}:.*\n((?:\t.+\n)+)", MAKEFILE, re.MULTILINE)
    return [line.strip().replace("$(BIN)", ".venv/bin") for line in lines.splitlines()]


def test_the_hooks_before_a_commit_are_the_commands_of_make_check() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"^ +entry: (.+)$", hooks, re.MULTILINE) == recipe_of("check")
    assert re.findall(r"^ +- repo: (.+)$", hooks, re.MULTILINE) == ["local"], "hooks run what is in .venv"


def test_make_help_lists_every_target_in_one_column() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    targets = re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)
    assert sorted(phony.split()) == sorted(targets)
    done = subprocess.run(
        ["/usr/bin/env", "make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert [line.split()[1] for line in lines] == targets, "give the target a line of help: `target: ## what it does`"
    starts = {re.match(r"make \S+ +", line).end() for line in lines}  # type: ignore[union-attr]
    assert len(starts) == 1, "make room for the longest name"
    assert all(len(line) <= 100 for line in lines)


@pytest.mark.parametrize("page", docs_pictures.pages(), ids=lambda page: page.stem)
def test_the_pictures_of_a_page_are_what_the_code_says(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert docs_pictures.drawn(text) == text, "run `make pictures`"


def test_every_table_of_states_is_drawn() -> None:
    tables = {
        name
        for path in ROOT.glob("marketplace/**/states.py")
        for name in re.findall(r"^(\w+_TRANSITIONS)\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    drawn = {f"{name.upper()}_TRANSITIONS" for name in docs_pictures.STATES}
    assert tables == drawn, "name it in STATES of tests/docs_pictures.py and give it its place in docs/states.md"
    page = (ROOT / "docs/states.md").read_text(encoding="utf-8")
    assert [found[2] for found in docs_pictures.PLACE.finditer(page)] == list(docs_pictures.STATES)


def test_blame_skips_whole_commits_only() -> None:
    lines = (ROOT / ".git-blame-ignore-revs").read_text().splitlines()
    assert all(re.fullmatch(r"#.+|[0-9a-f]{40}", line) for line in lines)
