"""Runs what a page tells the reader to type: its indented blocks, line by line in one shell, as the page explains.

What the pages explain, and no more, is put in: an id that ends in `...` is the last one of its kind that was printed,
dates are as far from today as the page's are from its own day, and files have the content that the page shows.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
WRITTEN_ON = date(2026, 11, 29)
_ID = re.compile(r"\b([a-z]{3})_([0-7][0-9a-hjkmnp-tv-z]{25})\b")
_DOTS = re.compile(r"\b([a-z]{3})_\.\.\.")
_DATE = re.compile(r"\b(20\d\d-\d\d-\d\d)")
_REMARK = re.compile(r"\s{2,}#.*$")
_END = "--- that was it:"


class Step(NamedTuple):
    """A line of a page that was run: as the page has it, as it was typed, what it printed, how it ended."""

    line: str
    typed: str
    output: str
    code: int


def section(page: str, heading: str) -> str:
    """Return the text under a heading of a page, to the next heading of its level."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"{page} has no {heading}"
    return found.group(1)


def files(page: str) -> Iterator[tuple[str, str]]:
    """Yield the files that a page shows: a name in backticks, then a block of JSON."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for name, body in re.findall(r"^`([\w.]+\.json)`[^\n]*\n\n```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield name, as_of_today(body)


def as_of_today(text: str) -> str:
    """Return the text with each date as far from today as it was from the day of the page."""
    past = datetime.now(UTC).date() - WRITTEN_ON
    return _DATE.sub(lambda found: (date.fromisoformat(found.group(1)) + past).isoformat(), text)


def lines(text: str) -> Iterator[str]:
    """Yield what a page tells to type: the lines of its indented blocks, continued ones as one."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from re.findall(r"^    (.*(?:\\\n.*)*)", text, re.MULTILINE)


class Reader:
    """Somebody who types what a page says into one shell, in a folder of their own."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        self.ids: dict[str, str] = {}
        (folder / ".venv").symlink_to(Path(os.path.realpath(ROOT / ".venv")))
        self._shell = subprocess.Popen(
            [shutil.which("bash") or "/bin/bash"],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def write(self, name: str, content: str) -> None:
        (self.folder / name).write_text(content, encoding="utf-8")

    def type(self, line: str) -> Step:
        """Type a line of the page, and wait for its end."""
        if "@" in line or "--file" in line:
            self._fill_in_files()
        typed = self.filled_in(_REMARK.sub("", line))
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(f"{typed}\n\nended=$?; echo; echo '{_END}' $ended\n")
        self._shell.stdin.flush()
        printed: list[str] = []
        while not (read := self._shell.stdout.readline()).startswith(_END):
            assert read, f"the shell ended at: {typed}\n{''.join(printed)}"
            printed.append(read)
        output = "".join(printed)
        self.ids |= {found.group(1): found.group(0) for found in _ID.finditer(output)}
        return Step(line, typed, output, int(read.removeprefix(_END)))

    def filled_in(self, text: str) -> str:
        def latest(found: re.Match[str]) -> str:
            assert found.group(1) in self.ids, f"no {found.group(0)} was printed before: {text}"
            return self.ids[found.group(1)]

        return _DOTS.sub(latest, text)

    def _fill_in_files(self) -> None:
        for path in self.folder.glob("*.json"):
            text = path.read_text(encoding="utf-8")
            if all(kind in self.ids for kind in _DOTS.findall(text)):
                path.write_text(self.filled_in(text), encoding="utf-8")

    def leave(self) -> None:
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.close()
        self._shell.wait(30)
        self._shell.stdout.close()


def problem(step: Step) -> int | None:
    """Return the status of the problem that a call of the API answered with, None where it answered otherwise."""
    for line in step.output.splitlines():
        try:
            answer = json.loads(line)
        except ValueError:
            continue
        if (
            isinstance(answer, dict)
            and {"type", "title", "status"} <= answer.keys()
            and isinstance(answer["status"], int)
        ):
            return int(answer["status"])
    return None
