"""Each sentence of ports.py has its test, over every adapter of its port; each quote of one is still said there."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shd_relay import ports
from shd_relay.ports import Publisher, Source, Store
from tests.contract.sentences import Sentence, proves, quotes_of, sentences_of

HERE = Path(__file__).parent
ADAPTERS = Path(ports.__file__).parent / "adapters"
SAID = set(sentences_of(Path(ports.__file__).read_text("utf-8")))

# What states no behaviour that an adapter could break, and why.
DEFINITIONS = {
    Sentence("", "Every remote effect of SHD Relay, as four small contracts."): "says what the module is",
    Sentence("", "Each sentence here has a test in tests/contract."): "this test",
    Sentence(
        "",
        "Nothing that one conditional write on one row cannot do is asked of a store: no transaction, no scan, no"
        " delete.",
    ): "a rule for whoever extends the port; TablestoreStore, which has no more, passes the whole suite",
    Sentence("Lease", "The right to poll one shard."): "names the thing; acquire says what it is worth",
    Sentence("Checkpoint", "A cached fold of the log up to `seq`;"): "names the thing; the ledger folds",
    Sentence("Row", "One row of the log."): "names the thing",
    Sentence("ReadStore", "What the query side needs of a store."): "who uses it; the structure tests hold the rooms",
    Sentence("Store", "The relay's memory."): "names the thing",
    Sentence("Store.put_documents", "that is the log's position that they are made from."): "says what `seq` means",
    Sentence("Publisher", "The topic."): "names the thing",
}

# The fixtures that run over every adapter of a port, or over all that can fail.
FIXTURES = {"store", "open_store", "place", "signed", "one_by_one", "sweeping", "frail"}


def _tests() -> Iterator[Callable[..., Any]]:
    for path in sorted(set(HERE.glob("test_*.py")) - {Path(__file__)}):
        module = importlib.import_module(f"tests.contract.{path.stem}")
        yield from (each for name, each in vars(module).items() if name.startswith("test_") and callable(each))


TESTS = list(_tests())
PROVED = {quote for test in TESTS for quote in quotes_of(test)}


def test_every_sentence_of_the_ports_has_a_test() -> None:
    assert sorted(SAID - PROVED - DEFINITIONS.keys()) == []


def test_every_quote_is_a_sentence_of_the_ports() -> None:
    assert sorted((PROVED | DEFINITIONS.keys()) - SAID) == []


def test_no_definition_is_proved_all_the_same() -> None:
    assert sorted(PROVED & DEFINITIONS.keys()) == []


def test_every_proof_runs_over_all_adapters_of_its_port() -> None:
    for test in TESTS:
        if any(quotes_of(test)):
            assert FIXTURES & inspect.signature(test).parameters.keys(), test.__name__


@pytest.mark.parametrize(
    ("port", "suite"), [(Store, "store_places.py"), (Source, "test_source.py"), (Publisher, "test_publisher.py")]
)
def test_every_adapter_that_has_the_methods_of_a_port_is_in_its_suite(port: type, suite: str) -> None:
    methods = {name for name in dir(port) if not name.startswith("_") and callable(getattr(port, name))}
    adapters = {
        node.name
        for path in ADAPTERS.glob("*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef) and methods <= {each.name for each in node.body if hasattr(each, "name")}
    }
    text = (HERE / suite).read_text("utf-8")
    assert adapters, f"no adapter of {port.__name__}"
    assert {name for name in adapters if f"{name}(" not in text} == set()


# The check itself


class Example:
    """A thing."""

    def act(self) -> None:
        """Acts at once; waits for nobody, see a, b, ... and so on. Never fails."""

    def rest(self) -> None: ...


def test_a_sentence_ends_at_a_full_stop_or_a_semicolon() -> None:
    assert list(sentences_of(inspect.getsource(Example))) == [
        ("", ""),
        ("Example", "A thing."),
        ("Example.act", "Acts at once;"),
        ("Example.act", "waits for nobody, see a, b, ... and so on."),
        ("Example.act", "Never fails."),
        ("Example.rest", ""),
    ]


def test_a_proof_quotes_by_the_name_of_what_it_proves() -> None:
    @proves(Example.act, "Acts at once;", "Never fails.")
    @proves(Example, "A thing.")
    def proof() -> None: ...

    assert set(quotes_of(proof)) == {
        ("Example", "A thing."),
        ("Example.act", "Acts at once;"),
        ("Example.act", "Never fails."),
    }
