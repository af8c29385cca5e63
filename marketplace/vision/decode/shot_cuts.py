"""Finds where one shot ends and the next begins."""

import numpy as np
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from marketplace.vision.decode.decoder import THUMBS_PER_S
from marketplace.vision.decode.frames import FrameCache

SHOT_LEAST_S = 0.4


def cuts(cache: FrameCache) -> list[float]:
    """Return the moments (s) of the cuts, ascending, each between the last old and the first new thumbnail.

    Hue, saturation and lightness of each thumbnail against its neighbours' (PySceneDetect's adaptive detector).
    """
    times, thumbs = cache.thumbs()
    detector = AdaptiveDetector(min_scene_len=max(2, round(SHOT_LEAST_S * THUMBS_PER_S)), window_width=2)
    frames: list[int] = []
    for index in range(len(times)):
        frame = np.ascontiguousarray(thumbs[index])
        frames += [cut.frame_num for cut in detector.process_frame(FrameTimecode(index, THUMBS_PER_S), frame)]
    frames += [cut.frame_num for cut in detector.post_process(FrameTimecode(len(times), THUMBS_PER_S))]
    return sorted({round(float(times[index - 1] + times[index]) / 2, 3) for index in frames if 0 < index < len(times)})
