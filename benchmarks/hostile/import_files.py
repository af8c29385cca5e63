"""What a hostile file of channels can do to the worker that imports it: be refused, within bounds.

    python -m benchmarks.hostile.import_files [--against CHECKOUT] [--only NAME]

Writes small files that unpack, widen or nest into much more, reads each in a process of its own as an import does, and
prints what was said, CPU seconds and the most memory that the process held. Exits 1 where a file takes more than
CPU_S_MAX or MEMORY_MB_MAX. With --against the same files are read by another checkout too. A process that goes beyond
STOP_CPU_S or STOP_MEMORY_MB is ended, and is shown so. Linux only.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
CPU_S_MAX, MEMORY_MB_MAX = 30.0, 700.0
STOP_CPU_S, STOP_MEMORY_MB = 40, 4000
HEADER = "platform,handle,taken_on,followers\n"
ROW = "douyin,mei,2026-11-01,5000\n"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
NAMES = ("platform", "handle", "taken_on", "followers")
# Run in a checkout of any release; prints what was said, the CPU seconds and the most megabytes held.
READ = """
import contextlib, json, resource, sys, time
from datetime import date
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[2]), int(sys.argv[2])))
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[3]) * 2**20,) * 2)
from marketplace.channels.files.record_stream import FileRefused, iter_import
try:
    from marketplace.channels.files.import_memory import limited_memory
except ImportError:
    limited_memory = contextlib.nullcontext
began, rows = time.process_time(), 0
try:
    with limited_memory(), open(sys.argv[1], "rb") as file:
        for item in iter_import(file, today=date(2026, 11, 23)):
            rows += 1
            last = item
    said = f"{rows} read" + (f", last: {last.en}" if hasattr(last, "en") else "")
except FileRefused as refusal:
    said = refusal.en
except MemoryError:
    said = "MemoryError"
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([said, time.process_time() - began, used.ru_maxrss / 1024]))
"""


@dataclass(frozen=True)
class FileOutcome:
    """What reading one file came to."""

    said: str
    cpu_s: float
    memory_mb: float

    @property
    def broken(self) -> bool:
        return self.cpu_s > CPU_S_MAX or self.memory_mb > MEMORY_MB_MAX


def _pieces(piece: str, size: int) -> Iterator[bytes]:
    """Yield a text again and again, up to a size in bytes."""
    block = piece.encode() * max(1, MIB // len(piece.encode()))
    for _ in range(max(1, size // len(block))):
        yield block


def _text(path: Path, *parts: str | Iterable[bytes]) -> None:
    with path.open("wb") as file:
        for part in parts:
            for piece in [part.encode()] if isinstance(part, str) else part:
                file.write(piece)


def _sheet_head() -> str:
    cells = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in NAMES)
    return f"<worksheet {MAIN}><sheetData><row>{cells}</row>"


def _book(path: Path, **parts: tuple[str | Iterable[bytes], ...]) -> None:
    """Write a workbook of one sheet; `parts` replace those of the same name."""
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    whole: dict[str, tuple[str | Iterable[bytes], ...]] = {
        "types": (
            f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/>',
            f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>',
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kinds}.worksheet+xml"/>',
            f'<Override PartName="/xl/styles.xml" ContentType="{kinds}.styles+xml"/>',
            f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kinds}.sharedStrings+xml"/></Types>',
        ),
        "book": (
            f'<workbook {MAIN} xmlns:r="{links}"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        ),
        "links": (
            f'<Relationships xmlns="{package}/relationships">'
            f'<Relationship Id="r1" Type="{links}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        ),
        "styles": (f"<styleSheet {MAIN}></styleSheet>",),
        "strings": (f"<sst {MAIN}></sst>",),
        "sheet": (_sheet_head(), "</sheetData></worksheet>"),
    }
    names = {
        "types": "[Content_Types].xml",
        "book": "xl/workbook.xml",
        "links": "xl/_rels/workbook.xml.rels",
        "styles": "xl/styles.xml",
        "strings": "xl/sharedStrings.xml",
        "sheet": "xl/worksheets/sheet1.xml",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for key, content in (whole | parts).items():
            with archive.open(names[key], "w", force_zip64=True) as part:
                for each in content:
                    for piece in [each.encode()] if isinstance(each, str) else each:
                        part.write(piece)


def _in_sheet(piece: str, size: int, before: str = "<row>", after: str = "</row>") -> Callable[[Path], None]:
    return lambda path: _book(
        path, sheet=(_sheet_head(), before, _pieces(piece, size), f"{after}</sheetData></worksheet>")
    )


def _in_part(part: str, head: str, piece: str, tail: str, size: int) -> Callable[[Path], None]:
    return lambda path: _book(path, **{part: (head, _pieces(piece, size), tail)})


def _csv(piece: str, size: int) -> Callable[[Path], None]:
    return lambda path: _text(path, HEADER, ROW, _pieces(piece, size), "\n")


def _item(more: str) -> str:
    return '{"platform": "douyin", "handle": "mei", "taken_on": "2026-11-01", "followers": 5000, ' + more


def _many(line: Callable[[int], str], count: int) -> Iterator[bytes]:
    for number in range(count):
        yield line(number).encode()


def _json(before: str, piece: str, size: int, after: str) -> Callable[[Path], None]:
    return lambda path: _text(path, before, _pieces(piece, size), after)


def _json_names(path: Path) -> None:
    _text(path, "[", _item(""), _many(lambda number: f'"{number:x}":1,', 900_000), '"z": 1}]')


def _json_labels(path: Path) -> None:
    _text(path, "[", _item('"regions": {'), _many(lambda number: f'"{number:x}":0,', 400_000), '"CN": 1}}]')


def _json_columns(path: Path) -> None:
    _text(path, _many(lambda number: _item(f'"c{number}": 1}}\n'), 300_000))


def _json_cards(path: Path) -> None:
    card = _item('"rate_card": [' + "{}," * 300_000 + "{}]}\n")
    _text(path, *[card] * 60)


def _one_channel(path: Path) -> None:
    _text(
        path,
        "channel_id,subscribers,report_date,video_id,views,video_published_at,video_title,note\n",
        _many(lambda number: f"UC1,5000,2026-11-01,v{number},9,2026-10-01,t,{'丨' * 8000}\n", 9000),
    )


FILES: Mapping[str, Callable[[Path], None]] = {
    "xlsx, one wide row": _in_sheet("<c><v>1</v></c>", 64 * MIB),
    "xlsx, one enormous cell": _in_sheet("a", 180 * MIB, '<row><c t="inlineStr"><is><t>', "</t></is></c></row>"),
    "xlsx, a cell far to the right": _in_sheet('<row><c r="XFD9"><v>1</v></c></row>', 8 * MIB, "", ""),
    "xlsx, a row far below": _in_sheet('<row r="1048576"><c><v>1</v></c></row>', 1, "", ""),
    "xlsx, a row below any": _in_sheet('<row r="999999999"><c><v>1</v></c></row>', 1, "", ""),
    "xlsx, empty rows": _in_sheet("<row/>", 190 * MIB, "", ""),
    "xlsx, strange elements": _in_sheet("<a/>", 190 * MIB, "", ""),
    "xlsx, rows in a comment": _in_sheet("<c/><!--</row>-->", 190 * MIB),
    "xlsx, many shared strings": _in_part("strings", f"<sst {MAIN}>", "<si><t>a</t></si>", "</sst>", 190 * MIB),
    "xlsx, shared strings of nothing": _in_part("strings", f"<sst {MAIN}>", "<si/>", "</sst>", 31 * MIB),
    "xlsx, one shared string": _in_part("strings", f"<sst {MAIN}><si><t>", "a", "</t></si></sst>", 190 * MIB),
    "xlsx, many styles": _in_part(
        "styles", f"<styleSheet {MAIN}><cellXfs>", '<xf numFmtId="0"/>', "</cellXfs></styleSheet>", 190 * MIB
    ),
    "xlsx, many links": _in_part(
        "links",
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">',
        '<Relationship Id="x" Type="y" Target="z"/>',
        "</Relationships>",
        190 * MIB,
    ),
    "csv, commas": _csv(",", 64 * MIB),
    "csv, commas from the beginning": lambda path: _text(path, _pieces(",", 64 * MIB)),
    "csv, one line": _csv("a", 200 * MIB),
    "csv, one record over many lines": _csv('"a\n",', 64 * MIB),
    "csv, one channel of many rows": _one_channel,
    "json, a million names": _json_names,
    "json, a million labels": _json_labels,
    "json, other columns in each item": _json_columns,
    "json, lists of nothing": _json("[" + _item('"videos": ['), "{},", 4 * MIB, "{}]}]"),
    "json, cards of nothing": _json_cards,
    "json, brackets": _json("", "[", 64 * MIB, ""),
    "json, objects in objects": _json("", '{"a":', 64 * MIB, ""),
    "json, one string": _json('[{"a": "', "a", 200 * MIB, '"}]'),
    "json, one number": _json('[{"a": ', "1", 200 * MIB, "}]"),
    "json, one line of white space": _json("[", " ", 200 * MIB, "]"),
}


def read_in(checkout: Path, file: Path) -> FileOutcome:
    """Read a file as the checkout does, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(file), str(STOP_CPU_S), str(STOP_MEMORY_MB)],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        said, cpu_s, memory_mb = json.loads(done.stdout)
    except ValueError:
        lines = done.stderr.strip().splitlines()
        return FileOutcome(f"ended with {done.returncode}: {lines[-1] if lines else ''}", STOP_CPU_S, STOP_MEMORY_MB)
    return FileOutcome(said, cpu_s, memory_mb)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.hostile.import_files", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout, to read the same files")
    parser.add_argument("--only", default="", help="files whose names have this in them")
    args = parser.parse_args()
    if sys.platform != "linux":
        sys.exit("The limits are those of Linux: run this there.")
    checkouts = [Path(__file__).resolve().parents[2], *([args.against.resolve()] if args.against else [])]
    broken = []
    for name, write in FILES.items():
        if args.only not in name:
            continue
        with tempfile.TemporaryDirectory(prefix="inlay-hostile-") as folder:
            path = Path(folder) / "file"
            write(path)
            for checkout in checkouts:
                outcome = read_in(checkout, path)
                other = "" if checkout is checkouts[0] else "  other:"
                print(
                    f"{other or name:<36}{path.stat().st_size / 1024:9.0f} KiB{outcome.cpu_s:7.1f} s"
                    f"{outcome.memory_mb:6.0f} MB  {outcome.said[:110]}",
                    flush=True,
                )
                if outcome.broken and not other:
                    broken.append(name)
    print("\nEvery file stays within its bounds." if not broken else f"\nbeyond: {'; '.join(broken)}")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
