"""A line of the tables of commands that mirror the API: what is typed, what is called, what is shown."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from marketplace.cli.number_options import RealNumber, WholeNumber
from marketplace.cli.output import Column


@dataclass(frozen=True)
class ApiCommand:
    """`inlay <noun> <verb> ARGUMENTS... --options`. `{name}` in the path is an argument, a key of `id_arguments.KINDS`.

    `body` names how the body is given: "file" (JSON from --file or standard input), "fields" (options of their own, of
    which `optional` may be left out), "upload" (a file as it is, of the type its name tells) or none. `numbers` are the
    options that are numbers. `columns` shows a list as a table, of the answer's `rows`, page by page unless `pages` is
    False; `most` is then the most that the API gives. `file` says that the answer is a file to be written with --out;
    `summary` makes its lines for the terminal, all of it follows with --all.
    """

    noun: str
    verb: str
    method: str
    path: str
    help: str
    columns: tuple[Column, ...] = ()
    filters: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    body: str = ""
    etag_from: str = ""
    numbers: Mapping[str, WholeNumber | RealNumber] = field(default_factory=dict)
    rows: str = "data"
    pages: bool = True
    most: int | None = None
    file: bool = False
    summary: Callable[[Any], Iterable[str]] | None = None
    waits: bool = False
    example: str = ""
