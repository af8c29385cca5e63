"""Handing a file in and asking after it: who may, what is stored, how faults are shown."""

import csv
import hashlib
import io
import tracemalloc
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace.channels.files import chunks, imports
from marketplace.channels.files.routes_imports import FILE
from marketplace.channels.models import ChannelImport, ImportChunk, ImportMode, ImportRowError, ImportStatus
from marketplace.core import db, ids, jobs
from marketplace.core.events import Event
from marketplace.core.jobs import Job, JobState
from tests.make.people import Somebody, mandate, somebody

API = "/api/v1/imports"


@pytest.fixture
def creator(app: object) -> Somebody:
    return somebody("creator")


def send(client: FlaskClient, who: Somebody, data: bytes = b"a,b\n1,2\n", query: str = "", **more: Any) -> Any:
    kind = more.pop("content_type", "text/csv")
    url = f"{API}?file_name=rows.csv{query}"
    return client.post(url, data=data, headers=who.once(), content_type=kind, **more)


def counts(session: Session, party_id: UUID) -> tuple[int, int, int]:
    """Imports, chunks and jobs of a party."""
    session.rollback()
    mine = sa.select(ChannelImport.id).where(ChannelImport.party_id == party_id)
    return (
        session.scalar(sa.select(sa.func.count()).select_from(mine.subquery())) or 0,
        session.scalar(sa.select(sa.func.count()).where(ImportChunk.import_id.in_(mine))) or 0,
        session.scalar(sa.select(sa.func.count()).where(Job.party_id == party_id)) or 0,
    )


def test_a_file_is_kept_in_pieces_and_its_job_waits(client: FlaskClient, session: Session, creator: Somebody) -> None:
    data = bytes(range(256)) * (5 * 1024) + b"end"
    answer = send(client, creator, data, "&shape=xingtu&mode=all_or_nothing", content_type="application/octet-stream")
    assert answer.status_code == 202
    row = session.get_one(ChannelImport, ids.read("imp", answer.json["id"]))
    assert (row.size_bytes, row.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (row.mode, row.shape, row.status) == (ImportMode.ALL_OR_NOTHING, "xingtu", ImportStatus.RECEIVED)
    job = session.get_one(Job, ids.read("job", answer.json["job_id"]))
    assert (job.kind, job.queue, job.lease_s, job.max_attempts) == ("channels.import", jobs.IMPORTS, 60, 3)
    assert (job.subject_id, job.party_id) == (row.id, creator.party_id)
    assert job.payload == {"creator_id": str(creator.party_id)}
    assert counts(session, creator.party_id) == (1, 2, 1)
    with chunks.open_file(session, row.id, row.size_bytes) as file:
        assert file.read() == data
        assert file.seek(-3, io.SEEK_END) == len(data) - 3
        assert file.read() == b"end"
        file.seek(1024 * 1024 - 2)
        assert file.read(4) == data[1024 * 1024 - 2 : 1024 * 1024 + 2]


def test_a_retry_hands_the_file_in_once(client: FlaskClient, session: Session, creator: Somebody) -> None:
    headers = creator.once()
    answers = [
        client.post(f"{API}?file_name=a.csv", data=b"a,b", headers=headers, content_type="text/csv") for _ in range(2)
    ]
    assert answers[0].json == answers[1].json
    other = client.post(f"{API}?file_name=a.csv", data=b"a,c", headers=headers, content_type="text/csv")
    assert other.status_code == 422
    assert counts(session, creator.party_id) == (1, 1, 1)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("&shape=word", "query:/shape"),
        ("&mode=maybe", "query:/mode"),
        ("&create_creators=1", "query:/create_creators"),
        ("&create_creators=true", "query:/create_creators"),
        ("&creator_id=pty_1", "query:/creator_id"),
        ("&creator_id=pty_00000000000000000000000000", "query:/creator_id"),
        ("&what=1", "query:/what"),
        ("&file_name=two", "query:/file_name"),
    ],
)
def test_wrong_parameters_are_refused_and_nothing_is_kept(
    client: FlaskClient, session: Session, creator: Somebody, query: str, pointer: str
) -> None:
    answer = send(client, creator, query=query)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    assert counts(session, creator.party_id) == (0, 0, 0)


def test_empty_files_and_other_kinds_are_refused(client: FlaskClient, session: Session, creator: Somebody) -> None:
    assert send(client, creator, b"").status_code == 422
    assert send(client, creator, content_type="image/png").status_code == 415
    assert counts(session, creator.party_id) == (0, 0, 0)


class Zeros(io.RawIOBase):
    """A body that never ends."""

    given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.given += len(buffer)
        return len(buffer)


def test_a_file_above_the_limit_is_413_before_it_is_read(
    client: FlaskClient, session: Session, creator: Somebody
) -> None:
    body = Zeros()
    told = {"wsgi.input": body, "CONTENT_LENGTH": str(FILE.bytes_max + 1)}
    answer = send(client, creator, environ_overrides=told)
    assert (answer.status_code, answer.content_type) == (413, "application/problem+json")
    assert (body.given, counts(session, creator.party_id)) == (0, (0, 0, 0))


def test_brands_hand_nothing_in(client: FlaskClient, session: Session, creator: Somebody) -> None:
    brand, reader = somebody("brand"), somebody("creator", scopes=frozenset({"read"}))
    for who in (brand, reader):
        assert send(client, who).status_code == 403
        assert counts(session, who.party_id) == (0, 0, 0)
    assert client.get(API, headers=brand.headers).status_code == 403


def test_an_agency_hands_in_for_a_creator_under_mandate_only(client: FlaskClient, session: Session) -> None:
    agency, mine, other = somebody("agency"), somebody("creator"), somebody("creator")
    mandate(agency, mine.party_id)
    assert send(client, agency, query=f"&creator_id={ids.show('pty', other.party_id)}").status_code == 422
    assert counts(session, agency.party_id) == (0, 0, 0)
    assert send(client, agency, query=f"&creator_id={ids.show('pty', mine.party_id)}").status_code == 202
    assert counts(session, agency.party_id) == (1, 1, 1)


def test_imports_are_seen_by_those_who_handed_them_in(client: FlaskClient, creator: Somebody) -> None:
    first, second = (send(client, creator).json["id"] for _ in range(2))
    listed = client.get(f"{API}?limit=1", headers=creator.headers)
    assert ([row["id"] for row in listed.json["data"]], listed.json["has_more"]) == ([second], True)
    assert client.get(f"{API}?status=done", headers=creator.headers).json["data"] == []
    assert client.get(f"{API}/{first}", headers=creator.headers).json["file_name"] == "rows.csv"
    for who in (somebody("creator"), somebody("agency")):
        assert client.get(API, headers=who.headers).json["data"] == []
        assert client.get(f"{API}/{first}", headers=who.headers).status_code == 404
        assert client.get(f"{API}/{first}/faults", headers=who.headers).status_code == 404
        assert client.get(f"{API}/{first}/faults?format=csv", headers=who.headers).status_code == 404
    assert client.get(f"{API}/{first}", headers=somebody("platform").headers).status_code == 200


@pytest.fixture
def faulty(client: FlaskClient, creator: Somebody) -> UUID:
    """An import with faults in rows 2, 2, 5, 5, 5 and 9."""
    import_id = ids.read("imp", send(client, creator).json["id"])
    with db.transaction() as session:
        for number, row in enumerate((2, 2, 5, 5, 5, 9)):
            value = "=1+1" if row == 2 else "-5"
            session.add(
                ImportRowError(
                    import_id=import_id,
                    row_number=row,
                    column_name=f"c{number}",
                    value=value,
                    message_zh="错，了",
                    message_en='so "wrong"',
                )
            )
            session.flush()
    return import_id


def test_faults_come_by_row_and_pages_never_split_one(client: FlaskClient, creator: Somebody, faulty: UUID) -> None:
    url = f"{API}/{ids.show('imp', faulty)}/faults"
    pages, after, more = [], 0, True
    while more:
        answer = client.get(f"{url}?limit=3&starting_after={after}", headers=creator.headers).json
        pages.append([(row["row_number"], row["column_name"]) for row in answer["data"]])
        after, more = answer["data"][-1]["row_number"], answer["has_more"]
    assert pages == [[(2, "c0"), (2, "c1"), (5, "c2"), (5, "c3"), (5, "c4")], [(9, "c5")]]
    assert client.get(f"{url}?starting_after=9", headers=creator.headers).json == {"data": [], "has_more": False}
    assert client.get(f"{url}?starting_after=-1", headers=creator.headers).status_code == 422


def test_faults_as_a_file_start_no_formula(client: FlaskClient, creator: Somebody, faulty: UUID) -> None:
    answer = client.get(f"{API}/{ids.show('imp', faulty)}/faults?format=csv", headers=creator.headers)
    assert (answer.status_code, answer.content_type) == (200, "text/csv; charset=utf-8")
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert rows[0] == ["row", "column", "value", "message_zh", "message_en"]
    assert [row[:3] for row in rows[1:]] == [
        ["2", "c0", "'=1+1"],
        ["2", "c1", "'=1+1"],
        ["5", "c2", "'-5"],
        ["5", "c3", "'-5"],
        ["5", "c4", "'-5"],
        ["9", "c5", "'-5"],
    ]
    assert rows[1][3:] == ["错，了", 'so "wrong"']


@pytest.mark.parametrize(
    ("state", "status", "kind"),
    [
        (JobState.CANCELLED, ImportStatus.CANCELLED, "imports.cancelled"),
        (JobState.DEAD, ImportStatus.FAILED, "imports.failed"),
        (JobState.QUEUED, ImportStatus.RECEIVED, None),
    ],
)
def test_an_import_whose_job_is_lost_is_ended(
    client: FlaskClient, session: Session, creator: Somebody, state: JobState, status: ImportStatus, kind: str | None
) -> None:
    import_id = ids.read("imp", send(client, creator).json["id"])
    with db.transaction() as changing:
        changing.execute(sa.update(Job).where(Job.subject_id == import_id).values(state=state))
    for _ in range(2):
        with db.transaction() as settling:
            imports.settle_lost(settling)
    session.expire_all()
    assert session.get_one(ChannelImport, import_id).status == status
    told = session.scalars(sa.select(Event.kind).where(Event.subject_id == import_id)).all()
    assert told == ([kind] if kind else [])
    assert counts(session, creator.party_id) == (1, 0 if kind else 1, 1)


def test_chunks_of_another_party_cannot_be_read_under_row_level_security(
    client: FlaskClient, creator: Somebody
) -> None:
    import_id = ids.read("imp", send(client, creator).json["id"])
    for who, seen in ((creator, 1), (somebody("creator"), 0)):
        with db.transaction(who.actor) as opened:
            found = opened.scalar(sa.select(sa.func.count()).where(ImportChunk.import_id == import_id))
            assert found == seen


class Patterned(io.RawIOBase):
    """A body of so many bytes that exists nowhere as a whole."""

    def __init__(self, size_bytes: int) -> None:
        self.left = size_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        given = min(len(buffer), self.left)
        buffer[:given] = b"x" * given
        self.left -= given
        return given


def test_a_long_file_is_never_whole_in_memory(client: FlaskClient, session: Session, creator: Somebody) -> None:
    size = 24 * 1024 * 1024 + 5
    told = {"wsgi.input": Patterned(size), "CONTENT_LENGTH": str(size)}
    tracemalloc.start()
    try:
        answer = send(client, creator, environ_overrides=told)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (answer.status_code, answer.json["size_bytes"]) == (202, size)
    assert peak < 10 * 1024 * 1024
    assert counts(session, creator.party_id) == (1, 25, 1)


def test_a_file_that_breaks_off_leaves_nothing(client: FlaskClient, session: Session, creator: Somebody) -> None:
    told = {"wsgi.input": Patterned(3_000_000), "CONTENT_LENGTH": "4000000"}
    assert send(client, creator, environ_overrides=told).status_code == 400
    assert counts(session, creator.party_id) == (0, 0, 0)
