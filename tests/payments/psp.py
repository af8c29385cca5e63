"""A payment provider to test against: a process of its own that speaks HTTP and misbehaves by a seeded plan.

`python -m tests.payments.psp SEED SLOW_S [STATE_FILE]` prints its port. What it does to a payout or a pay-in is drawn
from the seed and the key: answers that come too late or not at all, before or after the effect; failures; payouts paid
later, or sent back; pay-ins of less or more than was asked. Its events come twice, late and in another order, to whom
asks for them and, where `POST /notify` has named an address and a secret, as signed webhooks: some twice, some never,
some forged, some of a wrong amount. `/truth` tells what really happened, `/lines` what it reports; `POST /spoil`
changes the report. With a state file it remembers what it did when it is killed.
"""

import base64
import hashlib
import hmac
import json
import sys
import threading
import time
from pathlib import Path
from random import Random
from typing import Any
from urllib.request import Request as Call
from urllib.request import urlopen

from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

SECRET = "the provider's secret"
PAGE = 50
PLANS = (
    *("paid",) * 3,
    "pending",  # and paid by an event
    "failed",
    "pending_then_failed",
    "returned",
    "slow_before",  # no answer, and nothing done
    "slow_after",  # no answer, and done
    "error_before",
    "error_after",
    "garbage",  # an answer that makes no sense, and done
)
PAY_IN_PLANS = ("whole", "whole", "whole", "less", "more", "error_before", "error_after", "slow_after")


class Provider:
    """What was paid under which key, and what is told of it."""

    def __init__(self, seed: int, slow_s: float, file: Path | None) -> None:
        self.seed, self.slow_s, self.file = seed, slow_s, file
        self.payouts: dict[str, dict[str, Any]] = {}
        self.pay_ins: dict[str, dict[str, Any]] = {}
        self.tries: dict[str, int] = {}
        self.events: list[dict[str, Any]] = []
        self.spoilt: list[dict[str, Any]] | None = None
        self.lock = threading.Lock()
        self.notify: tuple[str, str] | None = None
        if file is not None and file.exists():
            self.payouts, self.pay_ins, self.tries, self.events = json.loads(file.read_text())

    def keep(self) -> None:
        """Remember everything, before anybody is answered. The caller has the lock."""
        if self.file is not None:
            new = self.file.with_suffix(".new")
            new.write_text(json.dumps([self.payouts, self.pay_ins, self.tries, self.events]))
            new.replace(self.file)

    def plan(self, key: str, plans: tuple[str, ...] = PLANS) -> str:
        return Random(f"{self.seed}:{key}").choice(plans)

    def send(self, body: dict[str, Any]) -> tuple[int, Any, float]:
        """Return the status, the answer, and how long it takes."""
        key = body["key"]
        with self.lock:
            self.tries[key] = self.tries.get(key, 0) + 1
            plan, first = self.plan(key), self.tries[key] == 1
            if first and plan == "slow_before":
                return 200, {}, self.slow_s
            if first and plan == "error_before":
                return 500, {"error": "try again"}, 0
            known = key in self.payouts
            row = self.payouts.setdefault(key, self._new(body, plan))
            if not known:
                self._tell(row, plan)
            self.keep()
            if known and (row["amount_minor"], row["currency"]) != (body["amount_minor"], body["currency"]):
                return 409, {"error": "the key stands for another payout"}, 0
            shown = {**row, "status": "pending"} if plan in ("pending", "pending_then_failed", "returned") else row
            if first and plan == "slow_after":
                return 200, shown, self.slow_s
            if first and plan == "error_after":
                return 502, {"error": "lost"}, 0
            return 200, {"what": "no line"} if first and plan == "garbage" else shown, 0

    def collect(self, body: dict[str, Any]) -> tuple[int, Any, float]:
        """Open a pay-in; the brand pays it when `POST /pay` says so."""
        key = body["key"]
        with self.lock:
            self.tries[key] = self.tries.get(key, 0) + 1
            plan, first = self.plan(key, PAY_IN_PLANS), self.tries[key] == 1
            if first and plan == "error_before":
                return 500, {"error": "try again"}, 0
            if key not in self.pay_ins:
                reference = f"pi_{len(self.pay_ins) + 1:05}"
                self.pay_ins[key] = {
                    "key": key,
                    "amount_minor": body["amount_minor"],
                    "currency": body["currency"],
                    "status": "pending",
                    "reference": reference,
                    "pay_url": f"https://pay.example/{reference}",
                    "received_minor": None,
                }
            self.keep()
            if first and plan == "error_after":
                return 502, {"error": "lost"}, 0
            return 200, self.pay_ins[key], self.slow_s if first and plan == "slow_after" else 0

    def pay(self, key: str) -> None:
        """What a brand does at the pay-in's address: it pays, sometimes less or more than it was asked for."""
        with self.lock:
            row = self.pay_ins[key]
            if row["status"] == "pending":
                asked = row["amount_minor"]
                paid = {"less": max(1, asked // 2), "more": asked + 7}.get(self.plan(key, PAY_IN_PLANS), asked)
                row |= {"status": "paid", "received_minor": paid}
                told = {**row, "amount_minor": paid, "id": f"ev_{row['reference']}", "kind": "pay_in.paid"}
                self.events.append(told)
                self._send_later([told], row["key"])
            self.keep()

    def _new(self, body: dict[str, Any], plan: str) -> dict[str, Any]:
        status = {"failed": "failed", "pending_then_failed": "failed", "returned": "returned"}.get(plan, "paid")
        reference = f"po_{len(self.payouts) + 1:05}"
        return {
            "kind": "payout",
            "key": body["key"],
            "amount_minor": body["amount_minor"],
            "currency": body["currency"],
            "status": status,
            "reference": reference,
        }

    def _tell(self, row: dict[str, Any], plan: str) -> None:
        """Put the events of a payout among the others: some twice, and anywhere after the last page that was read."""
        kinds = {"returned": ["payout.paid", "payout.returned"]}.get(plan, [f"payout.{row['status']}"])
        draw = Random(f"{self.seed}:{row['key']}:events")
        told = [
            {**row, "id": f"ev_{row['reference']}_{number}", "kind": kind}
            for number, kind in enumerate(kinds)
            for _ in range(draw.choice((1, 1, 2, 3)))
        ]
        for event in told:
            self.events.insert(draw.randint(max(0, len(self.events) - 6), len(self.events)), event)
        self._send_later(told, row["key"])

    def _send_later(self, told: list[dict[str, Any]], key: str) -> None:
        """Send these events as webhooks: in any order, late, some never, with a forged and a wrong one among them."""
        if self.notify is None:
            return
        draw = Random(f"{self.seed}:{key}:webhooks")
        calls = [(event, "right") for event in told if draw.random() > 0.2]  # the others are lost
        if draw.random() < 0.3:
            calls.append((told[0], "forged"))
        if draw.random() < 0.3:
            calls.append((told[0], "stale"))
        if draw.random() < 0.2:
            wrong = {**told[0], "id": f"{told[0]['id']}_wrong", "amount_minor": told[0]["amount_minor"] + 1}
            calls.append((wrong, "right"))
        draw.shuffle(calls)
        for event, how in calls:
            threading.Timer(draw.uniform(0, 1.5), self._notify, (event, how, draw.randint(1, 2))).start()

    def _notify(self, event: dict[str, Any], how: str, times: int) -> None:
        assert self.notify is not None
        url, secret = self.notify
        body = json.dumps({"type": event["kind"], "data": event}, ensure_ascii=False).encode()
        for _ in range(times):
            at = str(int(time.time()) - (3_600 if how == "stale" else 0))
            key = b"not the secret at all....." if how == "forged" else base64.b64decode(secret.removeprefix("whsec_"))
            digest = hmac.new(key, f"{event['id']}.{at}.".encode() + body, hashlib.sha256).digest()
            headers = {
                "Content-Type": "application/json",
                "webhook-id": event["id"],
                "webhook-timestamp": at,
                "webhook-signature": f"v1,AAAA v1,{base64.b64encode(digest).decode()}",
            }
            for _ in range(5):
                try:
                    with urlopen(Call(url, body, headers, method="POST"), timeout=10):  # noqa: S310
                        break
                except OSError as error:
                    if 400 <= getattr(error, "code", 500) < 500:
                        break
                    time.sleep(0.5)

    def lines(self) -> list[dict[str, Any]]:
        paid = [
            {**row, "kind": "receipt", "key": row["reference"], "amount_minor": row["received_minor"]}
            for row in self.pay_ins.values()
            if row["received_minor"] is not None
        ]
        return [*self.payouts.values(), *paid] if self.spoilt is None else self.spoilt


def _answer(provider: Provider, method: str, path: str, body: Any) -> tuple[int, Any, float] | None:
    if method == "POST":
        if path == "/payouts":
            return provider.send(body)
        if path == "/pay-ins":
            return provider.collect(body)
        if path == "/pay":
            provider.pay(body["key"])
        elif path == "/notify":
            provider.notify = (body["url"], body["secret"])
        elif path == "/spoil":
            provider.spoilt = body["lines"]
        return 200, {}, 0
    for prefix, rows in (("/payouts/", provider.payouts), ("/pay-ins/", provider.pay_ins)):
        if path.startswith(prefix):
            with provider.lock:
                row = rows.get(path.removeprefix(prefix))
                return (404 if row is None else 200), dict(row or {}), 0
    return None


def application(provider: Provider) -> Any:
    @Request.application
    def answer(request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {SECRET}":
            return Response("{}", 401)
        body = json.loads(request.get_data()) if request.method == "POST" else None
        found = _answer(provider, request.method, request.path, body)
        if found is not None:
            status, shown, wait_s = found
            time.sleep(wait_s)
            return Response(json.dumps(shown), status, content_type="application/json")
        with provider.lock:
            truth = [{**row, "tries": provider.tries[key]} for key, row in provider.payouts.items()]
            truth += [{**row, "kind": "pay_in"} for row in provider.pay_ins.values()]
            rows = {"/lines": provider.lines(), "/events": list(provider.events), "/truth": truth}[request.path]
        after = int(request.args.get("after", 0))
        page = rows[after : after + PAGE]
        shown = {"data": page, "has_more": after + PAGE < len(rows)}
        return Response(json.dumps(shown), 200, content_type="application/json")

    return answer


def main() -> None:
    file = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    port = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    provider = Provider(int(sys.argv[1]), float(sys.argv[2]), file)
    server = make_server("127.0.0.1", port, application(provider), threaded=True)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
