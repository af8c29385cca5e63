"""A payment provider that is asked over HTTP: JSON, a bearer secret, an Idempotency-Key, pages by cursor."""

import http.client
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from marketplace.core.money import AMOUNT_MAX, MINOR_DIGITS, Money
from marketplace.payments.provider.payment_provider import (
    LineKind,
    ProviderEvent,
    ProviderLine,
    ProviderPayIn,
    ProviderStatus,
    UnclearAnswer,
)

ANSWER_MAX = 1024 * 1024
_NOT_FOUND = 404


class HttpProvider:
    """Talks to one provider. What is cut off, refused or makes no sense is unclear: nothing is taken for granted."""

    def __init__(self, name: str, url: str, secret: str, *, timeout_s: float = 15.0) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError("a provider's address begins with https://")
        self.name = name
        self._url, self._secret, self._timeout_s = url.rstrip("/"), secret, timeout_s

    def send(self, key: str, amount: Money) -> ProviderLine:
        body = {"key": key, "amount_minor": amount.amount, "currency": amount.currency}
        return _line(self._call("POST", "/payouts", body, key))

    def ask(self, key: str) -> ProviderLine | None:
        found = self._call("GET", f"/payouts/{quote(key, safe='')}")
        return None if found is None else _line(found)

    def collect(self, key: str, amount: Money) -> ProviderPayIn:
        body = {"key": key, "amount_minor": amount.amount, "currency": amount.currency}
        return _pay_in(self._call("POST", "/pay-ins", body, key))

    def ask_pay_in(self, key: str) -> ProviderPayIn | None:
        found = self._call("GET", f"/pay-ins/{quote(key, safe='')}")
        return None if found is None else _pay_in(found)

    def report(self) -> Iterator[ProviderLine]:
        return map(_line, self._pages("/lines"))

    def events(self) -> Iterator[ProviderEvent]:
        return map(_event, self._pages("/events"))

    def _pages(self, path: str) -> Iterator[Any]:
        after = 0
        while True:
            page = self._call("GET", f"{path}?after={after}")
            try:
                rows, more = list(page["data"]), bool(page["has_more"])
            except (TypeError, KeyError) as error:
                raise UnclearAnswer(f"{path} is no page") from error
            yield from rows
            after += len(rows)
            if not more or not rows:
                return

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None, key: str = "") -> Any:
        headers = {"Authorization": f"Bearer {self._secret}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self._url}{path}", data, headers, method=method)  # noqa: S310 - the scheme was looked at
        try:
            with urlopen(request, timeout=self._timeout_s) as answer:  # noqa: S310
                return json.loads(answer.read(ANSWER_MAX))
        except HTTPError as error:
            if error.code == _NOT_FOUND and method == "GET":
                return None
            raise UnclearAnswer(f"{method} answered {error.code}") from error
        except (URLError, OSError, http.client.HTTPException, ValueError) as error:
            raise UnclearAnswer(f"{method} was cut off") from error


def _line(row: Any) -> ProviderLine:
    try:
        return ProviderLine(
            LineKind(row["kind"]), str(row["key"]), _money(row), ProviderStatus(row["status"]), str(row["reference"])
        )
    except (TypeError, KeyError, ValueError) as error:
        raise UnclearAnswer("a line makes no sense") from error


def event_of(event_id: str, body: bytes) -> ProviderEvent:
    """Return what a notice tells that came by HTTP: `{"type": ..., "data": {...}}`. Raises UnclearAnswer."""
    try:
        told = json.loads(body)
        return _event({**told["data"], "kind": told["type"], "id": event_id})
    except (TypeError, KeyError, ValueError) as error:
        raise UnclearAnswer("a notice makes no sense") from error


def _pay_in(row: Any) -> ProviderPayIn:
    try:
        received = row["received_minor"]
        money = None if received is None else _money({**row, "amount_minor": received})
        named = (str(row["reference"]), str(row["pay_url"]))
        return ProviderPayIn(str(row["key"]), ProviderStatus(row["status"]), *named, money)
    except (TypeError, KeyError, ValueError) as error:
        raise UnclearAnswer("a pay-in makes no sense") from error


def _event(row: Any) -> ProviderEvent:
    try:
        return ProviderEvent(str(row["id"]), str(row["kind"]), str(row["key"]), _money(row), dict(row))
    except (TypeError, KeyError, ValueError) as error:
        raise UnclearAnswer("an event makes no sense") from error


def _money(row: Any) -> Money:
    amount, currency = row["amount_minor"], row["currency"]
    if type(amount) is not int or not 0 < amount <= AMOUNT_MAX or currency not in MINOR_DIGITS:
        raise ValueError("no amount of money")
    return Money(currency, amount)
