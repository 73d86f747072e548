"""The status function: an HTTP trigger's payload in, a response out."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shd_relay.wiring import status_service
from shd_relay.wiring_store import RoleKeys

if TYPE_CHECKING:
    from shd_relay.web.service import Service

HERE = Path(__file__).parent
KEYS = RoleKeys()


@lru_cache(maxsize=1)
def _service() -> Service:
    """Settings and config are read once per instance; what the store says, every few seconds."""
    return status_service(HERE, KEYS)


def handler(event: bytes, context: object) -> dict[str, Any]:
    """Answers one request. Raises SettingsError for a wrong configuration, and for nothing else."""
    KEYS.context = context
    return _service().handle_event(event, str(getattr(context, "request_id", "")))
