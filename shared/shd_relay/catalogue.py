"""The shipped catalogue: what `all` means in a watch list. It says what to ask for, never what exists."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec

_FILE = Path(__file__).with_name("catalogue.json")


class Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ids as SHD spells them."""

    products: tuple[str, ...]
    regions: tuple[str, ...]


@lru_cache(maxsize=1)
def shipped() -> Catalogue:
    """The products and regions that the data file beside this module names."""
    return msgspec.json.decode(_FILE.read_bytes(), type=Catalogue)
