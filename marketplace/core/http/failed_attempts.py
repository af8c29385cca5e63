"""Wrong passwords are counted by account, whatever addresses they come from.

After TRIES in WINDOW_S an account takes no more from strange addresses. From an address that it was signed in from
within KNOWN_DAYS it still does: else whoever knows somebody's e-mail could lock them out.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import redis

from marketplace.core.errors import NotSignedIn, TooMany, Unavailable, WrongCode
from marketplace.core.http.rate_limits import CANNOT_COUNT
from marketplace.core.message import Bilingual

TRIES, WINDOW_S, KNOWN_DAYS = 10, 15 * 60, 30
_NOTHING_ELSE = Bilingual("", "")


class FailedAttempts:
    """The counts, in Redis, of accounts that exist and of those that do not alike."""

    def __init__(self, redis_url: str) -> None:
        self._redis = redis.Redis.from_url(redis_url, socket_timeout=0.5, socket_connect_timeout=0.5)

    @contextmanager
    def counted(self, account: str, address: str) -> Iterator[None]:
        """Count what is tried within, if it fails. Raises TooMany before it is tried, Unavailable without Redis."""
        # No e-mail address is kept, and none is in the name of a key.
        hashed = _hashed(account)
        codes = f"inlay:codes:{hashed}"
        failed, known = _failed(account), f"inlay:known:{hashed}:{hashlib.sha256(address.encode()).hexdigest()}"
        try:
            tries, is_known = int(self._redis.get(failed) or 0), bool(self._redis.exists(known))
            # Whoever tries codes has the password, so that strangers lock nobody out with them, and nobody may go on.
            tried_codes = int(self._redis.get(codes) or 0)
            left_s = max(1, int(self._redis.ttl(codes if tried_codes >= TRIES else failed)))
        except redis.RedisError as error:
            raise Unavailable(CANNOT_COUNT) from error
        if tried_codes >= TRIES:
            raise _too_many("验证码输错的次数太多", "Too many wrong codes for this account.", left_s)
        if tries >= TRIES and not is_known:
            raise _too_many(
                "这个账户输错密码的次数太多",
                "Too many wrong passwords for this account.",
                left_s,
                Bilingual("，或在您以前登录过的地方登录", ", or from where you have signed in before"),
            )
        try:
            yield
        except WrongCode:
            self._count(codes)
            raise
        except NotSignedIn:
            self._count(failed)
            raise
        self._redis.set(known, 1, ex=KNOWN_DAYS * 86_400)

    def forgive(self, account: str) -> None:
        """Forget the wrong passwords of somebody who has shown otherwise who they are; wrong codes still count."""
        with contextlib.suppress(redis.RedisError):  # they end by themselves
            self._redis.delete(_failed(account))

    def _count(self, name: str) -> None:
        with self._redis.pipeline(transaction=True) as together:
            together.set(name, 0, ex=WINDOW_S, nx=True)
            together.incr(name)
            together.execute()


def _hashed(account: str) -> str:
    return hashlib.sha256(account.strip().lower().encode()).hexdigest()


def _failed(account: str) -> str:
    return f"inlay:failed:{_hashed(account)}"


def _too_many(zh: str, en: str, left_s: int, otherwise: Bilingual = _NOTHING_ELSE) -> TooMany:
    """Return the refusal: what there were too many of, when to try again, and what may be done otherwise."""
    minutes = -(-left_s // 60)
    return TooMany(
        Bilingual(
            f"{zh}，请在 {minutes} 分钟后再试{otherwise.zh}。", f"{en} Try again in {minutes} minutes{otherwise.en}."
        ),
        headers={"Retry-After": str(left_s)},
    )
