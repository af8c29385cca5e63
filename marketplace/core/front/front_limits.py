"""How long and how slowly a body may come, and how much one address may have under way."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from marketplace.core.errors import TooMany, Unavailable
from marketplace.core.message import Bilingual


@dataclass(frozen=True)
class FrontLimits:
    """Limits of one web process. Bytes, seconds, bytes a second.

    A body gets `grace_s` for nothing, and has to come at `least_rate` from then on, counted from its beginning; between
    two pieces of a long one, and between two pieces that a reader takes, at most `stall_s` pass. JSON up to
    `whole_bytes` and files up to `short_bytes` are received whole before the application sees them. The application
    reads longer ones piece by piece, so that it can refuse them early and keep what came before a connection broke;
    they belong to the transfers, as downloads do. `slow_after_s` is when a body that is still coming counts as slow.
    """

    whole_bytes: int = 2 * 1024 * 1024
    short_bytes: int = 64 * 1024
    grace_s: float = 10.0
    least_rate: float = 4096.0
    stall_s: float = 20.0
    slow_after_s: float = 1.0
    slow_an_address: int = 16
    slow_in_all: int = 512
    transfers_an_address: int = 16
    transfers_in_all: int = 64
    waiting_in_all: int = 512


class AddressCounts:
    """How many of one kind each address has under way. Used on the event loop alone, so it needs no lock."""

    def __init__(self, an_address: int, in_all: int) -> None:
        self._an_address, self._in_all = an_address, in_all
        self._counts: Counter[str] = Counter()
        self._all = 0

    @contextmanager
    def entered(self, address: str) -> Iterator[None]:
        """Count one more while the context lasts. Raises TooMany (this address has its share), Unavailable."""
        if self._counts[address] >= self._an_address:
            raise TooMany(
                Bilingual(
                    f"您的地址已有 {self._an_address} 个慢速传输正在进行，请等其中一个结束。",
                    f"Your address has {self._an_address} slow transfers under way. Let one of them end.",
                ),
                headers={"Retry-After": "5"},
            )
        if self._all >= self._in_all:
            raise Unavailable(
                Bilingual(
                    "正在进行的慢速传输太多，请稍后再试。", "Too many slow transfers are under way. Try again soon."
                ),
                retry_after_s=5,
            )
        self._counts[address] += 1
        self._all += 1
        try:
            yield
        finally:
            self._counts[address] -= 1
            self._all -= 1
            # An address that is gone is forgotten, so the table does not grow with the clients of a year.
            if not self._counts[address]:
                del self._counts[address]
