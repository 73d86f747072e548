"""The OpenAPI document: valid, whole, and true of what is answered."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from shd_relay import __version__
from shd_relay.plans import REPORTS
from shd_relay.web import openapi
from shd_relay.web.routes import Route
from shd_relay.web.table import GROUPS, ROUTES
from tests.clients import environments
from tests.fuzz.world import fuzzed
from tests.web_world import House, unpacked

ROOT = Path(__file__).parents[2]
METHODS = {"get", "head", "options", "post"}

VALIDATE = """
import json, sys
from openapi_spec_validator import OpenAPIV31SpecValidator
found = OpenAPIV31SpecValidator(json.load(sys.stdin)).iter_errors()
print(json.dumps([f"{error.json_path}: {error.message[:200]}" for error in found]))
"""


def document(house: House) -> dict[str, Any]:
    response = house.get("/openapi.json", None)
    assert response.status == 200, response.body
    return dict(json.loads(response.body))


DOCUMENT = document(House())
JSON_ROUTES = [route for route in ROUTES if route.schema]


def named(route: Route) -> str:
    return f"{route.template}{route.when}"


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        yield from ((path, method, item[method]) for method in METHODS & set(item))


def test_the_document_is_valid_for_an_independent_validator() -> None:
    python = environments.python("openapi-spec-validator", ["openapi-spec-validator==0.9.0"])
    done = subprocess.run(
        [python, "-c", VALIDATE], input=json.dumps(DOCUMENT), capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == []
    broken = DOCUMENT | {"paths": {"/": {"get": {"responses": {"200": {}}}}}}
    done = subprocess.run(
        [python, "-c", VALIDATE], input=json.dumps(broken), capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) != []


def test_every_address_and_method_of_the_table_is_in_it_and_no_other() -> None:
    expected = set()
    for route in ROUTES:
        paths = (route.template, f"/f/{{token}}{route.template}") if route.feed else (route.template,)
        expected |= {(path, method.lower()) for path in paths for method in (*route.methods, "OPTIONS")}
    assert {(path, method) for path, method, _ in operations()} == expected
    assert sorted(route.template for group in GROUPS.values() for route in group) == sorted(
        route.template for route in ROUTES
    )


def test_every_operation_has_a_name_of_its_own_and_says_what_it_is() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(ids) == len(set(ids))
    assert all(id_.isalnum() for id_ in ids)
    for _, _, operation in operations():
        assert operation["summary"]
        assert set(operation["tags"]) <= set(GROUPS)


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_every_parameter_of_a_route_is_in_its_operation(route: Route) -> None:
    for method in route.methods:
        names = {each.get("name") for each in DOCUMENT["paths"][route.template][method.lower()]["parameters"]}
        assert {param.name for param in route.params} <= names


def test_what_asks_for_a_token_says_which_scope_and_how_to_send_it() -> None:
    for path, method, operation in operations():
        route = next(route for route in reversed(ROUTES) if route.template == path.removeprefix("/f/{token}"))
        open_to_all = route.scope is None or method == "options" or path.startswith("/f/")
        expected = [] if open_to_all else [{"bearer": [route.scope]}, {"basic": [route.scope]}]
        assert operation["security"] == expected, path


def test_in_public_what_needs_the_scope_read_may_be_asked_by_nobody_but_who_asks_may_not() -> None:
    paths = document(House(public=True))["paths"]

    assert paths["/v1/status"]["get"]["security"][0] == {}
    assert House(public=True).get("/v1/status", None).status == 200
    assert {} not in paths["/v1/me"]["get"]["security"] + paths["/metrics"]["get"]["security"]
    assert House(public=True).get("/v1/me", None).status == 401


def test_the_document_stands_under_the_public_address_and_names_the_version() -> None:
    assert document(House(public_url="https://x.example"))["servers"] == [{"url": "https://x.example"}]
    assert DOCUMENT["servers"] == [{"url": "/"}]
    assert DOCUMENT["info"]["version"] == __version__


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "application/vnd.oai.openapi+json, */*;q=0.1"])
def test_the_document_is_served_as_openapi_to_whoever_takes_json(accept: str) -> None:
    response = House().get("/openapi.json", None, accept=accept)

    assert (response.status, response.header("content-type")) == (200, openapi.MEDIA)
    assert House().get("/openapi.json", None, if_none_match=response.header("etag")).status == 304


def _validator(name: str, *, closed: bool) -> Draft202012Validator:
    parts = DOCUMENT["components"]["schemas"]
    parts = {part: _closed(schema) for part, schema in parts.items()} if closed else parts
    schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": parts}}
    return Draft202012Validator(schema, format_checker=FormatChecker())


def _closed(schema: Any) -> Any:
    """The schema that takes no property which it does not name; conditions are left as they are."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: value if name in {"if", "then", "else"} else _closed(value) for name, value in schema.items()}
    own = schema.get("properties")
    shut = isinstance(own, dict) and "additionalProperties" not in schema and schema.get("type") == "object"
    return closed | ({"additionalProperties": False} if shut else {})


def faults(name: str, value: Any) -> list[str]:
    found = _validator(name, closed=True).iter_errors(value)
    return [f"{error.json_path}: {error.message[:200]}" for error in found]


def _targets(route: Route) -> list[str]:
    if route.when:
        return ["/?Action=ListEvents&ProductId=ecs&RegionId=cn-hongkong"]
    if route.template == "/v1/list-events":
        return [f"{route.template}?productId=oss&regionId=ap-southeast-1"]
    if route.template == "/v1/events/{id}":
        return [f"/v1/events/{id_}" for id_ in ("hk-ecs", "history", "feed", "drill-open", "maintenance-cancelled")]
    if "{name}" in route.template:
        return [f"{route.template.replace('{name}', name)}?from=2022-12-01&to=2022-12-18" for name in REPORTS]
    return [route.template.replace("{id}", "hk-ecs")]


@pytest.mark.parametrize("route", JSON_ROUTES, ids=named)
def test_every_field_of_every_answer_is_documented_and_fits(route: Route) -> None:
    house = fuzzed()
    for target in _targets(route):
        response = house.get(target)
        assert response.status == 200, response.body
        assert faults(route.schema, json.loads(unpacked(response))) == []


@pytest.mark.parametrize("route", JSON_ROUTES, ids=named)
def test_the_example_of_an_answer_fits_its_schema(route: Route) -> None:
    method = "post" if route.when else "get"
    response = DOCUMENT["paths"][route.template][method]["responses"]["200"]
    example = response["content"][route.media]["examples"]["answer"]

    assert example["summary"].startswith("GET /")
    assert faults(route.schema, example["value"]) == []


@pytest.mark.parametrize(
    ("target", "who", "schema", "status"),
    [("/v1/status?limit=1", "acme", "Problem", 400), ("/v1/status", None, "Problem", 401),
     ("/v1/status", "old", "Problem", 403), ("/v1/events/nosuch", "acme", "Problem", 404),
     ("/v1/list-events", "acme", "ShdError", 400), ("/?Action=Other", "acme", "ShdError", 404)],
)  # fmt: skip
def test_every_field_of_a_refusal_is_documented(target: str, who: str | None, schema: str, status: int) -> None:
    response = fuzzed().get(target, who)

    assert response.status == status
    assert faults(schema, json.loads(response.body)) == []


def test_a_field_that_is_not_documented_is_found() -> None:
    body = json.loads(House().get("/v1/plans").body)
    assert faults("Plans", body) == []
    assert faults("Plans", body | {"plans": [body["plans"][0] | {"price": 1}]}) != []
    assert faults("Events", {"events": [{"id": "x"}], "next": None}) != []


def test_no_other_address_loads_what_makes_the_document() -> None:
    code = """
import sys
from tests.fuzz.world import fuzzed
for target in ("/v1/status", "/v1/events", "/healthz", "/nosuch"):
    fuzzed().get(target)
assert not [name for name in sys.modules if "openapi" in name]
fuzzed().get("/openapi.json")
assert [name for name in sys.modules if "openapi" in name]
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={"PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}"},
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert (done.returncode, done.stderr.strip()) == (0, "")
