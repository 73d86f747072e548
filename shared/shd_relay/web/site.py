"""What the answers need to know of this installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from shd_relay.model import Pair

if TYPE_CHECKING:  # the config's reader brings YAML along, which this room never needs
    from shd_relay.config import Config


class Site(Struct, frozen=True, kw_only=True, eq=False):
    """One installation; equal to itself only, so that what follows from it can be kept by it.

    `pairs` is the watch list in its order. `public_url` None: links are relative. `global_region`: the region id of
    services without a region."""

    config: Config
    pairs: tuple[Pair, ...]
    interval_seconds: float = 60
    public_url: str | None = None
    global_region: str = "oo-region"
