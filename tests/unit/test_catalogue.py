"""The shape of the shipped file, and what is asked of it. That ids are never checked against it: test_config.py."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from shd_relay import catalogue, config_checks
from shd_relay.model import Pair

SHARED = Path(__file__).parents[2] / "shared"
CONTENTS = catalogue.contents()
PRODUCTS = (*CONTENTS.products, *CONTENTS.more_products)
REGIONS = (*CONTENTS.regions, CONTENTS.no_region)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_the_catalogue_names_what_a_partner_would_ask_for_first() -> None:
    shipped = catalogue.shipped()
    assert {"ecs", "oss", "rds", "redisa", "ram"} <= set(shipped.products)
    assert {"cn-hangzhou", "cn-hongkong", "ap-southeast-1", "eu-central-1", "us-east-1"} <= set(shipped.regions)


def test_all_is_42_products_and_35_regions() -> None:
    assert (len(catalogue.shipped().products), len(catalogue.shipped().regions)) == (42, 35)


@pytest.mark.parametrize("rows", [PRODUCTS, REGIONS], ids=["products", "regions"])
def test_every_id_and_alias_has_the_shape_that_the_config_asks_for_and_stands_once(
    rows: tuple[catalogue.Entry, ...],
) -> None:
    ids = [id_ for row in rows for id_ in (row.id, *row.aliases)]
    assert [config_checks.check_id(text) for text in ids] == ids
    assert config_checks.repeated(ids) == []


def test_every_row_has_a_name_in_english_and_one_in_chinese() -> None:
    for row in (*PRODUCTS, *REGIONS):
        assert re.fullmatch(r"[A-Za-z0-9 ().-]{2,40}", row.en), row
        assert CHINESE.search(row.zh) or row.zh == row.en, row  # HTTPDNS is called so in Chinese, too
        assert all(name == name.strip() and name.isprintable() for name in (row.en, row.zh)), row


def test_no_two_of_a_list_have_one_name() -> None:
    for rows in (PRODUCTS, REGIONS):
        for names in ([row.en for row in rows], [row.zh for row in rows]):
            assert len(set(names)) == len(names)


def test_a_key_that_nobody_reads_is_refused() -> None:
    row = b'{"id":"x","en":"X","zh":"X","globl":true}'
    with pytest.raises(msgspec.ValidationError, match="globl"):
        msgspec.json.decode(row, type=catalogue.Entry)


@pytest.mark.parametrize("id_", ["redisa", "RedisA", " redisa\n", "R-kvstore", "kvstore"])
def test_a_product_is_found_by_id_or_alias_in_any_case_and_with_blanks_around(id_: str) -> None:
    assert catalogue.product_names(id_) == ("Tair (Redis OSS-Compatible)", "云数据库 Tair（兼容 Redis）")


def test_a_region_is_found_by_its_id() -> None:
    assert catalogue.region_names("CN-Hangzhou ") == ("China (Hangzhou)", "华东1（杭州）")


@pytest.mark.parametrize("id_", ["", "newthing", "cn-hangzhou", "ecs2"])
def test_what_is_not_in_the_file_has_no_name_and_that_is_no_mistake(id_: str) -> None:
    assert catalogue.product_names(id_) is None
    assert not catalogue.is_known_product(id_)
    assert not catalogue.is_global(id_)


def test_the_region_of_services_without_one_is_called_so_whatever_its_id() -> None:
    assert catalogue.region_names("oo-region") == catalogue.region_names("non-regional") == ("Global", "全球")
    assert catalogue.region_names("mine") is None
    assert catalogue.region_names("Mine", "mine") == ("Global", "全球")
    assert catalogue.region_names("cn-hangzhou", "cn-hangzhou") == ("China (Hangzhou)", "华东1（杭州）")


def test_services_without_a_region_are_few_and_ecs_is_none() -> None:
    without = {row.id for row in CONTENTS.products if row.is_global}
    assert without == {"cbn", "alidns", "cdn", "dcdn", "ram", "dysmsapi"}
    assert catalogue.is_global("CDN")
    assert not any(row.is_global for row in REGIONS)


@pytest.mark.parametrize(
    ("pair", "beyond"),
    [
        (Pair("ecs", "cn-hangzhou"), False),
        (Pair("ECS", " CN-Hangzhou "), False),
        (Pair("newthing", "cn-hangzhou"), True),
        (Pair("ecs", "xx-new-1"), True),
        (Pair("ecs", "oo-region"), True),  # said of no region: it may be true of the watched ones
        (Pair("r-kvstore", "cn-hangzhou"), True),  # redisa may well be watched
        (Pair("bastionhost", "cn-hangzhou"), True),  # who watches `all` does not have it
    ],
)
def test_only_what_all_stands_for_can_be_left_out_on_purpose(pair: Pair, beyond: bool) -> None:
    assert catalogue.is_beyond(pair) is beyond


def test_the_file_is_not_read_before_somebody_asks() -> None:
    code = f"""
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
sys.path.insert(0, {str(SHARED)!r})
from pathlib import Path
from shd_relay import config, catalogue
config.parse("watch: {{products: [ecs], regions: [x]}}", "config.yaml")
before = [name for name in opened if name.endswith("catalogue.json")]
catalogue.is_global("ecs")
catalogue.product_names("ecs")
print(before, sum(name.endswith("catalogue.json") for name in opened))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] 1\n"


def test_the_operations_page_names_the_numbers_and_services_of_the_file() -> None:
    page = (SHARED.parent / "docs" / "operations.md").read_text(encoding="utf-8")
    paragraph = page.partition("\n## The watch list\n")[2].partition("\n## ")[0]
    products, regions = len(CONTENTS.products), len(CONTENTS.regions)
    without = [row.id for row in CONTENTS.products if row.is_global]
    assert f"{products} products in {regions} regions, {products * regions:,} pairs" in paragraph
    assert f"{products * regions + len(without):,} pairs" in paragraph
    named = re.search(r"With `all` these are (.*?), which", " ".join(paragraph.split()))
    assert named
    assert re.findall(r"`(.*?)`", named[1]) == without


def test_the_file_is_plain_utf_8_that_people_can_read() -> None:
    text = (SHARED / "shd_relay" / "catalogue.json").read_text(encoding="utf-8")
    assert "云服务器" in text
    assert json.loads(text).keys() == {"products", "more_products", "regions", "no_region"}
