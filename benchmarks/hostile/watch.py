"""A worker that is given one file after the other, and what can be seen of it from outside (Linux: reads /proc).

Memory is the high-water mark of resident memory (VmHWM), of the decoder polled every POLL_S while it lives, of the
worker set back before each file.
"""

import contextlib
import multiprocessing
import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from marketplace.vision.decode import limits, media
from marketplace.vision.decode.frames import FrameCache
from marketplace.vision.decode.sandbox import descendants

POLL_S = 0.01
GIVEN_UP_S = 180.0
TAKEN = "taken"
MB = 1024**2


@dataclass(frozen=True)
class Outcome:
    """What became of one file: ``said`` is a refusal's code or ``taken``; ``faults`` are the promises it broke."""

    name: str
    said: str
    at_s: float | None
    seconds: float
    decoder_mb: float
    worker_mb: float
    faults: tuple[str, ...] = ()


@dataclass
class Place:
    """Folders of a run: ``canary`` is where the workers stand and must stay as it is."""

    root: Path
    canary: Path = field(init=False)
    seen: dict[str, Any] = field(init=False)
    code: Path = Path(__file__).resolve().parents[2]

    def __post_init__(self) -> None:
        self.canary = self.root / "canary"
        (self.canary / "tmp").mkdir(parents=True)
        (self.canary / "canary.txt").write_text("alive")
        self.seen = self.look()

    @property
    def token(self) -> str:
        """A name that crafted files would write under, were they let."""
        return f"written-by-{self.root.name}"

    def look(self) -> dict[str, Any]:
        """Return what is to be seen in the canary's folder, beside the code, and under the token where all may write.

        Of the code's folder names only: people work there.
        """
        canary = {str(one): (one.stat().st_size, one.stat().st_mtime_ns) for one in sorted(self.canary.rglob("*"))}
        shared = [one for folder in ("/tmp", "/var/tmp", "/dev/shm") for one in Path(folder).glob(f"*{self.token}*")]  # noqa: S108
        return {**canary, "code": sorted(os.listdir(self.code)), "shared": sorted(map(str, shared))}


class Listener:
    """A socket on this machine that nobody may call; ``calls`` counts who did."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.calls = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self.socket.accept()
                self.calls += 1
                caller.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):  # wakes the thread, which close alone does not
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self._thread.join(5)


def _look_at(cache: FrameCache) -> None:
    """Use a cache as the next steps do. Raises where it is not whole."""
    times, thumbs = cache.thumbs()
    assert len(times) == len(thumbs) > 0
    assert list(cache.times) == sorted(set(cache.times))
    assert len(cache) == len(list((cache.folder / "frames").iterdir()))
    assert 0 <= cache.info.duration_s <= limits.DURATION_S_MAX + 1
    for at in (0, len(cache) - 1):
        assert cache.picture(at).shape[:2] == cache.shape
    assert cache.sound()[:].shape[1] == 2


def _serve(pipe: "Connection[Any, Any]", canary: str) -> None:
    """Decode files named over the pipe until it closes, as a worker does."""
    os.chdir(canary)
    tempfile.tempdir = f"{canary}/tmp"  # noqa: S108 - of this run
    while True:
        file, folder = pipe.recv()
        said, at_s, began = TAKEN, None, time.monotonic()
        try:
            _look_at(media.decode(Path(file), Path(folder)))
        except limits.MediaRefused as refused:
            said, at_s = refused.refusal.code, refused.at_s
        except limits.MachineBusy:
            said = "busy"
        except Exception as error:
            said = f"crash: {error!r}"
        held = sorted(os.listdir("/proc/self/fd"))
        pipe.send((said, at_s, time.monotonic() - began, len(held)))


def status_mb(pid: int, key: str) -> float:
    """Return a line of /proc/PID/status in MB; 0 where the process is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(key):
                return int(line.split()[1]) / 1024
    return 0.0


class Worker:
    """A worker process with somebody who watches it; ended and started anew where it dies or hangs."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._start()

    def _start(self) -> None:
        spawned = multiprocessing.get_context("spawn")
        self._pipe, far = spawned.Pipe()
        self._process = spawned.Process(target=_serve, args=(far, str(self.place.canary)), daemon=True)
        self._process.start()
        far.close()
        self._held: int | None = None

    def close(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def decode(self, file: Path) -> Outcome:
        """Give the worker a file and watch until it answers."""
        pid, folder = self._process.pid or 0, Path(tempfile.mkdtemp(dir=self.place.root))
        with contextlib.suppress(OSError):
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        before, began, decoder_mb = file.stat(), time.monotonic(), 0.0
        self._pipe.send((str(file), str(folder / "cache")))
        while not self._pipe.poll(POLL_S) and self._process.is_alive() and time.monotonic() < began + GIVEN_UP_S:
            decoder_mb = max(decoder_mb, *(status_mb(child, "VmHWM") for child in descendants(pid)), 0.0)
        worker_mb = status_mb(pid, "VmHWM")
        try:
            if not self._pipe.poll():
                raise EOFError
            said, at_s, seconds, held = self._pipe.recv()
            left = list(descendants(pid))
        except (EOFError, OSError):
            self.close()
            self._start()
            said, at_s, seconds, held, left = "crash: the worker died or hung", None, time.monotonic() - began, 0, []
        faults = [said] if said.startswith("crash") else []
        faults += ["processes left behind"] if left else []
        faults += ["files left open"] if self._held not in (None, held) and held else []
        self._held = held or None
        faults += self._written(file, before, folder, said)
        if said != TAKEN and seconds > limits.REFUSE_WITHIN_S + limits.CPU_S_PER_VIDEO_S * (at_s or 0.0):
            faults.append("refused late")
        if max(decoder_mb, worker_mb) > limits.MEMORY_BYTES_MAX / MB:
            faults.append("too much memory")
        shutil.rmtree(folder)
        return Outcome(file.name, said, at_s, seconds, decoder_mb, worker_mb, tuple(faults))

    def _written(self, file: Path, before: os.stat_result, folder: Path, said: str) -> Iterator[str]:
        if self.place.look() != self.place.seen:
            yield "written outside"
        if sorted(os.listdir(folder)) != (["cache"] if said == TAKEN else []):
            yield "left something unfinished"
        after = file.stat()
        if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            yield "changed the file"
