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

from marketplace.cli.client import ApiClient, fail
from marketplace.cli.output import echo_json, fields, table
from marketplace.core.lazy_import import lazy_module
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
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--shape", type=click.Choice(["inlay", "xingtu", "tiktok_one", "youtube"]), help="else it is recognised")
@click.option("--skip-bad-rows", is_flag=True, help="take the good rows; without it one bad row refuses the file")
@click.option("--create-creators", is_flag=True, help="enter creators that the file names and you do not have yet")
@click.option("--creator", help="all rows belong to this creator")
@click.pass_obj
def import_file(
    api: ApiClient, file: Path, shape: str | None, skip_bad_rows: bool, create_creators: bool, creator: str | None
) -> None:
    """Hand in a FILE of channels (CSV, XLSX or JSON) and follow it row by row."""
    query = {
        "file_name": file.name,
        "shape": shape,
        "mode": "skip_bad_rows" if skip_bad_rows else "all_or_nothing",
        "create_creators": "true" if create_creators else "false",
        "creator_id": creator,
    }
    with file.open("rb") as opened:
        started, _ = api.raw("POST", "/imports", opened, query, content_type="application/octet-stream")
    follow(api, started["job_id"])
    result = api.call("GET", f"/imports/{started['id']}")
    row_errors = api.call("GET", f"/imports/{started['id']}/faults", query={"limit": 20})["data"]
    if api.as_json:
        echo_json({**result, "faults": row_errors})
    else:
        fields(result)
        if row_errors:
            columns = (("row", "row_number"), ("column", "column_name"), ("value", "value"), ("mend", "message_en"))
            table(
                row_errors,
                columns,
                title=f"{result['rows_bad']} rows refused; the first {len(row_errors)} things to mend:",
            )
    if result["status"] != "done":
        fail(result.get("message") or f"the import is {result['status']}")


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
    "--shape", type=click.Choice(["inlay", "xingtu", "tiktok_one", "youtube"]), default="inlay", show_default=True
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="the file to write")
@click.pass_obj
def export_file(api: ApiClient, shape: str, out: Path) -> None:
    """Write your own channels to a file that any of the importers reads."""
    data = api.download("/channels/export", {"shape": shape})
    out.write_bytes(data)
    click.echo(f"{len(data):,} bytes in {out}")


@click.command("labels")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="the file to write")
@click.pass_obj
def labels(api: ApiClient, out: Path) -> None:
    """Write what people put right in checks of videos to a file of JSON lines, to learn from."""
    count, after = 0, None
    with out.open("wb") as file:
        while page := api.download("/video-checks/labels", {"starting_after": after}):
            file.write(page)
            lines = page.splitlines()
            count, after = count + len(lines), json.loads(lines[-1])["correction_id"]
    if api.as_json:
        echo_json({"labels": count, "file": str(out)})
    else:
        click.echo(f"{count:,} labels in {out}")


@click.command("upload")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="what it is called; else the file's own name")
@click.pass_obj
def upload_video(api: ApiClient, file: Path, name: str | None) -> None:
    """Hand in a video FILE of at most 200 MiB (MP4, MOV, WebM, Matroska)."""
    with file.open("rb") as opened:
        answer, _ = api.raw(
            "POST", "/videos", opened, {"name": name or file.name}, content_type="application/octet-stream"
        )
    if api.as_json:
        echo_json(answer)
    else:
        fields(answer)


@click.command("sketch")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--channel", required=True, help="the channel whose audience it is")
@click.option("--kind", type=click.Choice(["viewers", "commenters"]), required=True, help="whose ids they are")
@click.option("--taken-on", type=click.DateTime(["%Y-%m-%d"]), required=True, help="the day of the list, 2026-11-28")
@click.option("--source", required=True, help="where the list is from, in a few words")
@click.option("--column", help="FILE is CSV, and the ids are in this column; else one id a line")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="write the sketch instead of handing it in"
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
    """Make a sketch of the ids in FILE and hand it in. The ids stay on this machine."""
    platform = api.call("GET", f"/channels/{channel}")["platform"]
    salt = api.call("GET", "/audience-sketches/salt")
    try:
        data = theta_sketch.sketch(_ids(file, column), bytes.fromhex(salt["salt"]), platform)
        people = theta_sketch.read(data, bytes.fromhex(salt["salt"])).people
    except (OSError, UnicodeDecodeError, csv.Error, theta_sketch.BadSketch) as error:
        fail(f"{file}: {error}", 2)
    if out is not None:
        out.write_bytes(data)
        click.echo(f"{people:,.0f} different ids; {len(data):,} bytes in {out}")
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
                fail(f"{file}: no column is called {column!r}, but {', '.join(reader.fieldnames or ['none'])}.", 2)
            lines = (row[column] or "" for row in reader)
        yield from (text for line in lines if (text := line.strip()))
