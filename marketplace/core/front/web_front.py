"""The front: receives a request on the event loop, lets a thread work on it, and sends the answer on the loop."""

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.parse import urlsplit

import structlog
from werkzeug.exceptions import HTTPException

from marketplace.core.errors import DomainError, Unavailable
from marketplace.core.front import wsgi_call
from marketplace.core.front.arriving_body import ArrivingBody, PieceReader
from marketplace.core.front.front_limits import AddressCounts, FrontLimits
from marketplace.core.front.wsgi_call import Application, StartedAnswer
from marketplace.core.http.caller_language import language_headers, language_of
from marketplace.core.http.problems import MEDIA_TYPE, problem_text
from marketplace.core.message import Bilingual

T = TypeVar("T")
# In the environment: why the front refuses this request, for the application to answer it as it answers any error.
REFUSED = "inlay.refused"
PIECE_BYTES = 256 * 1024
FILE_STAYS_S = 60
LIVE = json.dumps({"status": "ok"})
BUSY = Bilingual("服务器繁忙，请稍后再试。", "The server has more to do than it can. Try again soon.")

log = structlog.get_logger("http")


class Overloaded(Exception):
    """As many requests wait for a thread as may."""


class WebFront:
    """An RSGI application around a WSGI application.

    ``threads`` work on requests. Long bodies and long answers have threads of their own, which only wait for the loop
    or a disk. ``headers`` go with whatever the front answers by itself. ``proxies`` is the number of trusted proxies in
    front of the server: the so many-th entry from the right of X-Forwarded-For is the client. ``public_url`` is where
    clients reach the market; without it, what they say in Host is believed. ``https_headers`` go with its answers to
    clients that came by HTTPS.
    """

    def __init__(
        self,
        app: Application,
        *,
        threads: int,
        headers: dict[str, str],
        https_headers: dict[str, str] | None = None,
        proxies: int = 0,
        public_url: str = "",
        limits: FrontLimits | None = None,
    ) -> None:
        self._app, self._headers = app, list(headers.items())
        self._https_headers = list((https_headers or {}).items())
        self._proxies, self._public = proxies, urlsplit(public_url)
        self._limits = limits or FrontLimits()
        self._work = ThreadPoolExecutor(threads, "request")
        self._transfer_work = ThreadPoolExecutor(self._limits.transfers_in_all, "transfer")
        self._slow = AddressCounts(self._limits.slow_an_address, self._limits.slow_in_all)
        self._transfers = AddressCounts(self._limits.transfers_an_address, self._limits.transfers_in_all)
        # Whoever asks whether the market is ready must not wait behind requests that hang because it is not.
        self._probe_work = ThreadPoolExecutor(2, "probe")
        self._waiting = dict.fromkeys((self._work, self._probe_work), 0)

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if scope.path == "/livez":
            # No thread, no database: it says that the loop turns.
            protocol.response_str(200, [*self._own_headers(scope), ("Content-Type", "application/json")], LIVE)
            return
        try:
            with ExitStack() as held:
                await self._answer(scope, protocol, held)
        except Overloaded:
            busy, language = Unavailable(BUSY), language_of(scope.headers.get("accept-language", ""))
            headers = {**busy.headers, **language_headers(language), "Content-Type": MEDIA_TYPE}
            told = [*self._own_headers(scope), *headers.items()]
            protocol.response_bytes(busy.status, told, problem_text(busy, language))

    def _own_headers(self, scope: Any) -> list[tuple[str, str]]:
        """Return the headers of an answer that the application does not make."""
        scheme = self._public.scheme or self._client(scope)[1]
        return [*self._headers, *self._https_headers] if scheme == "https" else self._headers

    async def _answer(self, scope: Any, protocol: Any, held: ExitStack) -> None:
        address, scheme = self._client(scope)
        body: IO[bytes] = io.BytesIO()
        work, refused = self._probe_work if scope.path == "/readyz" else self._work, None
        try:
            if work is self._work:
                body, work = await self._received(scope, protocol, address, held)
        except (DomainError, HTTPException) as error:
            refused = error
        environ = wsgi_call.environ_of(scope, address, scheme, body)
        if self._public.netloc:
            environ |= {"HTTP_HOST": self._public.netloc, "wsgi.url_scheme": self._public.scheme}
        if refused is not None:
            environ |= {REFUSED: refused, "CONTENT_LENGTH": "0"}
        answer = await self._in_thread(work, lambda: wsgi_call.call(self._app, environ, self._limits.whole_bytes))
        await self._send(protocol, answer)

    async def _received(
        self, scope: Any, protocol: Any, address: str, held: ExitStack
    ) -> tuple[IO[bytes], ThreadPoolExecutor]:
        """Return the body and the threads for it. Raises DomainError, HTTPException."""
        told = scope.headers.get("content-length")
        if told in (None, "0") and scope.headers.get("transfer-encoding") is None:
            return io.BytesIO(), self._work
        is_json = scope.headers.get("content-type", "").startswith("application/json")
        bytes_max = self._limits.whole_bytes if is_json else self._limits.short_bytes
        arriving, begun = ArrivingBody(protocol, self._limits), b""
        if told is None or int(told) <= bytes_max:
            begun, ended = await self._whole(arriving, bytes_max, address)
            if ended:
                return io.BytesIO(begun), self._work
        held.enter_context(self._transfers.entered(address))
        return io.BufferedReader(PieceReader(arriving, self._loop, begun), PIECE_BYTES), self._transfer_work

    async def _whole(self, arriving: ArrivingBody, bytes_max: int, address: str) -> tuple[bytes, bool]:
        task = asyncio.ensure_future(arriving.whole(bytes_max))
        try:
            await asyncio.wait([task], timeout=self._limits.slow_after_s)
            if task.done():
                return task.result()
            with self._slow.entered(address):
                return await task
        finally:
            task.cancel()

    async def _in_thread(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        if pool not in self._waiting:
            return await self._loop.run_in_executor(pool, work)
        if self._waiting[pool] >= self._limits.waiting_in_all:
            raise Overloaded
        self._waiting[pool] += 1
        try:
            return await self._loop.run_in_executor(pool, work)
        finally:
            self._waiting[pool] -= 1

    async def _send(self, protocol: Any, answer: StartedAnswer) -> None:
        if answer.pieces is not None and not wsgi_call.is_told_as_it_happens(answer):
            await self._in_thread(self._transfer_work, lambda: wsgi_call.make(answer, self._limits.whole_bytes))
        if answer.pieces is not None:
            await self._tell(protocol, answer, answer.pieces)
        elif answer.file is None:
            protocol.response_bytes(answer.status, answer.headers, answer.body)
        else:
            # The server reads the file as fast as the client takes it, without a thread of ours.
            if answer.end:
                protocol.response_file_range(answer.status, answer.headers, answer.file, answer.start, answer.end)
            else:
                protocol.response_file(answer.status, answer.headers, answer.file)
            if answer.passing:
                # Once it is open its name is not needed.
                self._loop.call_later(FILE_STAYS_S, Path(answer.file).unlink)

    async def _tell(self, protocol: Any, answer: StartedAnswer, pieces: Iterator[bytes]) -> None:
        """Send events as they come, until there are no more or the client has left."""
        try:
            transport = protocol.response_stream(answer.status, answer.headers)
            while piece := await self._in_thread(self._transfer_work, lambda: next(pieces, b"")):
                async with asyncio.timeout(self._limits.stall_s):
                    await transport.send_bytes(piece)
        except (TimeoutError, OSError, RuntimeError) as error:
            log.info("http.reader_gone", error=type(error).__name__)
        finally:
            await self._in_thread(self._transfer_work, answer.close)

    def _client(self, scope: Any) -> tuple[str, str]:
        """Return the client's address and scheme, as the outermost trusted proxy tells them."""
        peer = str(scope.client).rpartition(":")[0].strip("[]")
        if not self._proxies:
            return peer, scope.scheme
        told = [part.strip() for part in _field(scope, "x-forwarded-for") if part.strip()]
        schemes = [part.strip() for part in _field(scope, "x-forwarded-proto") if part.strip()]
        address = told[-self._proxies] if len(told) >= self._proxies else peer
        return address, schemes[-1] if schemes else scope.scheme


def _field(scope: Any, name: str) -> Iterator[str]:
    for given, value in scope.headers.items():
        if given.lower() == name:
            yield from value.split(",")
