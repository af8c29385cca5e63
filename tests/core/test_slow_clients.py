"""Slow clients over real connections: whoever sends or reads slowly holds no thread, no transaction, little memory."""

import contextlib
import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import urllib3

from marketplace.core import db, ids
from marketplace.core.config import Config
from tests.make import videos
from tests.make.people import Somebody, somebody
from tests.make.web import Web
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.process

JSON = {"Content-Type": "application/json"}
# More than the threads that work on requests.
MANY = 12


@pytest.fixture
def web(config: Config, tmp_path: Path) -> Iterator[Web]:
    running = Web(config, tmp_path / "log")
    yield running
    running.kill()


@pytest.fixture
def who(app: object) -> Somebody:
    return somebody("creator")


def get(web: Web, path: str, who: Somebody | None = None) -> int:
    headers = who.headers if who else {}
    return int(urllib3.request("GET", web.url + path, headers=headers, retries=False, timeout=60).status)


def transactions(config: Config) -> int:
    """How many transactions of the web server are open and wait for it."""
    with db.transaction() as session:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND pid <> pg_backend_pid()"
        )
        return int(session.scalar(sa.text(waiting)) or 0)


def answer_of(opened: socket.socket) -> bytes:
    """Return the answer, as long as it says that it is: when the server ends the connection is its own affair."""
    opened.settimeout(PATIENCE_S)
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while not is_whole(answer) and (part := opened.recv(65536)):
            answer += part
    return answer


def is_whole(answer: bytes) -> bool:
    head, ended, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *([0-9]+)", head)
    return bool(ended) and length is not None and len(body) >= int(length[1])


@pytest.mark.parametrize(
    ("path", "length", "headers"),
    [
        ("/api/v1/sessions", 10_000, JSON),
        ("/api/v1/sign-up", 200_000, JSON),
        ("/api/v1/imports?file_name=a.csv&mode=skip_bad_rows", 200_000, {"Content-Type": "text/csv"}),
    ],
)
def test_bodies_that_trickle_in_stop_nobody_else(
    web: Web, who: Somebody, config: Config, path: str, length: int, headers: dict[str, str]
) -> None:
    """The attack of the findings: nine bodies at a byte every two seconds held every thread for minutes."""
    slow = [web.open("POST", path, who.once(**headers), length) for _ in range(MANY)]
    for one in slow:
        one.sendall(b"{")
    time.sleep(1.5)
    assert get(web, "/livez") == 200
    assert get(web, "/api/v1/channels", who) == 200
    assert transactions(config) == 0
    # Given up after the grace, though a byte came now and then.
    answers = [answer_of(one) for one in slow]
    assert {answer.split(b" ", 2)[1] for answer in answers} == {b"408"}
    problem = json.loads(answers[0].split(b"\r\n\r\n", 1)[1])
    assert (problem["status"], bool(problem["detail"]), bool(problem["request_id"])) == (408, True, True)
    for one in slow:
        one.close()
    assert get(web, "/api/v1/channels", who) == 200


def test_readers_that_take_nothing_stop_nobody_else(web: Web, who: Somebody) -> None:
    """Nine clients that asked for a large file through one link, and read nothing of it, held every thread."""
    data = videos.video(40 * 1024 * 1024)
    video_id = videos.kept(who, data)
    link = urllib3.request(
        "POST",
        f"{web.url}/api/v1/videos/{ids.show('vfl', video_id)}/links",
        headers=who.once(**JSON),
        body=b"{}",
        retries=False,
    )
    assert link.status in (200, 201), link.data
    path = link.json()["url"].removeprefix(web.url)
    slow = []
    for _ in range(MANY):
        opened = socket.create_connection(("127.0.0.1", web.port), timeout=30)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        opened.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\n\r\n".encode())
        slow.append(opened)
    until(lambda: all(len(one.recv(64, socket.MSG_PEEK)) > 0 for one in slow))
    before = web.memory()
    assert get(web, "/livez") == 200
    assert get(web, "/api/v1/channels", who) == 200
    assert web.memory() - before < 64 * 1024 * 1024
    for one in slow:
        one.close()
    whole = urllib3.request("GET", web.url + path, retries=False, timeout=60)
    assert whole.data == data
    part = urllib3.request("GET", web.url + path, headers={"Range": "bytes=1000-2999999"}, retries=False)
    assert (part.status, part.data) == (206, data[1000:3_000_000])


def test_one_address_has_its_share_of_slow_bodies(web: Web, who: Somebody) -> None:
    slow = [web.open("POST", "/api/v1/sessions", JSON, 10_000) for _ in range(20)]
    for one in slow:
        one.sendall(b"{")
    statuses = sorted(answer_of(one).split(b" ", 2)[1] for one in slow)
    for one in slow:
        one.close()
    assert statuses == [b"408"] * 16 + [b"429"] * 4
    assert get(web, "/api/v1/channels", who) == 200


@pytest.mark.parametrize(("proxies", "statuses"), [("1", [401, 401, 401]), ("0", [401, 401, 429])])
def test_a_trusted_proxy_tells_whose_request_it_is(
    config: Config, tmp_path: Path, app: object, proxies: str, statuses: list[int]
) -> None:
    """Behind a proxy that nobody trusts all clients are one address; what they say of themselves counts for nothing."""
    web = Web(config, tmp_path / "log", TRUSTED_PROXIES=proxies, SIGN_INS_PER_MINUTE="2")
    try:
        body = b'{"email": "nobody@example.org", "password": "a long enough password"}'
        answers = []
        for client in ("203.0.113.1", "203.0.113.2", "203.0.113.3"):
            told = {**JSON, "X-Forwarded-For": f"198.51.100.7, {client}"}
            url = f"{web.url}/api/v1/sessions"
            answers.append(urllib3.request("POST", url, headers=told, body=body, retries=False).status)
        assert answers == statuses
        assert (
            urllib3.request("GET", f"{web.url}/metrics", headers={"X-Forwarded-For": "a"}, retries=False).status == 401
        )
        assert get(web, "/metrics") == 200
    finally:
        web.kill()


def test_an_open_route_takes_no_large_body(web: Web) -> None:
    """A sign-up of 150,000 names cost 1.25 s of a processor, and anybody could send it."""
    body = json.dumps({f"name {number}": 1 for number in range(150_000)}).encode()[: 2 * 1024 * 1024 - 10]
    answer = urllib3.request("POST", f"{web.url}/api/v1/sign-up", headers=JSON, body=body, retries=False)
    assert answer.status == 413


def test_links_are_made_of_the_public_address_and_not_of_what_a_client_says(
    config: Config, tmp_path: Path, app: object, who: Somebody
) -> None:
    web = Web(config, tmp_path / "log", PUBLIC_URL="https://market.example.com")
    try:
        headers = {**who.once(), "Upload-Length": "100", "Tus-Resumable": "1.0.0", "Host": "evil.example.org"}
        answer = urllib3.request("POST", f"{web.url}/api/v1/video-uploads", headers=headers, body=b"", retries=False)
        assert answer.status == 201, answer.data
        assert answer.headers["Location"].startswith("https://market.example.com/")
        # The front says it too where it answers without the application.
        live = urllib3.request("GET", f"{web.url}/livez", retries=False)
        assert all("max-age" in one.headers["Strict-Transport-Security"] for one in (answer, live))
    finally:
        web.kill()
