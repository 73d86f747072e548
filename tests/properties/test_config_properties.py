"""Whatever is written into the config or the environment: a value, or one SettingsError with clear lines."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shd_relay import catalogue
from shd_relay.config import SCOPES, Config, parse, watch_list
from shd_relay.errors import SettingsError
from shd_relay.plans import PLANS
from shd_relay.settings import VARIABLES, Settings, load

LINE = re.compile(r"config\.yaml(:[0-9]+)?: .+")
VALID = """\
watch:
  products: [ecs, "oss"]
  regions: [cn-hangzhou]
access: {public: false, allowed_origins: ['https://a.example']}
partners:
  - id: acme
    name: Acme Cloud
    plan: flagship
    ticket_packages: 3
    valid_from: 2026-01-01
    valid_until: 2026-12-31
    tokens: [{sha256: "%s", scopes: [read]}]
    products: all
""" % ("ab" * 32)  # fmt: skip

ids = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True).filter(lambda text: text.lower() != "all")
shipped_products = st.sampled_from(catalogue.shipped().products)
id_lists = st.lists(ids, min_size=1, max_size=8, unique_by=str.lower)
days = st.tuples(st.dates(), st.dates()).map(sorted)
tokens: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({
    "sha256": st.binary(min_size=32, max_size=32).map(bytes.hex),
    "scopes": st.lists(st.sampled_from(SCOPES), min_size=1),
})  # fmt: skip
names = st.text(st.characters(min_codepoint=33, max_codepoint=0xFFFD), min_size=1, max_size=40).filter(str.isprintable)


@st.composite
def partners(draw: st.DrawFn) -> dict[str, Any]:
    first, last = draw(days)
    needed = {
        "id": draw(ids),
        "name": draw(names),
        "plan": draw(st.sampled_from(list(PLANS))),
        "valid_from": first,
        "valid_until": last,
    }
    optional = {
        "ticket_packages": st.integers(0, 999_999_999),
        "tokens": st.lists(tokens, max_size=3, unique_by=lambda token: token["sha256"]),
        "products": id_lists | st.just("all"),
        "regions": id_lists | st.just("all"),
    }
    return needed | draw(st.fixed_dictionaries({}, optional=optional))


configs: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"watch": st.fixed_dictionaries({"products": id_lists, "regions": id_lists})},
    optional={
        "access": st.fixed_dictionaries({}, optional={"public": st.booleans()}),
        "partners": st.lists(partners(), max_size=3, unique_by=lambda partner: partner["id"].lower()),
    },
)


def outcome(text: str) -> Config | tuple[str, ...]:
    try:
        return parse(text, "config.yaml")
    except SettingsError as error:
        return error.problems


def is_clear(result: Config | tuple[str, ...]) -> bool:
    if isinstance(result, Config):
        return True
    return bool(result) and all(LINE.fullmatch(line) for line in result)


def shape(config: Config) -> dict[str, Any]:
    """The config as the file would say it, with every default written out."""
    return {
        "watch": (config.watch.products, config.watch.regions),
        "public": config.access.public,
        "partners": [
            (
                one.id, one.name, one.plan, one.ticket_packages, one.valid_from, one.valid_until,
                [(token.sha256, token.scopes) for token in one.tokens], one.products, one.regions,
            )
            for one in config.partners
        ],
    }  # fmt: skip


def as_given(given_ids: list[str] | str) -> tuple[str, ...] | None:
    return None if given_ids == "all" else tuple(given_ids)


def expected(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "watch": (tuple(data["watch"]["products"]), tuple(data["watch"]["regions"])),
        "public": data.get("access", {}).get("public", False),
        "partners": [
            (
                one["id"], one["name"].strip(), one["plan"], one.get("ticket_packages", 0), one["valid_from"],
                one["valid_until"], [(t["sha256"], frozenset(t["scopes"])) for t in one.get("tokens", [])],
                as_given(one.get("products", "all")), as_given(one.get("regions", "all")),
            )
            for one in data.get("partners", [])
        ],
    }  # fmt: skip


class PlainDumper(yaml.SafeDumper):
    """Writes a list that stands twice out twice, as people do."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


@settings(deadline=None, max_examples=60)
@given(configs)
def test_a_config_that_another_program_wrote_is_read_as_it_was_meant(data: dict[str, Any]) -> None:
    hashes = [token["sha256"] for one in data.get("partners", []) for token in one.get("tokens", [])]
    config = outcome(yaml.dump(data, Dumper=PlainDumper, allow_unicode=True))
    if len(set(hashes)) < len(hashes):
        assert isinstance(config, tuple)
    else:
        assert isinstance(config, Config), config
        assert shape(config) == expected(data)


@settings(deadline=None, max_examples=150)
@given(st.text(st.sampled_from("watch:productsregions \n\t-[]{}\"'&*!|>%#?,~@`\\U0x\0\ufeff\ud800é:"), max_size=60))
def test_any_text_is_a_config_or_clear_lines(text: str) -> None:
    assert is_clear(outcome(text))


@settings(deadline=None, max_examples=150)
@given(
    st.integers(0, len(VALID)),
    st.integers(0, 12),
    st.text(st.sampled_from("\n\t -[]{}\"'&*!|>%#?,~:\\aU0é"), max_size=4),
)
def test_a_config_that_was_damaged_is_a_config_or_clear_lines(start: int, length: int, put: str) -> None:
    assert is_clear(outcome(VALID[:start] + put + VALID[start + length :]))


SLIPS = {
    "products: [ecs": "products: [e/s",
    "regions: [cn-hangzhou]": "regions: []",
    "public: false": "public: 0",
    "https://a.example": "a.example",
    "id: acme": "id: a b",
    "plan: flagship": "plan: gold",
    "ticket_packages: 3": "ticket_packages: few",
    "2026-01-01": "2026-13-01",
    "2026-12-31": "31.12.2026",
    "abab": "zz",
    "scopes: [read]": "scopes: [write]",
    "products: all": "product: all",
}


@settings(deadline=None, max_examples=60)
@given(st.sets(st.sampled_from(sorted(SLIPS))))
def test_every_slip_is_one_line(slips: set[str]) -> None:
    text = VALID
    for right in slips:
        text = text.replace(right, SLIPS[right], 1)
    result = outcome(text)
    assert is_clear(result)
    assert (0 if isinstance(result, Config) else len(result)) == len(slips)


@settings(deadline=None, max_examples=60)
@given(st.lists(ids | shipped_products, min_size=1, max_size=6, unique_by=str.lower), id_lists, ids)
def test_any_id_of_good_shape_is_watched_as_it_is_written_in_the_catalogue_or_not(
    products: list[str], regions: list[str], nowhere: str
) -> None:
    config = outcome(yaml.dump({"watch": {"products": products, "regions": regions}}))
    assert isinstance(config, Config)
    chosen = load({"SHD_GLOBAL_REGION": nowhere}, function="status", base=Path("/code"))
    pairs = watch_list(chosen, config)
    assert len({(pair.product.lower(), pair.region.lower()) for pair in pairs}) == len(pairs)
    asked = {(product, region) for product in products for region in regions}
    assert asked <= set(pairs)
    assert {(p.product, p.region) for p in set(pairs) - asked} <= {(product, nowhere) for product in products}


NAMES = st.sampled_from([*sorted(VARIABLES), "FC_FUNCTION_NAME", "SHD_NEWS", "PATH"])
VALUES = st.text(max_size=30) | st.sampled_from(["http://127.0.0.1:1", "tablestore://x?endpoint=https://y", "5", "all"])


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(NAMES, VALUES, max_size=12), st.sampled_from(["poll", "status"]))
def test_any_environment_is_settings_or_lines_that_begin_with_a_variable(
    environ: dict[str, str], function: Any
) -> None:
    try:
        result = load(environ, function=function, base=Path("/code"))
    except SettingsError as error:
        names = [line.split(":")[0] for line in error.problems]
        assert names
        assert all(name in VARIABLES | {"SHD_NEWS"} for name in names)
    else:
        assert isinstance(result, Settings)


@settings(deadline=None, max_examples=60)
@given(st.dates(), st.dates())
def test_a_plan_is_taken_exactly_when_its_days_are_in_order(first: date, last: date) -> None:
    text = VALID.replace("2026-01-01", first.isoformat()).replace("2026-12-31", last.isoformat())
    assert isinstance(outcome(text), Config) == (first <= last)
