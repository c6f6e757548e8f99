#!/usr/bin/env python
"""Django's command line, on whatever database and broker the environment names (or the embedded ones)."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planergy.settings")
    from planergy import embedded

    embedded.ensure_running()

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
