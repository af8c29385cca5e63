"""The port of the web server is taken before anything else starts, and kept until the market ends.

The web server shares its port between processes (SO_REUSEPORT), so that the kernel would let a second market listen on
it and hand requests to either. What is bound without that option is refused while anybody listens there.
"""

import contextlib
import socket
import sys
from collections.abc import Iterator

from marketplace.local.server_process import EmbeddedError, refusal


@contextlib.contextmanager
def hold_port(host: str, port: int) -> Iterator[None]:
    """Keep another market off the port within. Raises EmbeddedError if it is taken, or not ours to take."""
    with _bound(host, port) as taken:
        if sys.platform == "linux":
            # The socket never listens, so no request goes to it, and shares its port with our own web server; without
            # SO_REUSEADDR on it, whoever asks for the port next is refused even while our web server restarts.
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        else:
            taken.close()
        yield


def require_free(host: str, port: int) -> None:
    """Raise EmbeddedError if the port is taken, for whoever has something to do before it is held."""
    _bound(host, port).close()


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise _refused(host, port, error) from error
    found = socket.socket(family, kind, protocol)
    # Connections that have just ended do not count, only whoever listens.
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(address)
    except OSError as error:
        found.close()
        raise _refused(host, port, error) from error
    return found


def _refused(host: str, port: int, error: OSError) -> EmbeddedError:
    return refusal(
        f"端口 {host}:{port} 无法使用（{error.strerror}）；请停止占用它的程序，或用 --port 换一个。",
        f"The port {host}:{port} cannot be used ({error.strerror}): stop what uses it, or name another with --port.",
    )
