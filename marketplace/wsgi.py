"""What the web server runs: settings, database, doorbell, application."""

from marketplace.core.lazy_import import keep_imports, pause_garbage

pause_garbage()

from marketplace import models
from marketplace.app import create_app
from marketplace.core import db, jobs, log, storage
from marketplace.core.config import Config
from marketplace.core.doorbell import BellThread
from marketplace.core.front.web_front import WebFront
from marketplace.core.http.server import HEADERS, HTTPS_HEADERS
from marketplace.payments.provider import connection

assert models.metadata.tables  # every model is known before the first query

config = Config.from_env()
log.configure(config.log_format)
db.connect(config.database_url, pool_size=config.db_pool_size)
storage.connect(config.storage_url)
connection.connect(config)
jobs.set_bell(BellThread(config.broker_url, config.redis_url))
app = create_app(config)
front = WebFront(
    app,
    threads=config.web_threads,
    headers=HEADERS,
    https_headers=HTTPS_HEADERS,
    proxies=config.trusted_proxies,
    public_url=config.public_url,
)

keep_imports()
