"""Sends a video in: whole, or in stretches where it is large, so that what was cut off goes on where it stopped."""

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from marketplace.cli.calls.api_commands import show
from marketplace.cli.calls.id_arguments import IdArgument
from marketplace.cli.client import EXIT_USAGE, ApiClient, fail
from marketplace.core.lazy_import import lazy_module
from marketplace.core.message import Bilingual

if TYPE_CHECKING:
    import rich.console as rich_console
    import rich.progress as rich_progress
else:
    rich_console = lazy_module("rich.console")
    rich_progress = lazy_module("rich.progress")

WHOLE_MAX = 200 * 2**20
STRETCH = 8 * 2**20
_TUS = {"Tus-Resumable": "1.0.0"}


@click.command("upload")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The video.")
@click.option("--name", help="What it is called; else the file's own name.")
@click.option(
    "--resume", type=IdArgument("video"), metavar="ID", help="Go on with this upload, vfl_..., that was cut off."
)
@click.pass_obj
def upload_video(api: ApiClient, /, file: Path, name: str | None, resume: str | None) -> None:
    """Hand in a video FILE (MP4, MOV, WebM, Matroska).

    Up to 200 MiB go in one piece and larger ones, up to 2 GiB, in stretches; `inlay videos progress` tells how far.
    """
    size = file.stat().st_size
    if size <= WHOLE_MAX and resume is None:
        with file.open("rb") as opened:
            query = {"name": name or file.name}
            show(api, api.raw("POST", "/videos", opened, query, content_type="application/octet-stream")[0])
        return
    show(api, _in_stretches(api, file, size, resume or _announced(api, name or file.name, size)))


def _announced(api: ApiClient, name: str, size: int) -> str:
    """Announce an upload and return its id."""
    metadata = f"filename {base64.b64encode(name.encode()).decode()}"
    headers = {**_TUS, "Upload-Length": str(size), "Upload-Metadata": metadata}
    announced: str = api.raw("POST", "/video-uploads", headers=headers)[0]["id"]
    return announced


def _in_stretches(api: ApiClient, file: Path, size: int, upload: str) -> Any:
    """Send what the market has not yet, and return the upload as it is then."""
    path = f"/video-uploads/{upload}"
    known = api.raw("GET", path, headers=_TUS)[0]
    if known["size_bytes"] != size:
        fail(
            Bilingual(
                f"{upload} 登记的大小是 {known['size_bytes']:,} 字节，{file} 是 {size:,} 字节：不是同一个文件。",
                f"{upload} was announced with {known['size_bytes']:,} bytes and {file} has {size:,}: another file.",
            ),
            EXIT_USAGE,
        )
    of = rich_progress
    columns = (of.TextColumn("{task.description}"), of.BarColumn(), of.DownloadColumn(), of.TransferSpeedColumn())
    console = rich_console.Console(stderr=True)
    with file.open("rb") as opened, of.Progress(*columns, console=console, disable=api.as_json, transient=True) as bar:
        task = bar.add_task(upload, total=size, completed=known["received_bytes"])
        offset = opened.seek(known["received_bytes"])
        while stretch := opened.read(STRETCH):
            headers = {**_TUS, "Upload-Offset": str(offset)}
            api.raw("PATCH", path, stretch, content_type="application/offset+octet-stream", headers=headers)
            offset += len(stretch)
            bar.update(task, completed=offset)
    return api.raw("GET", path, headers=_TUS)[0]
