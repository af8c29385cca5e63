"""Sends files in and out: a platform's export, whose reading it follows, or a video; a sketch of the ids in a file,
which stay on this machine; and exports one's own channels."""

import base64
import csv
import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from marketplace.cli.calls.id_arguments import IdArgument
from marketplace.cli.client import EXIT_USAGE, ApiClient, fail
from marketplace.cli.number_options import WholeNumber
from marketplace.cli.output import echo_json, fields
from marketplace.cli.shown.import_reading import reading_lines
from marketplace.cli.shown.summaries import in_words, mend
from marketplace.core.lazy_import import lazy_module
from marketplace.core.message import Bilingual
from marketplace.core.words.state_names import state_name
from marketplace.matching.overlap import theta_sketch

if TYPE_CHECKING:
    import rich.console as rich_console
    import rich.progress as rich_progress
else:
    rich_console = lazy_module("rich.console")
    rich_progress = lazy_module("rich.progress")

POLL_S = 0.5
OVER = ("done", "dead", "cancelled")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The file to read.")
@click.option(
    "--shape",
    type=click.Choice(["inlay", "xingtu", "xingtu_audience", "tiktok_one", "youtube", "youtube_studio"]),
    help="Whose columns it has; else they are recognised.",
)
@click.option("--skip-bad-rows", is_flag=True, help="Take the good rows; without it one bad row refuses the file.")
@click.option("--create-creators", is_flag=True, help="Enter creators that the file names and you do not have yet.")
@click.option("--creator", type=IdArgument("party"), metavar="ID", help="All rows belong to this creator, pty_...")
@click.option("--encoding", help="Of the letters, such as gb18030 or cp1252; else it is found out.")
@click.option("--decimal", type=click.Choice(["dot", "comma"]), help="The decimal mark; else it is found out.")
@click.option("--shares", type=click.Choice(["share", "percent"]), help="What rates are given in; else found out.")
@click.option("--taken-on", help="The day of the figures, such as 2026-11-23, where the file has none.")
@click.option("--channel", help="Whose videos a table of YouTube Studio has: a handle or an address.")
@click.option("--subscribers", type=WholeNumber(0, 10**10), help="Of that channel, on that day.")
@click.pass_obj
def import_file(
    api: ApiClient,
    file: Path,
    shape: str | None,
    skip_bad_rows: bool,
    create_creators: bool,
    creator: str | None,
    encoding: str | None,
    decimal: str | None,
    shares: str | None,
    taken_on: str | None,
    channel: str | None,
    subscribers: int | None,
) -> None:
    """Hand in a FILE of channels (CSV, XLSX or JSON).

    Follows it row by row; what cannot be read is listed with what would mend it.
    """
    query = {
        "file_name": file.name,
        "shape": shape,
        "mode": "skip_bad_rows" if skip_bad_rows else "all_or_nothing",
        "create_creators": "true" if create_creators else "false",
        "creator_id": creator,
        "encoding": encoding,
        "decimal": decimal,
        "shares": shares,
        "taken_on": taken_on,
        "channel": channel,
        "subscribers": subscribers,
    }
    with file.open("rb") as opened:
        started, _ = api.raw("POST", "/imports", opened, query, content_type="application/octet-stream")
    follow(api, started["job_id"])
    result = api.call("GET", f"/imports/{started['id']}")
    row_errors = api.call("GET", f"/imports/{started['id']}/faults", query={"limit": 20})["data"]
    if api.as_json:
        echo_json({**result, "faults": row_errors})
    else:
        fields({name: value for name, value in result.items() if name not in ("reading", "options")})
        for line in reading_lines(result["reading"] or {}):
            click.echo(line)
        if row_errors:
            _print_faults(result, row_errors)
    if result["status"] != "done":
        name = state_name(result["status"])
        said_zh, said_en = result["message_zh"], result["message_en"]
        fail(Bilingual(said_zh or f"导入未完成：{name.zh}。", said_en or f"The import is {name.en}."))
    if result["rows_bad"] and not result["rows_done"]:
        fail(Bilingual("没有一行可以导入。", "Not one row could be taken."))


def _print_faults(result: dict[str, Any], row_errors: list[dict[str, Any]]) -> None:
    """Print each thing to mend whole: what mends it must not be cut."""
    bad, shown = result["rows_bad"], len(row_errors)
    click.echo(
        in_words(f"{bad} 行被拒；前 {shown} 处需要修改：", f"{bad} rows refused; the first {shown} things to mend:")
    )
    for one in row_errors:
        place = in_words(f"第 {one['row_number']} 行", f"row {one['row_number']}")
        given = f" {one['value']!r}" if one["value"] else ""
        click.echo(f"  {place} {one['column_name']}{given}: {mend(one)}")


def follow(api: ApiClient, job_id: str, show: bool = True) -> dict[str, Any]:
    """Show an import's progress, in bytes, until it is over, and return the job."""
    of = rich_progress
    columns = (of.TextColumn("{task.description}"), of.BarColumn(), of.DownloadColumn(), of.TimeElapsedColumn())
    console = rich_console.Console(stderr=True)
    with of.Progress(*columns, console=console, disable=not show or api.as_json, transient=True) as bar:
        task = bar.add_task("waiting", total=None)
        while True:
            job: dict[str, Any] = api.call("GET", f"/jobs/{job_id}")
            bar.update(task, description=job.get("stage") or job["state"], completed=job["done"], total=job["total"])
            if job["state"] in OVER:
                return job
            time.sleep(POLL_S)


@click.command("export")
@click.option(
    "--shape",
    type=click.Choice(["inlay", "xingtu", "tiktok_one", "youtube"]),
    default="inlay",
    show_default=True,
    help="Whose columns it has.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
@click.pass_obj
def export_file(api: ApiClient, shape: str, out: Path) -> None:
    """Write your own channels to a file that can be imported."""
    data = api.download("/channels/export", {"shape": shape})
    out.write_bytes(data)
    click.echo(in_words(f"已写入 {out}（{len(data):,} 字节）", f"{len(data):,} bytes in {out}"))


@click.command("labels")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
@click.pass_obj
def labels(api: ApiClient, out: Path) -> None:
    """Write what people corrected in checks, to learn from.

    The file has a label a line, as JSON.
    """
    count, after = 0, None
    with out.open("wb") as file:
        while page := api.download("/video-checks/labels", {"starting_after": after}):
            file.write(page)
            lines = page.splitlines()
            count, after = count + len(lines), json.loads(lines[-1])["correction_id"]
    if api.as_json:
        echo_json({"labels": count, "file": str(out)})
    else:
        click.echo(in_words(f"{count:,} 条标注已写入 {out}", f"{count:,} labels in {out}"))


@click.command("sketch")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The file to read.")
@click.option("--channel", type=IdArgument("channel"), required=True, help="The channel whose audience it is.")
@click.option("--kind", type=click.Choice(["viewers", "commenters"]), required=True, help="Whose ids they are.")
@click.option("--taken-on", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The day of the list, 2026-11-28.")
@click.option("--source", required=True, help="Where the list is from, in a few words.")
@click.option("--column", help="FILE is CSV, and the ids are in this column; else one id a line.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the sketch instead of handing it in."
)
@click.pass_obj
def sketch(
    api: ApiClient,
    file: Path,
    channel: str,
    kind: str,
    taken_on: datetime,
    source: str,
    column: str | None,
    out: Path | None,
) -> None:
    """Make a sketch of the ids in FILE and hand it in.

    The ids stay on this machine.
    """
    platform = api.call("GET", f"/channels/{channel}")["platform"]
    salt = api.call("GET", "/audience-sketches/salt")
    try:
        data = theta_sketch.sketch(_ids(file, column), bytes.fromhex(salt["salt"]), platform)
        people = theta_sketch.read(data, bytes.fromhex(salt["salt"])).people
    except theta_sketch.BadSketch as error:
        fail(Bilingual(f"{file}：{error.said.zh}", f"{file}: {error.said.en}"), EXIT_USAGE)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        fail(Bilingual(f"读不了 {file}：{error}", f"{file}: {error}"), EXIT_USAGE)
    if out is not None:
        out.write_bytes(data)
        click.echo(
            in_words(
                f"{people:,.0f} 个不同的标识；{out} 中 {len(data):,} 字节",
                f"{people:,.0f} different ids; {len(data):,} bytes in {out}",
            )
        )
        return
    body = {
        "channel_id": channel,
        "kind": kind,
        "taken_on": taken_on.date().isoformat(),
        "source": source,
        "sketch": base64.b64encode(data).decode(),
    }
    handed_in = api.call("POST", "/audience-sketches", body)
    if api.as_json:
        echo_json(handed_in)
    else:
        fields(handed_in)


def _ids(file: Path, column: str | None) -> Iterator[str]:
    """Yield the ids of a file that are not empty. Raises what reading it raises."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        if column is None:
            lines: Iterator[str] = iter(opened)
        else:
            reader = csv.DictReader(opened)
            if column not in (reader.fieldnames or ()):
                there = ", ".join(reader.fieldnames or ["-"])
                fail(
                    Bilingual(
                        f"{file} 里没有名为 {column!r} 的列，只有：{there}。",
                        f"{file}: no column is called {column!r}, but {there}.",
                    ),
                    EXIT_USAGE,
                )
            lines = (row[column] or "" for row in reader)
        yield from (text for line in lines if (text := line.strip()))
