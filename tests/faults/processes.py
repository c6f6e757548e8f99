"""Workers as processes of their own, on the database, the Redis and the sandbox of the test that starts them."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings

from integrations.models import Connection

ROOT = Path(__file__).resolve().parents[2]


def worker(
    sandbox: Any, connection: Connection, step: str = "", *, ahead: dt.timedelta = dt.timedelta()
) -> subprocess.Popen[bytes]:
    """Delivers what is due, and dies or falls asleep at the step; its clock is as far ahead as the test's."""
    head, _, query = os.environ["DATABASE_URL"].partition("?")
    name = settings.DATABASES["default"]["NAME"]
    environment = os.environ | {
        "DATABASE_URL": f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else ""),
        "SAGE_INTACCT_ENDPOINT": sandbox.url,
    }
    company_id = str(connection.company_links.get().company_id)
    command = [sys.executable, "-m", "tests.faults.victim", step, str(connection.pk), company_id]
    command.append(str(ahead.total_seconds()))
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
