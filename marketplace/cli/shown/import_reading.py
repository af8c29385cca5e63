"""What a file was read as, in lines for the terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from marketplace.cli.shown.summaries import in_words

_DELIMITERS = {"\t": "tab"}


def reading_lines(reading: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each thing that was decided about a file, and for what was left out of it."""
    if not reading:
        return
    parts = [
        str(part)
        for part in (
            reading.get("kind"),
            reading.get("shape"),
            reading.get("encoding"),
            _DELIMITERS.get(reading.get("delimiter", ""), reading.get("delimiter")),
            reading.get("sheet"),
        )
        if part
    ]
    yield in_words("文件读作：", "The file was read as: ") + " · ".join(parts)
    if head := reading.get("header_row"):
        yield in_words(f"  表头在第 {head} 行", f"  names of the columns in row {head}")
    if decimal := reading.get("decimal"):
        mark = "," if decimal == "comma" else "."
        mixed = in_words("（写法不一）", " (the file has both ways)") if reading.get("decimal_from") == "mixed" else ""
        yield in_words(f"  小数点是“{mark}”", f"  the decimal mark is {mark}") + mixed
    for column, unit in reading.get("units", {}).items():
        said = {"percent": in_words("百分比", "per cents"), "share": in_words("比例", "shares (0 to 1)")}
        yield f"  {column}: {said.get(unit, in_words('单位不明', 'unit unclear'))}"
    for column, forms in reading.get("dates", {}).items():
        yield f"  {column}: {', '.join(forms)}"
    for written, column in reading.get("columns_renamed", {}).items():
        yield f"  {written!r} = {column}"
    yield from _left_out(reading)
    for note in reading.get("notes", ()):
        yield f"  {in_words(note['zh'], note['en'])}"


def _left_out(reading: Mapping[str, Any]) -> Iterator[str]:
    if columns := reading.get("columns_left_out"):
        yield in_words("  未读的列：", "  columns not read: ") + ", ".join(columns)
    if sheets := reading.get("sheets_left_out"):
        yield in_words("  未读的工作表：", "  sheets not read: ") + ", ".join(sheets)
    for row in reading.get("left_out", ()):
        why = in_words(row["reason_zh"], row["reason_en"])
        yield in_words(f"  第 {row['row']} 行未导入：", f"  row {row['row']} left out: ") + f"{row['value']} ({why})"
