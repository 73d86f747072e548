"""The whole surface against its own description, by a program that knows nothing of us."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from shd_relay.errors import RequestError
from shd_relay.web import problem
from shd_relay.web.http import Request, Response
from tests.fuzz import runner
from tests.fuzz.world import fuzzed, paths_of
from tests.web_world import served


def test_every_operation_answers_as_the_document_says() -> None:
    house = fuzzed()
    with served(house) as port:
        outcome = runner.run(port, "--max-examples=3", "--generation-deterministic")

    assert outcome.clean, outcome.told
    everything = sum(map(len, paths_of(house).values()))
    assert outcome.operations == everything - 1  # it does not ask for the very document that it was given
    assert outcome.cases > 10 * outcome.operations


def test_while_the_store_is_away_every_operation_still_answers_as_the_document_says() -> None:
    house = fuzzed()
    house.store.broken = True
    with served(house) as port:
        # 503 is what must come, and with it nothing wrong in a request is told.
        options = ("--exclude-checks=not_a_server_error", "--phases=coverage", "--generation-deterministic")
        outcome = runner.run(port, *options)

    assert outcome.clean, outcome.told
    assert house.get("/v1/status").status == 503


Sound = Callable[[Request], Response]


def _refused(request: Request, status: int) -> Response:
    return problem.render(request, RequestError(status, "a fault of the test"))


def _with(answer: Response, name: str, value: str | None) -> Response:
    kept = tuple(pair for pair in answer.headers if pair[0] != name)
    return structs.replace(answer, headers=kept if value is None else (*kept, (name, value)))


def _without_next(answer: Response) -> Response:
    return structs.replace(_with(answer, "Content-Encoding", None), body=b'{"events":[]}')


FAULTS: dict[str, tuple[str, Callable[[Sound, Request], Response]]] = {
    "/v1/me": ("Server error", lambda _, request: _refused(request, 500)),
    "/v1/plans": ("Undocumented status code", lambda _, request: _refused(request, 410)),
    "/v1/events": ("Response violates schema", lambda sound, request: _without_next(sound(request))),
    "/feed.atom": ("Undocumented Content-Type", lambda sound, request: _with(sound(request), "Content-Type", "a/b")),
    "/healthz": ("Missing required response headers", lambda sound, request: _with(sound(request), "Vary", None)),
    "/metrics": (
        "API accepts requests without authentication",
        lambda sound, request: structs.replace(sound(request), status=200),
    ),
    "/v1/status": ("Schema-valid request rejected", lambda sound, request: sound(_asking(request, "nosuch", "x"))),
    "/v1/changes": ("Schema-violating request accepted", lambda sound, request: sound(_asking(request, "limit", "1"))),
}


def _asking(request: Request, name: str, value: str) -> Request:
    return structs.replace(request, query=((name, value),))


def test_the_fuzzer_finds_each_kind_of_fault_that_is_put_there_for_it() -> None:
    house = fuzzed()
    sound = house.service

    def faulty(request: Request) -> Response:
        return FAULTS[request.path][1](sound, request) if request.path in FAULTS else sound(request)

    house.service = faulty  # type: ignore[assignment]
    with served(house) as port:
        chosen = [f"--include-name=GET {path}" for path in FAULTS]
        outcome = runner.run(port, "--max-examples=2", "--phases=coverage", "--generation-deterministic", *chosen)

    found = {path: outcome.told.partition(f" GET {path} ")[2].partition("\n____")[0] for path in FAULTS}
    assert not outcome.clean
    assert [path for path, (fault, _) in FAULTS.items() if fault not in found[path]] == [], outcome.told
