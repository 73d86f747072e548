"""The vendor's package for Tablestore: imported late, as light as it goes, and kept quiet."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

from shd_relay.errors import ContractError

VERSION = "6.4.8"
LOGGER = "shd_relay.adapters.tablestore_sdk"


@cache
def sdk() -> Any:
    """The SDK's package; imported here, as it is the heaviest of all. Raises ContractError when it is not there."""
    quiet = logging.getLogger(LOGGER)
    quiet.setLevel(logging.CRITICAL + 1)  # at level 0 the SDK formats headers and rows of every request
    quiet.propagate = False
    for name in ("tablestore.encoder", "tablestore.decoder"):  # they warn that there are no C++ parts
        logging.getLogger(name).setLevel(logging.ERROR)
    # So do these warnings; they are left to stand, as to undo a filter would race with other threads.
    warnings.filterwarnings("ignore", message=r"OTS C\+\+ SDK extension", category=ImportWarning)
    warnings.filterwarnings("ignore", message=r"Native C extension 'native_plainbuffer'", category=ImportWarning)
    try:
        with _without_aiohttp():
            import tablestore
    except ImportError as error:
        raise ContractError(f"tablestore {VERSION} is not in the bundle: {error}", code="WrongModule") from error
    if tablestore.__version__ != VERSION:  # Function Compute's python3.10 brings 5.4.1, which tells no row of a batch
        where = f"{tablestore.__version__} from {tablestore.__file__}"
        raise ContractError(f"tablestore is {where}, and the bundle's is {VERSION}", code="WrongModule")
    return tablestore


@contextmanager
def _without_aiohttp() -> Iterator[None]:
    """An empty module in aiohttp's place while the SDK is imported: only its asynchronous client uses it, which is
    never made here, and it is about a third of the SDK's import time (docs/benchmarks.md)."""
    if "aiohttp" in sys.modules:
        yield
        return
    empty = ModuleType("aiohttp")
    empty.ClientTimeout = None  # type: ignore[attr-defined]
    sys.modules["aiohttp"] = empty
    try:
        yield
    finally:
        del sys.modules["aiohttp"]
