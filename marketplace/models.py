"""Every table, so that migrations and sessions know them all."""

from marketplace.bids import models as bids
from marketplace.briefs import models as briefs
from marketplace.channels import models as channels
from marketplace.checks import models as checks
from marketplace.core import events, jobs
from marketplace.core.db import Base
from marketplace.core.http import idempotency
from marketplace.deals import models as deals
from marketplace.deals.series import models as series
from marketplace.deliverables import models as deliverables
from marketplace.deliverables.results import models as results
from marketplace.identity import models as identity
from marketplace.ledger import models as ledger
from marketplace.matching.forecast import models as growth
from marketplace.matching.overlap import models as overlaps
from marketplace.matching.pricing import models as prices
from marketplace.matching.scoring import models as matching
from marketplace.matching.selection import models as selections
from marketplace.pacing import models as exclusivity
from marketplace.payments import models as payments
from marketplace.payments.provider import models as providers
from marketplace.reviews import models as reviews
from marketplace.stopping import models as stopping
from marketplace.stopping.disputes import models as disputes
from marketplace.video_files import models as videos

metadata = Base.metadata

__all__ = [
    "bids",
    "briefs",
    "channels",
    "checks",
    "deals",
    "deliverables",
    "disputes",
    "events",
    "exclusivity",
    "growth",
    "idempotency",
    "identity",
    "jobs",
    "ledger",
    "matching",
    "metadata",
    "overlaps",
    "payments",
    "prices",
    "providers",
    "results",
    "reviews",
    "selections",
    "series",
    "stopping",
    "videos",
]
