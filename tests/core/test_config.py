"""Settings: every mistake is named at once, and secrets may come from files."""

from pathlib import Path

import pytest

from marketplace.core.config import Config

NEEDED = {"DATABASE_URL": "d", "REDIS_URL": "r", "SECRET_KEY": "s"}


def test_the_defaults_are_those_of_the_class(tmp_path: Path) -> None:
    config = Config.from_env({**NEEDED, "INLAY_DATA": str(tmp_path)})
    folders = {
        "data_dir": str(tmp_path),
        "storage_url": (tmp_path / "objects").as_uri(),
        "vision_dir": str(tmp_path / "vision"),
        "mail_url": (tmp_path / "mail").as_uri(),
    }
    assert config == Config("d", "r", "r", "s", **folders)


def test_every_mistake_is_named_at_once() -> None:
    given = {
        "REDIS_URL": "",
        "SECRET_KEY": "s",
        "DB_POOL_SIZE": "0",
        "SESSION_HOURS": " 5",
        "LOG_FORMAT": "xml",
        "STORAGE_URL": "/var/objects",
    }
    with pytest.raises(SystemExit) as refused:
        Config.from_env(given)
    assert str(refused.value) == (
        "Inlay cannot start: set DATABASE_URL, REDIS_URL; DB_POOL_SIZE must be a whole number above 0, not '0';"
        " SESSION_HOURS must be a whole number above 0, not ' 5'; LOG_FORMAT must be json or text;"
        " STORAGE_URL must begin with one of file://, s3://, gs://, az://."
    )


def test_a_secret_may_come_from_a_file_unless_it_is_given_itself(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(" from the file\n")
    without = {name: value for name, value in NEEDED.items() if name != "SECRET_KEY"}
    assert Config.from_env({**without, "SECRET_KEY_FILE": str(file)}).secret_key == "from the file"
    assert Config.from_env({**NEEDED, "SECRET_KEY_FILE": str(file)}).secret_key == "s"
    assert Config.from_env({**NEEDED, "LOG_FORMAT_FILE": str(file)}).log_format == "json", "files are for secrets"


@pytest.mark.parametrize("value", ["${REDIS_URL}", "{{REDIS_URL}}", "a$b"])
def test_values_are_taken_as_they_are(value: str) -> None:
    assert Config.from_env({**NEEDED, "SECRET_KEY": value}).secret_key == value


def test_the_readme_tells_of_every_setting_and_its_default() -> None:
    table = (Path(__file__).resolve().parents[2] / "README.md").read_text()
    for name in ("log_format", "db_pool_size", "rate_limit_per_minute", "sign_ins_per_minute", "session_hours"):
        row = next(line for line in table.splitlines() if line.startswith(f"| `{name.upper()}` |"))
        assert row.rpartition("| ")[2].strip(" |`") == str(getattr(Config, name))
