"""Draws what was found on the keyframes."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from marketplace.intrusiveness.messages import stamp
from marketplace.vision.decode.frames import FrameCache, Picture

KEYFRAME_SIDE = 960
JPEG_QUALITY = 88


def keyframe(cache: FrameCache, result: Mapping[str, Any], picture: int) -> Picture:
    """Return a picture of the cache with every place found in it outlined and numbered as its exposure (from 1)."""
    image = small(cache.picture(picture)).copy()
    size = np.asarray([image.shape[1], image.shape[0]], float)
    for number, evidence in enumerate(result["evidence"], 1):
        for place in evidence["places"]:
            if place["picture"] == picture:
                _outline(image, np.asarray(place["quad"]) * size, str(number), evidence["by"])
    moment = stamp(cache.times[picture])
    _label(image, moment, (8, image.shape[0] - 10), (30, 30, 30))
    return image


_COLOURS = {"mark": (178, 114, 0), "words": (115, 158, 0)}  # BLUE and GREEN of core.svg, as OpenCV orders them


def _outline(image: Picture, quad: Any, label: str, by: str) -> None:
    points = np.round(quad).astype(np.int32)
    cv2.polylines(image, [points], True, (255, 255, 255), 5, cv2.LINE_AA)
    cv2.polylines(image, [points], True, _COLOURS.get(by, (0, 94, 213)), 2, cv2.LINE_AA)
    _label(
        image, label, (int(points[:, 0].min()), max(22, int(points[:, 1].min()) - 6)), _COLOURS.get(by, (0, 94, 213))
    )


def _label(image: Picture, text: str, corner: tuple[int, int], colour: tuple[int, int, int]) -> None:
    (wide, high), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.6, 2)
    left, base = corner
    cv2.rectangle(image, (left, base - high - 6), (left + wide + 8, base + 6), colour, -1)
    cv2.putText(image, text, (left + 4, base), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 2, cv2.LINE_AA)


def keyframes(result: Mapping[str, Any]) -> list[int]:
    """Return the pictures worth showing, ascending."""
    return sorted({picture for evidence in result["evidence"] for picture in evidence["keyframes"]})


def small(picture: Picture) -> Picture:
    """Return a picture at most KEYFRAME_SIDE px long."""
    scale = min(1.0, KEYFRAME_SIDE / max(picture.shape[:2]))
    if scale == 1.0:
        return picture
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def jpeg(picture: Picture) -> bytes:
    """Return a picture as JPEG."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return bytes(data)
