"""What the documents name is there: files, headings, functions, constants, modules to run, make targets, commands."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from marketplace.cli.main import main

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
MODULES = sorted(
    path for folder in ("marketplace", "workers", "benchmarks", "tests") for path in ROOT.glob(f"{folder}/**/*.py")
)
FOLDERS = ("marketplace", "workers", "benchmarks", "tests", "migrations", "docs")

# A path within the repository, with what stands in it after a colon.
PATH = re.compile(r"(?<![\w/.~-])((?:[\w*-]+/)*[\w*-]+\.(?:py|md|mako))(?::(\w+))?(?![\w/])")
FOLDER = re.compile(rf"(?<![\w/.~-])((?:{'|'.join(FOLDERS)})/(?:[\w-]+/)*)(?![\w*])")
# Settings of a transaction in PostgreSQL, which look like names in `marketplace/app.py`.
SETTINGS = {"app.role", "app.parties"}
DOTTED = re.compile(r"`([a-z_]+)\.([A-Za-z_]+)(?:\(|`)")
RUN = re.compile(r"python -m ((?:benchmarks|marketplace|workers|tests)[\w.]*)")
MAKE = re.compile(r"\bmake (?:[A-Z]+=\S+ )*([a-z]+)")
INLAY = re.compile(r"(?<![\w/])(?:\.venv/bin/)?inlay ((?:[a-z]+[a-z-]*(?: |$|(?=[^\w ])))+)", re.MULTILINE)


def code(document: Path) -> str:
    """Return what stands in a document as code: in blocks and between backticks, a line each."""
    text = document.read_text(encoding="utf-8")
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    text = re.sub(r"^```\w*\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^ {4}(?![-*]|\d\.)(.*)$", text, re.MULTILINE)
    spans = re.findall(r"`([^`\n]+)`", text)
    return "\n".join([*fenced, *indented, *spans])


def test_the_documents_are_found() -> None:
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md"} <= set(NAMES)


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_file_that_a_document_names_is_there(document: Path) -> None:
    gone = []
    for path, name in PATH.findall(code(document)):
        files = places(path, document)
        if not files:
            gone.append(path)
        elif name and not any(name in defined(file) for file in files):
            gone.append(f"{path}:{name}")
    gone += [path for path in FOLDER.findall(code(document)) if not (ROOT / path).is_dir()]
    assert not gone, "say where this is now"


def places(path: str, document: Path) -> list[Path]:
    """Return the files that a path means: from the root, beside the document, or in a folder that the document has."""
    for base in (ROOT, document.parent):
        files = sorted(base.glob(path))
        if files:
            return files
    text = code(document)
    folders = {
        *FOLDER.findall(text),
        *(f"{named.rpartition('/')[0]}/" for named, _ in PATH.findall(text) if "/" in named),
    }
    found = [module for module in MODULES if module.name == path]
    return [module for module in found if str(module.relative_to(ROOT)).startswith(tuple(folders))]


@cache
def defined(module: Path) -> set[str]:
    """Return the names that a module defines: functions, classes and their parts, and constants."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def test_every_module_that_a_comment_names_is_there() -> None:
    names = {module.name for module in MODULES}
    gone = []
    for module in MODULES:
        if not module.name.startswith("test_"):
            for path, name in PATH.findall(module.read_text(encoding="utf-8")):
                if path.endswith(".py") and "*" not in path:
                    found = any((base / path).is_file() for base in (ROOT, ROOT / "marketplace", module.parent))
                    if not found and ("/" in path or path not in names):
                        gone.append(f"{module.relative_to(ROOT)}: {path}{name and f':{name}'}")
    assert not gone, "say where this is now"


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_name_in_a_module_that_a_document_names_is_there(document: Path) -> None:
    gone = []
    for stem, name in DOTTED.findall(document.read_text(encoding="utf-8")):
        modules = [
            module for module in MODULES if module.stem == stem and module.parts[len(ROOT.parts)] == "marketplace"
        ]
        if (
            modules
            and name != "py"
            and f"{stem}.{name}" not in SETTINGS
            and not any(name in defined(module) for module in modules)
        ):
            gone.append(f"{stem}.{name}")
    assert not gone, "say what this is called now"


@cache
def constants_of_the_program() -> set[str]:
    program = [module for module in MODULES if module.is_relative_to(ROOT / "marketplace")]
    return {
        name for module in program for name in re.findall(r"\b[A-Z][A-Z0-9_]+\b", module.read_text(encoding="utf-8"))
    }


@pytest.mark.parametrize("document", sorted(ROOT.glob("docs/formulas/*.md")), ids=lambda document: document.stem)
def test_every_constant_that_a_formula_names_is_there(document: Path) -> None:
    constants = set(re.findall(r"`([A-Z][A-Z0-9_]+_[A-Z0-9_]+|[A-Z]{4,})`", document.read_text(encoding="utf-8")))
    gone = constants - constants_of_the_program()
    assert not gone, "say what these are called now"


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_command_that_a_document_names_is_there(document: Path) -> None:
    text = code(document)
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    gone = [f"make {target}" for target in MAKE.findall(text) if target not in targets]
    gone += [f"python -m {module}" for module in RUN.findall(text) if not runs(module.rstrip("."))]
    gone += [f"inlay {words}" for words in unknown_commands(text)]
    assert not gone


def runs(module: str) -> bool:
    path = ROOT / module.replace(".", "/")
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


def unknown_commands(text: str) -> Iterator[str]:
    """Yield the commands of `inlay` in the text that are none; words after a command are its arguments."""
    for words in INLAY.findall(text):
        group: click.Command | None = main
        for word in words.split():
            if not isinstance(group, click.Group):
                break
            group = group.get_command(click.Context(group), word)
            if group is None:
                yield words.strip()
                break


def test_every_page_is_reached_from_the_first() -> None:
    linked = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    pages = [name.removeprefix("docs/") for name in NAMES if name.startswith("docs/") and name != "docs/README.md"]
    missing = [page for page in pages if f"({page})" not in linked]
    assert not missing, "lead the reader there from docs/README.md"


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_link_between_documents_leads_somewhere(document: Path) -> None:
    gone = []
    for link, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)", document.read_text(encoding="utf-8")):
        page = document.parent / link if link else document
        if not page.exists():
            gone.append(link)
        elif anchor and anchor not in anchors(page):
            gone.append(f"{link}#{anchor}")
    assert not gone, "name the file, or the heading, as it is now"


@cache
def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    text = re.sub(r"^```\w*\n.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    found: Counter[str] = Counter()
    names = set()
    for heading in re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        # A heading that repeats an earlier one is numbered.
        names.add(f"{name}-{found[name]}" if found[name] else name)
        found[name] += 1
    return names
