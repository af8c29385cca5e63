"""What people are worth by how many of them notice the brand (`intrusiveness.notice` has the law)."""

import numpy as np

from marketplace.intrusiveness import notice
from marketplace.matching.audience.arrays import Floats

MODEL_VERSION = notice.MODEL_VERSION
# The share at which a brief's ceiling per 1,000 people is taken to be meant: that of a close-up of ten seconds (a tenth
# of the picture, in its middle, clear) that begins 18.5 s into a minute, or of one second of it at the film's start.
# Judged; a placement that twice as many notice is worth twice as much.
REFERENCE = 0.15
# The careful quantile is that of the views, 0.3; in a normal distribution it lies at 0.41 of the way to the 0.1 end.
CAREFUL_WAY = 0.41


def careful(noticed: Floats) -> Floats:
    """Return the share [n] that counts, from the middle, low and high [n, 3]: its 0.3 quantile."""
    middle, low, _ = noticed.T
    counted: Floats = middle - CAREFUL_WAY * (middle - low)
    return counted


def worth_of(noticed: Floats) -> tuple[Floats, Floats, Floats]:
    """Return what people are worth [n] at the low end, the careful share and the high end of ``noticed`` [n, 3]."""
    _, low, high = noticed.T
    return worth(low), worth(careful(noticed)), worth(high)


def worth(noticing: Floats) -> Floats:
    """Return what people are worth [n] at a share who notice, as a multiple of that at REFERENCE.

    1 where the share is not known, which is so for a channel that has not bid and has no plan.
    """
    return counted(noticing) / REFERENCE


def counted(noticing: Floats) -> Floats:
    """Return the share who notice [n] as it counts: REFERENCE where it is not known."""
    return np.where(np.isnan(noticing), REFERENCE, noticing)
