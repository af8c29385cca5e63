"""What is not finite is refused where it would be stored or answered, and made null where it may be unknown."""

import math

import numpy as np
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from marketplace.core import column_copy
from marketplace.core.estimate import NotFinite, known_or_null, strict_json

BAD = (math.nan, math.inf, -math.inf)


def test_what_is_not_known_becomes_null_at_any_depth() -> None:
    assert known_or_null({"a": [1.5, math.nan, {"b": (math.inf, "x", None, True)}]}) == {
        "a": [1.5, None, {"b": [None, "x", None, True]}]
    }


@pytest.mark.parametrize("bad", BAD)
def test_json_has_neither_nan_nor_infinity(app: Flask, session: Session, bad: float) -> None:
    with pytest.raises(NotFinite):
        strict_json({"a": [bad]})
    with app.app_context(), pytest.raises(ValueError, match="JSON compliant"):
        app.json.dumps({"a": bad})
    statement = sa.select(sa.cast(sa.literal({"a": bad}, sa.JSON), sa.JSON))
    with pytest.raises((NotFinite, sa.exc.StatementError)):
        session.execute(statement)


def test_columns_take_what_is_not_known_and_nothing_without_an_end(session: Session) -> None:
    session.execute(sa.text("CREATE TEMPORARY TABLE finite_numbers (one float8, several float8[]) ON COMMIT DROP"))
    kinds, order = {"one": "float8", "several": "float8:2"}, np.arange(2)
    fine = {"one": [1.0, math.nan], "several": [[1.0, 2.0], [math.nan, 3.0]]}
    column_copy.write(session, "finite_numbers", kinds, fine, order)
    assert session.scalar(sa.text("SELECT count(*) FROM finite_numbers")) == 2
    for name, values in (("one", [1.0, math.inf]), ("several", [[1.0, 2.0], [-math.inf, 3.0]])):
        with pytest.raises(NotFinite, match=name):
            column_copy.write(session, "finite_numbers", kinds, {**fine, name: values}, order)
