"""Which versions of the formulas stand behind a stored score."""

from marketplace.matching.audience import grid, targets
from marketplace.matching.forecast import forecast, pool, sponsored
from marketplace.matching.pricing import cost
from marketplace.matching.scoring import brand_fit, rank

MODEL_VERSIONS = {
    "cells": grid.MODEL_VERSION,
    "fit": brand_fit.MODEL_VERSION,
    "pool": pool.MODEL_VERSION,
    "price": cost.MODEL_VERSION,
    "rank": rank.MODEL_VERSION,
    "reach": forecast.MODEL_VERSION,
    "sponsored": sponsored.MODEL_VERSION,
    "targets": targets.MODEL_VERSION,
}
