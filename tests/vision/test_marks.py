"""Small marks: hunches, closer looks at several sizes, and a name in thin letters that is found and followed."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.quality.vision import iou
from marketplace.demo import clips
from marketplace.demo.clips import DrawnLabel, DrawnScene
from marketplace.vision.decode import media
from marketplace.vision.marks import mark_detection, mark_tracking, reference_images
from marketplace.vision.marks.mark_detection import PictureFeatures
from marketplace.vision.marks.reference_images import ReferenceImage

WIDTH, HEIGHT, SECONDS, FPS, SIDE_PX = 720, 1280, 5, 12.5, 42
NAMES = {"word": clips.wordmark("Moonriver", 3), "label": clips.label("LIMEISLE", 1)}
SHOWN = DrawnLabel(1.0, 4.0, SIDE_PX, (0.3, 0.4), (0.4, 0.42), "clean")


def reference(name: str) -> ReferenceImage:
    return reference_images.prepare(f"{name}.png", cv2.imencode(".png", NAMES[name])[1].tobytes())


def seen(grey: np.ndarray, *scales: float) -> list[PictureFeatures]:
    whole = (0, 0, grey.shape[1], grey.shape[0])
    return [mark_tracking.closer(grey, whole, scale) for scale in scales]


@pytest.fixture(scope="module")
def grey() -> np.ndarray:
    """A label 120 px high before a plain ground."""
    shown = cv2.resize(cv2.cvtColor(NAMES["label"], cv2.COLOR_BGR2GRAY), (90, 120), interpolation=cv2.INTER_AREA)
    picture = np.full((200, 200), 120, np.uint8)
    picture[40:160, 55:145] = shown
    return picture


def test_pairs_of_several_sizes_are_each_sizes_own_and_each_place_counts_once(grey: np.ndarray) -> None:
    one, sizes = reference("label"), seen(grey, 1.0, 1.5)
    alone = [mark_detection.pairs(one, features) for features in sizes]

    together, found = mark_detection.pooled(one, sizes)

    assert len(together.points) == sum(len(features.points) for features in sizes)
    own = {(int(row), int(at)) for row, at in alone[0]}
    own |= {(int(row), int(at) + len(sizes[0].points)) for row, at in alone[1]}
    assert {(int(row), int(at)) for row, at in found} <= own
    places = np.concatenate(
        [np.round(one.points[found[:, 0]] * mark_detection.SAME_CELLS), np.round(together.points[found[:, 1]])], axis=1
    )
    assert len(np.unique(places, axis=0)) == len(places)
    only_second = {at for _, at in found if at >= len(sizes[0].points)}
    assert only_second
    assert len(only_second) < len({at for _, at in found})
    # Of one size nothing is left out.
    assert np.array_equal(mark_detection.pooled(one, sizes[:1])[1], alone[0])


def test_what_is_seen_at_several_sizes_is_found_where_it_is(grey: np.ndarray) -> None:
    finds = mark_detection.find(reference("label"), 0, seen(grey, 1.0, 1.5), grey)
    assert finds is not None
    assert np.abs(finds.quad - [[55, 40], [145, 40], [145, 160], [55, 160]]).max() < 3


@pytest.mark.parametrize(("name", "least"), [("word", 2), ("label", 4)])
def test_a_hunch_takes_as_many_pairs_as_the_reference_has_features_for(name: str, least: int) -> None:
    one = reference(name)
    row = np.arange(8) % len(one.points)
    for number in range(1, 7):
        # So many pairs beside each other, and two far away from them and from each other.
        points = np.asarray([*[(100.0 + 5 * at, 100.0) for at in range(number)], (600.0, 50.0), (50.0, 900.0)])
        nothing = np.zeros(len(points), np.float32)
        features = PictureFeatures(
            points.astype(np.float32), np.zeros((len(points), 128), np.float32), nothing, nothing
        )
        found = mark_detection.hunches(one, features, np.stack([row[: len(points)], np.arange(len(points))], axis=1))
        if number < least:
            assert found == []
        else:
            [middle] = found
            assert middle == pytest.approx(points[:number].mean(axis=0))


def test_a_word_of_nine_letters_42_px_wide_is_found_and_followed(tmp_path: Path) -> None:
    scene = DrawnScene(WIDTH, HEIGHT, 300, cut_every_s=20)
    drawn, truth = [], []
    for picture, told in clips.frames(scene.frame, SECONDS, FPS, NAMES["word"], [SHOWN]):
        drawn.append(picture)
        truth.append(told)
    clips.encode(tmp_path / "clip.mp4", drawn, FPS)
    cache = media.decode(tmp_path / "clip.mp4", tmp_path / "frames")

    [sights] = mark_tracking.MarkTracker(cache, [reference("word")]).run([0])

    there = {at for at, moment in enumerate(cache.times) if SHOWN.start_s <= moment < SHOWN.end_s}
    assert len(there & set(sights)) >= 0.9 * len(there)
    assert all(SHOWN.start_s - 0.3 <= cache.times[at] <= SHOWN.end_s + 0.3 for at in sights)
    for at in there & set(sights):
        quad = truth[round(cache.times[at] * FPS)].quad
        assert quad is not None
        assert iou(sights[at].quad, quad) >= 0.5
