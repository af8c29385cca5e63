"""Frames that nobody uses go, and so does what killed workers left; what is in use stays."""

import os
from pathlib import Path

from marketplace.checks import cleanup

KEEP_S = 3600.0


def folder_of_age(path: Path, age_s: float) -> Path:
    path.mkdir(parents=True)
    (path / "000000.jpg").write_bytes(b"x")
    at = path.stat().st_mtime - age_s
    os.utime(path, (at, at))
    return path


def test_old_frames_and_leftovers_go_and_the_rest_stays(tmp_path: Path) -> None:
    names = ("videos/a/frames", "videos/a/.decoding-x", ".gone-x")
    old = [folder_of_age(tmp_path / name, KEEP_S + 60) for name in names]
    fresh = [folder_of_age(tmp_path / name.replace("a/", "b/").replace("-x", "-y"), KEEP_S - 60) for name in names]
    models = folder_of_age(tmp_path / "models", 10 * KEEP_S)
    assert cleanup.sweep(tmp_path, KEEP_S) == len(old)
    assert not any(one.exists() for one in old)
    assert all((one / "000000.jpg").exists() for one in (*fresh, models))
    assert cleanup.sweep(tmp_path, KEEP_S) == 0


def test_an_empty_machine_has_nothing_to_sweep(tmp_path: Path) -> None:
    assert cleanup.sweep(tmp_path / "never made", KEEP_S) == 0
