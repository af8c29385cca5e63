"""The forecasts that count where channels are compared: flagged figures held down, doubtful ones only in part.

One law for bids that are ranked and for channels that are discovered.
"""

from collections.abc import Mapping

from marketplace.channels.facts.provenance import believed
from marketplace.core.column_copy import Column
from marketplace.matching.audience.arrays import Bools, Floats, as_floats
from marketplace.matching.forecast import flags
from marketplace.matching.forecast.view_forecast import ViewForecasts, held_to_peers


def counted_forecasts(rows: Mapping[str, Column], cleared: Bools | None = None) -> tuple[ViewForecasts, Bools]:
    """Return the stored forecasts of n channels, those from flagged figures held to what their peers and their own
    growth explain until a person has cleared them [n] (None: none), and which of them were held [n]."""
    forecasts = ViewForecasts(
        log_centre=as_floats(rows["log_centre"]),
        scale=as_floats(rows["scale"]),
        df=as_floats(rows["df"]),
        n_used=as_floats(rows["n_used"]),
        smear=as_floats(rows["smear"]),
        from_history=rows["from_history"],
    )
    return held_to_peers(forecasts, flags.any_snapshot(rows["flags"]), as_floats(rows["peers_upper"]), cleared)


def counted_of(careful: Floats, source_weight: Floats | None) -> Floats:
    """Return what counts of the careful views [n] by the provenance of the figures behind them (None: all of it)."""
    return careful if source_weight is None else as_floats(believed(careful, 0.0, source_weight))
