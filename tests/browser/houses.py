"""What the page is looked at with: quiet, in trouble, and when everything fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from msgspec import structs

from shd_relay import catalogue
from shd_relay.model import Pair, Update
from shd_relay.ticket_severity import Important
from shd_relay.web.http import Request, Response
from shd_relay.web.wsgi import application
from tests.web_tickets import record, ticket, with_partner
from tests.web_world import HK, NOW, SG, START, TOKENS, House, event, hong_kong

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> \u202eevil"

UNDER = f"f/{TOKENS['feeds']}/"
"""Where a browser sees what the partner `feeds` does."""


def troubled() -> House:
    """An outage, a hostile notice, something planned and something that is over."""
    house = House(public=True)
    house.tell(*hong_kong())
    house.tell(
        event("hostile", product="rds", region=SG, kind="notice", severity="NOTIFICATION", title=HOSTILE,
              updates=(Update(at=START, text="</li></ul><script>document.title='owned'</script>"),)),
        event("plan", product="oss", region=SG, kind="maintenance", state="scheduled", title="Network cut-over",
              severity="NOTIFICATION", start=NOW + timedelta(days=2), end=NOW + timedelta(days=2, hours=3)),
        event("over", product="ecs", region=SG, state="resolved", severity="NORMAL", title="Login failures (recovered)",
              start=NOW - timedelta(days=1), end=NOW - timedelta(hours=20)),
    )  # fmt: skip
    return house


def supported() -> House:
    """The same with what `feeds` sees of its plan: its end, used tickets, and one for each state that a ticket has."""
    important = Important(business_critical=frozenset({"ecs"}), production=frozenset({"oss"}), key=frozenset({"rds"}))
    house = with_partner(troubled(), "feeds", plan="selected", valid_until=date(2022, 12, 30), important=important)
    house.tell(event("m", product="oss", region=SG, kind="maintenance", state="open", title="Work"))
    used = (ticket(f"t{n}", event=None, responded_at=START, closed_at=START) for n in range(10))
    record(
        house, *used, ticket("0001", event="hk-ecs", opened_at=NOW - timedelta(minutes=8), subject=HOSTILE),
        ticket("0002", event="over", severity="low", subject=HOSTILE), ticket("0003", event="hostile", closed_at=NOW),
        who="feeds",
    )  # fmt: skip
    return house


def quiet() -> House:
    """The whole watch list, all well; something is over, and something was not seen."""
    house = _whole()
    house.tell(event("over", state="resolved", start=NOW - timedelta(days=9), end=NOW - timedelta(days=8)))
    return house


def outage() -> House:
    """The whole watch list, trouble in one region."""
    house = _whole()
    products = ("ecs", "oss", "rds", "nas", "slb", "vpc", "polardb", "redisa")
    house.tell(*(event(f"hk-{product}", product=product, region=HK) for product in products))
    return house


def all_down() -> House:
    """The whole watch list fails, as on 2023-11-12."""
    house = _whole()
    pairs = enumerate(house.site.pairs)
    house.tell(*(event(f"all-{n}", product=product, region=region) for n, (product, region) in pairs))
    return house


def _whole() -> House:
    house, shipped = House(public=True), catalogue.shipped()
    house.with_site(pairs=tuple(Pair(product, region) for product in shipped.products for region in shipped.regions))
    house.read_at(NOW - timedelta(seconds=42))
    return house


class Doorway:
    """In front of a house, whatever its service is just now. While `open` is not set, what scripts ask for is taken
    and never answered; `knocks` counts it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.open = threading.Event()
        self.open.set()
        self.knocks = 0

    def service(self, request: Request) -> Response:
        if request.header("sec-fetch-dest") == "empty":
            self.knocks += 1
            self.open.wait()
        return self.house.service(self.seen(request))

    def seen(self, request: Request) -> Request:
        """What the house gets to see of it."""
        return request


class Dull(Doorway):
    """Does not know scripts from people, as where the browser does not say: it asks both for a password."""

    def seen(self, request: Request) -> Request:
        headers = {name: value for name, value in request.headers.items() if not name.startswith("sec-fetch")}
        return structs.replace(request, headers=headers)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True  # a browser keeps connections open on which it never asks


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's word
        pass


@contextmanager
def behind(door: Doorway) -> Iterator[str]:
    """The door on a socket of a server with a thread for each request; gives host, port and slash."""
    with make_server("127.0.0.1", 0, application(door.service), _Server, _Silent) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}/"
        finally:
            door.open.set()
            server.shutdown()
            thread.join()
