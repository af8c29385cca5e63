"""Count requests a minute in Redis, in one round trip, and report them in the RateLimit header fields.

Fields after draft-ietf-httpapi-ratelimit-headers: `RateLimit-Policy: "default";q=100;w=60` and
`RateLimit: "default";r=42;t=18`. While Redis is down, reads and writes go on uncounted; signing in does not, for
counting is what keeps guessers away.
"""

import time
from dataclasses import dataclass

import redis
import structlog

from marketplace.core import clock
from marketplace.core.errors import TooMany, Unavailable
from marketplace.core.message import Bilingual

WINDOW_S = 60
CANNOT_COUNT = Bilingual(
    "登录暂时关闭，等恢复计数后再试。", "Signing in is closed until attempts can be counted again."
)
# A script runs as one step of the server: were INCR and EXPIRE two, a crash between them would leave a count for ever.
_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""

log = structlog.get_logger("limits")


@dataclass(frozen=True)
class RateAllowance:
    """What is left of a policy's quota in the present window."""

    policy: str
    quota: int
    remaining: int
    reset_s: int

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.quota};w={WINDOW_S}',
            "RateLimit": f'"{self.policy}";r={max(0, self.remaining)};t={self.reset_s}',
        }


class RateLimiter:
    """Counts the requests of one caller in windows of a minute."""

    def __init__(self, redis_url: str, per_minute: int, strict_per_minute: int) -> None:
        self._redis = redis.Redis.from_url(redis_url, socket_timeout=0.5, socket_connect_timeout=0.5)
        self._count = self._redis.register_script(_COUNT)
        self._per_minute = per_minute
        self._strict_per_minute = strict_per_minute
        self._silent_until = 0.0

    def hit(self, caller: str, *, policy: str = "default", must_count: bool = False) -> RateAllowance | None:
        """Count one request. With `must_count` it is refused when it cannot be counted. Raises TooMany, Unavailable."""
        quota = self._strict_per_minute if must_count else self._per_minute
        window, passed = divmod(int(clock.epoch_s()), WINDOW_S)
        reset_s = WINDOW_S - passed
        if time.monotonic() < self._silent_until and not must_count:
            return None
        try:
            name = f"inlay:limit:{policy}:{caller}:{window}"
            # Twice the window, so that a host that is a little behind does not find the count gone.
            count = int(self._count(keys=[name], args=[WINDOW_S * 2]))
        except redis.RedisError as error:
            self._silent_until = time.monotonic() + 2  # do not pay the time-out for every request of an outage
            log.warning("limits.blind", error=type(error).__name__)
            if must_count:
                raise Unavailable(CANNOT_COUNT) from error
            return None
        allowance = RateAllowance(policy, quota, quota - count, reset_s)
        if count > quota:
            raise TooMany(
                Bilingual(
                    f"一分钟内超过 {quota} 个请求，请在 {reset_s} 秒后继续。",
                    f"More than {quota} requests in a minute. Go on in {reset_s} s.",
                ),
                headers={**allowance.headers(), "Retry-After": str(reset_s)},
            )
        return allowance
