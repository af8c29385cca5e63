"""Over real HTTP: servers that are killed, phones that lose their connection, memory that stays small."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import urllib3

from marketplace.core import ids
from marketplace.core.clock import now
from marketplace.core.config import Config
from tests.make import videos as make
from tests.make.people import Somebody, somebody
from tests.make.web import Web
from tests.video_files import look
from tests.waiting import until

pytestmark = pytest.mark.process

MIB = 1024 * 1024


@pytest.fixture
def web(config: Config, tmp_path: Path) -> Iterator[Web]:
    running = Web(config, tmp_path / "log")
    yield running
    running.kill()


@pytest.fixture
def who(app: object) -> Somebody:
    return somebody("creator")


def ask(web: Web, method: str, path: str, who: Somebody, data: bytes = b"", **headers: str) -> urllib3.BaseHTTPResponse:
    told = {**who.headers, **look.TUS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return urllib3.request(method, web.url + path, body=data, headers=told, retries=False, timeout=60)


def begin(web: Web, who: Somebody, size_bytes: int) -> str:
    answer = ask(web, "POST", look.UPLOADS, who, Upload_Length=str(size_bytes))
    assert answer.status == 201
    return answer.headers["Location"].removeprefix(web.url)


def offset(web: Web, who: Somebody, path: str) -> int:
    return int(ask(web, "HEAD", path, who).headers["Upload-Offset"])


def stretch(who: Somebody, at: int) -> dict[str, str]:
    return {**who.headers, **look.TUS, "Upload-Offset": str(at), "Content-Type": make.STRETCH}


def let_go(who: Somebody, began: int) -> bool:
    """Whether the sender that began there is gone and has left something."""
    (row,) = look.of(who)
    return row.lease_until is None and row.received_bytes > began


def test_a_killed_server_loses_a_part_at_most(web: Web, who: Somebody, worker: ModuleType) -> None:
    data = make.video(20 * MIB)
    path = begin(web, who, len(data))
    with web.open("PATCH", path, stretch(who, 0), len(data)) as opened:
        opened.sendall(data[: 17 * MIB])
        until(lambda: look.of(who)[0].received_bytes == 16 * MIB)
        web.kill()
    web.start()
    at = offset(web, who, path)
    assert at == 16 * MIB
    held = ask(web, "PATCH", path, who, data[at:], Upload_Offset=str(at), Content_Type=make.STRETCH)
    assert held.status == 423  # nobody told the database that the server is gone
    make.let_time_pass(path.rsplit("/", 1)[1], lease_until=now())
    done = ask(web, "PATCH", path, who, data[at:], Upload_Offset=str(at), Content_Type=make.STRETCH)
    assert (done.status, done.headers["Upload-Offset"]) == (204, str(len(data)))
    look.settle(worker)
    assert look.stored(data)
    read = ask(web, "GET", f"{look.VIDEOS}/{path.rsplit('/', 1)[1]}/content", who, Range="bytes=1000000-17000000")
    assert (read.status, read.data) == (206, data[1_000_000:17_000_001])


def test_a_lost_connection_goes_on_where_it_was(web: Web, who: Somebody, worker: ModuleType) -> None:
    data = make.video(12 * MIB)
    path, at = begin(web, who, len(data)), 0
    for more in (300_000, 9 * MIB):
        with web.open("PATCH", path, stretch(who, at), len(data) - at) as opened:
            opened.sendall(data[at : at + more])
        until(lambda began=at: let_go(who, began))  # type: ignore[misc]
        assert at + more - 64 * 1024 <= offset(web, who, path) <= at + more
        at = offset(web, who, path)
    assert ask(web, "PATCH", path, who, data[at:], Upload_Offset=str(at), Content_Type=make.STRETCH).status == 204
    look.settle(worker)
    assert look.stored(data)


def test_a_whole_video_that_is_cut_off_leaves_nothing(web: Web, who: Somebody, worker: ModuleType) -> None:
    data = make.video(12 * MIB)
    headers = who.once(**{"Content-Type": "video/mp4"})
    with web.open("POST", look.VIDEOS, headers, len(data)) as opened:
        opened.sendall(data[: 11 * MIB])
        until(lambda: bool(look.of(who)))
    until(lambda: not look.of(who))
    assert look.coming() == []
    again = ask(web, "POST", look.VIDEOS, who, data, **{key: headers[key] for key in headers if key != "Authorization"})
    assert (again.status, look.stored(data)) == (201, True)


def test_a_server_killed_within_a_whole_video_leaves_what_the_clock_clears(
    web: Web, who: Somebody, worker: ModuleType
) -> None:
    data = make.video(12 * MIB)
    with web.open("POST", look.VIDEOS, who.once(**{"Content-Type": "video/mp4"}), len(data)) as opened:
        opened.sendall(data[: 11 * MIB])
        until(lambda: bool(look.coming()))
        web.kill()
    (row,) = look.of(who)
    make.let_time_pass(ids.show("vfl", row.id), lease_until=now(), expires_at=now())
    look.forget_old(worker)
    assert (look.of(who), look.coming()) == ([], [])
    web.start()


def test_two_senders_over_two_connections(web: Web, who: Somebody) -> None:
    data = make.video(MIB)[:MIB]
    path = begin(web, who, len(data))
    with web.open("PATCH", path, stretch(who, 0), len(data)) as opened:
        opened.sendall(data[:500_000])
        until(lambda: look.of(who)[0].lease_until is not None)
        second = ask(web, "PATCH", path, who, data, Upload_Offset="0", Content_Type=make.STRETCH)
        assert second.status == 423
        opened.sendall(data[500_000:])
        assert opened.recv(100).startswith(b"HTTP/1.1 204")
    assert offset(web, who, path) == len(data)


def test_a_large_video_passes_through_little_memory(web: Web, who: Somebody, worker: ModuleType) -> None:
    data = make.video(150 * MIB)
    small = make.video(9 * MIB)
    headers = {"Content-Type": "video/mp4"}
    assert ask(web, "POST", look.VIDEOS, who, small, Idempotency_Key="warm-up", **headers).status == 201
    before = most = web.memory()
    path = begin(web, who, len(data))
    with web.open("POST", look.VIDEOS, who.once(**headers), len(data)) as opened:
        for at in range(0, len(data), MIB):
            opened.sendall(data[at : at + MIB])
            most = max(most, web.memory())
        assert opened.recv(100).startswith(b"HTTP/1.1 201")
    with web.open("PATCH", path, stretch(who, 0), len(data)) as opened:
        for at in range(0, len(data), MIB):
            opened.sendall(data[at : at + MIB])
            most = max(most, web.memory())
        assert opened.recv(100).startswith(b"HTTP/1.1 204")
    assert most - before < 64 * MIB, f"{(most - before) // MIB} MiB"
