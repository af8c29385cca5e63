"""Completion in a real bash: what `inlay completion bash` prints completes commands, their verbs and their options."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from marketplace.cli.main import main

INLAY = Path(sys.executable).with_name("inlay")


def completed(*words: str) -> list[str]:
    bash = shutil.which("bash")
    assert bash is not None
    script = (
        f'eval "$({INLAY} completion bash)"; COMP_WORDS=({INLAY} {" ".join(words)}); COMP_CWORD={len(words)};'
        f" _inlay_completion {INLAY}; printf '%s\\n' \"${{COMPREPLY[@]}}\"; complete -p inlay"
    )
    done = subprocess.run([bash, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    *found, switched_on = done.stdout.split("\n")[:-1]
    assert switched_on.endswith("inlay")
    assert "_inlay_completion" in switched_on
    return [word for word in found if word]


@pytest.mark.parametrize(
    ("words", "some"),
    [
        (("br",), ["briefs"]),
        (("sign-",), ["sign-in", "sign-out", "sign-up"]),
        (("bids", "wi"), ["withdraw"]),
        (("briefs", "list", "--li"), ["--limit"]),
        (("ranking", "--language", ""), ["zh", "en"]),
    ],
)
def test_bash_completes_commands_and_options(words: tuple[str, ...], some: list[str]) -> None:
    assert completed(*words) == some


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script_that_begins_with_how_to_switch_it_on(shell: str) -> None:
    done = CliRunner().invoke(main, ["completion", shell])
    assert done.exit_code == 0, done.output
    first, second = done.output.splitlines()[:2]
    assert first.startswith("# ")
    assert f"inlay completion {shell}" in first
    assert "inlay" in second
