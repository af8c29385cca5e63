"""Finds the line of a table that names its columns, under titles and notes, and maps its names to those of a shape."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.channels.files.tables.header_names import KnownColumns, says_percent, similar_name
from marketplace.channels.files.tables.table_rows import COLUMNS_MAX, FAULT, FileRefused
from marketplace.channels.records import RowError

# A title, a cover note and a few empty lines may stand above the names; a table that begins later is none.
HEAD_LINES = 40


@dataclass(frozen=True)
class TableHead:
    """The line of the names. `shape` is None if no shape has all that it needs among them."""

    line: int
    names: tuple[str, ...]
    shape: str | None
    score: int


def find_head(lines: Sequence[Sequence[str]], shapes: Mapping[str, KnownColumns]) -> TableHead | None:
    """Return the line that names most columns that a shape reads, a complete one before all others; None for no line.

    If no line names any, the first one that is not empty is taken for the names.
    """
    best: TableHead | None = None
    for number, cells in enumerate(lines[:HEAD_LINES]):
        if not any(cells):
            continue
        names = tuple(cells)
        shape = recognised(names, shapes)
        score = max((known.matches(names) for known in shapes.values()), default=0)
        head = TableHead(number, names, shape, score)
        if best is None or (shape is not None, score) > (best.shape is not None, best.score):
            best = head
        if best.shape is not None:
            break
    return best


def recognised(names: Sequence[str] | Mapping[str, Any], shapes: Mapping[str, KnownColumns]) -> str | None:
    """Return the first shape whose needed columns are all among the names."""
    return next((shape for shape, known in shapes.items() if not known.missing(names)), None)


def check_columns(names: Collection[str]) -> None:
    """Raise FileRefused for too many columns or none."""
    if len(names) > COLUMNS_MAX:
        raise FileRefused(f"列数超过 {COLUMNS_MAX}。", f"More than {COLUMNS_MAX} columns.")
    if not any(names):
        raise FileRefused("没有表头。", "There is no header.")


class ColumnNames:
    """The names of a table's columns as rows have them: a shape's own where it reads the column, else as written."""

    def __init__(self, written: Sequence[str], known: KnownColumns | None) -> None:
        self.written = tuple(written)
        self.renamed: dict[str, str] = {}
        self.unread: list[str] = []
        self.percent: set[str] = set()
        self.twice: dict[int, str] = {}
        self.names: list[str] = []
        for place, name in enumerate(written):
            shown = name.strip()
            own = known.known(shown) if known is not None and shown else None
            if own is None:
                self.unread += [shown] if shown else []
                self.names.append(self._free(shown))
                continue
            if own != shown:
                self.renamed[shown] = own
            if says_percent(shown):
                self.percent.add(own)
            if own in self.names:
                self.twice[place] = own
                self.names.append("")
            else:
                self.names.append(own)

    def _free(self, name: str) -> str:
        found, number = name, 1
        while found and found in self.names:
            number += 1
            found = f"{name} ({number})"
        return found

    def row(self, number: int, cells: Sequence[Any]) -> dict[str, Any]:
        """Return a line's cells by their names, with what is wrong with the line as a whole under FAULT."""
        row = {name: cell for name, cell in zip(self.names, cells, strict=False) if name}
        if len(cells) > len(self.names):
            surplus = [cell for cell in cells[len(self.names) :] if cell not in (None, "")]
            if surplus:
                row[FAULT] = RowError(
                    number, "", str(surplus[:3]), "单元格比表头多。", "More cells than the header has names."
                )
        for place, name in self.twice.items():
            cell = cells[place] if place < len(cells) else None
            if cell in (None, ""):
                continue
            if row.get(name) in (None, ""):
                row[name] = cell
            elif row[name] != cell:
                row[FAULT] = RowError(
                    number,
                    name,
                    f"{row[name]} / {cell}",
                    f"有两列都是“{name}”，此行的值不同；请删去一列。",
                    f"Two columns are {name}, and they differ in this row; remove one.",
                )
        return row


def refuse_shape(names: Sequence[str], shapes: Mapping[str, KnownColumns], asked: str | None) -> FileRefused:
    """Return the refusal of a file whose columns are of no shape: the nearest one, what it lacks, what may be meant."""
    nearest, score = asked, 1.0
    if nearest is None:
        scores = {
            shape: (1 - len(known.missing(names)) / len(known.needs), known.matches(names))
            for shape, known in shapes.items()
        }
        nearest = max(scores, key=lambda shape: scores[shape])
        score = sum(scores[nearest])
    missing = shapes[nearest].missing(names)
    meant = {column: found for column in missing if (found := similar_name(column, names))}
    if not score and not meant:
        listed = ", ".join(shapes)
        return FileRefused(f"无法识别文件格式，支持：{listed}。", f"The columns are of no known shape ({listed}).")
    hint_zh = "".join(f"“{found}”是否指 {column}？" for column, found in meant.items())
    guess = " and ".join(f"{found}" for found in meant.values())
    hint_en = f"; did you mean {guess}?" if meant else "."
    verb = "is" if len(missing) == 1 else "are"
    if asked is not None:
        zh, en = f"缺少列：{', '.join(missing)}。", f"Columns are missing: {', '.join(missing)}"
    else:
        zh = f"缺少列 {', '.join(missing)}；最接近的格式是 {nearest}。"
        en = f"{', '.join(missing)} {verb} missing; the nearest shape is {nearest}"
    return FileRefused(zh + hint_zh, en + hint_en)
