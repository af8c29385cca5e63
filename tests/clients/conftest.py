"""A running market, and its description as anybody gets it."""

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from marketplace.local.servers import LocalServers
from tests.running_market import RunningMarket, running_market


@pytest.fixture(scope="package")
def market(servers: LocalServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMarket]:
    with running_market(servers, tmp_path_factory.mktemp("clients"), "inlay_clients") as running:
        yield running


@pytest.fixture(scope="package")
def document(market: RunningMarket, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("description") / "openapi.json"
    with urllib.request.urlopen(f"{market.url}/openapi.json") as answer:  # noqa: S310 (our own server)
        path.write_bytes(answer.read())
    return path
