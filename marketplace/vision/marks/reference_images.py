"""Prepares a brand's reference images for the search, and determines which of them can be found at all."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from marketplace.core.message import ToldError
from marketplace.vision.decode.frames import Picture
from marketplace.vision.marks import logo_grounds
from marketplace.vision.marks.logo_grounds import OPAQUE_LEAST, LogoGround

SIDES_PX = (320, 128)  # features are taken at two sizes: marks in videos are small
# Features are also taken as motion would smear the reference: direction (degrees), reach in shares of its longer side.
# With these a mark smeared over a tenth of its length was found in 75 to 90 of 100 pictures at 128 px, without in 30.
SMEARS = ((0, 0.08), (90, 0.08), (45, 0.1), (135, 0.1), (0, 0.15), (90, 0.15))
VIEW_PX = 48  # side of the square at which two views are compared
UNITS = 256.0  # a reference is so many units high
BACKGROUND = 128
FEATURES_LEAST = 45
PIXELS_MAX = 40_000_000
READ_PX = 4 * SIDES_PX[0]  # the longer side at which an image is read: more is of no use, and takes half a minute
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
REFERENCES_MAX = 12


class BadReference(ToldError):
    """The reference image cannot be used; the message says which one and what to do."""


def sift(features: int = 0, contrast: float = 0.03) -> Any:
    """Return the feature detector that references and frames share (Lowe 2004)."""
    return cv2.SIFT.create(nfeatures=features, contrastThreshold=contrast)


def rooted(descriptors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return descriptors whose Euclidean distance is Hellinger's (RootSIFT: Arandjelovic and Zisserman 2012)."""
    total = np.abs(descriptors).sum(axis=1, keepdims=True)
    return np.asarray(np.sqrt(descriptors / np.maximum(total, 1e-7)), np.float32)


@dataclass(frozen=True)
class ReferenceImage:
    """A reference image: its features, and how it looks small.

    ``points`` are in units of its width and height, 0..1, ``sizes`` in units of which it is UNITS high, ``angles`` in
    radians.
    """

    name: str
    sha256: str
    aspect: float
    points: NDArray[np.float32] = field(repr=False)
    descriptors: NDArray[np.float32] = field(repr=False)
    sizes: NDArray[np.float32] = field(repr=False)
    angles: NDArray[np.float32] = field(repr=False)
    image: Picture = field(repr=False)
    mask: Picture = field(repr=False)
    features: int = 0
    margin: float = 0.0  # around what was handed in, in shares of its longer side
    others: "tuple[ReferenceImage, ...]" = field(default=(), repr=False)
    _small: dict[tuple[str, int], Picture] = field(default_factory=dict, repr=False, compare=False)

    def small(self, side: int) -> Picture:
        """Return its grey values as a square of so many px."""
        return self._square("image", side)

    def small_mask(self, side: int) -> Picture:
        """Return its opacity (0..255) as a square of so many px."""
        return self._square("mask", side)

    def _square(self, name: str, side: int) -> Picture:
        if (name, side) not in self._small:
            whole = getattr(self, name)
            self._small[name, side] = np.asarray(
                cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA), np.uint8
            )
        return self._small[name, side]

    @property
    def view(self) -> Picture:
        return self.small(VIEW_PX)

    @property
    def view_mask(self) -> Picture:
        return self.small_mask(VIEW_PX)

    @property
    def variants(self) -> "tuple[ReferenceImage, ...]":
        """Return all that it may look like: a transparent one on other grounds too, and in black and in white."""
        return (self, *self.others)

    @property
    def textured(self) -> bool:
        """Return whether it has enough texture to be distinguished from anything else."""
        return any(one.features >= FEATURES_LEAST for one in self.variants)

    @cached_property
    def label(self) -> str:
        return Path(self.name).stem


def prepare(name: str, data: bytes) -> ReferenceImage:
    """Return a reference from a PNG, JPEG or WebP image. Raises BadReference."""
    rgba = read_image(name, data)
    sha256 = hashlib.sha256(data).hexdigest()
    grounds = logo_grounds.grounds(rgba)
    first, *others = (
        _described(name, sha256 if not number else f"{sha256}.{number}", ground)
        for number, ground in enumerate(grounds)
    )
    return replace(first, others=tuple(others))


def _described(name: str, sha256: str, ground: LogoGround) -> ReferenceImage:
    """Return a reference of grey values and their opacity, with its features at two sizes, as it is and smeared."""
    height, width = ground.grey.shape
    parts: list[_Features] = []
    feature_count = 0
    for smear in (None, *SMEARS):
        image = ground.grey if smear is None else smeared(ground.grey, *smear)
        for side in SIDES_PX:
            scale = side / max(height, width)
            interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
            size = (max(8, round(width * scale)), max(8, round(height * scale)))
            small, inside = cv2.resize(image, size, interpolation=interpolation), cv2.resize(ground.mask, size)
            keypoints, descriptors = sift().detectAndCompute(small, (inside > 128).astype(np.uint8) * 255)
            if descriptors is None:
                continue
            parts.append(_features_of(keypoints, np.asarray(descriptors, np.float32), size))
            if smear is None and side == SIDES_PX[0]:
                feature_count = len({(round(keypoint.pt[0]), round(keypoint.pt[1])) for keypoint in keypoints})
    points, descriptors, sizes, angles = (np.concatenate(one) for one in zip(_NO_FEATURES, *parts, strict=True))
    return ReferenceImage(
        name=name,
        sha256=sha256,
        aspect=width / height,
        points=points,
        descriptors=descriptors,
        sizes=sizes,
        angles=angles,
        image=_at_most(ground.grey, SIDES_PX[0]),
        mask=_at_most(ground.mask, SIDES_PX[0]),
        features=feature_count,
        margin=ground.margin,
    )


_Features = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
_NO_FEATURES: _Features = (
    np.zeros((0, 2), np.float32),
    np.zeros((0, 128), np.float32),
    np.zeros(0, np.float32),
    np.zeros(0, np.float32),
)


def _features_of(keypoints: Sequence[Any], descriptors: NDArray[np.float32], size: tuple[int, int]) -> _Features:
    """Return points (0..1), descriptors, sizes (units) and angles (radians) of an image of so many px."""
    return (
        np.asarray(np.asarray([keypoint.pt for keypoint in keypoints], np.float32) / np.asarray(size), np.float32),
        rooted(descriptors),
        np.asarray([keypoint.size for keypoint in keypoints], np.float32) * np.float32(UNITS / size[1]),
        np.radians([keypoint.angle for keypoint in keypoints]).astype(np.float32),
    )


def _at_most(image: Picture, side: int) -> Picture:
    """Return an image whose longer side is at most so many px."""
    scale = min(1.0, side / max(image.shape))
    size = max(8, round(image.shape[1] * scale)), max(8, round(image.shape[0] * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


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


def _colours(image: Image.Image) -> NDArray[np.float32]:
    """Return an image's colours and opacity, 0..255, as it is looked at: turned as its file says, and no larger than
    features are taken from."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):  # 16 bit: Pillow would cut off all above 255
        values = np.asarray(upright, np.float32) / 65535 * 255
        upright = Image.fromarray(values.astype(np.uint8))
    coloured = upright.convert("RGBA")
    coloured.thumbnail((READ_PX, READ_PX), Image.Resampling.BOX)
    return np.asarray(coloured, np.float32)


def read_image(name: str, data: bytes) -> NDArray[np.float32]:
    """Return an image's red, green, blue and opacity, 0..255. Raises BadReference."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            if image.width * image.height > PIXELS_MAX or min(image.size) < 16:
                raise BadReference(
                    f"{name}：参考图要有 16 像素到 {PIXELS_MAX / 1e6:g} 百万像素。",
                    f"{name}: a reference image has 16 px to {PIXELS_MAX / 1e6:g} megapixels.",
                )
            rgba = _colours(image)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadReference(
            f"{name}：这不是能读的 PNG、JPEG 或 WebP 图片。",
            f"{name}: this is no PNG, JPEG or WebP image that can be read.",
        ) from error
    if rgba[..., 3].max() < OPAQUE_LEAST:
        raise BadReference(
            f"{name}：这张图片处处透明，没有可找的内容。请交一张能看见标识的图片。",
            f"{name}: this image is transparent everywhere. Hand in one that shows the mark.",
        )
    return rgba


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
