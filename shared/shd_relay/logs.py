"""One JSON object a line on standard output, which is the function's log: a constant `event`, the rest in fields.

Past the logging module: the runtime's own handler would put its prefix before the JSON. No secret comes this far.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any, Literal

from shd_relay import times


def line(event: str, now: datetime, *, level: Literal["info", "warning"] = "info", **fields: Any) -> None:
    """Writes one line; `event` is a constant text, `fields` are whatever JSON can say."""
    whole = {"time": times.text(now), "level": level, "event": event} | fields
    sys.stdout.write(json.dumps(whole, ensure_ascii=True, separators=(",", ":")) + "\n")  # whatever stdout's encoding
    sys.stdout.flush()
