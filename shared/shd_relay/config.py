"""config.yaml as frozen values: the watch list, who has access, and the partners.

A config is taken whole or not at all: every mistake is one line, `config.yaml:12: partners[0].plan: ...`, and all of
them come in one SettingsError.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from shd_relay import catalogue, config_checks, config_yaml
from shd_relay import config_readers as readers
from shd_relay.config_partners import SCOPES, Partner, Scope, Token, read_partners
from shd_relay.config_readers import Notes
from shd_relay.config_yaml import Node
from shd_relay.errors import SettingsError
from shd_relay.model import Pair

if TYPE_CHECKING:
    from shd_relay.settings import Settings

__all__ = ["SCOPES", "Access", "Config", "Partner", "Scope", "Token", "Watch", "load", "parse", "watch_list"]


class Watch(Struct, frozen=True, kw_only=True):
    """The ids to read, as the config spells them; `all` has become the catalogue."""

    products: tuple[str, ...]
    regions: tuple[str, ...]


class Access(Struct, frozen=True, kw_only=True):
    """`public`: the watch list is shown without a token. `allowed_origins`: web pages that may ask from a browser."""

    public: bool = False
    allowed_origins: tuple[str, ...] = ()


class Config(Struct, frozen=True, kw_only=True):
    """The whole file."""

    watch: Watch
    access: Access = Access()
    partners: tuple[Partner, ...] = ()


def load(path: Path) -> Config:
    """Reads the file. Raises SettingsError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError([f"{path}: cannot be read: {reason} (SHD_CONFIG says where the config is)"]) from error
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError([f"{path.name}:{line}: is not UTF-8 text"]) from None
    return parse(text, path.name)


def parse(text: str, name: str) -> Config:
    """The config that `text` is; `name` begins every problem. Raises SettingsError."""
    root = config_yaml.read(text, name)
    if root is None or readers.is_null(root):
        raise SettingsError([f"{name}: is empty; it must at least have watch, with products and regions"])
    notes = Notes(name)
    fields = readers.read_fields(root, notes, required=("watch",), optional=("access", "partners"))
    config = Config(
        watch=_read_watch(fields.get("watch"), notes),
        access=_read_access(fields.get("access"), notes),
        partners=read_partners(fields.get("partners"), notes),
    )
    if problems := notes.lines():
        raise SettingsError(problems)
    return config


def watch_list(settings: Settings, config: Config) -> tuple[Pair, ...]:
    """Every pair to read: products in their order, each with the regions in theirs; the environment's lists win.

    A service without a region is read in SHD_GLOBAL_REGION, too: that it has none is a guess, so the listed regions
    stay. Raises SettingsError when there are more pairs than one relay reads.
    """
    products = settings.products or config.watch.products
    regions = settings.regions or config.watch.regions
    nowhere = settings.global_region
    listed = nowhere.casefold() in (region.casefold() for region in regions)
    without = frozenset() if listed else frozenset(filter(catalogue.is_global, products))
    try:
        config_checks.check_size(len(products), len(regions), len(without))
    except ValueError as error:
        raise SettingsError([f"watch list (with SHD_PRODUCTS and SHD_REGIONS): {error}"]) from error
    return tuple(
        Pair(product, region)
        for product in products
        for region in (*regions, *((nowhere,) if product in without else ()))
    )


def _read_watch(node: Node | None, notes: Notes) -> Watch:
    if node is None:
        return Watch(products=(), regions=())
    fields = readers.read_fields(node, notes, required=("products", "regions"))
    products = readers.read_ids(fields.get("products"), notes)
    regions = readers.read_ids(fields.get("regions"), notes)
    watch = Watch(
        products=catalogue.shipped().products if products is None else products,
        regions=catalogue.shipped().regions if regions is None else regions,
    )
    try:
        config_checks.check_size(len(watch.products), len(watch.regions))
    except ValueError as error:
        notes.add(node, str(error))
    return watch


def _read_access(node: Node | None, notes: Notes) -> Access:
    if node is None or readers.is_null(node):
        return Access()
    fields = readers.read_fields(node, notes, required=(), optional=("public", "allowed_origins"))
    origins = readers.read_items(fields.get("allowed_origins"), notes)
    return Access(
        public=readers.read_flag(fields.get("public"), notes),
        allowed_origins=tuple(readers.read_checked(item, notes, config_checks.check_origin) for item in origins),
    )
