"""The HTTP client of the `inlay` command: one place that authenticates, retries safely and prints problems."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn
from urllib.parse import urlencode

import click

from marketplace.cli.account import stored_sign_ins
from marketplace.cli.language import of_environment
from marketplace.core.estimate import NameTwice
from marketplace.core.ids import new_id
from marketplace.core.lazy_import import lazy_module
from marketplace.core.message import Bilingual, Language

if TYPE_CHECKING:
    import urllib3
else:
    urllib3 = lazy_module("urllib3")

EXIT_REFUSED, EXIT_USAGE, EXIT_UNREACHABLE = 1, 2, 3
NOT_SIGNED_IN, MISSING = 401, 404
PAGE = 100
# What a 401 of these means is a wrong password.
_TAKES_PASSWORDS = ("/sessions", "/people/me/password", "/invites/accept")


@dataclass(frozen=True)
class ApiClient:
    """The API's address and the key for its calls: the one that was given, else that of the last sign-in there.
    `as_json`: print answers as they came. The API answers in `language`, and so does the command."""

    url: str
    key: str
    as_json: bool = False
    language: Language = "en"

    def call(
        self, method: str, path: str, body: Any = None, query: dict[str, Any] | None = None, etag: str | None = None
    ) -> Any:
        """Make one call and return the JSON of the answer (None if it is empty). Ends the command on a refusal."""
        return self.raw(method, path, json.dumps(body).encode() if body is not None else None, query, etag)[0]

    def find(self, path: str) -> Any:
        """Return the JSON of a resource, or None if there is no such resource."""
        response = self._send("GET", path, None, None, {"Accept": "application/json"}, may_miss=True)
        return None if response.status == MISSING else self._read(response)

    def sign_in(self, body: Mapping[str, Any]) -> Any:
        """Return the session that a password begins, or None where the account asks for a code too."""
        sent = {"Accept": "application/json", "Content-Type": "application/json"}
        response = self._send("POST", "/sessions", json.dumps(body).encode(), None, sent, may_lack_code=True)
        return self._read(response) if response.status < NOT_SIGNED_IN else None

    def end_session(self) -> None:
        """End the session whose token the key is; one that has ended already is no error."""
        self._send("DELETE", "/sessions/current", None, None, {"Accept": "application/json"}, may_be_over=True)

    def raw(
        self,
        method: str,
        path: str,
        data: bytes | BinaryIO | None = None,
        query: dict[str, Any] | None = None,
        etag: str | None = None,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Any, "urllib3.BaseHTTPResponse"]:
        """Like `call`, with a body of any type; also returns the response for its headers."""
        sent = {"Accept": "application/json", "Idempotency-Key": str(new_id()), **(headers or {})}
        if data is not None:
            sent["Content-Type"] = content_type
        if etag is not None:
            sent["If-Match"] = etag
        response = self._send(method, path, data, query, sent)
        return (self._read(response) if response.data else None), response

    def _read(self, response: "urllib3.BaseHTTPResponse") -> Any:
        """Return the JSON of an answer. Ends the command where something else than a market answered."""
        try:
            return json.loads(response.data)
        except ValueError:
            fail(
                Bilingual(
                    f"{self.url} 的回答不是 Inlay 的 API：请检查 --url 或 INLAY_URL。",
                    f"What answers at {self.url} is not Inlay's API: look at --url or INLAY_URL.",
                ),
                EXIT_UNREACHABLE,
            )

    def _send(
        self,
        method: str,
        path: str,
        data: bytes | BinaryIO | None,
        query: dict[str, Any] | None,
        headers: dict[str, str],
        may_miss: bool = False,
        may_be_over: bool = False,
        may_lack_code: bool = False,
    ) -> "urllib3.BaseHTTPResponse":
        headers["Accept-Language"] = {"zh": "zh-CN", "en": "en"}[self.language]
        signed_in = "" if self.key else stored_sign_ins.token(self.url)
        if self.key or signed_in:
            headers["Authorization"] = f"Bearer {self.key or signed_in}"
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
                Bilingual(
                    f"连接不上 {self.url}（{type(error).__name__}）。请用 `inlay up` 启动，或用 --url 指定地址。",
                    f"{self.url} cannot be reached ({type(error).__name__}). Is it running? `inlay up` starts it,"
                    " and --url names another address.",
                ),
                EXIT_UNREACHABLE,
            )
        if response.status == NOT_SIGNED_IN and path not in _TAKES_PASSWORDS:
            if may_be_over:
                return response
            self._say_who(bool(signed_in))
        if may_lack_code and response.status == NOT_SIGNED_IN and b"second-factor-needed" in response.data:
            return response
        if response.status >= 400 and not (may_miss and response.status == MISSING):
            refuse(response)
        return response

    def _say_who(self, signed_in: bool) -> NoReturn:
        """End the command by telling no key, a wrong key and a sign-in that is over apart."""
        if self.key:
            fail(
                Bilingual(
                    f"{self.url} 不认识这个密钥：可能输错了、已被撤销，或属于另一个市场。",
                    f"This key is not known at {self.url}: it is mistyped, was revoked, or belongs to another market.",
                )
            )
        if signed_in:
            fail(
                Bilingual(
                    f"在 {self.url} 的登录已失效，请重新登录：inlay sign-in。",
                    f"Your sign-in at {self.url} is over; sign in again: inlay sign-in.",
                )
            )
        fail(
            Bilingual(
                "这一步需要身份：请用 inlay sign-in 登录，或把 API 密钥设为 INLAY_KEY。",
                "This needs to know who you are: sign in with `inlay sign-in`, or set INLAY_KEY to an API key.",
            )
        )

    def download(self, path: str, query: dict[str, Any]) -> bytes:
        """Return the bytes of a file that the API makes."""
        response = self._send("GET", path, None, query, {"Accept": "*/*"})
        return response.data

    def every(self, path: str, query: dict[str, Any] | None = None, most: int = 1000) -> Iterator[dict[str, Any]]:
        """Yield the items of a list page by page, at most `most` of them."""
        yield from self.some(path, query, most)[0]

    def some(
        self, path: str, query: dict[str, Any] | None = None, most: int | None = None
    ) -> tuple[list[dict[str, Any]], bool]:
        """Return at most `most` items of a list, all without it, and whether there are more."""
        page_query, rows = dict(query or {}), list[dict[str, Any]]()
        while True:
            wanted = PAGE if most is None else min(PAGE, most - len(rows))
            page = self.call("GET", path, query={**page_query, "limit": wanted})
            rows += page["data"]
            if not page["has_more"] or (most is not None and len(rows) >= most):
                return rows, page["has_more"]
            page_query["starting_after"] = page["data"][-1].get("id") or page["data"][-1]["row_number"]


@cache
def _pool() -> "urllib3.PoolManager":
    return urllib3.PoolManager(timeout=urllib3.Timeout(connect=5, read=60), maxsize=4)


def refuse(response: "urllib3.BaseHTTPResponse") -> NoReturn:
    """End the command with the problem's own words, one line for each error."""
    try:
        problem = json.loads(response.data)
    except ValueError:
        fail(
            Bilingual(
                f"服务器返回 {response.status}，没有说明原因。",
                f"The server answered {response.status} without saying why.",
            )
        )
    colon = "：" if spoken() == "zh" else ": "
    lines = [colon.join(filter(None, (str(problem.get("title", response.status)), problem.get("detail", ""))))]
    lines += [f"  {error['pointer']}{colon}{error['detail']}" for error in problem.get("errors", [])]
    _end("\n".join(lines), EXIT_REFUSED)


def fail(sentence: Bilingual, code: int = EXIT_REFUSED) -> NoReturn:
    """End the command with one sentence on standard error, in the language of the command."""
    _end(say(sentence), code)


def _end(text: str, code: int) -> NoReturn:
    click.echo(f"inlay: {text}", err=True)
    raise click.exceptions.Exit(code)


def name_twice(file: str, error: NameTwice) -> Bilingual:
    """Return what is wrong with a file of JSON in which an object has a name twice."""
    return Bilingual(f"{file} 不行：同一个对象里 {error.name[:100]!r} 出现了两次。", f"{file}: {error}.")


def say(sentence: Bilingual) -> str:
    """Return the sentence in the language of the command that runs."""
    return sentence.zh if spoken() == "zh" else sentence.en


def spoken() -> Language:
    """Return the language of the command that runs."""
    context = click.get_current_context(silent=True)
    api = context.find_object(ApiClient) if context is not None else None
    return of_environment() if api is None else api.language
