"""Small drawn clips with known truth, and checks of them."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import cv2
import numpy as np

from marketplace.core import db, storage
from marketplace.demo import clips
from marketplace.demo.clips import DrawnCaption, DrawnLabel, DrawnScene
from marketplace.video_files import quota, resumable_uploads, upload_completion
from tests.make.people import Somebody

SECONDS, FPS = 8.0, 25.0
WIDTH, HEIGHT = 540, 960
SHOWN = (DrawnLabel(2.0, 5.0, 150.0, (0.4, 0.45), (0.6, 0.5)),)
CAPTION = DrawnCaption(5.5, 7.5, "LIMEISLE soda", 34)
NAME = "LIMEISLE"


def label() -> clips.Picture:
    return clips.label(NAME, 7)


def label_png() -> bytes:
    return cv2.imencode(".png", label())[1].tobytes()


def tone(seconds: float, level: float = 0.05) -> np.ndarray:
    """A quiet hiss: sound in which nothing is said."""
    return np.random.default_rng(5).normal(0, level, int(seconds * clips.SOUND_HZ)).astype(np.float32)


def clip(
    path: Path,
    *,
    seed: int = 3,
    shown: Sequence[DrawnLabel] = SHOWN,
    captions: Sequence[DrawnCaption] = (CAPTION,),
    seconds: float = SECONDS,
    sound: bool = False,
    crf: int = 26,
) -> Path:
    """Write a drawn clip with the label, a caption and, if wanted, sound."""
    scene = DrawnScene(WIDTH, HEIGHT, seed, cut_every_s=4.0)
    drawn = (picture for picture, _ in clips.frames(scene.frame, seconds, FPS, label(), shown, captions))
    clips.encode(path, drawn, FPS, crf=crf, sound=tone(seconds) if sound else None)
    return path


def handed_in(who: Somebody, path: Path) -> UUID:
    """A video of somebody's that is kept."""
    data = path.read_bytes()
    with db.transaction() as session:
        row = resumable_uploads.create(
            session, who.actor, name="draft.mp4", size_bytes=len(data), quota_bytes=50 * quota.GIB
        )
        upload_completion.keep(session, row, storage.opened().stage(row.id, [data]), "video/mp4")
        return row.id
