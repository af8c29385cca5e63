"""Marks with few features: poses from single pairs, drawn into place, judged against chance; transparent images."""

import io
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks.quality.vision import iou
from marketplace.demo import clips
from marketplace.demo.clips import DrawnLabel, DrawnScene
from marketplace.vision.decode import media
from marketplace.vision.marks import mark_search, mark_tracking, reference_images, visible_sizes
from marketplace.vision.marks.mark_detection import correlation
from marketplace.vision.marks.mark_judgement import judge
from marketplace.vision.marks.mark_poses import nearest
from marketplace.vision.marks.mark_views import GreyPyramid
from marketplace.vision.marks.null_pictures import null_pictures
from marketplace.vision.marks.reference_images import BadReference, ReferenceImage

WIDTH, HEIGHT, SECONDS, FPS = 720, 1280, 5, 12.5
SHOWN = DrawnLabel(1.0, 3.0, 56, (0.3, 0.4), (0.42, 0.44))
SQUARE = np.asarray([[100, 120], [196, 120], [196, 216], [100, 216]], np.float32)


def sign(ink: tuple[int, ...] = (20, 40, 160, 255), ground: tuple[int, ...] = (250, 250, 250, 255)) -> Image.Image:
    """A few bars, a ring and a corner: a logo as most are, with far fewer than 45 features."""
    image = Image.new("RGBA", (1920, 1920), ground)
    draw = ImageDraw.Draw(image)
    draw.ellipse((240, 240, 1680, 1680), outline=ink, width=144)
    draw.polygon([(600, 1320), (960, 520), (1320, 1320)], fill=ink)
    draw.rectangle((800, 1000, 1600, 1160), fill=ground)
    return image.resize((480, 480), Image.Resampling.LANCZOS)


def png(image: Image.Image) -> bytes:
    return bytes(cv2.imencode(".png", cv2.cvtColor(np.asarray(image), cv2.COLOR_RGBA2BGRA))[1].tobytes())


def reference(image: Image.Image | None = None) -> ReferenceImage:
    return reference_images.prepare("sign.png", png(image or sign()))


def bgr(image: Image.Image) -> clips.Picture:
    return np.asarray(cv2.cvtColor(np.asarray(image), cv2.COLOR_RGBA2BGR), np.uint8)


def shown_on(picture: np.ndarray, mark: np.ndarray) -> np.ndarray:
    """A picture with a mark of 96 px at SQUARE."""
    result = picture.copy()
    result[120:216, 100:196] = cv2.resize(mark, (96, 96), interpolation=cv2.INTER_AREA)
    return result


def tracked(folder: Path, one: ReferenceImage, mark: clips.Picture) -> tuple[float, int, int]:
    """Return the share found of the pictures that show the mark, how many it is found in that do not, and how many."""
    scene, drawn, truth = DrawnScene(WIDTH, HEIGHT, 300, cut_every_s=20), [], []
    for picture, told in clips.frames(scene.frame, SECONDS, FPS, mark, [SHOWN]):
        drawn.append(picture)
        truth.append(told)
    clips.encode(folder / "clip.mp4", drawn, FPS)
    cache = media.decode(folder / "clip.mp4", folder / "frames")
    [sights] = mark_tracking.MarkTracker(cache, [one]).run([0])
    found = there = wrong = 0
    for at, moment in enumerate(cache.times):
        quad = truth[min(len(truth) - 1, round(moment * FPS))].quad
        there += quad is not None
        if at in sights:
            hit = quad is not None and iou(sights[at].quad, quad) >= 0.5
            found, wrong = found + hit, wrong + (not hit)
    return found / there, wrong, there


def test_a_logo_with_few_features_is_found_as_long_as_it_is_there_and_no_longer(tmp_path: Path) -> None:
    """The scene goes on without a cut when the mark goes: nothing is followed on what is in its place."""
    one = reference()
    assert one.features < reference_images.FEATURES_LEAST

    share, wrong, there = tracked(tmp_path, one, bgr(sign()))

    assert there >= 7
    assert share >= 0.85
    assert wrong == 0


def test_a_view_is_judged_by_its_detail() -> None:
    one = reference()
    plain = np.full((288, 288), 130, np.uint8)
    its_own = shown_on(plain, one.image)
    shadow = shown_on(plain, np.asarray(cv2.GaussianBlur(one.image, (0, 0), 60), np.uint8))
    hidden = its_own.copy()
    hidden[120:216, 168:200] = 96  # its right third

    score = {
        name: judge(one, GreyPyramid(picture), SQUARE).score
        for name, picture in (("own", its_own), ("shadow", shadow), ("hidden", hidden), ("plain", plain))
    }

    assert score["own"] > 0.9
    assert score["hidden"] > 0.55
    assert score["shadow"] < 0.5
    assert score["plain"] == 0


def test_what_is_outside_the_picture_is_no_evidence() -> None:
    one = reference()
    picture = shown_on(np.full((288, 288), 130, np.uint8), one.image)[:, 160:]
    assert judge(one, GreyPyramid(picture), SQUARE - np.float32([160, 0])).score == 0


def test_how_sure_is_sure_differs_and_a_plain_shape_is_not_looked_for() -> None:
    plain = reference_images.prepare("glyph.png", bytes(cv2.imencode(".png", clips.glyph())[1].tobytes()))
    label = reference_images.prepare("label.png", bytes(cv2.imencode(".png", clips.label())[1].tobytes()))

    assert mark_search.findable(reference())
    assert mark_search.findable(label)
    assert not mark_search.findable(plain)
    assert mark_search.sure_score(label) == mark_search.SURE_LEAST
    assert mark_search.sure_score(plain) > mark_search.sure_score(label)


def test_pictures_without_a_brand_are_the_same_each_time() -> None:
    again = null_pictures.__wrapped__()
    assert len(again) == len(null_pictures()) >= 30
    assert all(np.array_equal(one, other) for one, other in zip(again, null_pictures(), strict=True))


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ((20, 40, 160, 255), (250, 250, 250, 255)),  # its own colour, on light
        ((250, 250, 250, 255), (30, 30, 30, 255)),  # white on dark
        ((0, 0, 0, 255), (240, 240, 240, 255)),
    ],
)
def test_a_transparent_logo_is_found_on_light_and_on_dark(ink: tuple[int, ...], ground: tuple[int, ...]) -> None:
    one = reference(sign(ground=(0, 0, 0, 0)))
    assert len(one.variants) >= 2
    grey = np.asarray(cv2.cvtColor(bgr(sign(ink, ground)), cv2.COLOR_BGR2GRAY), np.uint8)
    wall = cv2.resize(null_pictures()[0], (288, 288))
    picture = shown_on(wall, grey)
    seen = mark_tracking.closer(picture, (0, 0, 288, 288), 1.0)

    best = max(
        (
            mark_search.supported(variant, seen, found)
            for variant in one.variants
            if (found := mark_search.search(variant, seen, nearest(variant, seen), GreyPyramid(picture)))
        ),
        key=lambda found: found.score,
    )

    assert best.score > 0.8
    assert best.support >= mark_search.SUPPORT_LEAST


def test_the_margin_that_was_added_is_taken_off_again() -> None:
    one = reference(sign(ground=(0, 0, 0, 0)))
    outer = np.asarray([[-7, -7], [107, -7], [107, 107], [-7, 107]], np.float32)
    sight = mark_tracking.without_margin(mark_tracking.MarkSight(0, outer, 1.0, "found"), one)
    assert sight.quad == pytest.approx(np.asarray([[0, 0], [100, 0], [100, 100], [0, 100]]), abs=0.2)


def test_an_image_that_is_transparent_everywhere_is_refused() -> None:
    with pytest.raises(BadReference, match=r"sign\.png"):
        reference(Image.new("RGBA", (200, 200), (0, 0, 0, 0)))


def test_scores_are_kept_and_a_torn_file_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = reference()
    sure = mark_search.sure_score(one)
    mark_search.keep_scores(tmp_path)
    monkeypatch.setattr(mark_search, "_KNOWN", {})
    mark_search.recall_scores(tmp_path)
    assert mark_search._KNOWN[one.sha256] == sure
    [kept] = tmp_path.iterdir()
    kept.write_text('{"abc": 0.')
    mark_search.recall_scores(tmp_path)
    mark_search.keep_scores(tmp_path)
    assert sure in json.loads(kept.read_text()).values()


def saved(image: Image.Image, form: str = "PNG", **more: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **more)
    return file.getvalue()


def test_an_image_is_read_as_it_is_looked_at_whatever_its_form() -> None:
    """16 bit, CMYK, a palette, turned by its file's own word, and far larger than needed: the same mark."""
    plain = sign().convert("RGB")
    turned = Image.Exif()
    turned[0x0112] = 6  # shown turned by a quarter to the right
    grey = np.asarray(plain.convert("L"), np.uint16) * 257
    forms = {
        "16 bit": saved(Image.fromarray(grey)),
        "cmyk": saved(plain.convert("CMYK"), "JPEG", quality=95),
        "palette": saved(plain.convert("P", palette=Image.Palette.ADAPTIVE)),
        "turned": saved(plain.rotate(90), "JPEG", quality=95, exif=turned),
        "huge": saved(plain.resize((6000, 6000))),
    }
    wanted = reference().view.astype(np.float64)
    for name, data in forms.items():
        one = reference_images.prepare("sign.png", data)
        assert correlation(one.view, wanted) > 0.98, name
        assert max(one.image.shape) <= reference_images.SIDES_PX[0], name


@pytest.mark.parametrize("tone", [0, 7, 255])
def test_an_image_of_one_tone_is_taken_and_said_to_be_flat(tone: int) -> None:
    assert not mark_search.findable(reference_images.prepare("plain.png", saved(Image.new("L", (400, 300), tone))))


def test_it_is_told_from_which_size_an_image_is_found() -> None:
    label = reference_images.prepare("label.png", saved(Image.fromarray(clips.label()[:, :, ::-1])))
    plain = reference_images.prepare("glyph.png", saved(Image.fromarray(clips.glyph())))

    sizes = {name: visible_sizes.least_px(one) for name, one in (("label", label), ("sign", reference()))}

    assert visible_sizes.least_px(plain) is None
    assert all(size is not None and size in visible_sizes.SIZES_PX for size in sizes.values())
    picture, quad = visible_sizes.shown(label, null_pictures()[0], sizes["label"] or 0)
    assert picture.shape == null_pictures()[0].shape
    assert float(np.ptp(quad, axis=0).max()) == sizes["label"]
