"""How far the reading of a file has come, in bytes, so that a bar can be drawn."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from marketplace.channels.files import import_job
from marketplace.core import db, ids
from marketplace.core.ids import new_id
from marketplace.core.jobs import JobState
from tests.channels.make import ROWS, as_csv, as_json, as_xlsx
from tests.make import channels as make
from tests.make.people import Somebody

Work = Callable[[UUID], JobState]


@pytest.mark.parametrize("kind", ["csv", "json", "xlsx"])
def test_a_bar_can_be_drawn_while_a_file_is_read(client: FlaskClient, creator: Somebody, mark: str, kind: str) -> None:
    names = [f"{mark}{number}" for number in range(3000)]
    lines = [{**ROWS["inlay"], "handle": name, "name": new_id().hex, "followers": 1000} for name in names]
    written = {"csv": as_csv, "json": as_json, "xlsx": as_xlsx}[kind]
    told = make.hand_in(client, creator, written(*lines))
    job = client.get(f"/api/v1/jobs/{told['job_id']}", headers=creator.headers).json
    assert (job["stage"], job["done"], job["total"]) == (None, 0, None)
    seen: list[tuple[str, int, int]] = []
    with db.transaction() as opened:
        import_job.run(opened, ids.read("imp", told["id"]), creator.party_id, lambda *report: seen.append(report))
    # A file is looked through once before its rows are read.
    assert list(dict.fromkeys((stage, total) for stage, _, total in seen)) == [
        ("surveying", told["size_bytes"]),
        ("reading", told["size_bytes"]),
    ]
    for stage in ("surveying", "reading"):
        places = [place for name, place, _ in seen if name == stage]
        assert places == sorted(places)
        assert 0 < places[0] < told["size_bytes"] / 2 < places[-1] <= told["size_bytes"]
        assert len(set(places)) >= 3


def test_a_job_that_is_done_is_wholly_done(client: FlaskClient, work: Work, creator: Somebody, mark: str) -> None:
    told = make.hand_in(client, creator, make.rows(mark, 3000))
    assert work(ids.read("job", told["job_id"])) == JobState.DONE
    job = client.get(f"/api/v1/jobs/{told['job_id']}", headers=creator.headers).json
    assert (job["state"], job["stage"]) == ("done", "reading")
    assert job["done"] == job["total"] == told["size_bytes"]
