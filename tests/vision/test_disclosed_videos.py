"""What a label in a video clears, end to end: the veto, what cannot be judged; and that it is no placement."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from marketplace.cli.main import main
from marketplace.demo.clips import DrawnCaption
from tests.make import clips


def check(folder: Path, line: str | None, *more: str) -> tuple[int, dict[str, Any]]:
    """Draw a clip with the pack and a line of text at its top, and check it with a buying link."""
    captions = () if line is None else (DrawnCaption(0.5, 3.5, line, 40, (0.5, 0.12)),)
    clips.clip(folder / "draft.mp4", seconds=4.0, captions=captions)
    (folder / "refs").mkdir(exist_ok=True)
    (folder / "refs" / "pack.png").write_bytes(clips.label_png())
    words = ["--json", "check-video", str(folder / "draft.mp4"), "--brand", clips.NAME, "--buying-link"]
    words += ["--refs", str(folder / "refs"), "--cache", str(folder / "cache"), *more]
    done = CliRunner().invoke(main, words)
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.parametrize(
    ("line", "more", "code"),
    [
        ("This video is not sponsored", (), 3),
        ("keine Werbung", ("--market", "DE"), 3),
        ("Werbung", ("--market", "DE"), 0),
        (f"Sponsored by {clips.NAME}", (), 0),
    ],
)
def test_a_buying_link_needs_a_mark_that_discloses(tmp_path: Path, line: str, more: tuple[str, ...], code: int) -> None:
    exit_code, result = check(tmp_path, line, *more)

    assert exit_code == code
    assert bool(result["disclosures"]) == (code == 0)
    assert result["not_judged"] == []


def test_where_a_mark_cannot_be_judged_there_is_no_veto(tmp_path: Path) -> None:
    exit_code, result = check(tmp_path, None, "--market", "TH")

    assert (exit_code, result["not_judged"], result["disclosures"]) == (0, ["th"], [])
    assert "Thai" in next(one["en"] for one in result["not_seen"] if one["code"] == "disclosure_not_judged")


def test_naming_the_brand_in_the_disclosure_is_no_placement(tmp_path: Path) -> None:
    found = []
    for number, line in enumerate(("Paid partnership", f"Paid partnership with {clips.NAME}")):
        (tmp_path / str(number)).mkdir()
        code, result = check(tmp_path / str(number), line)
        found.append(result["intrusiveness"]["score"]["point"])
        assert (code, [one["kind"] for one in result["timeline"]["exposures"]]) == (0, ["product"])
        assert len(result["disclosures"]) == 1

    # Other words draw the eye a little more or less from the pack; an exposure would cost several points.
    assert found[0] == pytest.approx(found[1], abs=1.0)


def test_a_name_that_only_looks_like_the_brands_is_told(tmp_path: Path) -> None:
    _, result = check(tmp_path, "LIMEISLA soda")

    assert [one["text"] for one in result["look_alikes"]] == ["limeisla"]
    assert [one["kind"] for one in result["timeline"]["exposures"]] == ["product"]
