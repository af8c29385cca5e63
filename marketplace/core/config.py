"""Settings, read once from the environment. Nothing else reads it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REQUIRED = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")
# A folder, or a bucket of S3, Google or Azure; what a bucket asks for besides is in its maker's own variables.
STORES = ("file", "s3", "gs", "az")


@dataclass(frozen=True)
class Config:
    """Every setting, its unit and its default. For secrets and addresses `NAME_FILE` may name a file with the value."""

    database_url: str
    redis_url: str
    broker_url: str
    secret_key: str
    log_format: str = "json"
    db_pool_size: int = 8
    rate_limit_per_minute: int = 1200
    sign_ins_per_minute: int = 30
    session_hours: int = 12
    metrics_token: str = ""
    heartbeat_dir: str = ""
    data_dir: str = ".data"
    storage_url: str = ""
    vision_dir: str = ""
    video_quota_gib: int = 50
    multiprocess: bool = False

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Config":
        """Read the settings. Raises SystemExit that names every missing or unusable one at once."""
        source = dict(os.environ if env is None else env)  # noqa: TID251 - the one reader
        for name in [name for name in source if name.endswith("_FILE") and name[:-5] not in source]:
            if name[:-5] in (*REQUIRED, "BROKER_URL", "METRICS_TOKEN"):
                source[name[:-5]] = Path(source[name]).read_text().strip()
        missing = [name for name in REQUIRED if not source.get(name)]
        wrong = []
        numbers = {}
        for name, default in (
            ("DB_POOL_SIZE", 8),
            ("RATE_LIMIT_PER_MINUTE", 1200),
            ("SIGN_INS_PER_MINUTE", 30),
            ("SESSION_HOURS", 12),
            ("VIDEO_QUOTA_GIB", 50),
        ):
            text = source.get(name, str(default))
            if not text.isdigit() or int(text) < 1:
                wrong.append(f"{name} must be a whole number above 0, not {text!r}")
            else:
                numbers[name.lower()] = int(text)
        if source.get("LOG_FORMAT", "json") not in ("json", "text"):
            wrong.append("LOG_FORMAT must be json or text")
        data_dir = source.get("INLAY_DATA", ".data")
        storage_url = source.get("STORAGE_URL") or Path(data_dir, "objects").resolve().as_uri()
        if storage_url.partition("://")[0] not in STORES:
            wrong.append(f"STORAGE_URL must begin with one of {', '.join(f'{name}://' for name in STORES)}")
        if missing or wrong:
            parts = [f"set {', '.join(missing)}"] if missing else []
            raise SystemExit("Inlay cannot start: " + "; ".join([*parts, *wrong]) + ".")
        return cls(
            database_url=source["DATABASE_URL"],
            redis_url=source["REDIS_URL"],
            broker_url=source.get("BROKER_URL") or source["REDIS_URL"],
            secret_key=source["SECRET_KEY"],
            log_format=source.get("LOG_FORMAT", "json"),
            metrics_token=source.get("METRICS_TOKEN", ""),
            heartbeat_dir=source.get("HEARTBEAT_DIR", ""),
            data_dir=data_dir,
            storage_url=storage_url,
            vision_dir=source.get("VISION_DIR") or str(Path(data_dir, "vision").resolve()),
            multiprocess="PROMETHEUS_MULTIPROC_DIR" in source,
            **numbers,
        )
