"""Commands against a market that runs: who one is, pages of lists, files in and out, whole answers and short ones."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

from marketplace.cli import video_upload
from marketplace.cli.account import stored_sign_ins
from marketplace.cli.client import ApiClient
from marketplace.cli.main import main
from marketplace.local.servers import LocalServers
from tests import pages, waiting
from tests.make import clips
from tests.running_market import RunningMarket, running_market

pytestmark = pytest.mark.process

PASSWORD = "correct horse battery"
TITLES = 5


class Account(NamedTuple):
    """Somebody who has signed up, with the key of a session."""

    email: str
    key: str


@pytest.fixture(scope="module")
def market(servers: LocalServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMarket]:
    with running_market(servers, tmp_path_factory.mktemp("cli"), "inlay_cli") as running:
        yield running


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


class Terminal(NamedTuple):
    """Where commands are typed: at which market, in whose home."""

    url: str
    home: Path

    def __call__(self, *words: str, key: str = "", **more: Any) -> Result:
        env = {"INLAY_URL": self.url, "INLAY_KEY": key, "HOME": str(self.home), "XDG_CONFIG_HOME": None}
        env |= {"LC_ALL": "C.UTF-8", "INLAY_LANGUAGE": None, "COLUMNS": "80", "INLAY_PASSWORD": None}
        return CliRunner(env=env).invoke(main, words, **more)

    def json(self, *words: str, key: str, **more: Any) -> Any:
        done = self(*words, "--json", key=key, **more)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def inlay(market: RunningMarket, home: Path) -> Terminal:
    return Terminal(market.url, home)


def account(inlay: Terminal, kind: str) -> Account:
    email = f"{kind}@cli.example"
    words = ("sign-up", "--email", email, "--name", "Lin", "--kind", kind, "--party", f"{kind} 青柠岛")
    done = inlay(*words, "--password", PASSWORD)
    assert done.exit_code == 0, done.output
    assert f"{kind} {kind} 青柠岛" in done.stdout
    return Account(email, inlay("sign-in", "--email", email, "--password", PASSWORD, "--print-key").stdout.strip())


@pytest.fixture(scope="module")
def brand(inlay: Terminal) -> Account:
    return account(inlay, "brand")


@pytest.fixture(scope="module")
def creator(inlay: Terminal) -> Account:
    return account(inlay, "creator")


@pytest.fixture(scope="module")
def briefs(inlay: Terminal, brand: Account) -> list[str]:
    """Ids of the brand's briefs, the newest first."""
    document = json.loads(dict(pages.files("docs/walk.md"))["brief.json"])
    made = [
        inlay.json("briefs", "create", key=brand.key, input=json.dumps({**document, "title": f"青柠 {number}"}))
        for number in range(TITLES)
    ]
    return [str(one["id"]) for one in reversed(made)]


def test_a_forgotten_password_is_reset_with_what_the_mail_shows(inlay: Terminal, market: RunningMarket) -> None:
    email, data = account(inlay, "agency").email, str(market.data)
    assert json.loads(inlay("mail", "list", "--data", data, "--json").stdout) == []
    asked = inlay("passwords", "ask", "--email", email)
    assert (asked.exit_code, "on its way" in asked.stderr) == (0, True)

    def listed() -> list[dict[str, str]]:
        return list(json.loads(inlay("mail", "list", "--data", data, "--json").stdout))

    (mail,) = waiting.until(listed)
    assert mail["to"] == email
    assert email in inlay("mail", "list", "--data", data).stdout
    said = inlay("mail", "show", mail["id"], "--data", data).stdout
    (token,) = re.findall(r"--token (\S+)", said)
    new = "seven quiet rivers run"
    done = inlay("passwords", "reset", input=f"{token}\n{new}\n{new}\n")
    assert done.exit_code == 0, done.output
    assert token not in done.output
    assert new not in done.output
    assert inlay("sign-in", "--email", email, "--password", PASSWORD).exit_code == 1
    assert inlay("sign-in", "--email", email, "--password", new, "--print-key").exit_code == 0
    waiting.until(lambda: len(listed()) == 2)
    again = inlay("passwords", "reset", "--token", token, "--password", "eight quiet rivers")
    assert (again.exit_code, "Ask for another mail" in again.stderr) == (1, True)
    assert inlay("mail", "show", "nothing", "--data", data).exit_code == 1


def test_a_sign_in_is_kept_for_its_market_alone_until_sign_out(inlay: Terminal, brand: Account) -> None:
    assert inlay("me", "show").stderr.startswith("inlay: This needs to know who you are")
    wrong = inlay("sign-in", "--email", brand.email, "--password", "wrong horse battery")
    assert (wrong.exit_code, len(wrong.stderr.splitlines())) == (1, 1)
    assert "sign in with" not in wrong.stderr
    signed_in = inlay("sign-in", "--email", brand.email, input=f"{PASSWORD}\n")
    assert signed_in.exit_code == 0, signed_in.output
    kept = inlay.home / ".config" / "inlay" / "sign-ins.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in kept.read_text(encoding="utf-8")
    assert brand.email in inlay("me", "show").stdout
    elsewhere = CliRunner(env={"HOME": str(inlay.home), "INLAY_KEY": "", "INLAY_URL": "http://127.0.0.1:1"})
    assert elsewhere.invoke(main, ["me", "show"]).exit_code == 3
    assert inlay("me", "show", key="inl_nonsense").stderr.startswith("inlay: This key is not known at")
    assert inlay("sign-out").exit_code == 0
    assert inlay("sign-out").exit_code == 1
    assert inlay("me", "show").exit_code == 1


def test_a_sign_in_that_is_over_says_so(inlay: Terminal, brand: Account) -> None:
    assert inlay("sign-in", "--email", brand.email, "--password", PASSWORD).exit_code == 0
    kept = json.loads((inlay.home / ".config" / "inlay" / "sign-ins.json").read_text(encoding="utf-8"))
    ApiClient(inlay.url, kept[inlay.url]["token"]).end_session()
    for language, said in (("en", "Your sign-in at"), ("zh", "登录已失效")):
        done = inlay("me", "show", "--language", language)
        assert (done.exit_code, said in done.stderr, len(done.stderr.splitlines())) == (1, True, 1)
    assert inlay("sign-out").exit_code == 0  # the session is over already, and the file is empty then


def test_what_answers_and_is_no_market_is_told_in_a_line(inlay: Terminal, tmp_path: Path) -> None:
    pages_only = inlay("--url", f"{inlay.url}/docs?", "briefs", "options")
    assert (pages_only.exit_code, len(pages_only.stderr.splitlines())) == (3, 1), pages_only.output
    for address, code in (("nonsense", 2), ("ftp://x", 2), ("http://[::1", 3), ("http://nowhere.invalid", 3)):
        done = inlay("--url", address, "briefs", "options")
        assert (done.exit_code, len(done.stderr.splitlines())) == (code, 1), done.output


def test_what_is_kept_badly_is_no_sign_in(inlay: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(stored_sign_ins, "file", lambda: tmp_path / "sign-ins.json")
    for content in ("", "[]", '{"' + inlay.url + '": {}}'):
        (tmp_path / "sign-ins.json").write_text(content)
        assert stored_sign_ins.token(inlay.url) == ""


def test_lists_go_on_page_by_page(inlay: Terminal, brand: Account, briefs: list[str]) -> None:
    first = inlay("briefs", "list", "--limit", "2", key=brand.key)
    assert [line.split()[0] for line in first.stdout.splitlines()[1:]] == briefs[:2]
    assert max(map(cell_len, first.stdout.splitlines())) <= 80
    assert f"--after {briefs[1]}" in first.stderr
    second = inlay("briefs", "list", "--limit", "2", "--after", briefs[1], key=brand.key)
    assert [line.split()[0] for line in second.stdout.splitlines()[1:]] == briefs[2:4]
    whole = inlay("briefs", "list", "--all", key=brand.key)
    assert [line.split()[0] for line in whole.stdout.splitlines()[1:]] == briefs
    assert whole.stderr == ""
    assert [one["id"] for one in inlay.json("briefs", "list", "--limit", "3", key=brand.key)] == briefs[:3]
    assert inlay("briefs", "list", "--limit", "0", key=brand.key).exit_code == 2


def test_a_brief_is_told_on_a_screen_and_whole_with_all(inlay: Terminal, brand: Account, briefs: list[str]) -> None:
    short = inlay("briefs", "show", briefs[0], key=brand.key)
    assert len(short.stdout.splitlines()) <= 22
    assert briefs[0] in short.stdout
    assert "CNY 60,000.00" in short.stdout
    whole = inlay("briefs", "show", briefs[0], "--all", key=brand.key)
    assert len(whole.stdout.splitlines()) > 60
    assert "scoring_rule" in whole.stdout
    document = inlay.json("briefs", "show", briefs[0], key=brand.key)
    assert document["id"] == briefs[0]


def test_a_reference_image_goes_in_and_comes_out(
    inlay: Terminal, brand: Account, briefs: list[str], tmp_path: Path
) -> None:
    image = tmp_path / "pack.png"
    image.write_bytes(clips.label_png())
    asset = inlay.json("assets", "add", briefs[0], str(image), key=brand.key)["id"]
    assert asset in inlay("assets", "list", briefs[0], key=brand.key).stdout
    done = inlay("assets", "get", asset, "--out", str(tmp_path / "again.png"), key=brand.key)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "again.png").read_bytes()[:4] == b"\x89PNG"
    text = tmp_path / "pack.txt"
    text.write_text("no image")
    refused = inlay("assets", "add", briefs[0], str(text), key=brand.key)
    assert refused.exit_code == 1
    assert "Traceback" not in refused.output


def test_a_channel_is_imported_and_its_days_are_written(inlay: Terminal, creator: Account, tmp_path: Path) -> None:
    file = tmp_path / "me.json"
    file.write_text(dict(pages.files("docs/walk.md"))["me.json"], encoding="utf-8")
    assert inlay("import", str(file), key=creator.key).exit_code == 0
    [channel] = inlay.json("channels", "list", key=creator.key)
    assert len(inlay.json("channels", "videos", channel["id"], key=creator.key)) == 6
    days = inlay("pacing", "calendar", channel["id"], "--days", "3", key=creator.key)
    assert len(days.stdout.splitlines()) == 4, days.output
    out = tmp_path / "days.ics"
    assert inlay("pacing", "ics", channel["id"], "--out", str(out), key=creator.key).exit_code == 0
    assert out.read_text().startswith("BEGIN:VCALENDAR")
    assert inlay("snapshots", "list", channel["id"], key=creator.key).stdout.splitlines()[1].startswith("snp_")
    assert inlay("channels", "open-briefs", channel["id"], key=creator.key).exit_code == 0
    file.write_text(json.dumps([{"platform": "bilibili", "handle": "x", "taken_on": "2026-11-01", "followers": -1}]))
    refused = inlay("import", str(file), "--skip-bad-rows", key=creator.key)
    assert refused.exit_code == 1, "a file of which nothing was taken is no success"
    assert "followers" in refused.stdout
    table = tmp_path / "me.csv"
    table.write_bytes("Platform;handle;name;taken_on;followers\nbilibili;y;Zoë;2026/11/20;12.000\n".encode("cp1252"))
    refused = inlay("import", str(table), key=creator.key)
    assert refused.exit_code == 1
    assert "--encoding cp1252" in refused.output
    words = ("import", str(table), "--encoding", "cp1252", "--decimal", "comma")
    taken = inlay(*words, key=creator.key)
    assert taken.exit_code == 0, taken.output
    assert "csv · inlay · cp1252 · ;" in taken.stdout
    assert "'Platform' = platform" in taken.stdout


def test_a_large_video_goes_in_stretches_and_goes_on_where_it_stopped(
    inlay: Terminal, creator: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips.clip(tmp_path / "draft.mp4")
    size = (tmp_path / "draft.mp4").stat().st_size
    monkeypatch.setattr(video_upload, "WHOLE_MAX", 1000)
    monkeypatch.setattr(video_upload, "STRETCH", size // 3 + 1)
    sent: list[int] = []
    raw = ApiClient.raw

    def cut_off(api: ApiClient, method: str, *args: Any, **more: Any) -> Any:
        if method == "PATCH":
            sent.append(len(args[1]))
            if len(sent) == 2:
                raise KeyboardInterrupt
        return raw(api, method, *args, **more)

    monkeypatch.setattr(ApiClient, "raw", cut_off)
    assert inlay("upload", str(tmp_path / "draft.mp4"), key=creator.key).exit_code == 1
    [begun] = inlay.json("videos", "list", key=creator.key)
    assert (begun["status"], begun["received_bytes"]) == ("receiving", size // 3 + 1)
    other = tmp_path / "other.mp4"
    other.write_bytes(b"0" * 2000)
    assert inlay("upload", str(other), "--resume", begun["id"], key=creator.key).exit_code == 2
    done = inlay("upload", str(tmp_path / "draft.mp4"), "--resume", begun["id"], key=creator.key)
    assert done.exit_code == 0, done.output
    assert sum(sent) - sent[1] == size
    assert inlay.json("videos", "progress", begun["id"], key=creator.key)["received_bytes"] == size


def test_members_options_and_versions_are_shown(inlay: Terminal, brand: Account, briefs: list[str]) -> None:
    party = inlay.json("me", "show", key=brand.key)["actor"]["party_id"]
    assert brand.email[:10] in inlay("members", "list", party, key=brand.key).stdout
    changed = inlay("parties", "change", party, "--timezone", "Asia/Shanghai", key=brand.key)
    assert changed.exit_code == 0, changed.output
    assert "food" in inlay("briefs", "options").stdout
    assert inlay("briefs", "options", "--language", "zh").stdout.count("食品饮料") == 1
    assert inlay("briefs", "versions", briefs[0], key=brand.key).stdout.splitlines()[1].startswith("brv_")
    assert inlay("bids", "count", briefs[0], key=brand.key).stdout == "count: 0\n"
    old = inlay("me", "password", "--old", "wrong horse battery", "--new", PASSWORD, key=brand.key)
    assert (old.exit_code, "not known" in old.stderr) == (1, False)


@pytest.mark.parametrize("database", [None, "postgresql+psycopg://nobody@127.0.0.1:1/none"])
def test_an_administrator_is_made_only_where_the_market_is(database: str | None, tmp_path: Path) -> None:
    # In a process of its own: the command connects to the database itself.
    words = ("admin", "create", "--email", "ada@cli.example", "--name", "Ada", "--data", "no-such-folder")
    env = {"PATH": os.environ["PATH"], "INLAY_PASSWORD": PASSWORD} | ({"DATABASE_URL": database} if database else {})
    argv = [sys.executable, "-m", "marketplace.cli.main", *words]
    done = subprocess.run(
        argv, cwd=tmp_path, env={**env, "PYTHONPATH": str(pages.ROOT)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, len(done.stderr.splitlines()), done.stdout) == (1, 1, ""), done.stderr
