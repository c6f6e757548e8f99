# One image for web, worker, beat and (in its profile) the sandbox; docker-compose.yml says which command each runs.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

RUN useradd --create-home --uid 10001 planergy \
    && install -d -o planergy -g planergy /srv/planergy /var/lib/planergy /var/lib/planergy/media
WORKDIR /srv/planergy

COPY requirements.txt .
RUN pip install --require-hashes -r requirements.txt

COPY --chown=planergy:planergy . .
USER planergy
ENV DATA_DIR=/var/lib/planergy

# Without DATABASE_URL the settings make secrets of their own; here only the static files come of it.
RUN python -c "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'planergy.settings'; \
from django.core.management import call_command; import django; django.setup(); \
call_command('collectstatic', interactive=False, verbosity=0)" \
    && rm -f "$DATA_DIR"/*.txt

VOLUME ["/var/lib/planergy/media"]
EXPOSE 8000
CMD ["gunicorn", "planergy.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "16", "--timeout", "60", "--forwarded-allow-ips", ""]
