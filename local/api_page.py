"""`make docs`: docs/api.md from the OpenAPI document, and the examples in that document from real answers.

    python -m local.api_page

The prose that is no operation's stands in api_page.md beside this.
"""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import Any

from local.api_examples import examples
from shd_relay.web import openapi

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "api.md"
EXAMPLES = ROOT / "shared" / "shd_relay" / "web" / "openapi_examples.json"
WIDTH = 116
MOST_LINES = 60
LANGUAGES = {"application/atom+xml": "xml", "text/calendar": "ics", "text/plain": "text"}


def main() -> None:
    EXAMPLES.write_text(examples_text(), encoding="utf-8")
    PAGE.write_text(page_text(), encoding="utf-8")


def examples_text() -> str:
    return json.dumps(examples(), indent=1, ensure_ascii=False) + "\n"


def page_text() -> str:
    """docs/api.md as it should be: of an installation that is not public and has no address yet."""
    document = openapi.build(None, public=False, examples=examples())
    template = Path(__file__).with_suffix(".md").read_text(encoding="utf-8")
    return re.sub(r"<!-- operations: (.+) -->", lambda mark: operations(document, mark[1]), template)


def operations(document: Json, tag: str) -> str:
    """The sections of the operations of a tag; what two tags share stands under the first."""
    shown: dict[str, str] = {}
    found = [
        section(document, path, method, shown)
        for path, item in document["paths"].items()
        for method in ("get", "post")
        if method in item and item[method]["tags"][0] == tag and not path.startswith("/f/")
    ]
    return "\n\n".join(found)


def section(document: Json, path: str, method: str, shown: dict[str, str]) -> str:
    """One section. `shown`: the schemas that an example was shown of, and where; this one's is added."""
    item = document["paths"][path]
    operation = item[method]
    address = f"{'GET, HEAD' if method == 'get' else method.upper()} {path}"
    parts = [
        f"### `{address}`",
        textwrap.fill(f"{operation['summary']} {operation['description']}", 120, break_on_hyphens=False),
        f"Also under `/f/{{token}}{path}`." if f"/f/{{token}}{path}" in document["paths"] and method == "get" else "",
        parameters([*item["parameters"], *operation["parameters"]]),
        answers(operation["responses"]),
        *example(operation["responses"]["200"], address, shown),
    ]
    return "\n\n".join(filter(None, parts))


def parameters(declared: list[Json]) -> str:
    """The table of what stands in the path and in the query."""
    rows = [f"| `{each['name']}` | {meaning(each)} |" for each in declared if each.get("in") in {"path", "query"}]
    return "\n".join(["| parameter | meaning |", "|---|---|", *rows]) if rows else ""


def meaning(parameter: Json) -> str:
    schema = parameter["schema"]
    words = schema.get("items", {}).get("enum", [])
    told = [parameter["description"]]
    if words:
        told.append(", ".join(f"`{word}`" for word in words) + ".")
    if "maximum" in schema:
        default = f", {schema['default']} if absent" if "default" in schema else ""
        told.append(f"{schema['minimum']} to {schema['maximum']:,}{default}.")
    if parameter.get("required") and parameter["in"] == "query":
        told.append("Required.")
    return " ".join(told)


def answers(responses: Json) -> str:
    media = ", ".join(f"`{name}`" for name in responses["200"]["content"])
    refused = ", ".join(sorted(status for status in responses if int(status) >= 400))
    return f"Answer: {media}. Refusals: {refused}."


def example(response: Json, address: str, shown: dict[str, str]) -> list[str]:
    """What was asked and what came; nothing of pages, and of documents that speak for themselves."""
    media, content = next(iter(response["content"].items()))
    if "examples" not in content:
        return []
    schema = content["schema"].get("$ref", address)
    if shown.setdefault(schema, address) != address:
        return [f"It has the shape of `{shown[schema]}`, above."]
    given = content["examples"]["answer"]
    body = given["value"] if isinstance(given["value"], str) else laid_out(given["value"])
    return [f"`{given['summary']}`", f"```{LANGUAGES.get(media, 'json')}\n{shortened(body)}\n```"]


def shortened(text: str) -> str:
    lines = text.replace("\r", "").rstrip().split("\n")
    return "\n".join(lines if len(lines) <= MOST_LINES else [*lines[:MOST_LINES], "..."])


def laid_out(value: Any, indent: int = 0) -> str:
    """JSON with whatever fits on a line on one line."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= WIDTH or not isinstance(value, (dict, list)):
        return flat
    pairs = value.items() if isinstance(value, dict) else ((None, each) for each in value)
    inside = " " * (indent + 1)
    parts = [
        inside + ("" if name is None else f"{json.dumps(name)}: ") + laid_out(each, indent + 1) for name, each in pairs
    ]
    opened, closed = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return f"{opened}\n" + ",\n".join(parts) + f"\n{' ' * indent}{closed}"


if __name__ == "__main__":
    main()
