"""What the platform gives to every instance of one function: environment, context, time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from local.fakes.fc.manifest import Function

ACCOUNT_ID = "1234567890123456"

Flavour = Literal["3.12", "3.10"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What the function's role gives: in the environment of every runtime, and in the context of python3.10."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str = field(repr=False)


NO_CREDENTIALS = Credentials(access_key_id="", access_key_secret="", security_token="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """`overrides` go on top of the function's own variables; None takes one away."""

    function: Function
    clock: Callable[[], datetime]
    on_line: Callable[[str], None]
    python: str = sys.executable
    flavour: Flavour = "3.12"
    clock_module: str | None = None
    credentials: Credentials | None = None
    fc_environment: bool = False
    overrides: Mapping[str, str | None] = field(default_factory=dict, repr=False)

    def environment(self) -> dict[str, str]:
        function, keys = self.function, self.credentials
        given: dict[str, str | None] = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": "/tmp",  # noqa: S108 (the platform's only writable folder)
            "LANG": "C.UTF-8",
            "FC_ACCOUNT_ID": ACCOUNT_ID,
            "FC_REGION": function.region,
            "FC_FUNCTION_HANDLER": function.handler,
            "FC_FUNCTION_MEMORY_SIZE": str(function.memory),
            "FC_FUNC_CODE_PATH": str(function.code),
            "FC_RUNTIME": function.runtime,
            "FC_FUNCTION_NAME": function.name if self.fc_environment else None,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": keys.access_key_id if keys else None,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": keys.access_key_secret if keys else None,
            "ALIBABA_CLOUD_SECURITY_TOKEN": keys.security_token if keys else None,
            **function.environment,
            **self.overrides,
        }
        return {name: value for name, value in given.items() if value is not None}

    def context(self, request_id: str) -> dict[str, Any]:
        """The attributes of the context object, as its runtime has them: python3.12 lost the credentials."""
        function = self.function
        described: dict[str, Any] = {
            "name": function.name,
            "handler": function.handler,
            "memory": function.memory,
            "timeout": int(function.timeout) if function.timeout.is_integer() else function.timeout,
        }
        common = {"request_id": request_id, "region": function.region, "account_id": ACCOUNT_ID}
        log = {"log_project": "", "log_store": ""}
        version = {"version_id": "", "qualifier": "LATEST"}
        if self.flavour == "3.12":
            return {**common, "function": {**described, **version}, **log}
        keys = self.credentials or NO_CREDENTIALS
        return {
            **common,
            "function": described,
            "service": {"name": "", **log, **version},
            "tracing": {"span_context": "", "jaeger_endpoint": "", "span_baggages": {}},
            "credentials": {
                "access_key_id": keys.access_key_id,
                "access_key_secret": keys.access_key_secret,
                "security_token": keys.security_token,
            },
        }
