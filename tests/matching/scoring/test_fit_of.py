"""Which parts of a brief's fit are known of a channel, and which are left out rather than guessed."""

import numpy as np

from marketplace.matching.audience import share_columns
from marketplace.matching.forecast import flags
from marketplace.matching.scoring import brand_fit
from marketplace.matching.scoring.worth.content_fit import fit_of
from tests.make import worlds

MARKET = brand_fit.PARTS.index("market")


def test_the_market_is_left_out_where_no_regions_were_told() -> None:
    """The regions of such a channel are the population's: counted, they would give all of them one and the same fit."""
    rows, version = worlds.rows(3, 400), worlds.version(3)
    from_prior = flags.holds(rows["flags"], "regions_from_prior")
    assert 0 < from_prior.sum() < 400
    shares = share_columns.unpack(rows["shares"].tobytes())
    market = fit_of(version, rows, shares).parts[:, MARKET]
    assert np.isnan(market[from_prior]).all()
    assert np.isfinite(market[~from_prior]).all()


def test_the_market_is_left_out_of_channels_without_facts_and_of_briefs_without_markets() -> None:
    rows, version = worlds.rows(4, 50), worlds.version(4)
    shares = share_columns.unpack(rows["shares"].tobytes())
    unknown = {**rows, "known": np.zeros(50, dtype=bool)}
    assert np.isnan(fit_of(version, unknown, shares).parts[:, MARKET]).all()
    version.content = {**version.content, "markets": []}
    assert np.isnan(fit_of(version, rows, shares).parts[:, MARKET]).all()
