"""Help in the language of the command: click lays it out from English texts, for which `data/help.zh.json` has Chinese.

A paragraph that is not in the table stays as it is; tests hold that none is missing. Chinese letters count as the two
places that they take, and lines break between them.
"""

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from marketplace.cli.client import ApiClient
from marketplace.cli.language import of_environment
from marketplace.core.lazy_import import lazy_module
from marketplace.core.message import Language

if TYPE_CHECKING:
    import rich.cells as rich_cells
else:
    rich_cells = lazy_module("rich.cells")

_TABLE = Path(__file__).parent / "data" / "help.zh.json"
HEADINGS = {
    "Options": "选项",
    "Commands": "命令",
    "Positional arguments": "参数",
    "Market": "市场",
    "People": "人员",
    "Video": "视频",
    "Deals": "合作",
    "Money": "资金",
    "Operate": "运行",
}
_EXTRAS = (("default: ", "默认 "), ("required", "必填"), ("env var: ", "环境变量 "))
# A word or one Chinese letter, with the closing marks that must not begin a line and the space behind it.
_PIECE = re.compile(r"(?:[!-~]+|\S)[，。；：、？！）”》]*\s*")
_GAP, _NAMES_WIDEST, _TEXT_LEAST = 2, 30, 10


@cache
def chinese_texts() -> dict[str, str]:
    """Return the Chinese of each paragraph and each option of the help, by its English in one line."""
    texts: dict[str, str] = json.loads(_TABLE.read_text(encoding="utf-8"))
    return texts


def chinese(text: str) -> str:
    """Return a paragraph in Chinese, with what click tells of an option behind it; as it is where none is known."""
    plain, gap, extra = " ".join(text.split("\b")[0].split(" ")).partition("  [")
    said = chinese_texts().get(" ".join(plain.split()), text if not gap else plain)
    for english, zh in _EXTRAS if gap else ():
        extra = extra.replace(english, zh)
    return f"{said}{gap}{extra}"


def help_language() -> Language:
    """Return the language of the command whose help is asked for; what stands before `--help` on the line counts."""
    context = click.get_current_context(silent=True)
    if context is None:
        return of_environment()
    api = context.find_object(ApiClient)
    typed: Language | None = context.find_root().params.get("language")
    return api.language if api is not None else typed or of_environment()


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of at most so many places."""
    lines = [""]
    for piece in _PIECE.findall(text):
        if lines[-1] and rich_cells.cell_len(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


class HelpFormatter(click.HelpFormatter):
    """Lays help out in Chinese where the command speaks it, and as click does in English."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.in_chinese = help_language() == "zh"

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, "用法：" if self.in_chinese and prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        if self.in_chinese:
            self.write(f"{'':>{self.current_indent}}{HEADINGS.get(heading, heading)}：\n")
        else:
            super().write_heading(heading)

    def write_text(self, text: str) -> None:
        if not self.in_chinese:
            super().write_text(text)
            return
        indent = " " * self.current_indent
        for number, paragraph in enumerate(text.split("\n\n")):
            if number:
                self.write("\n")
            if paragraph.lstrip().startswith("\b"):  # laid out already
                self.write("".join(f"{indent}{line}\n" for line in paragraph.split("\n")[1:]))
                continue
            said = "示例：" if paragraph == "Example:" else chinese(paragraph)
            self.write("".join(f"{indent}{line}\n" for line in wrapped(said, self.width - self.current_indent)))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = _NAMES_WIDEST, col_spacing: int = _GAP) -> None:
        given = list(rows)
        if not self.in_chinese:
            super().write_dl(given, col_max, col_spacing)
            return
        first = min(max(rich_cells.cell_len(name) for name, _ in given), col_max) + col_spacing
        for name, text in given:
            lines = wrapped(chinese(text), max(self.width - first - _GAP, _TEXT_LEAST))
            fits = rich_cells.cell_len(name) <= first - col_spacing
            head = (
                name + " " * (first - rich_cells.cell_len(name))
                if fits
                else f"{name}\n{'':{first + self.current_indent}}"
            )
            gap = f"\n{'':{first + self.current_indent}}"
            self.write(f"{'':>{self.current_indent}}{head}{gap.join(lines)}\n")


def speak_help() -> None:
    """Let every command's help be laid out by this formatter."""
    click.Context.formatter_class = HelpFormatter
