"""Files through the real route and the real job: what is stored, what is refused, and what an interruption leaves."""

import resource
import tracemalloc
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace.channels.files import bulk_store, import_job
from marketplace.channels.models import (
    AudienceSnapshot,
    Channel,
    ChannelVideo,
    ImportChunk,
    ImportRowError,
)
from marketplace.core import ids
from marketplace.core.events import Event
from marketplace.core.ids import new_id
from marketplace.core.jobs import JobState
from marketplace.identity.models import Mandate, Party, PartyStatus
from tests.make import channels as make
from tests.make.people import Somebody, mandate, somebody

API = "/api/v1/imports"
Work = Callable[[UUID], JobState]


def done(client: FlaskClient, who: Somebody, work: Work, data: bytes, **query: str) -> Any:
    """Hand a file in, do its job, and return what the import then says."""
    told = make.hand_in(client, who, data, **query)
    assert work(ids.read("job", told["job_id"])) == JobState.DONE
    return client.get(f"{API}/{told['id']}", headers=who.headers).json


def stored(session: Session, mark: str) -> tuple[int, int, int]:
    """Channels, snapshots and videos whose account begins with the mark."""
    session.rollback()
    session.expire_all()
    mine = sa.select(Channel.id).where(Channel.account_key.startswith(mark))
    return tuple(  # type: ignore[return-value]
        session.scalar(sa.select(sa.func.count()).select_from(model).where(column.in_(mine)))
        for model, column in (
            (Channel, Channel.id),
            (AudienceSnapshot, AudienceSnapshot.channel_id),
            (ChannelVideo, ChannelVideo.channel_id),
        )
    )


def faults(client: FlaskClient, who: Somebody, told: Any) -> list[tuple[int, str]]:
    data = client.get(f"{API}/{told['id']}/faults?limit=100", headers=who.headers).json["data"]
    return [(row["row_number"], row["column_name"]) for row in data]


def kinds(session: Session, told: Any) -> list[str]:
    query = sa.select(Event.kind).where(Event.subject_id == ids.read("imp", told["id"])).order_by(Event.kind)
    return list(session.scalars(query).all())


def test_a_file_is_stored_and_told_of_once(
    client: FlaskClient, session: Session, work: Work, creator: Somebody, mark: str
) -> None:
    told = done(client, creator, work, make.rows(mark, 3))
    assert (told["status"], told["rows_done"], told["rows_bad"], told["message_en"]) == ("done", 3, 0, None)
    assert (told["channels_new"], told["snapshots_new"]) == (3, 3)
    assert stored(session, mark)[:2] == (3, 3)
    assert kinds(session, told) == ["audience_snapshots.new", "imports.done"]
    own = (Event.kind == "audience_snapshots.new", Event.party_ids.contains([creator.party_id]))
    event = session.scalars(sa.select(Event).where(*own)).one()
    assert (event.party_ids, event.data["snapshots_new"]) == ([creator.party_id], 3)
    # The bytes have done their work.
    of = ImportChunk.import_id == ids.read("imp", told["id"])
    assert session.scalar(sa.select(sa.func.count()).where(of)) == 0


def test_the_same_file_again_changes_nothing(
    client: FlaskClient, session: Session, work: Work, creator: Somebody, mark: str
) -> None:
    data = make.rows(mark, 4)
    done(client, creator, work, data)
    before = [
        (row.id, row.version, row.snapshot_id)
        for row in session.scalars(sa.select(Channel).where(Channel.account_key.startswith(mark)))
    ]
    counted = stored(session, mark)
    told = done(client, creator, work, data)
    assert (told["rows_done"], told["channels_new"], told["snapshots_new"]) == (4, 0, 0)
    assert stored(session, mark) == counted
    after = session.scalars(sa.select(Channel).where(Channel.account_key.startswith(mark)))
    assert [(row.id, row.version, row.snapshot_id) for row in after] == before
    assert kinds(session, told) == ["imports.done"]


def test_bad_rows_are_skipped_and_named(
    client: FlaskClient, session: Session, work: Work, creator: Somebody, mark: str
) -> None:
    data = make.rows(mark, 5, wrong={1: {"followers": "many"}, 3: {"followers": "-4"}})
    told = done(client, creator, work, data, mode="skip_bad_rows")
    assert (told["status"], told["rows_done"], told["rows_bad"], told["channels_new"]) == ("done", 3, 2, 3)
    assert stored(session, mark)[0] == 3
    assert faults(client, creator, told) == [(3, "followers"), (5, "followers")]


UNFIT = [
    ("platform", {"platform": "某平台"}),
    ("rate_card", {"rate_card": "[5]"}),
    ("", {"rate_card": '[{"length_tier": "a\\u0000"}]'}),
    ("", {"rate_card": '[{"amount_minor": NaN}]'}),
    ("", {"genders": '{"\\ud800": 1.0}'}),
]


def test_rows_that_the_tables_could_not_hold_are_faults_and_not_a_dead_job(
    client: FlaskClient, session: Session, work: Work, creator: Somebody, mark: str
) -> None:
    wrong = {number: cells for number, (_, cells) in enumerate(UNFIT)}
    told = done(client, creator, work, make.rows(mark, len(UNFIT) + 1, wrong=wrong))
    assert (told["status"], told["rows_done"], told["rows_bad"]) == ("done", 1, len(UNFIT))
    assert faults(client, creator, told) == [(number + 2, column) for number, (column, _) in enumerate(UNFIT)]
    assert stored(session, mark)[0] == 1


def test_all_or_nothing_keeps_the_faults_and_nothing_else(
    client: FlaskClient, session: Session, work: Work, creator: Somebody, mark: str
) -> None:
    data = make.rows(mark, 5, wrong={4: {"followers": "many"}})
    told = done(client, creator, work, data, mode="all_or_nothing")
    assert (told["status"], told["rows_done"], told["rows_bad"], told["channels_new"]) == ("failed", 0, 1, 0)
    assert stored(session, mark) == (0, 0, 0)
    assert faults(client, creator, told) == [(6, "followers")]
    assert kinds(session, told) == ["imports.failed"]
    mended = done(client, creator, work, make.rows(mark, 5), mode="all_or_nothing")
    assert (mended["status"], stored(session, mark)[0]) == ("done", 5)


def test_a_file_that_is_none_of_the_shapes_fails_with_a_word(
    client: FlaskClient, session: Session, work: Work, creator: Somebody
) -> None:
    told = done(client, creator, work, b"what,is\nthis,?\n")
    assert (told["status"], told["rows_done"]) == ("failed", 0)
    assert told["message_en"]
    assert told["message_zh"]
    assert " / " not in told["message_en"] + told["message_zh"]


def test_long_rows_are_written_a_few_at_a_time(
    client: FlaskClient, work: Work, creator: Somebody, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, sizes = bulk_store.store, []

    def seen(*arguments: Any) -> bulk_store.StoredBatch:
        sizes.append(len(arguments[1]))
        return real(*arguments)

    monkeypatch.setattr(bulk_store, "store", seen)
    monkeypatch.setattr(import_job, "BATCH_LETTERS_MAX", 1000)
    told = done(client, creator, work, make.rows(mark, 60))
    assert told["rows_done"] == sum(sizes) == 60
    assert max(sizes) < 20


def test_a_hostile_file_ends_its_import_with_a_word_and_leaves_nothing(
    client: FlaskClient, session: Session, work: Work, creator: Somebody, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = make.rows(mark, 3)
    told = done(client, creator, work, rows + b"," * 5 * 1024 * 1024)
    assert (told["status"], told["rows_done"]) == ("failed", 0)
    assert told["message_en"].startswith("A row is over 4 MiB")
    assert told["message_zh"].startswith("有一行超过 4 MiB")
    assert stored(session, mark) == (0, 0, 0)


def test_an_account_that_another_creator_claims_gets_a_claim_beside_it(
    client: FlaskClient, session: Session, work: Work, creator: Somebody, mark: str
) -> None:
    victim = somebody("creator")
    done(client, victim, work, make.rows(mark, 1))
    before = stored(session, mark)
    told = done(client, creator, work, make.rows(mark, 2, name="偷来的"))
    assert (told["status"], told["rows_done"], told["rows_bad"], told["channels_new"]) == ("done", 2, 0, 2)
    assert stored(session, mark)[:2] == (before[0] + 2, before[1] + 2)
    first, claim = session.scalars(
        sa.select(Channel).where(Channel.account_key == f"{mark}0").order_by(Channel.created_at)
    )
    assert (first.creator_id, first.version, first.name != "偷来的") == (victim.party_id, 2, True)
    assert (claim.creator_id, claim.claim_status, claim.handle_key) == (creator.party_id, "claimed", f"{mark}0")


def test_an_agencys_rows_need_a_mandate(
    client: FlaskClient, session: Session, work: Work, creator: Somebody, mark: str
) -> None:
    agency = somebody("agency")
    names = {"a": new_id().hex, "b": new_id().hex, "c": new_id().hex}
    mine, stranger, ended = (somebody("creator", name=name) for name in names.values())
    mandate(agency, mine.party_id)
    mandate(agency, ended.party_id, to_days=-1)
    data = make.rows(
        mark,
        7,
        wrong={
            0: {"creator_name": names["a"]},
            1: {"creator_id": ids.show("pty", mine.party_id)},
            2: {"creator_name": names["b"]},
            3: {"creator_name": names["c"]},
            4: {"creator_id": ids.show("pty", stranger.party_id)},
            5: {},
            6: {"creator_name": "nobody " + mark},
        },
    )
    told = done(client, agency, work, data)
    assert (told["rows_done"], told["rows_bad"]) == (2, 5)
    assert faults(client, agency, told) == [
        (4, "creator_name"),
        (5, "creator_name"),
        (6, "creator_id"),
        (7, "creator_name"),
        (8, "creator_name"),
    ]
    owners = session.scalars(sa.select(Channel.creator_id).where(Channel.account_key.startswith(mark)))
    assert set(owners) == {mine.party_id}


@pytest.mark.parametrize("kind", ["agency", "platform"])
def test_unknown_names_are_entered_where_asked(
    client: FlaskClient, session: Session, work: Work, kind: str, mark: str
) -> None:
    who = somebody(kind)
    wrong = {0: {"creator_name": f"甲{mark}"}, 1: {"creator_name": f"乙{mark}"}, 2: {"creator_name": f"甲{mark}"}}
    told = done(client, who, work, make.rows(mark, 3, wrong=wrong), create_creators="true")
    assert (told["rows_done"], told["rows_bad"], told["channels_new"]) == (3, 0, 3)
    entered = session.scalars(sa.select(Party).where(Party.name.endswith(mark)).order_by(Party.name)).all()
    assert [(one.name, one.status) for one in entered] == [
        (f"乙{mark}", PartyStatus.UNCLAIMED),
        (f"甲{mark}", PartyStatus.UNCLAIMED),
    ]
    held = session.scalars(sa.select(Mandate.creator_id).where(Mandate.agency_id == who.party_id)).all()
    assert set(held) == ({one.id for one in entered} if kind == "agency" else set())
    again = done(client, who, work, make.rows(mark, 3, wrong=wrong), create_creators="true")
    assert (again["channels_new"], again["snapshots_new"], again["rows_bad"]) == (0, 0, 0)


def test_creators_are_not_entered_where_all_is_undone(
    client: FlaskClient, session: Session, work: Work, mark: str
) -> None:
    agency = somebody("agency")
    wrong = {0: {"creator_name": f"甲{mark}"}, 1: {"followers": "x", "creator_name": f"甲{mark}"}}
    told = done(client, agency, work, make.rows(mark, 2, wrong=wrong), create_creators="true", mode="all_or_nothing")
    assert (told["status"], stored(session, mark)) == ("failed", (0, 0, 0))
    assert session.scalars(sa.select(Party).where(Party.name == f"甲{mark}")).all() == []


def test_faults_beyond_the_cap_are_counted_only(
    client: FlaskClient,
    session: Session,
    work: Work,
    creator: Somebody,
    mark: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_job, "ROW_ERRORS_MAX", 3)
    told = done(client, creator, work, make.rows(mark, 5, wrong={row: {"followers": "x"} for row in range(5)}))
    assert told["rows_bad"] == 5
    of = ImportRowError.import_id == ids.read("imp", told["id"])
    assert session.scalar(sa.select(sa.func.count()).where(of)) == 3


def test_three_times_the_rows_need_the_same_memory(
    client: FlaskClient, work: Work, creator: Somebody, mark: str
) -> None:
    peaks = []
    for name, count in (("warm", 600), ("a", 600), ("b", 1_800)):
        told = make.hand_in(client, creator, make.rows(mark + name, count))
        tracemalloc.start()
        try:
            assert work(ids.read("job", told["job_id"])) == JobState.DONE
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert peaks[2] < 1.2 * peaks[1]
    assert peaks[2] < 16 * 1024 * 1024


def test_twenty_thousand_rows_are_stored(
    client: FlaskClient, session: Session, work: Work, creator: Somebody, mark: str
) -> None:
    told = make.hand_in(client, creator, make.rows(mark, 20_000))
    resident_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert work(ids.read("job", told["job_id"])) == JobState.DONE
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident_kib < 64 * 1024
    assert stored(session, mark)[:2] == (20_000, 20_000)
