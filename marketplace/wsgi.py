"""What the web server runs: settings, database, doorbell, application."""

import gc

# Everything that is imported stays: looking through it for garbage took a fifth of the start.
gc.disable()

from marketplace import models
from marketplace.app import create_app
from marketplace.core import db, jobs, log, storage
from marketplace.core.config import Config
from marketplace.core.doorbell import BellThread

assert models.metadata.tables  # every model is known before the first query

config = Config.from_env()
log.configure(config.log_format)
db.connect(config.database_url, pool_size=config.db_pool_size)
storage.connect(config.storage_url)
jobs.set_bell(BellThread(config.broker_url, config.redis_url))
app = create_app(config)

# What stands now is never looked through again, and processes that are forked from this one share it.
gc.freeze()
gc.enable()
