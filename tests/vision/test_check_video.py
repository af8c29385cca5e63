"""`inlay check-video` on a drawn clip: finds, exit codes, files, and answers that are kept."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from marketplace.cli.main import main
from marketplace.vision import local_check
from marketplace.vision.pipeline import WantedBrand
from marketplace.vision.scored_timeline import ScoringTerms
from tests.make import clips

pytestmark = pytest.mark.process

INLAY = Path(sys.executable).parent / "inlay"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("local")
    (folder / "refs").mkdir()
    (folder / "refs" / "pack.png").write_bytes(clips.label_png())
    promised = {"kind": "product", "start_s": 2.0, "seconds": 1.0, "area_share": 0.033, "centre": 0.8}
    (folder / "plan.json").write_text(json.dumps({"duration_s": clips.SECONDS, "exposures": [promised]}))
    clips.clip(folder / "draft.mp4")
    return folder


def run(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the program itself, as a person would."""
    argv = [str(INLAY), "--json", "check-video", "draft.mp4", "--brand", clips.NAME, "--cache", "cache", *more]
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def invoke(*words: str, file: str = "draft.mp4", json_too: bool = True) -> Result:
    """Run the command in this process, in the current folder."""
    first = [*(["--json"] if json_too else []), "check-video", file, "--brand", clips.NAME, "--cache", "cache"]
    return CliRunner().invoke(main, [*first, *words])


@pytest.fixture(scope="session")
def result(folder: Path) -> dict[str, Any]:
    done = run(folder, "--refs", "refs", "--plan", "plan.json", "--out", "out")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_edges_area_and_words_are_found(result: dict[str, Any]) -> None:
    pack, text = result["timeline"]["exposures"]
    shown = clips.SHOWN[0]
    assert pack["kind"] == "product"
    assert abs(pack["start_s"] - shown.start_s) <= 0.25
    assert abs(pack["start_s"] + pack["seconds"] - shown.end_s) <= 0.25
    side = shown.side_px * 0.75 * shown.side_px
    assert pack["area_share"] == pytest.approx(side / (clips.WIDTH * clips.HEIGHT), abs=0.001)
    assert text["kind"] == "text"
    assert abs(text["start_s"] - clips.CAPTION.start_s) <= 0.25
    assert [row["off"] for row in result["plan"]["rows"] if row["planned"] == 0] == [["longer"]]
    assert "no_sound" in [one["code"] for one in result["not_seen"]]


def test_the_files_are_there_and_can_be_drawn(folder: Path, result: dict[str, Any]) -> None:
    assert json.loads((folder / "out" / "result.json").read_text()) == result
    for language in ("zh", "en"):
        ElementTree.fromstring((folder / "out" / f"timeline.{language}.svg").read_text())  # noqa: S314 - our own
    assert len(list((folder / "out").glob("keyframe-*.jpg"))) >= 3


def test_kept_answers_are_used_again(folder: Path, result: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("cache/videos/*/answers/*.json")}
    assert len(kept) == 7
    again = invoke("--refs", "refs", "--plan", "plan.json")
    assert json.loads(again.stdout) == result
    assert {path: path.stat().st_mtime_ns for path in folder.glob("cache/videos/*/answers/*.json")} == kept


def test_the_bar_of_the_decoding_ends_at_its_end(folder: Path, result: dict[str, Any]) -> None:
    assert result
    told: list[tuple[str, int, int]] = []
    local_check.run(
        folder / "draft.mp4",
        WantedBrand((clips.NAME,)),
        ScoringTerms(),
        folder / "cache",
        lambda stage, done, total: told.append((stage, done, total)),
    )
    assert ("decode", 100, 100) in told


def test_what_must_be_mended_is_an_exit_code(
    folder: Path, result: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert result
    monkeypatch.chdir(folder)
    done = invoke("--refs", "refs", "--buying-link", json_too=False)
    assert done.exit_code == 3
    assert "must be mended" in done.stdout


@pytest.mark.parametrize(
    ("more", "file", "told"),
    [
        ((), "plan.json", "no MP4, MOV, WebM or MKV"),
        (("--plan", "draft.mp4"), "draft.mp4", "not JSON"),
        (("--fit", "7"), "draft.mp4", "between 0 and 1"),
        (("--alias", " "), "draft.mp4", "A name has letters"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    folder: Path, more: tuple[str, ...], file: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    done = invoke(*more, file=file)
    assert done.exit_code == 2
    assert told in done.stderr
    assert done.stdout == ""
