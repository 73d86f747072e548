"""Lays a tiny function and its s.yaml out in a folder, and hosts it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from local.fakes.fc import FunctionHost

TIMER = {
    "triggerName": "every-minute",
    "triggerType": "timer",
    "triggerConfig": {"cronExpression": "@every 1m", "enable": True, "payload": '{"drill": true}'},
}
HTTP = {
    "triggerName": "http",
    "triggerType": "http",
    "triggerConfig": {"authType": "anonymous", "methods": ["GET", "HEAD", "OPTIONS"]},
}


def write_function(folder: Path, source: str, *, triggers: tuple[Any, ...] = (), **props: Any) -> Path:
    """Writes code/index.py and s.yaml with the one resource `f`; returns the path of s.yaml."""
    code = folder / "code"
    code.mkdir(exist_ok=True)
    (code / "index.py").write_text(source)
    all_props = {
        "region": "cn-hangzhou",
        "functionName": "the-function",
        "runtime": "python3.12",
        "handler": "index.handler",
        "code": "./code",
        "timeout": 5,
        "memorySize": 256,
        "triggers": list(triggers),
        **props,
    }
    manifest = folder / "s.yaml"
    manifest.write_text(
        yaml.safe_dump({"edition": "3.0.0", "resources": {"f": {"component": "fc3", "props": all_props}}})
    )
    return manifest


def host_of(
    folder: Path, source: str, *, triggers: tuple[Any, ...] = (), props: Any = None, **host: Any
) -> FunctionHost:
    return FunctionHost(write_function(folder, source, triggers=triggers, **(props or {})), env={}, **host)
