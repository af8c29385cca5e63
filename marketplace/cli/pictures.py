"""Writes the pictures of a bid, a selection or a check of a video to a folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from marketplace.cli.calls.id_arguments import IdArgument
from marketplace.cli.client import ApiClient, fail
from marketplace.cli.output import hint
from marketplace.core.message import Bilingual
from marketplace.core.words.state_names import state_name
from marketplace.matching.scoring.schemas import BID_PICTURES
from marketplace.matching.selection.schemas import PICTURES


def write_pictures(api: ApiClient, path: str, names: Sequence[str], out: Path) -> None:
    """Write the named pictures of a bid or a selection, in the language of the command."""
    drawn = {f"{name}.svg": (f"{path}/picture", {"name": name, "language": api.language}) for name in names}
    _write(api, drawn, out)


def _write(api: ApiClient, drawn: dict[str, tuple[str, dict[str, Any]]], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for file, (path, query) in drawn.items():
        (out / file).write_bytes(api.download(path, query))
    hint(Bilingual(f"{len(drawn)} 张图已写入 {out}", f"{len(drawn)} pictures in {out}"))


@click.command()
@click.argument(
    "of",
    metavar="ID",
    type=IdArgument("bid", "selection", "check"),
    help="The id of a bid, a selection or a check of a video: bid_..., sel_... or vck_...",
)
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="A folder for the files.")
@click.pass_obj
def pictures(api: ApiClient, /, of: str, out: Path) -> None:
    """Draw a bid, a selection or a check of a video into a folder.

    Of a bid its price, its place among the bids and its reach; of a selection its reach and budget; of a check the
    timeline and the keyframes. ID says which. Charts are SVG, keyframes JPEG.
    """
    if of.startswith("bid_"):
        write_pictures(api, f"/bids/{of}", BID_PICTURES, out)
    elif of.startswith("sel_"):
        write_pictures(api, f"/selections/{of}", PICTURES, out)
    else:
        _write(api, _of_check(api, of), out)


def _of_check(api: ApiClient, check: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return what to fetch for a check: its timeline, its keyframes, and those that show a repeat."""
    path = f"/video-checks/{check}"
    found = api.call("GET", path)
    if found["result"] is None:
        name = state_name(found["status"])
        fail(Bilingual(f"检查还没有结果（{name.zh}）。", f"The check has no result yet; it is {name.en}."))
    drawn: dict[str, tuple[str, dict[str, Any]]] = {"timeline.svg": (f"{path}/timeline", {"language": api.language})}
    if found["corrected"]:
        drawn["corrected.svg"] = (f"{path}/timeline", {"language": api.language, "of": "corrected"})
    for number in found["result"].get("pictures", {}):
        drawn[f"keyframe-{number}.jpg"] = (f"{path}/pictures", {"of": "keyframe", "number": number})
    for repeat in found["duplicates"]:
        for which in ("this", "other") if repeat["own"] else ("this",):
            query = {"of": which, "number": repeat["place"]}
            drawn[f"repeat-{repeat['place']}-{which}.jpg"] = (f"{path}/pictures", query)
    return drawn
