"""`python -m benchmarks.speed.repeats [--pictures 1000000] [--seconds 60]`: what it costs to hold a video's pictures against
all that the market has seen.

Fills an embedded PostgreSQL with random hashes of pictures in three views each, of which one video's are those of the
video that is looked up with up to 30 of their 256 bits turned, and looks it up as the merge of a check does. Prints
seconds of the clock and of the processor, memory, and what was found; ends with 1 where the repeated video was not found
or another one was.
"""

import argparse
import io
import json
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import sqlalchemy as sa

from marketplace import schema
from marketplace.checks import duplicates
from marketplace.core import column_copy, db, log
from marketplace.local.servers import start_servers
from marketplace.vision.see import picture_hashes
from marketplace.vision.see.picture_hashes import PictureHash

PICTURES, SECONDS, PER_VIDEO, TURNED = 1_000_000, 60, 100, 30
VIEWS = (picture_hashes.PLAIN, picture_hashes.INNER, picture_hashes.UPPER)
LOOKS = round(picture_hashes.EVERY_S / picture_hashes.LOOK_S)
_KINDS = {"video": "int8", "at_s": "float8", "view": "int8", "bits": "bytes:32"}
_STAGE = "CREATE TEMPORARY TABLE staged (video bigint, at_s float8, view bigint, bits bytea)"
_FILL = (
    "INSERT INTO video_pictures (id, created_at, sha256, at_s, view, bits)"
    f" SELECT uuidv7(), now(), lpad(to_hex(video), 64, '0'), at_s, (ARRAY{list(VIEWS)})[view + 1], bits FROM staged"
)


def run(pictures: int = PICTURES, seconds: int = SECONDS) -> dict[str, Any]:
    """Return what one look-up costs."""
    dice = np.random.default_rng(1)
    own = dice.integers(0, 256, (seconds, LOOKS, len(VIEWS), 2, 32), dtype=np.uint8)
    hashes = [
        PictureHash(second + look / LOOKS, VIEWS[view], own[second, look, view, side].tobytes(), 100, side == 1)
        for second, look, view, side in np.ndindex(own.shape[:-1])
    ]
    with TemporaryDirectory() as folder, start_servers(Path(folder), fsync=False) as servers:
        schema.upgrade(servers.owner_url)
        engine = db.connect(servers.database_url, pool_size=2)
        try:
            with db.transaction() as session:
                _fill(session, dice, pictures, own[:, 0, :, 0].reshape(-1, 32))
            return {"pictures": pictures, "looked_up": len(hashes), **_look_up(hashes)}
        finally:
            engine.dispose()


def _fill(session: Any, dice: np.random.Generator, pictures: int, repeated: Any) -> None:
    rows_of_picture = len(VIEWS)
    place = np.arange(rows_of_picture * pictures) // rows_of_picture
    videos = place // PER_VIDEO + 1
    bits = dice.integers(0, 256, (len(place), 32), dtype=np.uint8)
    known = np.unpackbits(repeated, axis=1)
    for row in known:
        row[dice.choice(256, TURNED, replace=False)] ^= 1
    bits[: len(known)], videos[: len(known)] = np.packbits(known, axis=1), 0
    session.execute(sa.text("SET LOCAL statement_timeout = 0"))
    session.execute(sa.text(_STAGE))
    at_s = (place % PER_VIDEO).astype(np.float64)
    at_s[: len(known)] = place[: len(known)]
    rows = {
        "video": videos.astype(np.int64),
        "at_s": at_s,
        "view": (np.arange(len(place)) % rows_of_picture).astype(np.int64),
        "bits": bits.reshape(-1).view("V32"),
    }
    column_copy.write(session, "staged", _KINDS, rows, np.arange(len(place)))
    session.execute(sa.text(_FILL))


def _look_up(hashes: Sequence[PictureHash]) -> dict[str, Any]:
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.monotonic()
    with db.transaction() as session:
        found = duplicates.find_repeated(session, "f" * 64, list(hashes))
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "seconds": round(time.monotonic() - began, 2),
        "cpu_seconds": round(spent.ru_utime - before.ru_utime + spent.ru_stime - before.ru_stime, 2),
        "memory_grown_mib": round((spent.ru_maxrss - before.ru_maxrss) / 1024),
        "found": [[other.lstrip("0"), len(matched)] for other, matched in found],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.repeats", description=__doc__)
    parser.add_argument("--pictures", type=int, default=PICTURES, help="pictures that the market has seen")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="length of the video that is looked up")
    args = parser.parse_args(arguments)
    log.configure("json", io.StringIO())
    figures = run(args.pictures, args.seconds)
    print(json.dumps(figures))
    return 0 if figures["found"] == [["", args.seconds]] else 1


if __name__ == "__main__":
    sys.exit(main())
