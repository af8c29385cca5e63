"""A Celery application with one task that does nothing: what a task itself costs."""

from celery import Celery

from marketplace.core.config import Config
from workers.celery_app import SETTINGS
from workers.process import guard

guard.install()
celery = Celery("noop", broker=Config.from_env().broker_url)
celery.conf.update(SETTINGS)


@celery.task(name="bench.noop", ignore_result=True)
def noop() -> None:
    """Nothing."""
