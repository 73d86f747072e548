from __future__ import annotations

import hashlib
import re
from datetime import date
from pathlib import Path

import pytest

from shd_relay import catalogue
from shd_relay.config import Access, Config, Partner, Token, Watch, load, parse, watch_list
from shd_relay.errors import SettingsError
from shd_relay.model import Pair
from shd_relay.settings import Settings
from shd_relay.settings import load as load_settings

ROOT = Path(__file__).parents[2]
HASH = hashlib.sha256(b"a token").hexdigest()
OTHER = hashlib.sha256(b"another token").hexdigest()
WATCH = "watch: {products: [ecs], regions: [cn-hangzhou]}\n"

# the example of the contract, with a hash in its place
EXAMPLE = f"""\
watch:
  products: [ecs, oss, rds]          # a list, or "all": the shipped catalogue
  regions: [cn-hangzhou, ap-southeast-1]
access:
  public: false
  allowed_origins: []
partners:
  - id: acme
    name: Acme Cloud
    plan: flagship                   # selected | premium (premier) | elite | flagship
    ticket_packages: 0
    valid_from: 2026-01-01           # both days inclusive, UTC+8
    valid_until: 2026-12-31          # a plan that has ended answers 403 and says so
    tokens: [{{sha256: "{HASH}", scopes: [read]}}]      # read, feed, operate
    products: all
    regions: [ap-southeast-1]
"""


def partner(lines: str = "", *, without: str = "") -> str:
    """A config whose one partner has these lines; its first line is 3, each further one of its own below."""
    base = {"id": "acme", "name": "Acme", "plan": "elite", "valid_from": "2026-01-01", "valid_until": "2026-12-31"}
    own = [line for line in lines.splitlines() if line]
    given = {line.split(":")[0] for line in own} | {without}
    kept = [f"{key}: {value}" for key, value in base.items() if key not in given]
    return WATCH + "partners:\n" + "  -\n" + "".join(f"    {line}\n" for line in own + kept)


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        parse(text, "config.yaml")
    return caught.value.problems


def problem(text: str) -> str:
    (line,) = problems(text)
    return line


def only_partner(lines: str) -> Partner:
    (found,) = parse(partner(lines), "config.yaml").partners
    return found


def test_the_example_of_the_contract_is_taken_as_it_is_meant() -> None:
    assert parse(EXAMPLE, "config.yaml") == Config(
        watch=Watch(products=("ecs", "oss", "rds"), regions=("cn-hangzhou", "ap-southeast-1")),
        access=Access(public=False, allowed_origins=()),
        partners=(
            Partner(
                id="acme",
                name="Acme Cloud",
                plan="flagship",
                ticket_packages=0,
                valid_from=date(2026, 1, 1),
                valid_until=date(2026, 12, 31),
                tokens=(Token(sha256=HASH, scopes=frozenset({"read"})),),
                products=None,
                regions=("ap-southeast-1",),
            ),
        ),
    )


def test_the_shipped_config_loads_and_lets_nobody_in() -> None:
    config = load(ROOT / "config.yaml")
    assert config.partners == ()
    assert config.access == Access(public=False, allowed_origins=())
    said = re.search(r"(\d+) products x (\d+) regions.* = (\d+) pairs", (ROOT / "config.yaml").read_text("utf-8"))
    assert said
    watched = len(config.watch.products), len(config.watch.regions), len(watch_list(settings_with(), config))
    assert tuple(map(int, said.groups())) == watched


def test_the_partner_that_the_shipped_config_shows_is_one_once_it_has_hashes() -> None:
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    head, mark, example = text.partition("\npartners:\n")
    shown = re.sub(r"(?m)^# ", "", example)
    for place, value in (("64 hex digits of the token's hash", HASH), ("64 hex digits of another token's hash", OTHER)):
        assert place in shown
        shown = shown.replace(place, value)
    (found,) = parse(head + mark + shown, "config.yaml").partners
    assert (found.id, len(found.tokens), found.regions) == ("acme", 2, ("cn-hongkong", "ap-southeast-1"))


def test_five_mistakes_are_five_lines_in_their_order() -> None:
    text = f"""\
watch:
  products: [ecs, e/s]
  region: [cn-hangzhou]
access:
  public: maybe
partners:
  - id: acme
    name: Acme Cloud
    plan: platinum
    valid_from: 2026-01-01
    valid_until: 2026-12-31
    tokens: [{{sha256: {HASH[1:]}, scopes: [read]}}]
"""
    assert problems(text) == (
        "config.yaml:2: watch.products[1]: must be 1 to 64 letters, digits, '-', '_' or '.', is 'e/s'",
        "config.yaml:3: watch: unknown key 'region', did you mean regions?",
        "config.yaml:5: access.public: must be true or false, without quotes",
        "config.yaml:9: partners[0].plan: unknown plan 'platinum'; known here: selected, premium, elite, flagship",
        "config.yaml:12: partners[0].tokens[0].sha256: must be 64 hex digits, is 63 long",
    )


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n", "~"])
def test_an_empty_file_says_what_it_should_hold(text: str) -> None:
    assert "is empty; it must at least have watch" in problem(text)


@pytest.mark.parametrize("text", ["- ecs\n", "watch\n", "'watch: {}'"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    assert problem(text) == "config.yaml:1: must be a mapping with watch, access, partners"


def test_a_config_without_a_watch_list_is_refused() -> None:
    assert problem("access: {public: true}\n") == "config.yaml:1: watch is missing"


def test_a_missing_file_is_named_with_the_variable_that_points_to_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.yaml: cannot be read: No such file.*SHD_CONFIG"):
        load(tmp_path / "nowhere.yaml")


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path)


def test_a_file_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"watch:\n  # caf\xe9\n")
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert caught.value.problems == ("config.yaml:2: is not UTF-8 text",)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + WATCH.encode())
    assert load(path).watch.products == ("ecs",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("watch:\n  products: [ecs\n", "config.yaml:3: is not valid YAML"),
        ("watch:\n\tproducts: x\n", "config.yaml:2: is not valid YAML"),
        ("watch: {}\n---\nwatch: {}\n", "config.yaml:2: is not valid YAML"),
        ("watch: \0", "config.yaml:1: holds a character that YAML does not allow"),
        ('watch: "\\UFFFFFFFF"', "config.yaml: holds an escape that stands for no character"),
        ("a: &x [1]\nb: *x\n", "config.yaml:2: aliases are not accepted"),
        ("watch:\n  products: !!python/object/apply:os.getcwd []\n", "config.yaml:2: tags are not accepted"),
        ("watch: !x y", "config.yaml:1: tags are not accepted"),
        ("? [a]\n: b\n", "config.yaml:1: a key must be a word"),
        ("\nwatch: " + "[" * 500 + "]" * 500, "config.yaml:2: is nested too deeply"),
        ("#" * 1_000_001, "config.yaml: is larger than 1,000,000 characters"),
    ],
    ids=range(11),
)
def test_what_is_no_plain_yaml_is_one_line(text: str, said: str) -> None:
    assert problem(text).startswith(said)


def test_a_bomb_of_aliases_is_refused_at_its_first_alias() -> None:
    lines = ["a0: &a0 [lol]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert problem("\n".join(lines)) == "config.yaml:2: aliases are not accepted, write the value out"


def test_a_key_that_stands_twice_is_refused_with_both_lines() -> None:
    text = WATCH + "access: {}\n" + WATCH
    assert problem(text) == "config.yaml:3: watch: stands here twice, first in line 1"


def test_keys_with_nothing_behind_them_are_as_if_absent() -> None:
    config = parse(WATCH + "access:\npartners:\n", "config.yaml")
    assert (config.access, config.partners) == (Access(), ())


def test_all_is_the_catalogue() -> None:
    watch = parse('watch: {products: all, regions: "all"}', "config.yaml").watch
    assert (watch.products, watch.regions) == (catalogue.shipped().products, catalogue.shipped().regions)


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ("", "watch.products: must be a list of ids"),
        ("ecs", "watch.products: must be a list of ids"),
        ("[]", "watch.products: must be a list of ids"),
        ("{ecs: 1}", "watch.products: must be a list of ids"),
        ("[all]", 'watch.products[0]: write "all" alone'),
        ("[ecs, ECS]", "watch.products[1]: ECS stands in the list twice"),
        ("[ecs, ]", None),
        ("[ecs, ~]", "watch.products[1]: must not be empty"),
        ("[[ecs]]", "watch.products[0]: must be a single value"),
        ("[e c s]", "watch.products[0]: must be 1 to 64 letters"),
        (f"[{'x' * 65}]", "watch.products[0]: must be 1 to 64 letters"),
        ("[R-kvstore, a_b.c, 123, no]", None),
    ],
)
def test_a_list_of_ids_is_checked_in_shape(ids: str, said: str | None) -> None:
    text = f"watch:\n  regions: [cn-hangzhou]\n  products: {ids}\n"
    if said is None:
        parse(text, "config.yaml")
    else:
        assert problem(text).startswith(f"config.yaml:3: {said}")


def test_ids_stay_as_they_are_written() -> None:
    watch = parse("watch: {products: [ECS, 007, no], regions: [2026-01-01]}", "config.yaml").watch
    assert (watch.products, watch.regions) == (("ECS", "007", "no"), ("2026-01-01",))


def test_more_pairs_than_one_relay_reads_are_refused() -> None:
    ids = [", ".join(f"x{n}" for n in range(count)) for count in (201, 100)]
    assert "201 products x 100 regions" in problem(f"watch: {{products: [{ids[0]}], regions: [{ids[1]}]}}")


@pytest.mark.parametrize(("word", "value"), [("true", True), ("Yes", True), ("off", False)])
def test_public_is_a_truth_value(word: str, value: bool) -> None:
    assert parse(WATCH + f"access: {{public: {word}}}", "config.yaml").access.public is value


@pytest.mark.parametrize("word", ["'true'", "1", "~", "maybe", "[true]"])
def test_nothing_else_opens_the_relay_to_the_public(word: str) -> None:
    assert "access.public: must be true or false" in problem(WATCH + f"access: {{public: {word}}}")


@pytest.mark.parametrize(
    ("origin", "kept"),
    [
        ("https://Portal.example.com", "https://portal.example.com"),
        ("https://portal.example.com:443", "https://portal.example.com"),
        ("http://intranet:8080", "http://intranet:8080"),
    ],
)
def test_an_origin_is_kept_as_a_browser_spells_it(origin: str, kept: str) -> None:
    access = parse(WATCH + f"access: {{allowed_origins: ['{origin}']}}", "config.yaml").access
    assert access.allowed_origins == (kept,)


@pytest.mark.parametrize(
    "origin", ["*", "'*'", "null", "portal.example.com", "https://x/", "https://x/y", "'https://u:p@x'", "https://*.x"]
)
def test_an_origin_is_scheme_host_and_port(origin: str) -> None:
    assert problems(WATCH + f"access: {{allowed_origins: [{origin}]}}")[0].startswith("config.yaml:2: ")


def test_a_partner_needs_no_more_than_a_name_a_plan_and_its_days() -> None:
    assert only_partner("") == Partner(
        id="acme", name="Acme", plan="elite", valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31)
    )


@pytest.mark.parametrize("key", ["id", "name", "plan", "valid_from", "valid_until"])
def test_what_a_partner_needs_is_missed_by_name(key: str) -> None:
    assert problem(partner(without=key)) == f"config.yaml:4: partners[0]: {key} is missing"


def test_premier_is_premium() -> None:
    assert only_partner("plan: premier").plan == "premium"


@pytest.mark.parametrize("day", ["2026-02-03", "'2026-02-03'"])
def test_a_day_may_stand_in_quotes(day: str) -> None:
    assert only_partner(f"valid_from: {day}").valid_from == date(2026, 2, 3)


def test_a_scope_of_all_is_all_of_the_watch_list() -> None:
    found = only_partner("products: all\nregions: [cn-hangzhou, oo-region]")
    assert (found.products, found.regions) == (None, ("cn-hangzhou", "oo-region"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("id: a:b", "id: must be 1 to 64 letters"),
        ("name: ''", "name: must not be empty"),
        ("name: '  '", "name: must be one line"),
        ('name: "a\\nb"', "name: must be one line"),
        ('name: "\\uD800"', "name: must be one line"),
        ("plan: premum", "plan: unknown plan 'premum', did you mean premium?"),
        ("plan: [elite]", "plan: must be a single value"),
        ("ticket_packages: -1", "ticket_packages: must be a whole number"),
        ("ticket_packages: 0x10", "ticket_packages: must be a whole number"),
        ("ticket_packages: '3'", "ticket_packages: must be a whole number"),
        ("ticket_packages: 1.5", "ticket_packages: must be a whole number"),
        ("valid_from: 2026-02-30", "valid_from: is no day of the calendar: 2026-02-30"),
        ("valid_from: 2026-1-1", "valid_from: must be a date such as"),
        ("valid_from: 2026-01-01T00:00:00Z", "valid_from: must be a date such as"),
        ("valid_until: 2025-12-31", "valid_until: is before valid_from, which is 2026-01-01"),
        ("tokens: x", "tokens: must be a list"),
        ("tokens: [x]", "tokens[0]: must be a mapping with sha256, scopes"),
        (f"tokens: [{{sha256: {HASH}, scopes: read}}]", "tokens[0].scopes: must be a list with at least one of"),
        (f"tokens: [{{sha256: {HASH}, scopes: []}}]", "tokens[0].scopes: must be a list with at least one of"),
        (f"tokens: [{{sha256: {HASH}, scopes: [reed]}}]", "tokens[0].scopes[0]: unknown scope, did you mean read?"),
        (f"tokens: [{{sha256: {HASH}}}]", "tokens[0]: scopes is missing"),
        (f"tokens: [{{sha256: {'g' * 64}, scopes: [read]}}]", "tokens[0].sha256: must be 64 hex digits, holds other"),
        (
            f"tokens: [{{sha256: {hashlib.sha256().hexdigest()}, scopes: [read]}}]",
            "tokens[0].sha256: is the hash of an empty token",
        ),
        ("regions:", "regions: must be a list of ids"),
        ("products: []", "products: must be a list of ids"),
    ],
)
def test_a_mistake_in_a_partner_is_one_line_with_its_path(line: str, said: str) -> None:
    text = partner(line)
    assert text.splitlines()[3] == f"    {line}".splitlines()[0]
    assert problem(text).startswith(f"config.yaml:4: partners[0].{said}")


def test_a_missing_key_is_named_unless_a_misspelt_one_was() -> None:
    assert problem("watch: {products: [ecs]}\n") == "config.yaml:1: watch: regions is missing"
    assert problem("watch: {products: [ecs], region: [x]}\n") == (
        "config.yaml:1: watch: unknown key 'region', did you mean regions?"
    )


def test_an_unknown_key_of_a_partner_is_named_with_the_nearest() -> None:
    assert problem(partner("token: hunter2")) == (
        "config.yaml:4: partners[0]: unknown key 'token', did you mean tokens?"
    )  # fmt: skip


def test_a_hash_may_be_in_capitals_and_is_kept_in_small_letters() -> None:
    found = only_partner(f"tokens: [{{sha256: {HASH.upper()}, scopes: [operate, feed]}}]")
    assert found.tokens == (Token(sha256=HASH, scopes=frozenset({"feed", "operate"})),)


def test_a_hash_of_nothing_but_digits_needs_no_quotes() -> None:
    digits = "0123456789" * 6 + "1234"
    assert only_partner(f"tokens: [{{sha256: {digits}, scopes: [read]}}]").tokens[0].sha256 == digits


def test_two_partners_cannot_have_one_id() -> None:
    text = EXAMPLE + EXAMPLE.partition("partners:\n")[2].replace("acme", "ACME").replace(HASH, OTHER)
    assert problem(text) == "config.yaml:17: partners[1].id: is the id of partners[0].id in line 8 again"


def test_one_token_cannot_belong_to_two_partners() -> None:
    text = EXAMPLE + EXAMPLE.partition("partners:\n")[2].replace("acme", "beta").replace(HASH, HASH.upper())
    assert problem(text) == (
        "config.yaml:23: partners[1].tokens[0].sha256: is the token of partners[0].tokens[0].sha256 in line 14 again"
    )


@pytest.mark.parametrize(
    "tokens",
    [
        "{sha256: SECRET, scopes: [read]}",
        "{sha256: [SECRET], scopes: [read]}",
        "{sha256: {SECRET: 1}, scopes: [read]}",
        "{SECRET: [read]}",
        "{SECRET: 1, SECRET: 2}",
        "{SECRET}",
        "SECRET",
        "[SECRET]",
        "{sha256: *SECRET, scopes: [read]}",
        "{sha256: !SECRET x, scopes: [read]}",
        "{sha256: !SECRET!x y, scopes: [read]}",
        "&SECRET {sha256: &SECRET x, scopes: [read]}",
        "{sha256: x, scopes: [SECRET]}",
        "{sha256: x, scopes: SECRET}",
        "{sha256: 'SECRET, scopes: [read]}",
        "{sha256: SECRET: x, scopes: [read]}",
    ],
)
def test_a_token_in_plain_text_is_never_repeated(tokens: str) -> None:
    for secret in ("hunter2", "Zk3" * 14):
        text = partner(f"tokens: [{tokens.replace('SECRET', secret)}]")
        assert secret not in "\n".join(problems(text))


def test_a_hash_is_not_in_the_repr_of_a_config() -> None:
    assert HASH not in repr(parse(EXAMPLE, "config.yaml"))


def settings_with(**environ: str) -> Settings:
    return load_settings(environ, function="status", base=ROOT)


def test_the_watch_list_is_every_product_with_every_region_in_their_order() -> None:
    config = parse("watch: {products: [oss, ecs], regions: [us-west-1, cn-hangzhou]}", "config.yaml")
    assert watch_list(settings_with(), config) == (
        Pair("oss", "us-west-1"),
        Pair("oss", "cn-hangzhou"),
        Pair("ecs", "us-west-1"),
        Pair("ecs", "cn-hangzhou"),
    )


def test_the_environment_wins_over_the_watch_list_of_the_config() -> None:
    config = parse("watch: {products: [oss, ecs], regions: [us-west-1]}", "config.yaml")
    assert watch_list(settings_with(SHD_PRODUCTS="rds"), config) == (Pair("rds", "us-west-1"),)
    assert watch_list(settings_with(SHD_REGIONS="eu-west-1"), config) == (
        Pair("oss", "eu-west-1"),
        Pair("ecs", "eu-west-1"),
    )


def test_a_service_without_a_region_is_read_once_more_where_such_services_are() -> None:
    config = parse("watch: {products: [CDN, ecs], regions: [us-west-1, cn-hangzhou]}", "config.yaml")
    assert watch_list(settings_with(), config) == (
        Pair("CDN", "us-west-1"),
        Pair("CDN", "cn-hangzhou"),
        Pair("CDN", "oo-region"),
        Pair("ecs", "us-west-1"),
        Pair("ecs", "cn-hangzhou"),
    )
    assert watch_list(settings_with(SHD_GLOBAL_REGION="non-regional"), config)[2] == Pair("CDN", "non-regional")


def test_a_list_that_names_the_region_of_such_services_has_no_pair_twice() -> None:
    config = parse("watch: {products: [cdn, ecs], regions: [OO-Region, cn-hangzhou]}", "config.yaml")
    assert watch_list(settings_with(), config) == (
        Pair("cdn", "OO-Region"),
        Pair("cdn", "cn-hangzhou"),
        Pair("ecs", "OO-Region"),
        Pair("ecs", "cn-hangzhou"),
    )


def test_all_of_all_is_1470_pairs_and_the_services_without_a_region_once_more() -> None:
    config = parse("watch: {products: all, regions: all}", "config.yaml")
    named = parse("watch: {products: [ecs], regions: [cn-hangzhou]}", "config.yaml")
    pairs = watch_list(settings_with(), config)
    without = [pair.product for pair in pairs if pair.region == "oo-region"]
    assert without == [product for product in catalogue.shipped().products if catalogue.is_global(product)]
    assert (len(pairs), len(set(pairs)), len(without)) == (1476, 1476, 6)
    assert watch_list(settings_with(SHD_PRODUCTS="all", SHD_REGIONS="all"), named) == pairs


def test_an_environment_that_makes_too_many_pairs_is_refused() -> None:
    config = parse(f"watch: {{products: [{', '.join(f'p{n}' for n in range(150))}], regions: [x]}}", "config.yaml")
    with pytest.raises(SettingsError, match="150 products x 134 regions"):
        watch_list(settings_with(SHD_REGIONS=",".join(f"r{n}" for n in range(134))), config)


def test_the_pairs_without_a_region_count_too() -> None:
    regions = ",".join(f"r{n}" for n in range(20_000 // 2))
    config = parse("watch: {products: [cdn, ram], regions: [x]}", "config.yaml")
    with pytest.raises(SettingsError) as caught:
        watch_list(settings_with(SHD_REGIONS=regions), config)
    (line,) = caught.value.problems
    assert line.startswith("watch list (with SHD_PRODUCTS and SHD_REGIONS): 2 products x 10000 regions, and 2 of them")
    assert line.endswith("without a region, are more than 20,000 pairs, more than one relay reads")
    assert len(watch_list(settings_with(SHD_REGIONS=regions, SHD_PRODUCTS="ecs,oss"), config)) == 20_000


IMPORTANCE = """
watch: {{products: [ecs], regions: [cn-hangzhou]}}
partners:
  - {{id: acme, name: Acme, plan: elite, valid_from: 2026-01-01, valid_until: 2026-12-31, {more}}}
"""


def test_a_partner_says_what_its_products_are_to_it_and_where_its_clocks_are() -> None:
    more = "importance: {business_critical: [ECS], production: [rds, oss], key: all}, time_zone: Europe/Berlin"
    (partner,) = parse(IMPORTANCE.format(more=more), "config.yaml").partners
    names = ("ecs", "RDS", "oss", "cdn")
    assert [partner.important.of(name) for name in names] == ["business_critical", "production", "production", "key"]
    assert partner.time_zone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ("importance: {production: [ecs], key: [ECS]}", "importance.key: ECS stands in production, too"),
        ("importance: {production: all, key: all}", "importance.key: all stands in another list, too"),
        ("importance: {critical: [ecs]}", "importance: unknown key 'critical'"),
        ("importance: [ecs]", "importance: must be a mapping"),
        ("time_zone: Mars/Olympus", "time_zone: unknown time zone 'Mars/Olympus'"),
        ("time_zone: ../etc/passwd", "time_zone: unknown time zone"),
    ],
)
def test_a_mistake_in_what_is_important_is_one_line(more: str, line: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(IMPORTANCE.format(more=more), "config.yaml")
    (problem,) = caught.value.problems
    assert f"partners[1].{line}" in problem or f"partners[0].{line}" in problem
