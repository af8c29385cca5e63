"""The Celery application: its limits, and what each child process does when it starts."""

from marketplace.core.lazy_import import keep_imports, pause_garbage

pause_garbage()

from typing import Any

from celery import Celery
from celery.signals import celeryd_after_setup, setup_logging, worker_process_init

from marketplace import models
from marketplace.core import db, jobs, log, storage
from marketplace.core.config import Config
from marketplace.core.doorbell import PRODUCER_SETTINGS, BellThread
from marketplace.mail import outgoing
from marketplace.payments.provider import connection
from workers.handlers import load_handlers
from workers.process import child_slots, guard, vision_folder

assert models.metadata.tables  # every model is known before the first query

SETTINGS = {
    **PRODUCER_SETTINGS,
    # Rings are disposable, so they are taken off the list at once; the lease in PostgreSQL is what counts.
    "task_acks_late": False,
    "worker_prefetch_multiplier": 1,
    "task_soft_time_limit": 600,
    "task_time_limit": 900,
    "worker_max_tasks_per_child": 2000,
    "worker_max_memory_per_child": 600_000,
    "worker_soft_shutdown_timeout": 5,
    "worker_send_task_events": False,
    "worker_enable_remote_control": False,
    "worker_eta_task_limit": 100,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_pool_limit": 4,
    "broker_transport_options": {
        "visibility_timeout": 300,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 5,
        "queue_order_strategy": "round_robin",
    },
}


def create_celery(config: Config) -> Celery:
    guard.install()
    app = Celery("inlay", broker=config.broker_url, include=["workers.drain"])
    app.conf.update(SETTINGS)
    return app


config = Config.from_env()
celery = create_celery(config)
vision_folder.use(config.vision_dir)
connection.connect(config)
outgoing.connect(config.mail_url, sender=config.mail_from, public_url=config.public_url)


@setup_logging.connect
def _log(**_: object) -> None:
    log.configure(config.log_format)


@celeryd_after_setup.connect
def _load_handlers(instance: Any, **_: object) -> None:
    """Import what the children will need before they are forked, so that they share it.

    The vision queue's waits for its first job: its libraries may start threads, which do not outlive a fork.
    """
    child_slots.reserve(instance.app.amqp.queues.consume_from, instance.concurrency)
    for queue in instance.app.amqp.queues.consume_from:
        if queue != jobs.VISION:
            load_handlers(queue)


@worker_process_init.connect
def _start_child(**_: object) -> None:
    """Connections must not cross a fork: each child makes its own engine."""
    db.connect(config.database_url, pool_size=4, statement_timeout_ms=120_000)
    storage.connect(config.storage_url)
    jobs.set_bell(BellThread(config.broker_url, config.redis_url))


keep_imports()
