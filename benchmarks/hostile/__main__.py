"""What a hostile or broken file can do to a worker: nothing but be refused.

    python -m benchmarks.hostile --mutated 2000 --seed 1 [--quick] [--keep DIR]

Decodes sound clips, crafted files and mutated clips in workers that are watched, and holds them to the promise: no
worker ends, nothing is written outside, nobody is called, every refusal comes within ``limits.REFUSE_WITHIN_S`` (and
``CPU_S_PER_VIDEO_S`` for each second of video already handed over) and ``limits.MEMORY_BYTES_MAX``, and says what may
be said of that file. A probe tries to get out of the closed process. Prints tables; exits 1 where a promise is broken.
Linux only. ``--keep`` keeps the files that broke one.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import Queue

from benchmarks.hostile import clips, crafted
from benchmarks.hostile.crafted import Crafted
from benchmarks.hostile.encoded import encoded
from benchmarks.hostile.watch import TAKEN, Listener, Outcome, Place, Worker
from marketplace.vision.decode import sandbox

WORKERS = 2


def escapes(place: Place, port: int) -> list[str]:
    """Start the probe closed in; return what it could do that it must not."""
    canary = place.canary / "canary.txt"
    process = sandbox.start_closed("benchmarks.hostile.probe", (str(canary), str(port)), canary, 20)
    told, _ = process.communicate(timeout=60)
    found = json.loads(told or b"{}")
    if not found.get("closed"):
        return ["the process is not closed by seccomp"]
    ways = [f"the probe could {name}" for name, error in found.items() if error == 0]
    return ways + [f"system call {number} is not refused" for number in found["open_calls"]]


def all_crafted(folder: Path, listener: Listener, place: Place, quick: bool) -> list[Crafted]:
    (folder / "base").mkdir()
    start = crafted.base(folder / "base", listener.port, place.token)
    return [one for one in [*crafted.crafted(start), *encoded()] if not (quick and one.slow)]


def made(files: Iterable[Crafted], folder: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    for file in files:
        file.make(folder / file.name)
        yield folder / file.name, file.may


def mutants(
    sources: list[tuple[str, bytes]], number: int, seed: int, folder: Path
) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Write mutants of sources (a name and bytes each); anything may become of them."""
    for source, name, data in clips.mutated([data for _, data in sources], number, seed):
        path = folder / f"{name}-{sources[source][0]}"
        path.write_bytes(data)
        yield path, ()


def decode_all(
    files: Iterable[tuple[Path, tuple[str, ...]]], workers: list[Worker], keep: Path | None
) -> list[Outcome]:
    """Have the workers decode files, each deleted afterwards; outcomes in the files' order."""
    free: Queue[Worker] = Queue()
    for one in workers:
        free.put(one)

    def decoded(file: Path, may: tuple[str, ...]) -> Outcome:
        worker = free.get()
        try:
            outcome = worker.decode(file)
        finally:
            free.put(worker)
        if may and outcome.said not in may:
            outcome = replace(outcome, faults=(*outcome.faults, f"may be {' or '.join(may)}"))
        if outcome.faults and keep is not None:
            shutil.copy(file, keep)
        file.unlink()
        return outcome

    with ThreadPoolExecutor(len(workers)) as pool:
        return list(pool.map(lambda one: decoded(*one), files))


def show(title: str, outcomes: list[Outcome], each: bool) -> None:
    print(f"\n{title}: {len(outcomes)} files")
    for one in outcomes if each else [outcome for outcome in outcomes if outcome.faults]:
        at = "" if one.at_s is None else f" at {one.at_s:.1f} s"
        print(
            f"  {one.name[:44]:<45}{one.said[:60] + at:<26}{one.seconds:6.2f} s{one.decoder_mb:6.0f} MB"
            f"{one.worker_mb:6.0f} MB  {'; '.join(one.faults)}"
        )
    counts = Counter(outcome.said for outcome in outcomes)
    refused = [outcome for outcome in outcomes if outcome.said != TAKEN] or outcomes
    print("  " + ", ".join(f"{name} {number}" for name, number in counts.most_common()))
    print(
        f"  most: {max(one.seconds for one in refused):.2f} s until a refusal, {max(one.seconds for one in outcomes):.2f} s"
        f" in all, decoder {max(one.decoder_mb for one in outcomes):.0f} MB,"
        f" worker {max(one.worker_mb for one in outcomes):.0f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__.splitlines()[0])
    parser.add_argument("--mutated", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="leave out crafted files that are large or slow")
    parser.add_argument("--keep", type=Path, help="a folder for the files that broke a promise")
    args = parser.parse_args()
    if sys.platform != "linux":
        sys.exit("The watching reads /proc: run this on Linux.")
    if args.keep is not None:
        args.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="inlay-hostile-") as root:
        broken = run(Path(root), args.mutated, args.seed, args.quick, args.keep)
    print("\nEvery promise was kept." if not broken else "\n" + "\n".join(broken))
    sys.exit(1 if broken else 0)


def run(root: Path, number: int, seed: int, quick: bool, keep: Path | None) -> list[str]:
    """Decode everything; return the promises that were broken."""
    place, listener, files = Place(root), Listener(), root / "files"
    files.mkdir()
    workers = [Worker(place) for _ in range(WORKERS)]
    try:
        broken = escapes(place, listener.port)
        whole = clips.valid(files)
        sources = [(one.name, one.read_bytes()) for one in whole]
        sound = decode_all([(one, (TAKEN,)) for one in whole], workers, keep)
        show("Sound clips", sound, each=True)
        harmful = decode_all(made(all_crafted(files, listener, place, quick), files), workers, keep)
        show("Crafted files", harmful, each=True)
        harmed = decode_all(mutants(sources, number, seed, files), workers, keep) if number else []
        if harmed:
            show("Mutated files", harmed, each=False)
    finally:
        for one in workers:
            one.close()
        listener.close()
    print(
        f"\nclosed by: {' '.join(sandbox.bubblewrap()[:1]) or 'no bubblewrap'}; calls to the listener: {listener.calls}"
    )
    broken += [f"{one.name}: {fault}" for one in [*sound, *harmful, *harmed] for fault in one.faults]
    return broken + (["somebody called the listener"] if listener.calls else [])


if __name__ == "__main__":
    main()
