from __future__ import annotations

from shd_relay import catalogue, config_checks


def test_the_catalogue_names_what_a_partner_would_ask_for_first() -> None:
    shipped = catalogue.shipped()
    assert {"ecs", "oss", "rds", "redisa", "ram"} <= set(shipped.products)
    assert {"cn-hangzhou", "cn-hongkong", "ap-southeast-1", "eu-central-1", "us-east-1"} <= set(shipped.regions)


def test_the_catalogue_is_42_products_and_35_regions() -> None:
    assert (len(catalogue.shipped().products), len(catalogue.shipped().regions)) == (42, 35)


def test_every_id_has_the_shape_that_the_config_asks_for_and_stands_once() -> None:
    for ids in (catalogue.shipped().products, catalogue.shipped().regions):
        assert [config_checks.check_id(text) for text in ids] == list(ids)
        assert config_checks.repeated(ids) == []
