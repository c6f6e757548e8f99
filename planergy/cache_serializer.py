"""What is kept in the cache is JSON: whoever can write to Redis must not be able to run code here, as with pickle."""

from __future__ import annotations

import json
from typing import Any


class JSONSerializer:
    """For Django's Redis cache. Numbers stay readable to Redis, which counts with them."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value, separators=(",", ":")).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)
