"""A sketch made in the terminal: of one id a line or a column, and only the sketch leaves the machine."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from marketplace.cli.client import ApiClient
from marketplace.cli.main import main
from marketplace.core import ids
from tests.make.people import Somebody, somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")


def run(
    client: FlaskClient, who: Somebody, monkeypatch: pytest.MonkeyPatch, file: Path, *words: str
) -> tuple[Result, list[Any], str]:
    """Call the command as somebody, and return what it said, the bodies that it sent and the channel."""
    sent: list[Any] = []

    def call(_: ApiClient, method: str, path: str, body: Any = None, **__: Any) -> Any:
        headers = who.once() if method == "POST" else who.headers
        sent.extend([body] if body else [])
        answer = client.open(f"/api/v1{path}", method=method, headers=headers, json=body)
        assert answer.status_code < 300, answer.json
        return answer.json

    monkeypatch.setattr(ApiClient, "call", call)
    channel = ids.show("chn", look.channel(who))
    command = ["--json", "overlaps", "sketch", str(file), "--channel", channel, "--kind", "commenters"]
    told = CliRunner().invoke(main, [*command, "--taken-on", "2026-11-01", "--source", "export", *words])
    return told, sent, channel


def test_a_column_of_a_file_becomes_a_sketch_and_no_id_is_sent(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "comments.csv"
    rows = [f"hello,person-{number % 1_500}" for number in range(3_000)]
    file.write_text("\n".join(["text,user", *rows]), encoding="utf-8")
    done, [body], channel = run(client, somebody("creator"), monkeypatch, file, "--column", "user")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert (told["people"], told["channel_id"], told["provenance"]) == (1_500, channel, "claimed")
    assert b"person" not in base64.b64decode(body["sketch"])
    assert set(body) == {"channel_id", "kind", "taken_on", "source", "sketch"}


def test_one_id_a_line_is_written_to_a_file_instead(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file, out = tmp_path / "ids.txt", tmp_path / "ids.sketch"
    file.write_text("\n\n".join(f"id{number}" for number in range(1_200)), encoding="utf-8")
    done, sent, _ = run(client, somebody("creator"), monkeypatch, file, "--out", str(out))
    assert done.exit_code == 0, done.output
    assert sent == []
    assert "1,200 different ids" in done.output
    assert 0 < len(out.read_bytes()) < 12_000


@pytest.mark.parametrize(
    ("content", "words", "said"),
    [
        (b"a\nb\nc\n", (), "fewer than 1,000 people"),
        (b"", (), "fewer than 1,000 people"),
        (b"name\nx\n", ("--column", "user"), "no column is called 'user', but name."),
        (b"\xff\xfe\x00", (), "codec can't decode"),
    ],
)
def test_a_file_without_a_crowd_of_ids_is_refused_in_one_line(
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    content: bytes,
    words: tuple[str, ...],
    said: str,
) -> None:
    file = tmp_path / "ids.txt"
    file.write_bytes(content)
    done, sent, _ = run(client, somebody("creator"), monkeypatch, file, *words)
    assert (done.exit_code, sent) == (2, [])
    assert said in done.output
    assert done.output.count("\n") == 1
