"""Turns the ids of a channel's viewers or commenters into a sketch on this machine, and hands in only the sketch."""

import base64
import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from marketplace.cli.client import ApiClient, fail
from marketplace.cli.output import echo_json, fields
from marketplace.matching.overlap import theta_sketch


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
