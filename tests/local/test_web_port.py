"""A taken port is refused before anything starts."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from marketplace.cli.main import main
from marketplace.local.server_process import EmbeddedError
from marketplace.local.web_port import hold_port

HOST = "127.0.0.1"


def web_server(port: int = 0) -> socket.socket:
    """Listen as the web server does, which shares its port."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind((HOST, port))
    listening.listen()
    return listening


@pytest.fixture
def another() -> Iterator[int]:
    """The port on which another market's web server listens."""
    with web_server() as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize("command", ["up", "demo"])
def test_a_market_on_a_taken_port_does_not_begin(another: int, tmp_path: Path, command: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "demo-data").touch()
    (data / "kept").write_text("from the last run")

    done = CliRunner().invoke(main, [command, "--data", str(data), "--port", str(another)])

    assert done.exit_code == 1
    assert f"The port {HOST}:{another} cannot be used" in done.output
    assert "Inlay is at" not in done.output
    assert sorted(path.name for path in data.iterdir()) == ["demo-data", "kept"]


def test_the_markets_own_web_server_shares_the_port_and_nobody_else_takes_it() -> None:
    with socket.socket() as found:
        found.bind((HOST, 0))
        port = found.getsockname()[1]
    with hold_port(HOST, port):
        for _ in range(2):  # a web server that was restarted, too
            with web_server(port) as own, pytest.raises(EmbeddedError), hold_port(HOST, port):
                pass
            # No request is lost to the socket that only keeps the place.
            with web_server(port) as own:
                for _ in range(20):
                    with socket.create_connection((HOST, port), timeout=5), own.accept()[0]:
                        pass
        with pytest.raises(EmbeddedError), hold_port(HOST, port):  # nobody listens at this moment
            pass
    with hold_port(HOST, port):  # connections that have just ended are no obstacle
        pass


def test_a_port_or_host_that_is_not_ours_is_named() -> None:
    for host in ("192.0.2.1", "no.such.host.invalid"):
        with pytest.raises(EmbeddedError, match=host), hold_port(host, 8000):
            pass
