"""What goes between PostgreSQL and the array operations: columns, numbers, shares and flags."""

from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels import anomalies
from marketplace.channels.files import bulk_store
from marketplace.core import column_copy
from marketplace.core.estimate import Estimate
from marketplace.matching.audience import channel_tags, grid, share_columns
from marketplace.matching.audience.arrays import Floats
from marketplace.matching.forecast import flags
from marketplace.matching.scoring import brand_fit, numbers
from marketplace.matching.scoring.scored_bid import scored_bid

KINDS = {"i": "uuid", "n": "int8", "f": "float8", "b": "bool", "t": "text:3", "y": "bytes:4", "l": "float8:2"}
QUERY = (
    "SELECT '01a2094b-fd70-7b0c-8d1b-c87ec15515d1'::uuid AS i, n::bigint AS n, n / 2.0::float8 AS f, n = 2 AS b,"
    " repeat(n::text, 3) AS t, decode('00ff0' || n || '00', 'hex') AS y, ARRAY[n, 'NaN'::float8] AS l"
    " FROM generate_series(1, %(count)s) AS n"
)


def test_columns_are_read_as_they_stand(session: Session) -> None:
    found = column_copy.read(session, QUERY, {"count": 3}, KINDS)
    assert {name: column.shape for name, column in found.items()} == {**dict.fromkeys(KINDS, (3,)), "l": (3, 2)}
    assert found["i"][0].tobytes().hex() == "01a2094bfd707b0c8d1bc87ec15515d1"
    assert found["n"].tolist() == [1, 2, 3]
    assert found["f"].tolist() == [0.5, 1.0, 1.5]
    assert found["b"].tolist() == [False, True, False]
    assert found["t"].tolist() == [b"111", b"222", b"333"]
    assert found["y"].tobytes() == bytes.fromhex("00ff0100 00ff0200 00ff0300")  # zeros at the end are kept
    assert found["l"][:, 0].tolist() == [1, 2, 3]
    assert np.isnan(found["l"][:, 1]).all()


def test_no_rows_are_empty_columns(session: Session) -> None:
    found = column_copy.read(session, QUERY, {"count": 0}, KINDS)
    assert {name: column.shape for name, column in found.items()} == {**dict.fromkeys(KINDS, (0,)), "l": (0, 2)}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("NULL::text", "text:3"),
        ("'four'", "text:3"),
        ("'me'", "text:3"),
        ("ARRAY[1.0]::float8[]", "float8:2"),
        ("1::int", "int8"),
        ("'\\x00'::bytea", "bytes:2"),
    ],
)
def test_a_column_that_is_not_as_promised_is_refused(session: Session, value: str, kind: str) -> None:
    with pytest.raises(column_copy.WrongWidth, match="column x"):
        column_copy.read(session, f"SELECT {value} AS x FROM generate_series(1, 2)", {}, {"x": kind})


def test_rows_are_written_in_the_order_asked_for(session: Session) -> None:
    session.execute(
        sa.text("CREATE TEMPORARY TABLE w (i uuid, n bigint, f float8, b boolean, t text, y bytea, l float8[])")
    )
    columns = column_copy.read(session, QUERY, {"count": 3}, KINDS)
    column_copy.write(session, "w", KINDS, columns, np.array([2, 0, 1]))
    stored = session.execute(sa.text("SELECT n, f, b, t, y, l[1], l[2] = 'NaN' FROM w")).all()
    assert [tuple(row) for row in stored] == [
        (n, n / 2, n == 2, str(n) * 3, bytes([0, 255, n, 0]), n, True) for n in (3, 1, 2)
    ]


def _values(count: int) -> dict[str, Any]:
    random = np.random.default_rng(7)
    return {number.name: random.normal(size=(count, len(number.parts))) for number in numbers.NUMBERS}


def test_numbers_come_back_by_name() -> None:
    values = _values(2)
    values["views"][0] = (1000.1234567, np.inf, np.nan)
    values["intrusion"][0] = 0
    values["intrusion_first"][0] = np.nan
    values["intrusion"][0, 3] = 2.5
    table = numbers.pack(values)
    assert table.shape == (2, numbers.WIDTH)
    found = _parts(table[0])
    assert found["views"] == [1000.123457, None, None]
    assert found["intrusion"] == {numbers.BY_NAME["intrusion"].parts[3]: 2.5}
    assert found["fit_parts"] == {
        name: pytest.approx(values["fit_parts"][0, place], abs=1e-6) for place, name in enumerate(brand_fit.PARTS)
    }
    assert found["quality"] == pytest.approx(values["quality"][0, 0], abs=1e-6)
    assert _parts(table[1])["people"] == pytest.approx(values["people"][1].tolist(), abs=1e-6)
    names = numbers.BY_NAME["forecast"].parts
    forecast = dict(zip(names, values["forecast"][1].tolist(), strict=True))
    assert _parts(table[1])["forecast"] == pytest.approx(forecast, abs=1e-6)
    # A match that was decided before they were kept has none of the later numbers.
    older = _parts(table[1][: numbers.position("forecast")])
    assert older["people"] == _parts(table[1])["people"]
    assert set(older["forecast"].values()) == {None}


def _parts(row: Floats) -> dict[str, Any]:
    overall = Estimate(None, None, None)
    return scored_bid(row.tolist(), 0, overall=overall, currency="CNY", source=None, taken_on=None).parts()


def test_each_number_has_its_own_places_in_the_array_and_in_sql() -> None:
    values = _values(1)
    [row] = numbers.pack(values).tolist()
    for number in numbers.NUMBERS:
        for column, part in enumerate(number.parts):
            assert row[numbers.position(number.name, part)] == pytest.approx(values[number.name][0, column], abs=1e-6)
    assert numbers.sql("views", "point") == "m.numbers[1]"
    assert numbers.sql("per_thousand", "low", "x") == "x.numbers[14]"
    assert len(row) == numbers.WIDTH == sum(len(number.parts) for number in numbers.NUMBERS)


def test_shares_come_back_as_arrays() -> None:
    audiences = [grid.audience(), grid.audience({"18-23": 0.5, "unknown": 0.5}, None, {"CN-GD": 1.0})]
    stored = share_columns.pack(audiences[0], {"food": 1.0}) + share_columns.pack(audiences[1], {"made-up": 0.25})
    assert len(stored) == 2 * share_columns.BYTES
    found = share_columns.unpack(stored)
    for place, audience in enumerate(audiences):
        assert found.joint[place] == pytest.approx(audience.joint, abs=1e-6)
        assert found.regions[place] == pytest.approx(audience.regions, abs=1e-6)
    assert found.tags[0, channel_tags.VERTICALS.index("food")] == 1
    assert found.tags[1, -1] == 0.25
    assert found.unknown.tolist() == [[0, 0, 0], [0.5, 0, 0]]


def test_flags_come_back_from_their_bits() -> None:
    own = flags.bits(["regions_from_prior", "ages_from_prior"], ["last_digits"])
    gates = np.array([[True, False, True, False], [False] * 4])
    first, second = np.array([True, False]), np.array([False, True])
    found = flags.of_matches(np.array([own, 0]), gates, first, first, second, second).tolist()
    assert flags.shown(found[0]) == ["over_tolerance", "no_reach", "views_capped", "snapshot:last_digits"]
    assert flags.audience(found[0]) == ["ages_from_prior", "regions_from_prior"]
    assert flags.shown(found[1]) == ["no_audience_data", "too_little_known", "newest_far_off"]
    with pytest.raises(ValueError, match="not in tuple"):
        flags.bits(["something_new"], [])


def test_every_flag_that_is_raised_has_a_bit() -> None:
    odd = [{"views": 1010, "likes": 1}] * 400
    raised = anomalies.find_flags(10, {"engagement_rate": 0.99, "growth_30d": 9}, odd)
    raised += [bulk_store.COPIED_SERIES, *anomalies.impossible_audience("tiktok", {"region": {"CN": 0.9}})]
    # "video_rewritten" compares with what was stated before (tests/channels/test_told_again.py).
    assert {flag.code for flag in raised} | {"video_rewritten"} == set(flags.SNAPSHOT)
    given = [*grid.audience({"16-30": 0.5}, None, {"XK": 0.5}).flags, *grid.audience().flags]
    given += grid.readable_audience({name: {"nonsense": 2.0} for name in grid.ALL_LISTS}).flags
    assert {*given, "audience_unreadable"} == set(flags.AUDIENCE)
