"""The documents against the code: what a reader looks up must be there, and be so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

from local import api_page
from shd_relay import cursor, detect, feed, freshness, ledger, message, plans, settings, severity, ticket_severity
from shd_relay.adapters import credentials
from shd_relay.feed import TURNS
from shd_relay.model import Change, Entry, HealthEvent, Item, Kind, Position, State, Verb
from shd_relay.report import Report
from shd_relay.ticket_severity import Important, suggest
from shd_relay.transitions import TABLE
from shd_relay.web.answer import PATH_CHARACTERS, QUERY_CHARACTERS
from shd_relay.web.params import LIMIT_DEFAULT, LIMIT_MAX
from shd_relay.web.routes import Route
from shd_relay.web.table import ROUTES
from tests.web_world import event as shown
from tests.world import ECS, minutes

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SCHEMA = ROOT / "shared" / "shd_relay" / "schemas" / "change.v1.json"
PAGES = sorted(path for path in (*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md") if path.exists())
RECORDS = sorted((DOCS / "decisions").glob("*.md"))
IDS = [str(path.relative_to(ROOT)) for path in PAGES]


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its level or above."""
    level = heading.partition(" ")[0]
    found = re.search(rf"^{re.escape(heading)}$(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no heading {heading!r}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of every table row but heads and rules."""
    lines = text.splitlines()
    kept = [line for n, line in enumerate(lines) if line.startswith("|") and not _is_head(lines, n)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in kept]


def _is_head(lines: list[str], n: int) -> bool:
    following = lines[n + 1] if n + 1 < len(lines) else ""
    return any(re.fullmatch(r"\|[-| :]+\|", line) for line in (lines[n], following))


def named(text: str) -> list[str]:
    """The code words in the first cells of a text's tables."""
    return [word for row in rows(text) for word in re.findall(r"`([^`]+)`", row[0])]


def marked(text: str, name: str) -> str:
    found = re.search(rf"<!-- {name}: [^>]*-->\n(.*?)<!-- end of {name} -->", text, re.DOTALL)
    assert found, f"no block {name}"
    return found[1].strip()


# docs/message.md


def _verbs(verbs: tuple[Verb, ...]) -> str:
    return ", then ".join(f"`{verb}`" for verb in verbs) or "–"


def transition_table() -> str:
    lines = ["| before | seen | incident, notice | maintenance | after |", "|---|---|---|---|---|"]
    for row in TABLE:
        cells = (row.before, row.phase, _verbs(row.verbs), _verbs(row.maintenance), row.after)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def turns_table() -> str:
    lines = ["| the source turns | change | state of `feed` |", "|---|---|---|"]
    lines += [f"| {source} | `{verb}` | {state} |" for source, (verb, state) in TURNS.items()]
    return "\n".join(lines)


def test_the_transition_table_is_the_codes() -> None:
    assert marked(page("message.md"), "transitions") == transition_table()


def test_the_turns_of_the_feed_are_the_codes() -> None:
    assert marked(page("message.md"), "turns") == turns_table()


def _paths(value: Any, path: str = "") -> Iterator[str]:
    """Every field of a message, by its path; the inside of `previous` and `counts` are words of their own."""
    for name, inner in value.items():
        here = f"{path}{name}"
        yield here
        if isinstance(inner, dict) and name != "previous":
            yield from _paths(inner, f"{here}.")


def _message(event_id: str) -> dict[str, Any]:
    of_feed = event_id == "feed"
    event = HealthEvent(
        id=event_id, revision=1, kind="feed" if of_feed else "incident", product=ECS.product, region=ECS.region,
        title="很" * 50_000, state="open", since=minutes(0), changed_at=minutes(0),
    )  # fmt: skip
    change = Change(verb="opened", event=event, observed_at=minutes(0), counts={"pairs": 1, "stale": 1})
    entry = Entry(id="e", at=minutes(0), token=1, changes=(change,))
    return dict(json.loads(message.of(change, entry, Position(1, 1), None).body))


def test_every_field_of_a_message_is_documented_and_no_other() -> None:
    made = {path for event_id in ("evt_a", "feed") for path in _paths(_message(event_id))}
    table = section(page("message.md"), "## Fields").partition("\n### ")[0]
    documented = [row[0].strip("`") for row in rows(table)]
    assert sorted(documented) == sorted(made)


def test_every_word_of_a_message_is_documented() -> None:
    text = page("message.md")
    assert set(named(section(text, "### Kinds"))) == set(get_args(Kind))
    assert set(named(section(text, "### States"))) == set(get_args(State))
    assert set(named(section(text, "### Changes"))) == {verb for verb in get_args(Verb) if verb != "recorded"}


def test_the_numbers_of_the_message_page_are_the_codes() -> None:
    text = page("message.md")
    assert f"{message.BODY_BYTES:,} bytes" in text
    assert f"at most {feed.PAIRS_NAMED} " in text
    assert (detect.GONE_READS, detect.GONE_AFTER.total_seconds()) == (3, 600)
    assert "three such reads in a row, over at least ten minutes" in " ".join(text.split())
    assert detect.NEWS_MARGIN.total_seconds() == 3600
    assert "less one hour" in text


def test_every_word_that_makes_a_maintenance_does_so() -> None:
    paragraphs = page("message.md").split("\n\n")
    words = re.findall(r"`([^`]+)`", next(p for p in paragraphs if p.startswith("Words that speak of planned work")))
    kinds = {word: severity.kind_of(Item(title=f"x {word} x", severity="NOTIFICATION"), minutes(0)) for word in words}
    assert len(words) > 10
    assert {word for word, kind in kinds.items() if kind != "maintenance"} == set()


def test_the_example_message_is_one() -> None:
    body = json.loads(re.findall(r"```json\n(.*?)```", section(page("message.md"), "## Example"), re.DOTALL)[0])
    validator = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [error.message for error in validator.iter_errors(body)] == []
    event = body["data"]["event"]
    assert body["id"] == f"{event['id']}.{event['revision']}"
    assert body["sequence"] == f"{event['revision']:010d}"
    assert body["type"] == f"com.aliyun.shd.{event['kind']}.{body['data']['change']}.v1"
    assert set(body["data"]["previous"]) == set(body["data"]["changed"])
    assert cursor.decode(body["cursor"]) > (0, 0)
    assert set(_paths(body)) == set(_paths(_message("evt_a"))) - {"data.truncated"}


# docs/operations.md

_ENVIRONMENT = "## Environment"


def _variables() -> list[list[str]]:
    return rows(section(page("operations.md"), _ENVIRONMENT))


def test_every_variable_has_one_row_and_no_row_names_an_unknown_one() -> None:
    documented = [word for row in _variables() for word in re.findall(r"`([A-Z][A-Z0-9_]+)`", row[0])]
    assert sorted(documented) == sorted({*settings.VARIABLES, *credentials.CLOUD, "FC_FUNCTION_NAME"})


def test_the_documented_defaults_are_the_codes() -> None:
    documented = {
        names[0]: default[0]
        for row in _variables()
        if (names := re.findall(r"`([A-Z_]+)`", row[0])) and (default := re.findall(r"^`([^`]+)`$", row[1]))
    }
    assert len(documented) >= 9
    least = {"MNS_ENDPOINT": "https://1.mns.cn-hangzhou.aliyuncs.com"}
    said = settings.load(documented | least, function="poll", base=Path("here"))
    assert said == settings.load(least, function="poll", base=Path("here"))


def test_the_bounds_of_freshness_are_the_codes() -> None:
    text = " ".join(section(page("operations.md"), "## Stale and blind").split())
    assert (freshness.INTERVALS, freshness.POLLS_WITHOUT_ANSWER) == (3, 2)
    assert "two polls in a row without one complete answer" in text
    assert "no poll came to its end for three intervals" in text
    assert "older than three intervals" in text


def test_every_variable_of_the_deployment_has_a_row() -> None:
    used = set(re.findall(r"\$\{env\('(\w+)'", (ROOT / "s.yaml").read_text(encoding="utf-8")))
    documented = {*named(section(page("operations.md"), _ENVIRONMENT))}
    documented |= {*named(section(page("operations.md"), "## Deployment variables"))}
    assert used - documented == set()


def test_every_field_of_the_report_is_documented_and_no_other() -> None:
    documented = named(section(page("operations.md"), "### Fields of the report"))
    assert documented == list(Report.__struct_fields__)


def test_every_state_of_a_poll_is_documented_and_no_other() -> None:
    states = " ".join((Report.__doc__ or "").split()).partition("`state`: ")[2].partition(". `source`")[0]
    known = {part.split(" ")[0] for part in states.split(" | ")}
    assert len(known) > 4
    assert set(named(section(page("operations.md"), "### States of a poll"))) == known


# docs/api.md


def test_the_page_of_the_surface_is_what_make_docs_makes() -> None:
    assert page("api.md") == api_page.page_text(), "run `make docs`"


def test_the_examples_are_what_is_really_answered() -> None:
    assert api_page.EXAMPLES.read_text(encoding="utf-8") == api_page.examples_text(), "run `make docs`"


def _heading(route: Route) -> str:
    return f"### `POST {route.template}`" if route.when else f"### `GET, HEAD {route.template}`"


def test_every_route_has_its_section_and_no_section_is_of_another() -> None:
    headings = re.findall(r"^### .*$", page("api.md"), re.MULTILINE)
    assert sorted(headings) == sorted(map(_heading, ROUTES))


@pytest.mark.parametrize("route", ROUTES, ids=_heading)
def test_a_routes_section_names_its_scope_every_parameter_and_where_else_it_is(route: Route) -> None:
    text = section(page("api.md"), _heading(route))
    words = " ".join(text.split())
    named_in_path = re.findall(r"\{(\w+)\}", route.template)
    assert {param.name for param in route.params} | set(named_in_path) <= set(named(text.partition("Answer: ")[0]))
    assert f"Scope: {f'`{route.scope}`' if route.scope else 'none, no token is asked for'}" in words
    assert (f"Also under `/f/{{token}}{route.template}`." in words) == route.feed


def test_the_limits_of_a_page_are_the_codes() -> None:
    words = " ".join(page("api.md").split())
    assert f"1 to {LIMIT_MAX}, {LIMIT_DEFAULT} if absent" in words
    assert f"ended within {ledger.KEEP_ENDED.days} days" in words
    assert f"a path of over {PATH_CHARACTERS:,} or a query of over {QUERY_CHARACTERS:,} characters" in words


_CASES: tuple[dict[str, Any], ...] = (
    {"state": "resolved"}, {"kind": "maintenance"}, {"kind": "notice"}, {"severity": "ALARM"},
    {"severity": "NOTIFICATION"},
)  # fmt: skip


def test_the_rule_of_the_suggested_severity_is_the_codes_line_by_line() -> None:
    text = section(page("api.md"), "## What an event means under the plan")
    lists = (Important(business_critical=None), Important(production=None), Important(key=None), Important())
    found = [[suggest(shown(**case), each, 1).severity for each in lists] for case in _CASES]

    assert f"Rule {ticket_severity.RULE}." in text
    assert f"at least {ticket_severity.WIDE} pairs" in " ".join(text.split())
    assert [cells[1:] for cells in rows(text)] == found


# support.md


def test_the_plans_and_the_response_targets_are_the_codes() -> None:
    def number(count: int | None) -> str:
        return "as needed" if count is None else str(count)

    def span(within: timedelta) -> str:
        minutes = int(within.total_seconds()) // 60
        return f"{minutes} min" if minutes % 60 else f"{minutes // 60} h"

    found = rows(section(page("support.md"), "## Plans"))
    each = [
        [p.name, number(p.technical_tickets), "as needed", "three" if p.reports else "–"] for p in plans.PLANS.values()
    ]
    assert found[: len(each)] == each
    assert found[len(each) :] == [[str(t.number), t.name, t.when, span(t.within)] for t in plans.TARGETS.values()]


# all pages


def _slugs(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists() or (anchor and anchor not in _slugs(file.read_text(encoding="utf-8"))):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_every_test_and_module_that_a_page_names_exists(path: Path) -> None:
    names = re.findall(r"`((?:tests|shared|functions|local)/[\w./-]+)`", path.read_text(encoding="utf-8"))
    assert [name for name in names if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_every_single_test_that_a_page_names_exists(path: Path) -> None:
    code = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("*.py"))
    names = re.findall(r"`(test_\w+)`", path.read_text(encoding="utf-8"))
    assert [name for name in names if f"def {name}(" not in code] == []


def test_decision_records_are_numbered_without_gaps() -> None:
    assert [path.name[:5] for path in RECORDS] == [f"{n:04d}-" for n in range(1, len(RECORDS) + 1)]
    assert len(RECORDS) >= 7


@pytest.mark.parametrize("path", RECORDS, ids=[path.stem for path in RECORDS])
def test_a_decision_record_has_its_number_its_date_and_three_sections(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {path.name[:4]}. ")
    assert re.search(r"^Date: \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "What we gave up"]
    assert all(section(text, f"## {name}").strip() for name in ("Context", "Decision", "What we gave up"))
