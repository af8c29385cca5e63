"""The walks of README and docs/walk.md, typed as they are written: each step does what its page says."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from rich.cells import cell_len

from marketplace.local.servers import LocalServers
from tests import pages
from tests.make import clips
from tests.market import owner_of
from tests.pages import Reader, Step
from tests.running_market import RunningMarket, running_market

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def market(servers: LocalServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMarket]:
    with running_market(servers, tmp_path_factory.mktemp("walks"), "inlay_walks") as running:
        yield running


@pytest.fixture
def reader(market: RunningMarket, tmp_path: Path) -> Iterator[Reader]:
    typing = Reader(tmp_path, {"INLAY_URL": market.url, "DATABASE_URL": market.database_url})
    for name, body in pages.files("docs/walk.md"):
        typing.write(name, body)
    yield typing
    typing.leave()


def walked(reader: Reader, text: str) -> list[Step]:
    """Type each line, which must do what it says: a call that is refused says with which status in its comment."""
    steps = []
    for line in pages.lines(text):
        step = reader.type(line)
        steps.append(step)
        expected = {int(status) for status in re.findall(r"# .*\b(4\d\d)\b", line)}
        refused = pages.problem(step)
        assert refused is None or refused in expected, step
        assert step.code == 0, step
        assert "command not found" not in step.output, step
    return steps


def a_day_passes(market: RunningMarket) -> None:
    """Let the day be over for which bidders may think about a change of a brief."""
    with psycopg.connect(owner_of(market.database_url).replace("+psycopg", "")) as connection:
        moved = connection.execute(
            "UPDATE briefs SET changed_at = changed_at - interval '1 day' WHERE changed_at IS NOT NULL"
        )
        assert moved.rowcount == 1


def test_the_walk_with_curl_runs_as_it_is_written(reader: Reader, market: RunningMarket) -> None:
    assert shutil.which("curl"), "the walk needs curl"
    page = (pages.ROOT / "docs/walk.md").read_text(encoding="utf-8")
    before, _, after = page.partition("A day later:")
    steps = walked(reader, before)
    a_day_passes(market)
    steps += walked(reader, after)
    assert len(steps) > 45
    assert {"brf", "bid", "chn", "imp", "sel", "rvw", "brv"} <= set(reader.ids)
    for name in ("budget.svg", "price.svg"):
        assert (reader.folder / name).read_text(encoding="utf-8").startswith("<svg"), name
    assert "uuidgen" not in "".join(step.line for step in steps)


def test_the_walk_of_the_readme_runs_as_it_is_written(reader: Reader) -> None:
    (reader.folder / "images").mkdir()
    (reader.folder / "images" / "pack.png").write_bytes(clips.label_png())
    reader.write("plan.json", '{"duration_s": 6, "exposures": []}')
    clips.clip(reader.folder / "draft.mp4")
    steps = walked(reader, pages.section("README.md", "## A first walk by hand"))
    assert len(steps) > 25
    assert [step for step in steps if "inlay: " in step.output] == []
    assert {"brf", "bid", "chn", "sel", "vfl", "vck"} <= set(reader.ids)
    printed = {step.line: step.output for step in steps}
    ranking = next(output for line, output in printed.items() if " ranking " in line)
    assert reader.ids["bid"] in ranking
    assert "林小满" in ranking
    for name in ("union", "price", "reach"):
        assert (reader.folder / "pictures" / f"{name}.svg").exists(), name
    assert (reader.folder / "result").is_dir()
    tables = [output for line, output in printed.items() if re.search(r" (list|discover|open-briefs|ranking) ?", line)]
    assert tables
    assert all(cell_len(row) <= 80 for output in tables for row in output.splitlines() if "--after" not in row)
    kept = reader.folder / ".config" / "inlay" / "sign-ins.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.read_text(encoding="utf-8") == "{}"  # signed out at the end
