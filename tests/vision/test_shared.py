"""Marks in clips that nobody here drew: measuring data beside the checkout, never copied into it."""

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.quality.vision import iou
from marketplace.vision.decode import media, shot_cuts
from marketplace.vision.decode.frames import FrameCache
from marketplace.vision.marks import mark_search, reference_images
from marketplace.vision.marks.mark_detection import area_share
from marketplace.vision.marks.mark_tracking import MarkSight, MarkTracker
from marketplace.vision.marks.reference_images import ReferenceImage
from marketplace.vision.pipeline import shot_starts
from marketplace.vision.read.time_runs import TimeRun, runs

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
SIZED = ("label_96", "starbucks_96", "cocacola_128")
EDGE_S, AREA_POINTS = 0.25, 0.1

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.exists(), reason="the measuring data is not beside this checkout"),
]


@dataclass(frozen=True)
class Seen:
    """A clip, its truth by picture, and what was found of each reference."""

    cache: FrameCache
    truth: list[dict[str, Any]]
    own: int
    sights: list[dict[int, MarkSight]]
    cuts: list[float]

    def runs(self) -> list[TimeRun[MarkSight]]:
        return runs(self.sights[self.own], self.cache.times, self.cache.info.duration_s, self.cuts)


@pytest.fixture(scope="session")
def known() -> list[ReferenceImage]:
    return reference_images.load_folder(DATA / "refs")


@pytest.fixture(scope="session")
def look(known: list[ReferenceImage], tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder, found = tmp_path_factory.mktemp("frames"), {}

    def looked(name: str) -> Seen:
        if name not in found:
            path = DATA / "bench" / f"{name}.mp4"
            table = json.loads(path.with_name(f"{name}.mp4.json").read_text())
            cache = media.decode(path, folder / name)
            moments = np.asarray([one["t"] for one in table["gt"]])
            truth = [table["gt"][int(np.abs(moments - at_s).argmin())] for at_s in cache.times]
            own = [one.label for one in known].index(Path(table["ref"]).stem)
            where = shot_cuts.cuts(cache)
            sights = MarkTracker(cache, known).run(shot_starts(cache.times, where))
            found[name] = Seen(cache, truth, own, sights, where)
        return found[name]

    return looked


@pytest.mark.parametrize("name", SIZED)
def test_marks_are_found_under_every_condition(look: Any, name: str) -> None:
    seen: Seen = look(name)
    found: dict[str, list[bool]] = {}
    for at, truth in enumerate(seen.truth):
        if truth["quad"] is not None:
            sight = seen.sights[seen.own].get(at)
            hit = sight is not None and iou(sight.quad, np.asarray(truth["quad"], np.float32)) >= 0.5
            found.setdefault(truth["cond"], []).append(hit)
    assert set(found) == {"clean", "persp", "rot", "occl", "dim", "blur"}
    assert min(np.mean(hits) for condition, hits in found.items() if condition != "blur") >= 0.95
    assert np.mean(found["blur"]) >= 0.6


@pytest.mark.parametrize("name", [*SIZED, "nike_128"])
def test_nothing_is_found_that_is_not_there(look: Any, name: str) -> None:
    seen: Seen = look(name)
    for place, sights in enumerate(seen.sights):
        for at, sight in sights.items():
            quad = seen.truth[at]["quad"]
            assert place == seen.own
            assert quad is not None
            assert iou(sight.quad, np.asarray(quad, np.float32)) >= 0.5


@pytest.mark.parametrize("name", SIZED)
def test_edges_and_areas_are_exact(look: Any, name: str) -> None:
    seen: Seen = look(name)
    there = [at for at, truth in enumerate(seen.truth) if truth["quad"] is not None]
    breaks = [0, *(place for place in range(1, len(there)) if there[place] != there[place - 1] + 1), len(there)]
    stretches = [there[one:two] for one, two in pairwise(breaks)]
    made = seen.runs()
    assert len(made) == len(stretches)
    height, width = seen.cache.shape
    for run, stretch in zip(made, stretches, strict=True):
        first, last = (seen.cache.times[at] for at in (stretch[0], stretch[-1]))
        assert first - EDGE_S <= run.start_s <= first
        assert last <= run.end_s <= last + EDGE_S
        true = [area_share(np.asarray(seen.truth[at]["quad"], np.float32), (height, width)) for at in stretch]
        measured = [area_share(sight.quad, (height, width)) for _, sight in run.sights]
        assert abs(100 * (np.mean(measured) - np.mean(true))) <= AREA_POINTS


def test_a_flat_mark_is_said_to_be_beyond_sight(known: list[ReferenceImage]) -> None:
    assert sorted(one.label for one in known if not mark_search.findable(one)) == ["nike"]


@pytest.mark.parametrize("name", ["mdn_frog", "bottle-detection"])
def test_real_clips_without_the_marks_show_none(known: list[ReferenceImage], tmp_path: Path, name: str) -> None:
    cache = media.decode(DATA / "clips" / f"{name}.mp4", tmp_path / name)
    sights = MarkTracker(cache, known).run(shot_starts(cache.times, shot_cuts.cuts(cache)))
    assert [len(sight) for sight in sights] == [0] * len(known)
