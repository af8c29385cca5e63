"""Every table, so that migrations and sessions know them all."""

from marketplace.bids import models as bids
from marketplace.briefs import models as briefs
from marketplace.channels import models as channels
from marketplace.checks import models as checks
from marketplace.core import events, idempotency, jobs
from marketplace.core.db import Base
from marketplace.identity import models as identity
from marketplace.matching import models as matching
from marketplace.matching import models_exclusivity as exclusivity
from marketplace.matching import models_growth as growth
from marketplace.matching import models_overlap as overlaps
from marketplace.matching import models_price as prices
from marketplace.reviews import models as reviews
from marketplace.selections import models as selections
from marketplace.videos import models as videos

metadata = Base.metadata

__all__ = [
    "bids",
    "briefs",
    "channels",
    "checks",
    "events",
    "exclusivity",
    "growth",
    "idempotency",
    "identity",
    "jobs",
    "matching",
    "metadata",
    "overlaps",
    "prices",
    "reviews",
    "selections",
    "videos",
]
