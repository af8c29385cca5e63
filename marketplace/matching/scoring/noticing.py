"""The share of viewers who notice a placement, from its prominence.

    noticed = 0.75 (1 - (1 - prominence / 100)^2.1)

No study tells recall of placements in short videos by seconds. The curve is fitted (rms .025 over 25 plans) to a law of
attentive seconds that rests on recall of video ads: 36 % at 0.5 s and 80 % at 4 s (ESPN, MediaScience); 40 % at 1 s and
70 % at 4 s (a short-video platform's own); 7 to 35 % by dwell of 0 to 5 s (Lumen and Digital Turbine, 2022); of drama
placements 30 % are recognised (Nielsen, 2007). Its ceiling of .75 is judged, with .46 to .93 plausible; a close-up of
.60 may be .34 to .70. When in the video the brand is seen, and who has left by then, is not in it.
"""

import numpy as np

from marketplace.matching.audience.arrays import Floats, as_floats
from marketplace.matching.audience.portable_math import power

MODEL_VERSION = "noticing/1"
CEILING, POWER = 0.75, 2.1
# The share at which a brief's ceiling per 1,000 people is taken to be meant: that of a placement of prominence 40, seen
# clearly for a few seconds. Judged; a placement that twice as many notice is worth twice as much.
REFERENCE = 0.5


def noticed(prominence: Floats) -> Floats:
    """Return the share of viewers who notice placements of a prominence [n] of 0..100: 0 for 0, rising; NaN stays."""
    given = as_floats(prominence)
    unseen = 1 - np.clip(given, 0.0, 100.0) / 100
    some = unseen > 0  # a logarithm needs numbers above zero
    missed = np.where(some, power(np.where(some, unseen, 1.0), POWER), 0.0)
    return np.where(np.isnan(given), np.nan, CEILING * (1 - missed))


def worth(noticing: Floats) -> Floats:
    """Return what people are worth [n] at a share who notice, as a multiple of that at REFERENCE.

    1 where the share is not known, which is so for a channel that has not bid and has no plan.
    """
    return np.where(np.isnan(noticing), 1.0, noticing / REFERENCE)
