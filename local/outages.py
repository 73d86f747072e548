"""Makes the local cloud fail as an incident says, and heals it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from local.cloud import LocalCloud
from local.fakes.mns import Fault as MnsFault
from local.fakes.status import Fault as StatusFault
from local.stores import SOME


class Outages:
    """Follows what should be failing. Each kind fails mostly one way, and some calls another."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self._failing: frozenset[str] = frozenset()
        self._calls = 0

    def follow(self, failing: frozenset[str]) -> None:
        """Starts and ends outages so that exactly these run."""
        changes: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
            "status-api": (self._break_api, self._cloud.api.heal),
            "mns": (self._break_mns, self._cloud.mns.heal),
            "store": (self._cloud.store.fail, self._cloud.store.heal),
        }
        for what, (begin, end) in changes.items():
            if (what in failing) != (what in self._failing):
                (begin if what in failing else end)()
        self._failing = failing

    def _break_api(self) -> None:
        """As on 2023-11-12: the key is not found; some calls meet 503, and one a server that never answers."""
        fail = self._cloud.api.fail
        fail(StatusFault.HANG, times=1)
        fail(StatusFault.SERVICE_UNAVAILABLE, times=None, when=self._seldom)
        fail(StatusFault.ACCESS_KEY_NOT_FOUND, times=None)

    def _break_mns(self) -> None:
        """The key is refused; some calls meet 500 or a closed connection. What subscribers read goes on."""
        publishing = lambda call: call.action == "PublishMessage"  # noqa: E731
        fail = self._cloud.mns.fail
        fail(MnsFault.CLOSE_BEFORE, times=2, when=publishing)
        fail(MnsFault.INTERNAL_ERROR, times=2, when=publishing)
        fail(MnsFault.INVALID_ACCESS_KEY_ID, times=None, when=publishing)

    def _seldom(self, _: object) -> bool:
        self._calls += 1
        return self._calls % SOME == 0


def names(failing: Iterable[str]) -> str:
    return ", ".join(sorted(failing))
