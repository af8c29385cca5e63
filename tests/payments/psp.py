"""A payment provider to test against: a process of its own that speaks HTTP and misbehaves by a seeded plan.

`python -m tests.payments.psp SEED SLOW_S` prints its port. What it does to a payout is drawn from the seed and the key:
answers that come too late or not at all, before or after the effect; failures; payouts paid later, or sent back.
Its events come twice, late and in another order. `/truth` tells what really happened, `/lines` what it reports.
"""

import json
import sys
import threading
import time
from random import Random
from typing import Any

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


class Provider:
    """What was paid under which key, and what is told of it."""

    def __init__(self, seed: int, slow_s: float) -> None:
        self.seed, self.slow_s = seed, slow_s
        self.payouts: dict[str, dict[str, Any]] = {}
        self.tries: dict[str, int] = {}
        self.events: list[dict[str, Any]] = []
        self.lock = threading.Lock()

    def plan(self, key: str) -> str:
        return Random(f"{self.seed}:{key}").choice(PLANS)

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
            if known and (row["amount_minor"], row["currency"]) != (body["amount_minor"], body["currency"]):
                return 409, {"error": "the key stands for another payout"}, 0
            shown = {**row, "status": "pending"} if plan in ("pending", "pending_then_failed", "returned") else row
            if first and plan == "slow_after":
                return 200, shown, self.slow_s
            if first and plan == "error_after":
                return 502, {"error": "lost"}, 0
            return 200, {"what": "no line"} if first and plan == "garbage" else shown, 0

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


def application(provider: Provider) -> Any:
    @Request.application
    def answer(request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {SECRET}":
            return Response("{}", 401)
        path = request.path
        if request.method == "POST" and path == "/payouts":
            status, body, wait_s = provider.send(json.loads(request.get_data()))
            time.sleep(wait_s)
            return Response(json.dumps(body), status, content_type="application/json")
        with provider.lock:
            if path.startswith("/payouts/"):
                row = provider.payouts.get(path.removeprefix("/payouts/"))
                return Response(json.dumps(row or {}), 404 if row is None else 200, content_type="application/json")
            rows = {
                "/lines": list(provider.payouts.values()),
                "/events": list(provider.events),
                "/truth": [{**row, "tries": provider.tries[key]} for key, row in provider.payouts.items()],
            }[path]
        after = int(request.args.get("after", 0))
        page = rows[after : after + PAGE]
        shown = {"data": page, "has_more": after + PAGE < len(rows)}
        return Response(json.dumps(shown), 200, content_type="application/json")

    return answer


def main() -> None:
    provider = Provider(int(sys.argv[1]), float(sys.argv[2]))
    server = make_server("127.0.0.1", 0, application(provider), threaded=True)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
