"""What can be set on topics and queues: names, ranges and defaults as data. Keys are the element names of the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from local.fakes.mns.errors import MnsError
from local.fakes.mns.wire import number

Settings = Mapping[str, int | str]

# element -> (lowest, highest, default)
TOPIC_RANGES: dict[str, tuple[int, int, int]] = {"MaximumMessageSize": (1024, 65536, 65536)}
QUEUE_RANGES: dict[str, tuple[int, int, int]] = {
    "DelaySeconds": (0, 604800, 0),
    "MaximumMessageSize": (1024, 65536, 65536),
    "MessageRetentionPeriod": (60, 604800, 345600),
    "VisibilityTimeout": (1, 43200, 30),
    "PollingWaitSeconds": (0, 30, 0),
}
TOPIC_RETENTION_SECONDS = 86400  # one day, not settable
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
LONGEST_NAME = 120
LONGEST_TAG = 16


@dataclass(frozen=True, slots=True)
class NameErrors:
    invalid: str
    length: str


TOPIC_NAME = NameErrors("TopicNameInvalid", "TopicNameLengthError")
QUEUE_NAME = NameErrors("InvalidQueueName", "QueueNameLengthError")
SUBSCRIPTION_NAME = NameErrors("SubscriptionNameInvalid", "SubscriptionNameLengthError")


def check_name(name: str, errors: NameErrors) -> str:
    if not 1 <= len(name) <= LONGEST_NAME:
        raise MnsError(errors.length)
    if not NAME.fullmatch(name):
        raise MnsError(errors.invalid)
    return name


def defaults(ranges: Mapping[str, tuple[int, int, int]]) -> dict[str, int | str]:
    return {**{name: default for name, (_, _, default) in ranges.items()}, "LoggingEnabled": "False"}


def read(fields: Mapping[str, str], ranges: Mapping[str, tuple[int, int, int]], base: Settings) -> Settings:
    """`base` overlaid with what the fields say; what they do not name stays."""
    settings = dict(base)
    for name, (low, high, _) in ranges.items():
        if name in fields:
            settings[name] = number(fields[name], low, high)
    logging = fields.get("LoggingEnabled", str(base["LoggingEnabled"])).capitalize()
    if logging not in ("True", "False"):
        raise MnsError("InvalidArgument", "LoggingEnabled is neither True nor False.")
    settings["LoggingEnabled"] = logging
    return settings
