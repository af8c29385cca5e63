"""Whatever a correction holds is kept whole or refused by name, with nothing changed."""

import json
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.checks.models import VideoCorrection
from marketplace.core import db, ids
from tests.make import checks as make_checks
from tests.make.people import Somebody, somebody

SEEN: dict[str, Any] = {"kind": "logo", "start_s": 1, "seconds": 2, "area_share": 0.1, "centre": 0.5}


@pytest.fixture(scope="module")
def creator(app: object) -> Somebody:
    return somebody("creator")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"description": "a\x00b"}, "/timeline/exposures/0/description"),
        ({"description": "a\u202eb"}, "/timeline/exposures/0/description"),
        ({"description": "\ud800"}, "/timeline/exposures/0/description"),
        ({"description": "x" * 501}, "/timeline/exposures/0/description"),
        ({"start_s": 1e400}, "/timeline/exposures/0/start_s"),
        ({"start_s": 10**400}, "/timeline/exposures/0/start_s"),
        ({"start_s": True}, "/timeline/exposures/0/start_s"),
        ({"area_share": {"low": 0.5, "high": 0.1}}, "/timeline/exposures/0/area_share"),
        ({"kind": []}, "/timeline/exposures/0/kind"),
        ({"a\x00b": 1}, "/timeline/exposures/0/a"),
        ({"a/b~c": 1}, "/timeline/exposures/0/a~1b~0c"),
        ({"x" * 5000: 1}, "/timeline/exposures/0/xxx"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(
    client: FlaskClient, creator: Somebody, changes: dict[str, Any], pointer: str
) -> None:
    check_id = make_checks.done(creator)
    path = f"/api/v1/video-checks/{ids.show('vck', check_id)}/corrections"
    # Escaped, as a client in another language would send it.
    data = json.dumps({"timeline": {"exposures": [{**SEEN, **changes}]}})
    answer = client.post(path, data=data, content_type="application/json", headers=creator.once())
    assert answer.status_code in (400, 422), answer.text
    if answer.status_code == 422:
        assert any(one["pointer"].startswith(pointer) for one in answer.json["errors"]), answer.json
    with db.transaction() as session:
        assert session.scalars(sa.select(VideoCorrection.id).where(VideoCorrection.check_id == check_id)).all() == []


@pytest.mark.parametrize(
    "timeline",
    [{"exposures": [SEEN] * 201}, {"exposures": {}}, {"exposures": [[]]}, {"exposures": [], "source": "plan"}],
)
def test_odd_timelines_are_refused_or_taken_as_corrected(
    client: FlaskClient, creator: Somebody, timeline: dict[str, Any]
) -> None:
    path = f"/api/v1/video-checks/{ids.show('vck', make_checks.done(creator))}/corrections"
    answer = client.post(path, json={"timeline": timeline}, headers=creator.once())
    if "source" in timeline:
        assert (answer.status_code, answer.json["timeline"]["source"]) == (201, "corrected")
    else:
        assert answer.status_code == 422, answer.text
