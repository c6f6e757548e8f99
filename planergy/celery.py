"""The Celery application. Messages only carry ids and wake workers; what is due is kept in PostgreSQL."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planergy.settings")

app = Celery("planergy")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
