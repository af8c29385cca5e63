"""What a file was read as is kept with its import, and what was said of it is heeded: over the real route and job."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from marketplace.core import ids
from marketplace.core.jobs import JobState
from tests.make import channels as make
from tests.make.people import Somebody, mandate, somebody

API = "/api/v1/imports"
Work = Callable[[UUID], JobState]


def done(client: FlaskClient, who: Somebody, work: Work, data: bytes, **query: str) -> Any:
    told = make.hand_in(client, who, data, **query)
    assert work(ids.read("job", told["job_id"])) == JobState.DONE
    return client.get(f"{API}/{told['id']}", headers=who.headers).json


def table(mark: str, name: str, followers: str = "5000", rate: str = "3.2") -> str:
    head = "Platform;Handle;name;taken_on;followers;engagement_rate;mood"
    return f"达人表\n{head}\ndouyin;{mark};{name};2026/11/20;{followers};{rate};good\n合计;;;;9000;;\n"


def test_what_a_file_was_read_as_is_kept(client: FlaskClient, work: Work, creator: Somebody, mark: str) -> None:
    told = done(client, creator, work, table(mark, "青柠频道").encode("gbk"))
    assert (told["status"], told["rows_done"], told["rows_bad"]) == ("done", 1, 0)
    assert told["reading"] == {
        "kind": "csv",
        "shape": "inlay",
        "encoding": "gb18030",
        "delimiter": ";",
        "header_row": 2,
        "decimal": "dot",
        "decimal_from": "found",
        "units": {"engagement_rate": "percent"},
        "dates": {"taken_on": ["year-month-day"]},
        "columns_renamed": {"Platform": "platform", "Handle": "handle"},
        "columns_left_out": ["mood"],
        "rows_left_out": 1,
        "left_out": [
            {"row": 4, "value": "合计", "reason_zh": "合计行，不是账号", "reason_en": "a row of totals, and no channel"}
        ],
    }


@pytest.mark.parametrize("encoding", ["cp1252", "windows-1252", "CP1252"])
def test_what_is_said_of_a_file_is_heeded(
    client: FlaskClient, work: Work, creator: Somebody, mark: str, encoding: str
) -> None:
    data = table(mark, "Françoise", "12.000", "3,2").replace("达人表", "List").replace("合计", "Total").encode("cp1252")
    told = done(client, creator, work, data)
    assert (told["status"], told["reading"]) == ("failed", None)
    assert "cp1252 ('Françoise')" in told["message_en"]
    assert told["message_zh"].startswith("无法确定文字编码")
    told = done(client, creator, work, data, encoding=encoding, decimal="comma", shares="percent")
    assert (told["status"], told["rows_done"], told["reading"]["decimal_from"]) == ("done", 1, "asked")
    assert told["options"] == {"encoding": encoding, "decimal": "comma", "shares": "percent"}
    channels = client.get(f"/api/v1/channels?q={mark}", headers=creator.headers).json["data"]
    assert [channel["name"] for channel in channels] == ["Françoise"]


@pytest.mark.parametrize("query", [{"encoding": "klingon"}, {"decimal": "point"}, {"shares": "tenths"}])
def test_what_cannot_be_is_refused_at_the_door(client: FlaskClient, creator: Somebody, query: dict[str, str]) -> None:
    answer = client.post(
        API,
        data=b"a,b\n1,2\n",
        query_string={"file_name": "a.csv", **query},
        headers={**creator.headers, "Content-Type": "text/csv"},
    )
    assert answer.status_code == 422
    assert next(iter(query)) in str(answer.json["errors"])


def test_an_unknown_creator_names_what_would_enter_it(client: FlaskClient, work: Work, mark: str) -> None:
    agency = somebody("agency")
    mandate(agency, somebody("creator").party_id)
    data = f"platform,handle,creator_name,taken_on,followers\ndouyin,{mark},{mark},2026-11-20,5\n".encode()
    told = done(client, agency, work, data)
    assert (told["rows_done"], told["rows_bad"]) == (0, 1)
    [fault] = client.get(f"{API}/{told['id']}/faults", headers=agency.headers).json["data"]
    assert "create_creators=true" in fault["message_zh"]
    assert "--create-creators" in fault["message_en"]
    assert done(client, agency, work, data, create_creators="true")["rows_done"] == 1
