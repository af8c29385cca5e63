"""Prepares a brand's reference images for the search, and determines which of them can be found at all."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from marketplace.core.message import ToldError
from marketplace.vision.decode.frames import Picture

SIDES_PX = (320, 128)  # features are taken at two sizes: marks in videos are small
# Features are also taken as motion would smear the reference: direction (degrees), reach in shares of its longer side.
# With these a mark smeared over a tenth of its length was found in 75 to 90 of 100 pictures at 128 px, without in 30.
SMEARS = ((0, 0.08), (90, 0.08), (45, 0.1), (135, 0.1), (0, 0.15), (90, 0.15))
VIEW_PX = 48  # side of the square at which two views are compared
BACKGROUND = 128
FEATURES_LEAST = 45
PIXELS_MAX = 40_000_000
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
REFERENCES_MAX = 12


class BadReference(ToldError):
    """The reference image cannot be used; the message says which one and what to do."""


def sift(features: int = 0) -> Any:
    """Return the feature detector that references and frames share (Lowe 2004)."""
    return cv2.SIFT.create(nfeatures=features, contrastThreshold=0.03)


def rooted(descriptors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return descriptors whose Euclidean distance is Hellinger's (RootSIFT: Arandjelovic and Zisserman 2012)."""
    total = np.abs(descriptors).sum(axis=1, keepdims=True)
    return np.asarray(np.sqrt(descriptors / np.maximum(total, 1e-7)), np.float32)


@dataclass(frozen=True)
class ReferenceImage:
    """A reference image: its features (points in units of its width and height, 0..1), and how it looks small."""

    name: str
    sha256: str
    aspect: float
    points: NDArray[np.float32] = field(repr=False)
    descriptors: NDArray[np.float32] = field(repr=False)
    view: Picture = field(repr=False)
    view_mask: Picture = field(repr=False)
    features: int = 0

    @property
    def findable(self) -> bool:
        """Return whether it has enough texture to be distinguished from anything else."""
        return self.features >= FEATURES_LEAST

    @cached_property
    def label(self) -> str:
        return Path(self.name).stem


def prepare(name: str, data: bytes) -> ReferenceImage:
    """Return a reference from a PNG, JPEG or WebP image. Raises BadReference."""
    grey, mask = _read(name, data)
    height, width = grey.shape
    point_parts: list[Any] = []
    descriptor_parts: list[Any] = []
    feature_count = 0
    for smear in (None, *SMEARS):
        image = grey if smear is None else smeared(grey, *smear)
        for side in SIDES_PX:
            scale = side / max(height, width)
            interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
            size = (max(8, round(width * scale)), max(8, round(height * scale)))
            small, inside = cv2.resize(image, size, interpolation=interpolation), cv2.resize(mask, size)
            keypoints, descriptors = sift().detectAndCompute(small, (inside > 128).astype(np.uint8) * 255)
            if descriptors is None:
                continue
            point_parts.append(
                np.asarray([keypoint.pt for keypoint in keypoints], np.float32) / np.asarray(size, np.float32)
            )
            descriptor_parts.append(rooted(np.asarray(descriptors, np.float32)))
            if smear is None and side == SIDES_PX[0]:
                feature_count = len({(round(keypoint.pt[0]), round(keypoint.pt[1])) for keypoint in keypoints})
    none = np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
    return ReferenceImage(
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        aspect=width / height,
        points=np.concatenate(point_parts) if point_parts else none[0],
        descriptors=np.concatenate(descriptor_parts) if descriptor_parts else none[1],
        view=np.asarray(cv2.resize(grey, (VIEW_PX, VIEW_PX), interpolation=cv2.INTER_AREA), np.uint8),
        view_mask=np.asarray(cv2.resize(mask, (VIEW_PX, VIEW_PX), interpolation=cv2.INTER_AREA), np.uint8),
        features=feature_count,
    )


def smeared(grey: Picture, degrees: float, share: float) -> Picture:
    """Return an image as it looks if it moves by a share of its longer side during the exposure."""
    reach = max(3, round(share * max(grey.shape))) | 1
    middle = (reach - 1) / 2
    half = middle * np.asarray([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    ends = [(round(middle + sign * half[0]), round(middle + sign * half[1])) for sign in (-1, 1)]
    kernel = np.zeros((reach, reach), np.float32)
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA)
    framed = cv2.copyMakeBorder(grey, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=BACKGROUND)
    moved = cv2.filter2D(framed, -1, kernel / kernel.sum())
    return np.asarray(moved[reach:-reach, reach:-reach], np.uint8)


def _read(name: str, data: bytes) -> tuple[Picture, Picture]:
    """Return an image's grey values over a plain background, and its opacity (0..255)."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            if image.width * image.height > PIXELS_MAX or min(image.size) < 16:
                raise BadReference(
                    f"{name}：参考图要有 16 像素到 {PIXELS_MAX / 1e6:g} 百万像素。",
                    f"{name}: a reference image has 16 px to {PIXELS_MAX / 1e6:g} megapixels.",
                )
            rgba = np.asarray(image.convert("RGBA"), np.float32)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadReference(
            f"{name}：这不是能读的 PNG、JPEG 或 WebP 图片。",
            f"{name}: this is no PNG, JPEG or WebP image that can be read.",
        ) from error
    alpha = rgba[..., 3:] / 255
    blended = (rgba[..., :3] * alpha + BACKGROUND * (1 - alpha)).astype(np.uint8)
    return np.asarray(cv2.cvtColor(blended, cv2.COLOR_RGB2GRAY), np.uint8), np.asarray(rgba[..., 3], np.uint8)


def load_folder(folder: Path) -> list[ReferenceImage]:
    """Return the references of a folder, by name. Raises BadReference, NotADirectoryError."""
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    if len(files) > REFERENCES_MAX:
        raise BadReference(
            f"{folder}：参考图最多 {REFERENCES_MAX} 张，这里有 {len(files)} 张。",
            f"{folder}: at most {REFERENCES_MAX} reference images; found {len(files)}.",
        )
    return [prepare(file.name, file.read_bytes()) for file in files]


def digest(references: Sequence[ReferenceImage]) -> str:
    """Return one hash of a set of references; their order makes no difference."""
    return hashlib.sha256("".join(sorted(one.sha256 for one in references)).encode()).hexdigest()
