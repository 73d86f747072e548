"""Shapes that settings and config have in common. Each check raises ValueError with what is wrong, without the name of
the place and without repeating anything that may hold a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

MAX_PAIRS = 20_000  # one shard serves several thousand pairs; far more is a slip, not a plan

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_URL = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?P<rest>.*)", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~%!$&'()*+,;=:@-]+)*")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Url(NamedTuple):
    """An absolute http(s) URL in its plain form: lower case, no default port, no trailing slash."""

    scheme: str
    host: str
    port: int | None
    path: str

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}" + (f":{self.port}" if self.port is not None else "")

    def __str__(self) -> str:
        return self.origin + self.path


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be; None if none is near."""
    from difflib import get_close_matches  # only a mistake needs it

    originals = {name.lower(): name for name in sorted(known)}
    found = get_close_matches(word.lower(), originals, n=1, cutoff=0.6)
    return originals[found[0]] if found else None


def hint(word: str, known: Iterable[str]) -> str:
    """`, did you mean X?`, or the whole choice when nothing is near."""
    names = tuple(known)
    near = nearest(word, names)
    return f", did you mean {near}?" if near else f"; known here: {', '.join(names)}"


def shown(text: str) -> str:
    """A short value as it is, a longer one by its length: keys, secrets and tokens are longer than 20 characters."""
    return repr(text) if len(text) <= 20 and text.isprintable() else f"{len(text)} characters long"


def check_id(text: str) -> str:
    """A product, region or partner id by its shape: no list of ids is ever complete."""
    if not _ID.fullmatch(text):
        raise ValueError(f"must be 1 to 64 letters, digits, '-', '_' or '.', is {shown(text)}")
    return text


def repeated(ids: Sequence[str]) -> list[int]:
    """The places of ids that stand earlier in the list; upper and lower case are the same to SHD."""
    seen: set[str] = set()
    places = []
    for place, text in enumerate(ids):
        if text.lower() in seen:
            places.append(place)
        seen.add(text.lower())
    return places


def check_size(products: int, regions: int, without_region: int = 0) -> None:
    """`without_region`: how many of the products are read once more, where services without a region are."""
    if products * regions + without_region > MAX_PAIRS:
        more = f", and {without_region} of them without a region," if without_region else ""
        asked = f"{products} products x {regions} regions{more}"
        raise ValueError(f"{asked} are more than {MAX_PAIRS:,} pairs, more than one relay reads")


def parse_url(text: str) -> Url:
    """An http or https URL without user name, query and fragment."""
    match = _URL.fullmatch(text)
    if not match or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must be a URL that begins with https:// or http://")
    if "@" in match["authority"]:
        raise ValueError("must not carry a user name or password")
    if match["rest"]:
        raise ValueError("must not have a query or a fragment")
    path = match["path"].removesuffix("/")
    if not _PATH.fullmatch(path):
        raise ValueError("has a path that is not one of a URL")
    host, port = _parse_authority(match["authority"])
    scheme = match["scheme"].lower()
    return Url(scheme, host, None if port == _DEFAULT_PORTS[scheme] else port, path)


def _parse_authority(text: str) -> tuple[str, int | None]:
    match = _AUTHORITY.fullmatch(text)
    if not match or not _is_host(match["host"]):
        raise ValueError("must name a host, and a port if any, as in https://host:port")
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 1 <= port <= 65535:
        raise ValueError("must have a port from 1 to 65535")
    return match["host"].lower(), port


def _is_host(host: str) -> bool:
    if host.startswith("["):
        return _address(host) is not None
    return len(host) <= 253 and all(_LABEL.fullmatch(label) for label in host.split("."))


def _address(host: str) -> str | None:
    from ipaddress import ip_address

    try:
        return str(ip_address(host.strip("[]")))
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """127.0.0.0/8, [::1] and localhost: what cannot leave this machine."""
    if host == "localhost":
        return True
    address = _address(host)
    return address is not None and (address == "::1" or (":" not in address and address.startswith("127.")))


def check_base_url(text: str) -> Url:
    """A URL that travels: https, or plain http for a loopback host only."""
    url = parse_url(text)
    if url.scheme == "http" and not is_loopback(url.host):
        raise ValueError("must be https: plain http is accepted for a loopback host only")
    return url


def check_endpoint(text: str) -> str:
    """`scheme://host[:port]` of a service that we call."""
    url = check_base_url(text)
    if url.path:
        raise ValueError("must end with the host or port: an endpoint has no path")
    return url.origin


def check_origin(text: str) -> str:
    """`scheme://host[:port]` of a web page, as a browser spells it in its Origin header."""
    url = parse_url(text)
    if url.path or text.endswith("/"):
        raise ValueError("must be scheme://host[:port], without a path or a slash at its end")
    return url.origin
