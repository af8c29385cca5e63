"""A small mail server for tests: it talks SMTP over a socket, with TLS if asked to, and keeps what it was given."""

import base64
import email
import email.policy
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast


@dataclass
class Sink:
    """What it was given, and how it answers: `answers` by the command, for what it is to refuse."""

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    logins: list[tuple[str, str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    offers_starttls: bool = False


class _Talk(socketserver.StreamRequestHandler):
    server: "_Server"

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        sink = self.server.sink
        self._say("220 sink")
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            sink.said.append(line)
            if verb in sink.answers:
                self._say(sink.answers[verb])
            elif verb == "EHLO":
                may = ["250-sink", "250-AUTH PLAIN"] + (["250-STARTTLS"] if sink.offers_starttls else [])
                self._say("\r\n".join([*may, "250 8BITMIME"]))
            elif verb == "STARTTLS":
                self._say("220 go")
                self._encrypt()
            elif verb == "AUTH":
                _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
                sink.logins.append((user, password))
                self._say("235 in")
            elif verb == "DATA":
                self._take()
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _encrypt(self) -> None:
        assert self.server.tls is not None
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def _take(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.server.sink.messages.append(cast(EmailMessage, message))
        self.server.sink.encrypted.append(isinstance(self.request, ssl.SSLSocket))
        self._say("250 taken")


class _Server(socketserver.ThreadingTCPServer):
    def __init__(self, sink: Sink, tls: ssl.SSLContext | None, at_once: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.sink, self.tls, self.at_once = sink, tls, at_once

    def get_request(self) -> tuple[Any, Any]:
        request, address = super().get_request()
        if self.at_once and self.tls is not None:
            request = self.tls.wrap_socket(request, server_side=True)
        return request, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, as one does that does not trust the certificate, is no error of the server's."""


@contextmanager
def running(
    *, tls: Mapping[str, Path] | None = None, at_once: bool = False, answers: Mapping[str, str] | None = None
) -> Iterator[Sink]:
    """Serve on a free port of this machine. `tls` is what `certificate` made; `at_once`: not by STARTTLS."""
    context = None
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls["certificate"], tls["key"])
    sink = Sink(answers=dict(answers or {}), offers_starttls=context is not None and not at_once)
    with _Server(sink, context, at_once) as server:
        sink.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield sink
        finally:
            server.shutdown()
            thread.join()


def certificate(folder: Path) -> dict[str, Path]:
    """Make a certificate for this machine that nobody has signed but itself."""
    made = {"certificate": folder / "mail.pem", "key": folder / "mail.key"}
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    argv += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    argv += ["-out", str(made["certificate"]), "-keyout", str(made["key"])]
    subprocess.run(argv, check=True, capture_output=True)
    return made
