"""Many random faults in one run: `python -m tests.faults.storm [FAULTS] [SEED]`, 1,000 by default; prints what it saw.

With each of the three nets alone, then with all of them, so many faults each time, and each kind at least once.
The same test runs small with the others; STORM_FAULTS and STORM_SEED change it.
"""

from __future__ import annotations

import os
import sys

import pytest


def main() -> int:
    os.environ["STORM_FAULTS"] = sys.argv[1] if len(sys.argv) > 1 else "1000"
    os.environ["STORM_SEED"] = sys.argv[2] if len(sys.argv) > 2 else "1"
    return int(pytest.main(["-q", "-s", "-x", "-p", "no:cacheprovider", "tests/faults/test_storm.py"]))


if __name__ == "__main__":
    raise SystemExit(main())
