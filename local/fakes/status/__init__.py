"""Stand-in of the SHD status API and of its page: product Status, version 2020-01-17. README.md says what it is not."""

from __future__ import annotations

from local.fakes.status.calls import Call, Fault
from local.fakes.status.dialect import Dialect
from local.fakes.status.errors import ERRORS, ApiError, too_many_requests
from local.fakes.status.gateway import GatewayRules
from local.fakes.status.in_progress import InProgressRules
from local.fakes.status.incident import events_of, events_of_incident
from local.fakes.status.keys import LOCAL_KEY_ID, LOCAL_KEY_SECRET, Key
from local.fakes.status.list_events import ListingRules
from local.fakes.status.pages import PageRules
from local.fakes.status.server import StatusFake
from local.fakes.status.world import ShownEvent, Stage, Update, World

__all__ = [
    "ERRORS",
    "LOCAL_KEY_ID",
    "LOCAL_KEY_SECRET",
    "ApiError",
    "Call",
    "Dialect",
    "Fault",
    "GatewayRules",
    "InProgressRules",
    "Key",
    "ListingRules",
    "PageRules",
    "ShownEvent",
    "Stage",
    "StatusFake",
    "Update",
    "World",
    "events_of",
    "events_of_incident",
    "too_many_requests",
]
