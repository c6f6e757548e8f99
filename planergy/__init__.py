"""Project package: wiring only. The Celery application is imported here so that tasks find it."""

from planergy.celery import app as celery_app

__all__ = ["celery_app"]
