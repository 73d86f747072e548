"""What the environment says, as one frozen value. No key is in it: credentials are read anew for every call.

Every mistake is one line that begins with the variable's name, and all of them come in one SettingsError. What only the
poll function uses is accepted and ignored by the status function, so that both can be given the same environment.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal, TypeVar

from msgspec import Struct

from shd_relay import config_checks, settings_checks
from shd_relay.errors import SettingsError
from shd_relay.settings_checks import SourceChoice, SqliteAddress, StoreAddress, TablestoreAddress

__all__ = [
    "VARIABLES",
    "Function",
    "Settings",
    "SqliteAddress",
    "StoreAddress",
    "TablestoreAddress",
    "environment",
    "load",
    "store_address",
]

Function = Literal["poll", "status"]
T = TypeVar("T")

_BOTH = frozenset({
    "SHD_CONFIG", "SHD_PRODUCTS", "SHD_REGIONS", "SHD_GLOBAL_REGION",
    "SHD_STORE", "SHD_INTERVAL_SECONDS", "SHD_PUBLIC_URL",
})  # fmt: skip
_POLL = frozenset({
    "SHD_ENDPOINT", "SHD_SOURCE", "SHD_ACCESS_KEY_ID", "SHD_ACCESS_KEY_SECRET", "SHD_SECURITY_TOKEN",
    "SHD_WITNESS", "SHD_RATE", "SHD_RATE_MAX", "SHD_BUDGET_SECONDS", "SHD_LEASE_SECONDS", "MNS_ENDPOINT", "MNS_TOPIC",
})  # fmt: skip
VARIABLES = _BOTH | _POLL
"""Every variable that is ours to read; an `SHD_*` that is not among them is a mistake."""


class Settings(Struct, frozen=True, kw_only=True):
    """All settings of one function; what only poll uses has its default in status.

    `products`, `regions` None: as the config says. `witness`: the address of the dashboard's own page.
    `rate_max` None: no ceiling; rates are calls per second.
    `budget_seconds`, `lease_seconds` None: from the function's timeout. URLs have no trailing slash. `mns_endpoint` is
    None in status only. `in_cloud`: we run in Function Compute.
    """

    function: Function
    in_cloud: bool
    config_path: Path
    products: tuple[str, ...] | None
    regions: tuple[str, ...] | None
    global_region: str
    store: StoreAddress
    interval_seconds: float
    public_url: str | None
    status_endpoint: str
    source: SourceChoice
    witness: str | None
    rate: float
    rate_max: float | None
    budget_seconds: float | None
    lease_seconds: float | None
    mns_endpoint: str | None
    mns_topic: str


def environment() -> Mapping[str, str]:
    """A copy of the process's environment: where an adapter finds the credentials of this call."""
    return dict(os.environ)


def store_address(environ: Mapping[str, str]) -> StoreAddress:
    """SHD_STORE alone, which must be set, for what needs nothing else. Raises SettingsError with every mistake."""
    given = {name: text.strip() for name, text in environ.items() if text.strip()}
    read = _Reader(given)
    read.problems.extend(_unknown(given))
    if not read.has("SHD_STORE"):
        read.problems.append(f"SHD_STORE: is not set, as in {settings_checks.TABLESTORE_SHAPE}")
    address = _read_store(read, in_cloud=False)
    if read.problems:
        raise SettingsError(read.problems)
    return address


def load(environ: Mapping[str, str], *, function: Function, base: Path) -> Settings:
    """The settings that `environ` holds; `base` is the handler's folder. An empty variable counts as unset.

    Raises SettingsError with every mistake.
    """
    given = {name: text.strip() for name, text in environ.items() if text.strip()}
    used = _BOTH if function == "status" else VARIABLES
    read = _Reader({name: text for name, text in given.items() if name in used})
    read.problems.extend(_unknown(given))
    in_cloud = "FC_FUNCTION_NAME" in given
    rate, rate_max = _read_rates(read)
    settings = Settings(
        function=function,
        in_cloud=in_cloud,
        config_path=base / read.text("SHD_CONFIG", "config.yaml"),
        products=read.optional("SHD_PRODUCTS", settings_checks.check_products),
        regions=read.optional("SHD_REGIONS", settings_checks.check_regions),
        global_region=read.checked("SHD_GLOBAL_REGION", config_checks.check_id, "oo-region"),
        store=_read_store(read, in_cloud=in_cloud),
        interval_seconds=read.checked("SHD_INTERVAL_SECONDS", settings_checks.check_seconds, "60"),
        public_url=read.optional("SHD_PUBLIC_URL", lambda text: str(config_checks.check_base_url(text))),
        status_endpoint=read.checked("SHD_ENDPOINT", config_checks.check_endpoint, "https://status.aliyuncs.com"),
        source=read.checked("SHD_SOURCE", settings_checks.check_source, "auto"),
        witness=read.optional("SHD_WITNESS", settings_checks.check_witness),
        rate=rate,
        rate_max=rate_max,
        budget_seconds=read.optional("SHD_BUDGET_SECONDS", settings_checks.check_seconds),
        lease_seconds=read.optional("SHD_LEASE_SECONDS", settings_checks.check_seconds),
        mns_endpoint=_read_mns_endpoint(read, function),
        mns_topic=read.checked("MNS_TOPIC", settings_checks.check_topic, "service-health"),
    )
    read.problems.extend(_half_set_keys(read))
    if read.problems:
        raise SettingsError(read.problems)
    return settings


class _Reader:
    """Reads variables one by one; notes what is wrong and goes on with a stand-in that `load` never hands out."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self.problems: list[str] = []

    def has(self, name: str) -> bool:
        return name in self._given

    def text(self, name: str, default: str) -> str:
        return self._given.get(name, default)

    def checked(self, name: str, check: Callable[[str], T], default: str) -> T:
        """What `check` makes of the variable, or of the default; `check` raises ValueError with what is wrong."""
        try:
            return check(self._given.get(name, default))
        except ValueError as error:
            self.problems.append(f"{name}: {error}")
            return check(default)

    def optional(self, name: str, check: Callable[[str], T]) -> T | None:
        try:
            return check(self._given[name]) if name in self._given else None
        except ValueError as error:
            self.problems.append(f"{name}: {error}")
            return None


def _unknown(given: Mapping[str, str]) -> Iterator[str]:
    """One line for each `SHD_*` that is not ours."""
    for name in sorted(given):
        if name.startswith("SHD_") and name not in VARIABLES:
            bare = name.removeprefix("SHD_")  # MNS_ENDPOINT with our prefix in front
            near = bare if bare in VARIABLES else config_checks.nearest(name, VARIABLES)
            yield f"{name}: unknown variable" + (f", did you mean {near}?" if near else "")


def _read_store(read: _Reader, *, in_cloud: bool) -> StoreAddress:
    before = len(read.problems)
    store = read.checked("SHD_STORE", settings_checks.parse_store, "sqlite:///var/shd-relay.db")
    if in_cloud and isinstance(store, SqliteAddress) and len(read.problems) == before:
        forgets = "in Function Compute a sqlite store would forget everything with its instance"
        read.problems.append(f"SHD_STORE: {forgets}; set {settings_checks.TABLESTORE_SHAPE}")
    return store


def _read_mns_endpoint(read: _Reader, function: Function) -> str | None:
    if function == "poll" and not read.has("MNS_ENDPOINT"):
        read.problems.append("MNS_ENDPOINT: is required, as in https://ACCOUNT-ID.mns.REGION.aliyuncs.com")
    return read.optional("MNS_ENDPOINT", config_checks.check_endpoint)


def _read_rates(read: _Reader) -> tuple[float, float | None]:
    """The start and the ceiling. A ceiling below the default start lowers that; below a start that was set, it is a
    contradiction."""
    start = read.checked("SHD_RATE", settings_checks.check_rate, "5")
    ceiling = read.checked("SHD_RATE_MAX", settings_checks.check_rate_max, "50")
    if ceiling is None or start <= ceiling:
        return start, ceiling
    if read.has("SHD_RATE"):
        note = "" if read.has("SHD_RATE_MAX") else " by default"
        read.problems.append(f"SHD_RATE: {start:g} is above SHD_RATE_MAX, which is {ceiling:g}{note} (0 = no ceiling)")
    return ceiling, ceiling


def _half_set_keys(read: _Reader) -> list[str]:
    """The own key of the status API is a pair, and a security token belongs to a pair."""
    key, secret, token = "SHD_ACCESS_KEY_ID", "SHD_ACCESS_KEY_SECRET", "SHD_SECURITY_TOKEN"
    if read.has(key) != read.has(secret):
        missing, there = (secret, key) if read.has(key) else (key, secret)
        return [f"{missing}: is not set, though {there} is"]
    if read.has(token) and not read.has(key):
        return [f"{token}: is set without {key} and {secret}"]
    return []
