"""The HTTP client of the `inlay` command: one place that authenticates, retries safely and prints problems."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn
from urllib.parse import urlencode

import click

from marketplace.core.ids import new_id
from marketplace.core.lazy_import import lazy_module

if TYPE_CHECKING:
    import urllib3
else:
    urllib3 = lazy_module("urllib3")

EXIT_REFUSED, EXIT_UNREACHABLE = 1, 3
MISSING = 404


@dataclass(frozen=True)
class ApiClient:
    """The API's address and the key for its calls. `as_json`: print answers as they came."""

    url: str
    key: str
    as_json: bool = False

    def call(
        self, method: str, path: str, body: Any = None, query: dict[str, Any] | None = None, etag: str | None = None
    ) -> Any:
        """Make one call and return the JSON of the answer (None if it is empty). Ends the command on a refusal."""
        return self.raw(method, path, json.dumps(body).encode() if body is not None else None, query, etag)[0]

    def find(self, path: str) -> Any:
        """Return the JSON of a resource, or None if there is no such resource."""
        response = self._send("GET", path, None, None, {"Accept": "application/json"}, may_miss=True)
        return None if response.status == MISSING else json.loads(response.data)

    def raw(
        self,
        method: str,
        path: str,
        data: bytes | BinaryIO | None = None,
        query: dict[str, Any] | None = None,
        etag: str | None = None,
        content_type: str = "application/json",
    ) -> tuple[Any, "urllib3.BaseHTTPResponse"]:
        """Like `call`, with a body of any type; also returns the response for its headers."""
        headers = {"Accept": "application/json", "Idempotency-Key": str(new_id())}
        if data is not None:
            headers["Content-Type"] = content_type
        if etag is not None:
            headers["If-Match"] = etag
        response = self._send(method, path, data, query, headers)
        return (json.loads(response.data) if response.data else None), response

    def _send(
        self,
        method: str,
        path: str,
        data: bytes | BinaryIO | None,
        query: dict[str, Any] | None,
        headers: dict[str, str],
        may_miss: bool = False,
    ) -> "urllib3.BaseHTTPResponse":
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        given = {name: value for name, value in (query or {}).items() if value is not None}
        url = f"{self.url.rstrip('/')}/api/v1{path}" + (f"?{urlencode(given)}" if given else "")
        # Each try carries the same Idempotency-Key, so a retry cannot do a thing twice. An open file is not retried: a
        # part of it has been read.
        retry = urllib3.Retry(
            total=4, backoff_factor=0.3, status_forcelist=(502, 503), allowed_methods=None, raise_on_status=False
        )
        try:
            response = _pool().request(
                method, url, body=data, headers=headers, retries=retry if not hasattr(data, "read") else False
            )
        except urllib3.exceptions.HTTPError as error:
            fail(
                f"{self.url} cannot be reached ({type(error).__name__}). Is it running? `inlay up` starts it.",
                EXIT_UNREACHABLE,
            )
        if response.status >= 400 and not (may_miss and response.status == MISSING):
            refuse(response)
        return response

    def download(self, path: str, query: dict[str, Any]) -> bytes:
        """Return the bytes of a file that the API makes."""
        response = self._send("GET", path, None, query, {"Accept": "*/*"})
        return response.data

    def every(self, path: str, query: dict[str, Any] | None = None, most: int = 1000) -> Iterator[dict[str, Any]]:
        """Yield the items of a list page by page, at most `most` of them."""
        page_query = dict(query or {})
        while most > 0:
            page = self.call("GET", path, query={**page_query, "limit": min(100, most)})
            yield from page["data"][:most]
            most -= len(page["data"])
            if not page["has_more"]:
                return
            page_query["starting_after"] = page["data"][-1]["id"]


@cache
def _pool() -> "urllib3.PoolManager":
    return urllib3.PoolManager(timeout=urllib3.Timeout(connect=5, read=60), maxsize=4)


def refuse(response: "urllib3.BaseHTTPResponse") -> NoReturn:
    """End the command with the problem's own words, one line for each error."""
    try:
        problem = json.loads(response.data)
    except ValueError:
        fail(f"The server answered {response.status} without saying why.")
    lines = [f"{problem.get('title', response.status)}: {problem.get('detail', '')}"]
    lines += [f"  {error['pointer']}: {error['detail']}" for error in problem.get("errors", [])]
    fail("\n".join(lines))


def fail(sentence: str, code: int = EXIT_REFUSED) -> NoReturn:
    click.echo(f"inlay: {sentence}", err=True)
    raise click.exceptions.Exit(code)
