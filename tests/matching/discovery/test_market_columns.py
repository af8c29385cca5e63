"""The columns in memory are what the database holds, whatever changed and whoever wrote it."""

from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import sqlalchemy as sa

from marketplace.channels import service as channels
from marketplace.core import db
from marketplace.core.errors import Unavailable
from marketplace.core.ids import new_id
from marketplace.matching.discovery import column_store, market_columns
from marketplace.matching.discovery.column_file import FEW, ColumnFile, ColumnFileState, rows_of
from marketplace.matching.forecast import features
from tests.make.people import Somebody, home_day, mandate, somebody
from tests.market import owning
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")


def read(folder: Path) -> dict[bytes, bytes]:
    """What the columns hold of each channel."""
    with db.transaction() as session:
        table = column_store.present(session, ColumnFile(folder))
        return {table.ids[place].tobytes(): table.values[:, place].tobytes() for place in range(len(table))}


def refresh() -> None:
    with db.transaction() as session:
        while features.refresh(session):
            pass


def value(folder: Path, channel_id: UUID, name: str) -> float:
    held = np.frombuffer(read(folder)[channel_id.bytes], dtype=np.float32)
    return float(held[market_columns.PLACES[name]])


def change(who: Somebody, channel_id: UUID, **values: object) -> None:
    with db.transaction(who.actor) as session:
        found = channels.find(session, who.actor, channel_id)
        channels.change(session, who.actor, channel_id, version=found.version, values=values)


def test_reading_what_changed_is_reading_all(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    who, agency = somebody("creator"), somebody("agency")
    mine = [look.channel(who) for _ in range(3)]
    refresh()
    assert set(read(kept)) >= {one.bytes for one in mine}
    steps = (
        lambda: look.channel(who),
        lambda: change(who, mine[0], verticals={"beauty": 1.0}),
        lambda: change(who, mine[1], discoverable=False),
        lambda: mandate(agency, who.party_id),
        lambda: look.make_channels.told(who, mine[2], followers=77_000, taken_on="2026-11-02"),
    )
    for number, step in enumerate(steps):
        step()
        if number % 2:
            refresh()
        assert read(kept) == read(tmp_path / f"new{number}")
    refresh()
    assert read(kept) == read(tmp_path / "last")


def test_a_hidden_or_archived_channel_is_not_to_be_found_before_its_features_are_made_anew(tmp_path: Path) -> None:
    who = somebody("creator")
    hidden, archived = look.channel(who), look.channel(who)
    refresh()
    assert value(tmp_path, hidden, "live") == value(tmp_path, archived, "live") == 1
    change(who, hidden, discoverable=False)
    with db.transaction(who.actor) as session:
        channels.archive(session, who.actor, archived)
    assert value(tmp_path, hidden, "live") == value(tmp_path, archived, "live") == 0
    change(who, hidden, discoverable=True)
    assert value(tmp_path, hidden, "live") == 1


def test_who_is_represented_is_known_whoever_asks(tmp_path: Path) -> None:
    who, agency, brand = somebody("creator"), somebody("agency"), somebody("brand")
    own = look.channel(who)
    refresh()
    # Midnight in Shanghai, at the end of the last day, is 16:00 of that day in Greenwich.
    ends = home_day().toordinal() - 719_163 + 9 + 16 / 24
    assert value(tmp_path, own, "agency_until") == 0
    mandate(agency, who.party_id, to_days=9)
    with db.transaction(brand.actor) as session:  # who sees no mandates
        table = column_store.present(session, ColumnFile(tmp_path))
        row = rows_of(table.ids, np.frombuffer(own.bytes, dtype="V16"))[0]
        assert table["agency_until"][row] == pytest.approx(ends, abs=2 / 24 / 60)  # columns are of 32 bits


def test_what_commits_late_is_not_missed(tmp_path: Path) -> None:
    who = somebody("creator")
    early, late = look.channel(who), look.channel(who)
    refresh()
    read(tmp_path)
    hide = sa.text("UPDATE channels SET discoverable = false WHERE id = :id")
    with owning() as slow:
        slow.execute(hide, {"id": late})  # its number is the lower one, its commit the later
        with db.transaction() as session:
            session.execute(hide, {"id": early})
        assert (value(tmp_path, early, "live"), value(tmp_path, late, "live")) == (0, 1)
        slow.commit()
    assert value(tmp_path, late, "live") == 0


def test_a_large_market_is_read_page_by_page_over_several_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = somebody("creator")
    mine = [look.channel(who) for _ in range(5)]
    refresh()
    whole = read(tmp_path / "whole")
    monkeypatch.setattr(column_store, "PAGE", 2)
    monkeypatch.setattr(column_store, "PAGES_A_LOOK", 1)
    looks = 0
    while True:
        looks += 1
        try:
            found = read(tmp_path / "paged")
        except Unavailable:
            if looks == 1:
                change(who, mine[0], discoverable=False)  # a row of a page that was read already, or not yet
            continue
        break
    assert looks > 2
    assert found.keys() == whole.keys()
    assert value(tmp_path / "paged", mine[0], "live") == 0
    monkeypatch.undo()
    refresh()
    assert read(tmp_path / "paged") == read(tmp_path / "after")


def test_a_folder_that_cannot_be_written_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="INLAY_DATA"):
        read(tmp_path / "file" / "columns")


def test_another_database_or_shape_does_not_take_over_what_is_not_its_own(tmp_path: Path) -> None:
    file = ColumnFile(tmp_path)
    ids = np.frombuffer(b"".join(new_id().bytes for _ in range(3)), dtype="V16")
    values = np.ones((market_columns.WIDTH, 3), dtype=np.float32)
    state = file.append(file.state("one"), ids, np.arange(3), values)
    file.keep(state)
    assert len(ColumnFile(tmp_path).read(ColumnFile(tmp_path).state("one"))) == 3
    assert ColumnFile(tmp_path).state("other") == ColumnFileState("other", state.boot)


def test_rows_written_over_grow_and_keep_their_place(tmp_path: Path) -> None:
    file, dice = ColumnFile(tmp_path), np.random.default_rng(1)
    ids = np.frombuffer(b"".join(new_id().bytes for _ in range(6_000)), dtype="V16")
    values = dice.random((market_columns.WIDTH, 6_000), dtype=np.float32)
    state = file.append(file.state("m"), ids[:4_000], np.arange(4_000), values[:, :4_000])
    file.keep(state)
    reader = ColumnFile(tmp_path)
    before = reader.read(reader.state("m"))
    some = dice.permutation(6_000)[:3_000]
    state = file.put(state, ids[some], some.astype(np.int64), values[:, some] + 1)
    file.keep(state)
    after = reader.read(reader.state("m"))
    rows = rows_of(after.ids, ids)
    want = values.copy()
    want[:, some] += 1
    there = np.union1d(np.arange(4_000), some)
    assert np.array_equal(after.values[:, rows[there]], want[:, there])
    assert len(after) == len(there)
    assert len(before) == 4_000
    assert (rows[np.setdiff1d(np.arange(6_000), there)] == -1).all()


@pytest.mark.parametrize("count", [1, FEW, FEW + 1, 500])
def test_rows_are_found_by_the_whole_id(count: int) -> None:
    dice = np.random.default_rng(count)
    ids = np.frombuffer(dice.bytes(16 * 700), dtype="V16")
    wanted = ids[dice.permutation(700)[:count]].copy()
    assert (ids[rows_of(ids, wanted)] == wanted).all()
    near = wanted.copy().view(np.uint64).reshape(-1, 2)
    near[:, 0] ^= np.uint64(1)  # the same last half
    assert (rows_of(ids, np.ascontiguousarray(near).view("V16")[:, 0]) == -1).all()
