"""Text on the screen, read by the real models from a clip that is drawn here."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from marketplace.demo import clips
from marketplace.demo.clips import DrawnCaption, DrawnScene
from marketplace.vision.decode import media
from marketplace.vision.decode.frames import FrameCache
from marketplace.vision.read import screen_text, upright_columns
from marketplace.vision.read.screen_text import TextReader

FOLDER = Path(__file__).parent / "columns"
WIDTH, HEIGHT, SECONDS, FPS = 480, 720, 6.0, 8.0
# 16 px where the shorter side is 480 is what 24 px is where it is 720.
CAPTION = DrawnCaption(1.0, 4.0, "this week I tried Northfox", 16)


class Counting(TextReader):
    """Counts what reading costs."""

    def __init__(self) -> None:
        self.searched_px = self.crops = 0

    def boxes(self, picture: screen_text.Picture) -> list[screen_text.Quad]:
        self.searched_px += picture.shape[0] * picture.shape[1]
        return super().boxes(picture)

    def read(self, crops: screen_text.Sequence[object]) -> list[tuple[str, float]]:
        self.crops += len(crops)
        return super().read(crops)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> FrameCache:
    folder = tmp_path_factory.mktemp("reading")
    scene = DrawnScene(WIDTH, HEIGHT, 3, cut_every_s=20)
    drawn = (picture for picture, _ in clips.frames(scene.frame, SECONDS, FPS, captions=[CAPTION]))
    clips.encode(folder / "clip.mp4", drawn, FPS)
    return media.decode(folder / "clip.mp4", folder / "frames")


def test_a_caption_is_read_in_each_of_its_pictures_and_only_once(cache: FrameCache) -> None:
    reader = Counting()

    lines = screen_text.read(cache, [0], reader)

    with_it = [cache.times[line.picture] for line in lines if "Northfox" in line.text]
    wanted = [at_s for at_s in cache.times if CAPTION.start_s <= at_s < CAPTION.end_s]
    assert set(wanted[1:-1]) <= set(with_it) <= set(wanted)
    assert len({line.text for line in lines if "Northfox" in line.text}) == 1
    assert reader.searched_px < len(cache) * screen_text.WHOLE_SIDE_PX**2 * HEIGHT / WIDTH / 2
    # Each picture by itself would take one for each line, and more.
    assert reader.crops < len(wanted), (reader.crops, len(wanted))


def test_strokes_are_new_only_where_none_stood() -> None:
    plain = np.full((360, 240, 3), 120, np.uint8)
    places = (0.5, 0.5), (0.52, 0.51)
    shown = [plain, *(clips.write_on(plain, DrawnCaption(0, 1, "Northfox", 16, place)) for place in places)]
    bare, written, moved = (np.asarray(one[:, :, 0], np.uint8) for one in shown)

    assert screen_text.new(screen_text.strokes_of(written), screen_text.strokes_of(bare)).any()
    assert not screen_text.new(screen_text.strokes_of(bare), screen_text.strokes_of(written)).any()
    assert not screen_text.new(screen_text.strokes_of(moved), screen_text.strokes_of(written)).any()


COLUMNS = {"nongfu": "农夫山泉", "huaxizi": "花西子", "qingningdao": "青柠岛"}


def with_column(picture: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """Return a picture with a column of glyphs written on it, as Noto Sans CJK draws them."""
    shown = Image.fromarray(picture[:, :, ::-1])
    column = Image.open(FOLDER / f"{name}.png")
    shown.paste(column, (300, 200), column)
    return np.asarray(shown)[:, :, ::-1].copy()


@pytest.mark.parametrize("name", COLUMNS)
def test_a_name_from_top_to_bottom_is_read(tmp_path: Path, name: str) -> None:
    scene = DrawnScene(WIDTH, HEIGHT, 3, cut_every_s=20)
    drawn = (with_column(picture, name) for picture, _ in clips.frames(scene.frame, 2.0, FPS, captions=[]))
    clips.encode(tmp_path / "clip.mp4", drawn, FPS)
    lines = screen_text.read(media.decode(tmp_path / "clip.mp4", tmp_path / "frames"), [0])
    assert COLUMNS[name] in {line.text for line in lines}


def test_a_column_is_taken_where_each_glyph_has_its_letter() -> None:
    rows = [upright_columns.GlyphRow(number, np.zeros((48, 48, 3), np.uint8)) for number in (2, 3, 4)]
    lying = ("篇", 0.8)
    assert upright_columns.better_reading(lying, rows, [("青岛", 0.99), ("青柠岛", 0.93), ("青", 0.99)]) == (
        "青柠岛",
        0.93,
    )
    assert upright_columns.better_reading(lying, rows, [("青岛", 0.7), ("青柠岛", 0.4), ("青", 0.99)]) == lying
    assert upright_columns.better_reading(lying, rows, [("xh", 0.99), ("xh子", 0.99), ("青 岛 a", 0.99)]) == lying
    assert upright_columns.better_reading(lying, [], []) == lying
