"""Reads an s.yaml as the deployer's tool renders it: placeholders first, then the fc3 resources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

PLACEHOLDER = re.compile(r"\$\{\s*(.+?)\s*\}")
ENV_CALL = re.compile(r"env\(\s*['\"]?([^'\",\s]+)['\"]?\s*(?:,\s*(.*?)\s*)?\)")
MISSING = object()
AUTH_TYPES = ("anonymous",)


class ManifestError(Exception):
    """The s.yaml cannot be rendered, or asks for something that this stand-in does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerTrigger:
    name: str
    cron: str
    payload: str
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTrigger:
    name: str
    methods: tuple[str, ...]
    internet: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One fc3 resource. `timeout` and `initializer_timeout` in seconds; `environment` may hold secrets: not in repr."""

    resource: str
    name: str
    region: str
    runtime: str
    handler: str
    code: Path
    timeout: float
    memory: int
    environment: Mapping[str, str] = field(repr=False)
    timers: tuple[TimerTrigger, ...] = ()
    http: HttpTrigger | None = None
    reserved_concurrency: int | None = None
    retries: int = 3
    event_age_seconds: int = 86400
    initializer: str | None = None
    initializer_timeout: float = 3.0


def read_manifest(
    path: Path, *, env: Mapping[str, str], code: Mapping[str, Path] | None = None
) -> tuple[Function, ...]:
    """Every fc3 resource of the file, in its order. `env` stands for the deployer's environment.

    `code` maps a code folder as the file writes it (`./.build/poll`) to the folder to run instead.
    """
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    resources = document.get("resources") or {}
    moved = {_plain(folder): target for folder, target in (code or {}).items()}
    functions = []
    for name, resource in resources.items():
        if str(resource.get("component", "")).split("@")[0] == "fc3":
            props = _Renderer(document, resource, env).render(resource.get("props") or {})
            functions.append(_function(name, props, path.parent, moved))
    if not functions:
        raise ManifestError(f"{path}: no resource of component fc3")
    return tuple(functions)


def _plain(folder: str) -> str:
    return folder.removeprefix("./").rstrip("/")


class _Renderer:
    """Replaces ${...}; a value that is one placeholder and nothing else keeps the type of what replaces it."""

    def __init__(self, document: Mapping[str, Any], this: Mapping[str, Any], env: Mapping[str, str]) -> None:
        self._document = document
        self._this = this
        self._env = env

    def render(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.render(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.render(item) for item in value]
        if not isinstance(value, str):
            return value
        whole = PLACEHOLDER.fullmatch(value)
        if whole:
            return self._look_up(whole.group(1))
        return PLACEHOLDER.sub(lambda found: str(self._look_up(found.group(1))), value)

    def _look_up(self, expression: str) -> Any:
        call = ENV_CALL.fullmatch(expression)
        if call:
            return self._environment(call.group(1), call.group(2))
        if expression.startswith("this."):
            return self._walk(self._this, expression.removeprefix("this."))
        if expression.startswith("vars.") or re.match(r"resources\.[\w-]+\.props\.", expression):
            return self._walk(self._document, expression)
        raise ManifestError(f"${{{expression}}} is known to the real tool only")

    def _environment(self, name: str, default: str | None) -> Any:
        if name in self._env:
            return self._env[name]
        if default is None:
            raise ManifestError(f"env('{name}') is not set and has no default")
        return yaml.safe_load(default) if default else ""

    def _walk(self, tree: Any, dotted: str) -> Any:
        found: Any = tree
        for key in dotted.split("."):
            found = found.get(key, MISSING) if isinstance(found, dict) else MISSING
        if found is MISSING:
            raise ManifestError(f"${{{dotted}}} is not in the file")
        return self.render(found)


def _function(resource: str, props: Mapping[str, Any], base: Path, moved: Mapping[str, Path]) -> Function:
    try:
        lifecycle = (props.get("instanceLifecycleConfig") or {}).get("initializer") or {}
        asynchronous = props.get("asyncInvokeConfig") or {}
        folder = _plain(str(props["code"]))
        triggers = props.get("triggers") or []
        return Function(
            resource=resource,
            name=str(props["functionName"]),
            region=str(props["region"]),
            runtime=str(props["runtime"]),
            handler=str(props["handler"]),
            code=moved.get(folder, base / folder).resolve(),
            timeout=float(props.get("timeout", 3)),
            memory=int(props.get("memorySize", 512)),
            environment={key: str(value) for key, value in (props.get("environmentVariables") or {}).items()},
            timers=tuple(_timer(trigger) for trigger in triggers if trigger["triggerType"] == "timer"),
            http=next((_http(trigger) for trigger in triggers if trigger["triggerType"] == "http"), None),
            reserved_concurrency=(props.get("concurrencyConfig") or {}).get("reservedConcurrency"),
            retries=int(asynchronous.get("maxAsyncRetryAttempts", 3)),
            event_age_seconds=int(asynchronous.get("maxAsyncEventAgeInSeconds", 86400)),
            initializer=lifecycle.get("handler"),
            initializer_timeout=float(lifecycle.get("timeout", 3)),
        )
    except KeyError as missing:
        raise ManifestError(f"{resource}: {missing.args[0]} is required") from missing


def _timer(trigger: Mapping[str, Any]) -> TimerTrigger:
    config = trigger["triggerConfig"]
    return TimerTrigger(
        name=str(trigger["triggerName"]),
        cron=str(config["cronExpression"]),
        payload=str(config.get("payload", "")),
        enabled=bool(config["enable"]),
    )


def _http(trigger: Mapping[str, Any]) -> HttpTrigger:
    config = trigger["triggerConfig"]
    if config["authType"] not in AUTH_TYPES:
        raise ManifestError(f"{trigger['triggerName']}: authType {config['authType']} is not supported here")
    return HttpTrigger(
        name=str(trigger["triggerName"]),
        methods=tuple(str(method) for method in config["methods"]),
        internet=not config.get("disableURLInternet", False),
    )
