"""A film that is shown again is known by its pictures in step; one of the same series is not."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from marketplace.checks.duplicates import is_repetition
from marketplace.demo.clips import DrawnScene, Picture
from marketplace.vision.see import film_matches, picture_bars, picture_hashes, repeat_runs
from marketplace.vision.see.film_matches import PictureMatch
from marketplace.vision.see.picture_hashes import PictureHash
from marketplace.vision.see.repeat_runs import AlikePair

NEAR = picture_hashes.NEAR_BITS
WIDTH, HEIGHT = 480, 270


def scene(seed: int) -> Picture:
    return DrawnScene(WIDTH, HEIGHT, seed).frame(1.0)


def hashes(picture: Picture) -> list[PictureHash]:
    return picture_hashes.of_picture(picture, 0.0)


def near(one: Picture, other: Picture) -> list[PictureMatch]:
    return film_matches.matches(hashes(one), picture_hashes.stored(hashes(other)))


def encoded(picture: Picture) -> Picture:
    decoded = cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_COLOR)
    return np.asarray(decoded, np.uint8)


def cropped(picture: Picture) -> Picture:
    return picture[HEIGHT // 20 : -HEIGHT // 20, WIDTH // 20 : -WIDTH // 20]


def between_blurred_bars(picture: Picture) -> Picture:
    behind = cv2.GaussianBlur(cv2.resize(picture, (WIDTH * 3, HEIGHT * 3))[:, WIDTH : 2 * WIDTH], (0, 0), 20)
    screen = np.asarray(behind, np.uint8)
    screen[HEIGHT : 2 * HEIGHT] = picture
    return screen


def with_a_title(picture: Picture) -> Picture:
    screen = between_blurred_bars(picture)
    cv2.putText(screen, "part two", (40, HEIGHT // 2), cv2.FONT_HERSHEY_DUPLEX, 2, (255, 255, 255), 4)
    return screen


def framed(tone: int) -> Callable[[Picture], Picture]:
    def change(picture: Picture) -> Picture:
        return np.asarray(
            cv2.copyMakeBorder(picture, 150, 150, 0, 0, cv2.BORDER_CONSTANT, value=(tone, tone, tone)), np.uint8
        )

    return change


def darkened(picture: Picture) -> Picture:
    return encoded(np.asarray(picture * 0.2, np.uint8))


def captioned(picture: Picture) -> Picture:
    drawn = picture.copy()
    cv2.rectangle(drawn, (0, round(0.84 * HEIGHT)), (WIDTH, round(0.95 * HEIGHT)), (250, 250, 250), -1)
    cv2.putText(drawn, "to be continued", (20, round(0.93 * HEIGHT)), cv2.FONT_HERSHEY_DUPLEX, 0.7, (0, 0, 0), 2)
    return drawn


def turned(degrees: float) -> Callable[[Picture], Picture]:
    def change(picture: Picture) -> Picture:
        grown = 1 + WIDTH / HEIGHT * np.sin(np.radians(abs(degrees)))
        matrix = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), degrees, grown)
        return np.asarray(cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT)), np.uint8)

    return change


CHANGES = {
    "caption bar": captioned,
    "encoded": encoded,
    "dark": darkened,
    "dark bars": framed(0),
    "white bars": framed(255),
    "crop of 10 %": cropped,
    "blurred bars": between_blurred_bars,
    "blurred bars with a title": with_a_title,
}


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_picture_is_known_again_whichever_of_the_two_came_first(
    change: Callable[[Picture], Picture], mirrored: bool
) -> None:
    for seed in (3, 4, 5):
        picture = scene(seed)
        changed = change(np.asarray(cv2.flip(picture, 1), np.uint8) if mirrored else picture)
        for new, known in ((changed, picture), (picture, changed)):
            [match] = near(new, known)
            assert match.mirrored == mirrored


@pytest.mark.parametrize("degrees", [-2.5, -2.0, -1.0, 1.0, 2.0, 2.5])
def test_a_turned_copy_is_known_by_the_original(degrees: float) -> None:
    for seed in (3, 4, 5):
        assert near(turned(degrees)(scene(seed)), scene(seed))


def test_other_pictures_are_not_the_same() -> None:
    for change in CHANGES.values():
        assert not near(change(scene(3)), scene(4))


def test_a_plain_picture_is_not_known_by_its_noise() -> None:
    random = np.random.default_rng(1)
    noise = np.asarray(120 + random.normal(0, 2, (HEIGHT, WIDTH, 3)), np.uint8)
    assert hashes(noise) == []
    assert hashes(np.full((HEIGHT, WIDTH, 3), 90, np.uint8)) == []


def test_a_picture_without_bars_has_none() -> None:
    assert picture_bars.between_bars(scene(3)) is None
    assert picture_bars.between_bars(np.asarray(cv2.rotate(scene(4), cv2.ROTATE_90_CLOCKWISE), np.uint8)) is None
    assert picture_bars.between_bars(np.full((640, 360, 3), 128, np.uint8)) is None


@pytest.mark.parametrize("side", [cv2.ROTATE_90_CLOCKWISE, None])
def test_what_is_between_bars_is_cut_out_exactly(side: int | None) -> None:
    screen = between_blurred_bars(scene(3))
    expected = scene(3)
    if side is not None:
        screen, expected = (np.asarray(cv2.rotate(one, side), np.uint8) for one in (screen, expected))
    found = picture_bars.between_bars(screen)
    assert found is not None
    assert np.array_equal(found, expected)


def test_the_pictures_nearest_to_a_grid_do_not_drift() -> None:
    for rate in (25, 24, 30, 12.5):
        times = [at / rate + 0.013 for at in range(int(20 * rate))]
        chosen = [times[index] for index in picture_hashes.nearest_to(times, 1.0)]
        assert len(chosen) == 20
        assert max(abs(time - second) for second, time in enumerate(chosen)) <= 0.5 / rate + 0.014


@pytest.mark.parametrize(("times", "expected"), [([], []), ([0.0], [0]), ([0.2, 0.3, 3.1], [0, 2])])
def test_a_grid_takes_what_there_is(times: list[float], expected: list[int]) -> None:
    assert picture_hashes.nearest_to(times, 1.0) == expected


def of_moments(this: list[float], other: list[float], far: int = 110, noise: int = 0) -> repeat_runs.Bits:
    """Distances of two showings of a film in which pictures are alike only within a fifth of a second."""
    random = np.random.default_rng(1)
    apart = np.abs(np.asarray(this)[:, None] - np.asarray(other)[None, :])
    return np.where(apart < 0.2, 10, far) + random.integers(0, noise + 1, apart.shape)


def runs(times: list[float], others: list[float], bits: repeat_runs.Bits) -> list[AlikePair]:
    return repeat_runs.in_step(np.asarray(times), np.asarray(others), bits, NEAR)


QUARTERS = [at / 4 for at in range(80)]
SECONDS = [float(at) for at in range(20)]


@pytest.mark.parametrize("speed", [1.0, 0.8, 1.1, 1.25, 1.5])
def test_a_film_is_followed_at_another_speed(speed: float) -> None:
    shown = [time * speed for time in QUARTERS]
    found = runs(QUARTERS, SECONDS, of_moments(shown, SECONDS))
    reached = [second for second in SECONDS if second <= shown[-1]]
    assert len({pair.other for pair in found}) >= 0.9 * len(reached)


def test_parts_of_a_film_in_another_order_are_all_found() -> None:
    shown = [(time + 10) % 20 for time in QUARTERS]
    found = runs(QUARTERS, SECONDS, of_moments(shown, SECONDS))
    assert {pair.other for pair in found} == set(range(20))


def test_a_place_that_looks_alike_at_all_times_is_no_step() -> None:
    assert runs(QUARTERS, SECONDS, of_moments([99.0] * 80, SECONDS, far=10, noise=30)) == []


def test_three_pictures_that_happen_to_be_alike_are_no_run() -> None:
    bits = np.full((80, 20), 110)
    for this, other in ((4, 11), (40, 2), (70, 18)):
        bits[this, other] = 20
    assert runs(QUARTERS, SECONDS, bits) == []


def film(moving: bool, seed: int, seconds: int = 12) -> list[PictureHash]:
    """A film as quarters of seconds; a still one shows one picture throughout."""
    drawn = DrawnScene(WIDTH, HEIGHT, seed)
    found = []
    for at in range(4 * seconds):
        found += picture_hashes.of_picture(drawn.frame(at / 4 if moving else 0.0), at / 4)
    return found


def test_a_film_that_is_one_still_picture_is_known_by_it() -> None:
    still, other = film(False, 7), film(False, 8)
    found = film_matches.matches(still, picture_hashes.stored(still))
    assert is_repetition(found, picture_hashes.seconds(still))
    assert len(found) == 12
    assert film_matches.matches(still, picture_hashes.stored(other)) == []


def test_a_moving_film_is_in_step_with_itself_and_with_no_other() -> None:
    one, other = film(True, 9), film(True, 10)
    assert [match.at_s for match in film_matches.matches(one, picture_hashes.stored(one))] == list(range(12))
    assert film_matches.matches(one, picture_hashes.stored(other)) == []


def test_every_second_brings_a_quarter_that_meets_a_film_begun_between() -> None:
    one = [PictureHash(at / 4, "plain", bytes(32), 100) for at in range(80)]
    assert [hash_.at_s for hash_ in picture_hashes.looks(one)] == [second + second % 4 / 4 for second in range(20)]
    assert [hash_.at_s for hash_ in picture_hashes.stored(one)] == list(range(20))
    assert picture_hashes.looks([]) == []
