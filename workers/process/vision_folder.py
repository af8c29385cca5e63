"""The folder of this machine in which frames of videos are kept: set when the worker has read its settings."""

from pathlib import Path

_folder: list[Path] = []


def use(path: str) -> None:
    _folder[:] = [Path(path)]


def vision_folder() -> Path:
    return _folder[0]
