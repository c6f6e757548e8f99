"""Part of `make check`: known vulnerabilities in the locked requirements, when pip-audit reaches its database.

Without it the check says *not checked* and passes: a build without that connection must not fail for it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

from tools import pins

NO_ANSWER = re.compile(
    r"ConnectionError|ProxyError|SSLError|Timeout|Max retries exceeded|Could not connect|ServiceError"
)
UNREACHABLE = "Vulnerabilities: not checked: their database cannot be reached."


def main() -> int:
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", "10"]
    command += [word for name in pins.NAMES for word in ("--requirement", str(pins.locked(name)))]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.stdout.startswith("{"):
        return judge(json.loads(run.stdout)["dependencies"])
    if NO_ANSWER.search(run.stderr):
        print(UNREACHABLE)
        return 0
    print(f"pip-audit failed:\n{run.stderr}", file=sys.stderr)
    return 1


def judge(dependencies: list[dict[str, Any]]) -> int:
    """Print what pip-audit found. A pin that its database does not know is named, not taken for sound."""
    unknown = sorted({each["name"] for each in dependencies if "skip_reason" in each})
    found = {
        f"{each['name']} {each['version']}: {vulnerability['id']}, mended in "
        f"{', '.join(vulnerability['fix_versions']) or 'no version yet'}"
        for each in dependencies
        for vulnerability in each.get("vulns", ())
    }
    if len(unknown) == len({each["name"] for each in dependencies}):
        print(UNREACHABLE)
        return 0
    if unknown:
        print(f"Vulnerabilities: not checked, unknown to their database: {', '.join(unknown)}.")
    print("\n".join(sorted(found)) or "Vulnerabilities: none known.")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
