"""About ten thousand generated calls: `python -m tests.api.long_run [calls of an operation, each way]`."""

import sys
import tempfile
from pathlib import Path

import structlog

from marketplace import models, schema
from marketplace.app import create_app
from marketplace.core import db
from marketplace.core.config import Config
from marketplace.local.servers import start_servers
from tests.api import generated

assert models.metadata.tables


def main() -> None:
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with tempfile.TemporaryDirectory() as folder, start_servers(Path(folder), fsync=False) as servers:
        schema.upgrade(servers.owner_url)
        db.connect(servers.database_url, pool_size=8)
        config = Config(
            servers.database_url,
            servers.redis_url,
            servers.broker_url,
            "x",
            rate_limit_per_minute=10**9,
            sign_ins_per_minute=10**9,
        )
        app = create_app(config)
        counts = generated.run(app, cases)
    sys.stdout.write(f"{sum(counts.values())} calls, no server error, no breach of the description: {counts}\n")


if __name__ == "__main__":
    main()
