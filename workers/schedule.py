"""THE table of the clock: which jobs run periodically, and how often."""

from collections.abc import Mapping
from datetime import timedelta

EVERY: Mapping[str, timedelta] = {
    "core.forget-old": timedelta(hours=1),
    "core.link-left-events": timedelta(minutes=10),
    "ledger.expire-holds": timedelta(minutes=5),
    "bids.lapse": timedelta(minutes=5),
    "deals.lapse": timedelta(minutes=1),
    "deals.catch-up": timedelta(minutes=10),
    "deliverables.due": timedelta(minutes=5),
    "payments.ring-provider": timedelta(minutes=1),
    "payments.reconcile-daily": timedelta(days=1),
    "stopping.due": timedelta(minutes=1),
    "briefs.close-overdue": timedelta(minutes=5),
    "channels.settle-imports": timedelta(minutes=1),
    "checks.sweep": timedelta(minutes=5),
    "videos.forget-old": timedelta(minutes=10),
    "matching.catch-up": timedelta(minutes=2),
    "matching.fit-prices": timedelta(hours=6),
}
