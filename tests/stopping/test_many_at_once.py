"""Many who stop one deal at once, and a web server that dies between a quote and what goes by it."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import urllib3
from flask import Flask
from flask.testing import FlaskClient

from marketplace.core.config import Config
from marketplace.deals.states import DEAL_TRANSITIONS
from tests.deals.look import events, path
from tests.make import owed as make
from tests.make.many import MANY, at_once
from tests.make.web import Web
from tests.stopping import look, look_quotes

pytestmark = pytest.mark.usefixtures("own_market")


@pytest.mark.parametrize("disputed", [False, True])
def test_all_that_stops_a_deal_at_once_has_one_order_and_no_contradiction(
    app: Flask, client: FlaskClient, disputed: bool
) -> None:
    owed = make.funded(2, price_minor=123_457, agency=True)
    make.sent_draft(owed, owed.ids[1])
    deal_id = owed.deal_id
    brands = look_quotes.quote(client, owed.brand, deal_id)["quote_hash"]
    makers = look_quotes.quote(client, owed.maker, deal_id)["quote_hash"]
    calls: list[Callable[[Any], Any]] = [
        lambda c: look.pause(c, owed.brand, deal_id),
        lambda c: look.resume(c, owed.brand, deal_id),
        lambda c: look_quotes.cancel(c, owed.brand, deal_id, brands),
        lambda c: look_quotes.agree(c, owed.maker, deal_id, brands),
        lambda c: look_quotes.refuse(c, owed.maker, deal_id),
        lambda c: look_quotes.take_back(c, owed.brand, deal_id),
        lambda c: look_quotes.cancel(c, owed.maker, deal_id, makers),
        lambda c: look_quotes.agree(c, owed.brand, deal_id, makers),
    ]
    if disputed:
        calls.append(lambda c: look.post(c, owed.maker, deal_id, "disputes", reason="说好的不是这样"))
    answers = at_once(app, calls)
    codes = Counter(answer.status_code for answer in answers)
    assert set(codes) <= {200, 201, 409}, codes
    assert codes[200] + codes[201] >= 1
    # Each call that was answered with 200 is one event, and each event begins where the one before it ended.
    moves = [event for event in events(deal_id) if "before" in event.data and event.kind != "deals.confirm"]
    walked = [event for event in moves if event.kind not in ("deals.fund",)]
    assert len(walked) == codes[200] + codes[201]
    state = "active"
    for event in walked:
        name = event.kind.removeprefix("deals.")
        assert event.data["before"] == state
        assert state in {str(one) for one in DEAL_TRANSITIONS[name].sources}
        state = event.data["after"]
    assert make.deal_status(owed) == state
    told = look.stops(client, owed.brand, deal_id)
    lasting = Counter(one["kind"] for one in told if one["outcome"] is None)
    assert lasting["cancellation"] == (state == "cancelling")
    assert lasting["pause"] == 1 if state == "paused" else lasting["pause"] <= (state == "cancelling")
    ended = [made for made, *_ in look.money(deal_id)]
    if state == "cancelled":
        [stop] = [one for one in told if one["kind"] == "cancellation" and one["outcome"] == "cancelled"]
        due = sum(due for _, due, _ in look.money(deal_id))
        assert due == (61_728 * 5_000 // 10_000 if stop["side"] == "brand" else 0)
        assert set(ended) <= {"returned", "split"}
    else:
        assert ended == ["frozen" if state == "disputed" else "held"] * 2
    look.holds()


def test_agreeing_fifty_times_at_once_cancels_once(app: Flask, client: FlaskClient) -> None:
    owed = make.funded(price_minor=PRICE)
    make.sent_draft(owed)
    quote = look_quotes.asked(client, owed.brand, owed.deal_id)
    answers = at_once(app, [lambda c: look_quotes.agree(c, owed.maker, owed.deal_id, quote["quote_hash"])])
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: MANY - 1}
    assert look.money(owed.deal_id) == [("split", PRICE // 2, PRICE - PRICE // 2)]
    look.holds()


PRICE = 777_777


def test_a_web_server_that_dies_between_quote_and_cancel_leaves_one_effect(
    config: Config, client: FlaskClient, tmp_path: Path
) -> None:
    owed = make.funded(price_minor=PRICE)
    make.sent_draft(owed)
    web = Web(config, tmp_path / "web.log")
    try:
        where = path(owed.deal_id)
        quote = _ask(web, "GET", f"{where}/cancellation-quote", owed.brand.headers).json()
        web.kill()
        web.start()
        body = {"quote_hash": quote["quote_hash"], "reason": look_quotes.LEAVES}
        headers = owed.brand.once()
        _send_and_kill(web, f"{path(owed.deal_id)}/cancel", body, headers)
        for _ in range(2):  # the caller does not know whether it was done, and sends it again under the same key
            answer = _ask(web, "POST", f"{where}/cancel", headers, body)
            assert (answer.status, answer.json()["status"]) == (200, "cancelling"), answer.data
        agreed = owed.maker.once()
        agreement = {"quote_hash": quote["quote_hash"]}
        answers = [_ask(web, "POST", f"{where}/cancellation/agree", agreed, agreement) for _ in range(2)]
        assert [answer.status for answer in answers] == [200, 200], answers[0].data
    finally:
        web.kill()
    kinds = Counter(event.kind for event in events(owed.deal_id))
    assert (kinds["deals.ask_to_cancel"], kinds["deals.cancel"]) == (1, 1)
    due = quote["content"]["due_minor"]
    assert look.money(owed.deal_id) == [("split", due, PRICE - due)]
    look.holds()


def _ask(web: Web, method: str, where: str, headers: dict[str, str], body: Any = None) -> urllib3.BaseHTTPResponse:
    return urllib3.request(method, web.url + where, json=body, headers=headers, retries=False, timeout=60)


def _send_and_kill(web: Web, where: str, body: dict[str, str], headers: dict[str, str]) -> None:
    """Send a whole request and kill the server before its answer is read."""
    data = json.dumps(body).encode()
    with web.open("POST", where, {**headers, "Content-Type": "application/json"}, len(data)) as sent:
        sent.sendall(data)
        web.kill()
    web.start()
