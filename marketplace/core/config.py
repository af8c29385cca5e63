"""Settings, read once from the environment. Nothing else reads it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from environs import Env, EnvValidationError, ValidationError

# A folder, or a bucket of S3, Google or Azure, whose credentials are read from their makers' own variables.
STORES = ("file", "s3", "gs", "az")
# A folder; a mail server by TLS, by STARTTLS, or by neither.
MAIL_SCHEMES = ("file", "smtps", "smtp", "smtp+plain")
_FROM_FILES = (
    "DATABASE_URL",
    "MIGRATION_DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "SECRET_KEY_BEFORE",
    "BROKER_URL",
    "METRICS_TOKEN",
    "MAIL_URL",
    "PAYMENT_PROVIDER_KEY",
    "PAYMENT_WEBHOOK_SECRET",
    "PAYMENT_WEBHOOK_SECRET_BEFORE",
)
_NOT_SET = "not set"
_OF_PROVIDER = ("payment_provider_url", "payment_provider_key", "payment_webhook_secret")


@dataclass(frozen=True)
class Config:
    """Every setting, its unit and its default. For secrets and addresses `NAME_FILE` may name a file with the value."""

    database_url: str
    redis_url: str
    broker_url: str
    secret_key: str
    migration_database_url: str = ""
    secret_key_before: str = ""
    public_url: str = ""
    log_format: str = "json"
    db_pool_size: int = 8
    web_threads: int = 8
    trusted_proxies: int = 0
    rate_limit_per_minute: int = 1200
    sign_ins_per_minute: int = 30
    session_hours: int = 12
    admins_need_second_factor: bool = False
    metrics_token: str = ""
    heartbeat_dir: str = ""
    data_dir: str = ".data"
    storage_url: str = ""
    vision_dir: str = ""
    video_quota_gib: int = 50
    mail_url: str = ""
    mail_from: str = "inlay@localhost"
    payment_provider: str = "manual"
    payment_provider_url: str = ""
    payment_provider_key: str = ""
    payment_provider_timeout_s: int = 15
    payment_webhook_secret: str = ""
    payment_webhook_secret_before: str = ""
    multiprocess: bool = False

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Config":
        """Read the settings. Raises SystemExit that names every missing or unusable one at once."""
        read = _Reader(os.environ if env is None else env)  # noqa: TID251 - the one reader
        data_dir = read.str("INLAY_DATA", cls.data_dir)
        values = {
            "database_url": read.needed("DATABASE_URL"),
            "migration_database_url": read.str("MIGRATION_DATABASE_URL", ""),
            "redis_url": read.needed("REDIS_URL"),
            "secret_key": read.needed("SECRET_KEY"),
            "secret_key_before": read.str("SECRET_KEY_BEFORE", ""),
            "public_url": read.str("PUBLIC_URL", "", validate=_address).rstrip("/"),
            "db_pool_size": read.count("DB_POOL_SIZE", cls.db_pool_size),
            "web_threads": read.count("WEB_THREADS", cls.web_threads),
            "trusted_proxies": read.hops("TRUSTED_PROXIES", cls.trusted_proxies),
            "rate_limit_per_minute": read.count("RATE_LIMIT_PER_MINUTE", cls.rate_limit_per_minute),
            "sign_ins_per_minute": read.count("SIGN_INS_PER_MINUTE", cls.sign_ins_per_minute),
            "session_hours": read.count("SESSION_HOURS", cls.session_hours),
            "admins_need_second_factor": read.bool("ADMINS_NEED_SECOND_FACTOR", cls.admins_need_second_factor),
            "video_quota_gib": read.count("VIDEO_QUOTA_GIB", cls.video_quota_gib),
            "log_format": read.str("LOG_FORMAT", cls.log_format, validate=_log_format),
            "metrics_token": read.str("METRICS_TOKEN", cls.metrics_token),
            "heartbeat_dir": read.str("HEARTBEAT_DIR", cls.heartbeat_dir),
            "data_dir": data_dir,
            "storage_url": read.str("STORAGE_URL", "", validate=_store) or Path(data_dir, "objects").resolve().as_uri(),
            "vision_dir": read.str("VISION_DIR", "") or str(Path(data_dir, "vision").resolve()),
            "mail_url": read.str("MAIL_URL", "", validate=_mail) or Path(data_dir, "mail").resolve().as_uri(),
            "mail_from": read.str("MAIL_FROM", cls.mail_from, validate=_mail_address),
            "payment_provider": read.str("PAYMENT_PROVIDER", cls.payment_provider, validate=_payment_provider),
            "payment_provider_url": read.str("PAYMENT_PROVIDER_URL", "", validate=_provider_address),
            "payment_provider_key": read.str("PAYMENT_PROVIDER_KEY", ""),
            "payment_provider_timeout_s": read.count("PAYMENT_PROVIDER_TIMEOUT_S", cls.payment_provider_timeout_s),
            "payment_webhook_secret": read.str("PAYMENT_WEBHOOK_SECRET", "", validate=_webhook_secret),
            "payment_webhook_secret_before": read.str("PAYMENT_WEBHOOK_SECRET_BEFORE", "", validate=_webhook_secret),
            "multiprocess": read.str("PROMETHEUS_MULTIPROC_DIR", None) is not None,
        }
        values["broker_url"] = read.str("BROKER_URL", "") or values["redis_url"]
        try:
            read.seal()
        except EnvValidationError as error:
            raise SystemExit(f"Inlay cannot start: {_problems(error)}.") from error
        if values["mail_from"] == cls.mail_from and not str(values["mail_url"]).startswith("file:"):
            raise SystemExit("Inlay cannot start: set MAIL_FROM, the address that its mail is from.")
        needed = [name for name in _OF_PROVIDER if not values[name]] if values["payment_provider"] != "manual" else []
        if needed:
            raise SystemExit(f"Inlay cannot start: PAYMENT_PROVIDER needs {', '.join(map(str.upper, needed))} too.")
        return cls(**values)


class _Reader(Env):
    """Reads one mapping, and a secret's file where only `NAME_FILE` is set; collects every error until `seal`."""

    def __init__(self, source: Mapping[str, str]) -> None:
        super().__init__(eager=False)
        self._source = source
        self.add_parser("needed", _needed)
        self.add_parser("count", _count)
        self.add_parser("hops", _hops)

    def _get_value(self, env_key: str, default: Any) -> Any:
        # The same hook as that of environs' own FileAwareEnv, in which a file would win over the variable itself.
        path = self._source.get(f"{env_key}_FILE")
        if path is not None and env_key in _FROM_FILES and env_key not in self._source:
            return Path(path).read_text().strip()
        return self._source.get(env_key, default)


def _needed(text: str) -> str:
    if not text:
        raise ValidationError(_NOT_SET)
    return text


def _count(text: str | int) -> int:
    # Stricter than int(), which takes " 1_000 ".
    if isinstance(text, str) and (not text.isdigit() or int(text) < 1):
        raise ValidationError(f"must be a whole number above 0, not {text!r}")
    return int(text)


def _hops(text: str | int) -> int:
    return 0 if text == "0" else _count(text) if isinstance(text, str) else text


def _log_format(text: str) -> None:
    if text not in ("json", "text"):
        raise ValidationError("must be json or text")


def _address(url: str) -> None:
    parts = urlsplit(url)
    if url and not (parts.scheme in ("http", "https") and parts.netloc and parts.path in ("", "/") and not parts.query):
        raise ValidationError("must be an address without a path, such as https://inlay.example.com")


def _payment_provider(name: str) -> None:
    if name not in ("manual", "http"):
        raise ValidationError("must be manual or http")


def _provider_address(url: str) -> None:
    parts = urlsplit(url)
    here = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if url and not (parts.netloc and (parts.scheme == "https" or (parts.scheme == "http" and here))):
        raise ValidationError("must begin with https://, or with http:// on this machine alone")


def _webhook_secret(secret: str) -> None:
    if secret and not re.fullmatch(r"whsec_[A-Za-z0-9+/]{32,88}={0,2}", secret):
        raise ValidationError("must be whsec_ and 24 to 64 bytes in base64")


def _store(url: str) -> None:
    if url and url.partition("://")[0] not in STORES:
        raise ValidationError(f"must begin with one of {', '.join(f'{name}://' for name in STORES)}")


def _mail(url: str) -> None:
    """Refuse an address of no mail server. What is wrong is told without the address, which may hold a password."""
    parts = urlsplit(url)
    if url and parts.scheme not in MAIL_SCHEMES:
        raise ValidationError(f"must begin with one of {', '.join(f'{name}://' for name in MAIL_SCHEMES)}")
    if not url or parts.scheme == "file":
        return
    try:
        is_whole = bool(parts.hostname) and (parts.port or 1) > 0 and parts.path in ("", "/")
    except ValueError:
        is_whole = False
    if not is_whole or parts.query or parts.fragment:
        raise ValidationError("must name a mail server, such as smtps://user:password@mail.example.com:465")
    if parts.password and parts.scheme == "smtp+plain":
        raise ValidationError("must send no password without TLS: use smtps:// or smtp://")


def _mail_address(address: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", address):
        raise ValidationError("must be an e-mail address such as inlay@example.com")


def _problems(error: EnvValidationError) -> str:
    """Return the settings that are not set, and then what is wrong with the others."""
    errors = cast("dict[str, list[str]]", error.error_messages)
    missing = [name for name in _FROM_FILES if any(_NOT_SET in message for message in errors.get(name, ()))]
    wrong = [f"{name} {message}" for name, messages in errors.items() if name not in missing for message in messages]
    return "; ".join([*([f"set {', '.join(missing)}"] if missing else []), *wrong])
