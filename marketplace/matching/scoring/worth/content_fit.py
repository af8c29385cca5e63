"""How well a brief suits channels, from what both sides state."""

from collections.abc import Mapping

import numpy as np

from marketplace.briefs.models import BriefVersion
from marketplace.channels.facts.provenance import believed
from marketplace.core.column_copy import Column
from marketplace.matching.audience import channel_tags
from marketplace.matching.audience.arrays import Floats, as_floats
from marketplace.matching.audience.share_columns import ShareColumns
from marketplace.matching.forecast import flags
from marketplace.matching.scoring import brand_fit
from marketplace.matching.scoring.brand_fit import BrandFit

# The weight of what each part rests on. The regions behind the part of the market are believed in part already.
WEIGHT_OF = {
    "category": "details_weight",
    "language": "details_weight",
    "length": "length_weight",
    "sponsors": "length_weight",
}
LENGTHS = {"1-20": (1.0, 20.0), "21-60": (21.0, 60.0), "60+": (61.0, 600.0)}
LANGUAGES = {
    "CN": "zh",
    "TW": "zh",
    "HK": "zh",
    "SG": "en",
    "US": "en",
    "GB": "en",
    "AU": "en",
    "CA": "en",
    "JP": "ja",
    "KR": "ko",
}


def fit_of(
    version: BriefVersion, rows: Mapping[str, Column], shares: ShareColumns, gap: Floats | None = None
) -> BrandFit:
    """Return how well the brief suits each of n channels, from what both sides state. Of what a channel's side says of
    itself only its share counts (channels.facts.provenance); the rest is middling, as if nothing had been said.

    ``gap`` [n] is the difference in log views of a channel's sponsored videos. None leaves that part out, as discovery
    does, whose first pass does not have it. Formats of channels are not recorded yet, so that part is never known.
    """
    content = version.content
    markets = content.get("markets") or []
    tiers = [
        tier for deliverable in content.get("deliverables") or [] for tier in deliverable.get("length_tiers") or []
    ]
    spans = [LENGTHS[tier] for tier in tiers if tier in LENGTHS]
    # Few distinct languages among many channels: match each only once.
    languages, language_index = np.unique(rows["language"], return_inverse=True)
    tags = [language.decode().strip() for language in languages.tolist()]
    requested = sorted({LANGUAGES[market] for market in markets if market in LANGUAGES})
    parts: dict[str, Floats] = {
        "category": brand_fit.category_part(shares.tags, channel_tags.category_nearness(version.category)),
        "language": brand_fit.language_part(tags, requested)[language_index],
    }
    if gap is not None:
        parts["sponsors"] = brand_fit.tolerance_part(gap)
    if markets:
        # Without a region list the shares are those of the population prior, which says nothing about this channel.
        has_regions = rows["known"] & ~flags.holds(rows["flags"], "regions_from_prior")
        parts["market"] = np.where(has_regions, brand_fit.market_part(shares.regions, markets), np.nan)
    if spans:
        parts["length"] = brand_fit.length_part(
            as_floats(rows["seconds"]), min(low for low, _ in spans), max(high for _, high in spans)
        )
    return brand_fit.fit(believed_parts(parts, rows), len(language_index))


def believed_parts(parts: Mapping[str, Floats], weights: Mapping[str, Column]) -> dict[str, Floats]:
    """Return the parts of n channels' fit of which only the share that counts is not middling; ``weights`` [n] by the
    names in WEIGHT_OF."""
    return {
        name: believed(part, brand_fit.NEUTRAL, as_floats(weights[WEIGHT_OF[name]])) if name in WEIGHT_OF else part
        for name, part in parts.items()
    }
