"""WSGI entry point for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from planergy.content_types import PlainContentType

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planergy.settings")

application = PlainContentType(get_wsgi_application())
