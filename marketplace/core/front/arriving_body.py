"""A request's body as it comes in: whole, if it is small, and else piece by piece, at a least rate."""

import asyncio
import io
import time
from collections.abc import AsyncIterator
from typing import Any

from marketplace.core.errors import CutOff, TooSlow
from marketplace.core.front.front_limits import FrontLimits
from marketplace.core.message import Bilingual

TOO_SLOW = Bilingual(
    "内容传得太慢，已放弃接收，什么都没有保存，请重新发送。",
    "The body came too slowly and was given up. Nothing was kept; send it again.",
)


class ArrivingBody:
    """The pieces of one body, read on the event loop."""

    def __init__(self, protocol: Any, limits: FrontLimits) -> None:
        self._pieces: AsyncIterator[bytes] = protocol.__aiter__()
        self._limits = limits
        self._began = time.monotonic()
        self._bytes = 0

    async def next_piece(self) -> bytes:
        """Return the next piece, b"" at the end. Raises TooSlow (408), CutOff (400)."""
        late = self._began + self._limits.grace_s + self._bytes / self._limits.least_rate
        patience = min(self._limits.stall_s, late - time.monotonic())
        if patience <= 0:
            raise TooSlow(TOO_SLOW)
        try:
            async with asyncio.timeout(patience):
                piece = await anext(self._pieces)
        except StopAsyncIteration:
            return b""
        except TimeoutError:
            raise TooSlow(TOO_SLOW) from None
        except Exception as error:  # the server's own classes, which say no more than that the client has left
            raise CutOff from error
        self._bytes += len(piece)
        return piece

    async def whole(self, bytes_max: int) -> tuple[bytes, bool]:
        """Return what has come, and whether it is all: what is longer is left to `PieceReader`."""
        parts, size = [], 0
        while piece := await self.next_piece():
            parts.append(piece)
            size += len(piece)
            if size > bytes_max:
                return b"".join(parts), False
        return b"".join(parts), True


class PieceReader(io.RawIOBase):
    """The rest of a long body for the application's thread, which waits here while the event loop reads."""

    def __init__(self, body: ArrivingBody, loop: asyncio.AbstractEventLoop, begun: bytes) -> None:
        self._body, self._loop = body, loop
        self._begun = memoryview(begun)
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._begun and not self._ended:
            self._begun = memoryview(asyncio.run_coroutine_threadsafe(self._body.next_piece(), self._loop).result())
            self._ended = not self._begun
        count = min(len(buffer), len(self._begun))
        buffer[:count] = self._begun[:count]
        self._begun = self._begun[count:]
        return count
