"""Two parsers read a config: libyaml, where PyYAML has it, and PyYAML's own. It must not matter which."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from shd_relay import config_yaml
from shd_relay.errors import SettingsError
from tests.bench.answers_world import config_text

CONFIG = Path(__file__).resolve().parents[2] / "config.yaml"
TEXTS = [
    CONFIG.read_text(encoding="utf-8"),
    config_text(3, 2),
    "a: !!str 1\nb: ! 2\nc: 'x'\nd: \"y\\n\"\ne: |\n  z\n  z\nf: >-\n  w\n  w\n",
    "a: [1, ~, 2026-01-01, no, 1.5, {b: [], c: {}}]\n? d\n: e\n",
    "a:\n- b\n-\n  - c\n",
    "# nothing\n",
    "",
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_both_parsers_see_the_same_tree_with_the_same_lines(text: str) -> None:
    assert yaml.__with_libyaml__, "the pinned wheel of PyYAML brings libyaml along"
    quick, plain = (config_yaml._composed(loader(text)) for loader in (yaml.CSafeLoader, yaml.SafeLoader))
    assert quick == plain
    assert config_yaml.read(text, "config.yaml") == plain


@pytest.mark.parametrize("text", ["a: [b\n", "a: b: c\n", "a: @b\n", '"\\q"', "- a\nb: c\n", "{a: b", "a:\n\t- b\n"])
def test_a_mistake_is_told_in_the_words_of_the_one_that_says_where_it_is(text: str) -> None:
    with pytest.raises(SettingsError) as read:
        config_yaml.read(text, "c.yaml")
    with pytest.raises(yaml.MarkedYAMLError) as plain:
        config_yaml._composed(yaml.SafeLoader(text))
    assert plain.value.problem_mark is not None
    (line,) = read.value.problems
    assert line.startswith(f"c.yaml:{plain.value.problem_mark.line + 1}: is not valid YAML: ")
