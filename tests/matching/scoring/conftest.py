"""The people who decide about matches."""

import pytest

from tests.make import reviews as make_reviews
from tests.make.people import Somebody


@pytest.fixture(scope="module")
def admins(own_market: None) -> list[Somebody]:
    return make_reviews.admins(3)
