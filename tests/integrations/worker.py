"""A real Celery worker for tests that kill it: pages are small so that there is a middle to be killed in."""

from __future__ import annotations

import os
import sys

PAGE_SIZE = 20


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planergy.settings")
    from planergy.celery import app

    app.loader.import_default_modules()
    from integrations.sage_intacct.importers import reading

    reading.PAGE_SIZE = PAGE_SIZE
    app.worker_main(
        ["worker", "--pool", "solo", "-Q", "interactive,background", "--loglevel", "WARNING", *sys.argv[1:]]
    )


if __name__ == "__main__":
    main()
