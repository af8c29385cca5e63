"""One language for all that is printed: the one that was asked for, else that of the setting or of the locale."""

import re
from collections.abc import Mapping

import pytest
from click.testing import CliRunner, Result

from marketplace.cli.client import ApiClient
from marketplace.cli.main import main

HAN = re.compile(r"[\u4e00-\u9fff]")
NOBODY = "http://127.0.0.1:1"
NONE_SET = dict.fromkeys(("INLAY_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"))
BID, BRIEF = "bid_01m8jyt4gpejstewz3v57era2t", "brf_01m8jyszzff07awpzrk8bp2dax"


def inlay(*words: str, env: Mapping[str, str | None] = NONE_SET) -> Result:
    return CliRunner(env={**NONE_SET, **env}).invoke(main, ["--url", NOBODY, *words])


@pytest.mark.parametrize(
    ("env", "chinese"),
    [
        ({}, False),
        ({"LANG": "zh_CN.UTF-8"}, True),
        ({"LANG": "zh-TW"}, True),
        ({"LC_MESSAGES": "zh_HK"}, True),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, False),
        ({"LC_ALL": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, True),
        ({"LANG": "de_DE.UTF-8"}, False),
        ({"INLAY_LANGUAGE": "zh", "LC_ALL": "en_US.UTF-8"}, True),
        ({"INLAY_LANGUAGE": "en", "LC_ALL": "zh_CN.UTF-8"}, False),
        ({"INLAY_LANGUAGE": "", "LANG": "zh_CN"}, True),
    ],
)
def test_the_language_is_that_of_the_setting_or_of_the_locale(env: dict[str, str], chinese: bool) -> None:
    for words in (("ranking", "x"), ("bids", "list", "--limit", "none"), ("bidz",)):
        assert bool(HAN.search(inlay(*words, env=env).stderr)) == chinese, words


@pytest.mark.parametrize("at", [0, 1, 2])
def test_language_and_json_may_stand_anywhere(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[ApiClient] = []
    monkeypatch.setattr(
        ApiClient, "call", lambda api, *_, **__: asked.append(api) or {"id": BID, "zh": "短", "en": "short"}
    )
    for words, as_json, language in (
        (["--language", "zh"], False, "zh"),
        (["--json"], True, "en"),
        (["--json", "--language=zh"], True, "zh"),
    ):
        line = ["bids", "outcome", BID]
        done = inlay(*line[:at], *words, *line[at:], env={"LANG": "en_US"})
        assert done.exit_code == 0, done.output
        assert (asked[-1].as_json, asked[-1].language) == (as_json, language)
        assert ('"en"' in done.stdout) == as_json
        assert as_json or done.stdout.split()[0] == {"zh": "短", "en": "short"}[language]
    typed_last = inlay("--language", "en", "bids", "outcome", BID, "--language", "zh")
    assert typed_last.stdout.split() == ["短"]


REFUSALS = [
    (("bids", "show", BRIEF), 2),
    (("bids", "list", "--brief-id", BID), 2),
    (("select", BRIEF, "--must", BRIEF), 2),
    (("suggestions", BID, "--take", BID), 2),
    (("import", "pyproject.toml", "--creator", "Mei"), 2),
    (("transfers", "offer", "chn_01m8jyt4gpejstewz3v57era2t", "--creator-id", "chn_01m8jyt4gpejstewz3v57era2t"), 2),
    (("bids", "show", "nonsense"), 2),
    (("bids", "show", f"{BID}/../../keys"), 2),
    (("pictures", BRIEF, "--out", "x"), 2),
    (("select", BRIEF, "--budget", "ten"), 2),
    (("select", BRIEF, "--max-bids", "0"), 2),
    (("ranking", BRIEF, "--language", "fr"), 2),
    (("briefs", "list", "--lim", "3"), 2),
    (("briefs", "lst"), 2),
    (("bids", "show"), 2),
    (("bids", "withdraw", BID, "--reason"), 2),
    (("briefs", "cancel", BRIEF), 2),
    (("import", "no-such-file.csv"), 2),
    (("upload", "no-such-file.mp4"), 2),
    (("verify", "bids"), 2),
    (("check-video", "pyproject.toml", "--brand", " "), 2),
    (("me", "show"), 3),
    (("sign-out",), 1),
    (("completion", "tcsh"), 2),
]


@pytest.mark.parametrize(("words", "code"), REFUSALS, ids=[" ".join(words) for words, _ in REFUSALS])
def test_a_refusal_is_one_line_in_one_language(words: tuple[str, ...], code: int) -> None:
    env = {"HOME": "/nonexistent"}
    for language in ("en", "zh"):
        done = inlay(*words, env={**env, "INLAY_LANGUAGE": language})
        assert done.exit_code == code, done.output
        [line] = done.stderr.strip().splitlines()
        assert line.startswith("inlay: ")
        assert bool(HAN.search(line)) == (language == "zh"), line


def test_an_id_of_another_kind_is_named() -> None:
    done = inlay("bids", "accept", BRIEF)
    assert done.stderr == f"inlay: {BRIEF} is a brief's id, a bid's id (bid_...) is needed.\n"
    assert inlay("bids", "accept", BRIEF, "--language", "zh").exit_code == 2
    either = inlay("pictures", BRIEF, "--out", "x").stderr
    assert "a bid's id (bid_...) or a selection's id (sel_...) or a video check's id (vck_...) is needed" in either
