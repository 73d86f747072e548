"""What the page is looked at with: quiet, in trouble, and when everything fails."""

from __future__ import annotations

from datetime import timedelta

from shd_relay import catalogue
from shd_relay.model import Pair, Update
from tests.web_world import HK, NOW, SG, START, House, event, hong_kong

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> \u202eevil"


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
