"""Boxes, and the parts of a picture that cover them."""

import numpy as np
import pytest

from marketplace.vision.see import boxes


def test_parts_cover_what_is_wanted_and_share_no_area() -> None:
    whole = (0.0, 0.0, 360.0, 640.0)
    random = np.random.default_rng(5)
    for _ in range(300):
        corners = random.uniform((0, 0), (340, 620), (6, 2))
        sizes = random.uniform((1, 1), (150, 60), (6, 2))
        drawn = [
            (float(x), float(y), float(min(x + w, 360)), float(min(y + h, 640)))
            for (x, y), (w, h) in zip(corners, sizes, strict=True)
        ]
        wanted, known = drawn[:3], drawn[3:]

        parts = boxes.parts_of(wanted, known, whole, 24)

        assert all(any(boxes.common(one, part) >= boxes.area(one) - 1e-6 for part in parts) for one in wanted)
        for number, part in enumerate(parts):
            assert boxes.common(part, whole) == boxes.area(part)
            assert not any(boxes.common(part, other) for other in parts[number + 1 :])
            for one in known:
                assert boxes.common(one, part) in (0.0, pytest.approx(boxes.area(one)))


def test_a_part_has_sides_that_a_search_takes() -> None:
    left, top, right, bottom = boxes.covering([(100.5, 300.2, 131.0, 310.0)], (0.0, 0.0, 360.0, 640.0), 24, 1.0)

    assert ((right - left) % 24, (bottom - top) % 24) == (0, 0)
    assert left <= 100.5 - boxes.AROUND[0] * 360 + 1
    assert right >= 131 + boxes.AROUND[0] * 360 - 1
    assert top <= 300.2 - boxes.AROUND[1] * 360 + 1
    assert bottom >= 310 + boxes.AROUND[1] * 360 - 1
