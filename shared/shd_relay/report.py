"""What one poll says of itself: one structured log line, and what the poll function returns."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from shd_relay.model import FailedRead, Pair

REASONS = 5  # how many different reasons of failed reads are named


class Report(msgspec.Struct, kw_only=True):
    """How one poll went; filled as it goes.

    `state`: done | busy (another poller holds the lease) | overtaken (another committed first) | store-unavailable |
    store-refused | refused (the payload) | failed (a mistake of ours). `source`: fresh | stale | blind after this poll,
    None where this poll cannot tell. `polled`: pairs that were read whole; `partial` (some item could not be read),
    `failed`, `unread` (budget spent): the others. `operations`: answers | fails | refused, by name; `notes`: what
    turned with them, said once. `unknown`: items of products or regions that the catalogue does not have;
    `unwatched`: of others that are not on the watch list. `pending`: committed and not yet accepted by the topic;
    `stopped`: why the relay did not come to the end. `reasons`: why reads failed, and how often. `backfill`: how far
    it came.
    """

    poll: str
    state: str = "done"
    source: str | None = None
    polled: int = 0
    failed: int = 0
    partial: int = 0
    unread: int = 0
    unknown: int = 0
    unwatched: int = 0
    changes: int = 0
    published: int = 0
    parked: int = 0
    pending: int = 0
    seq: int = 0
    duration_seconds: float = 0.0
    stopped: str | None = None
    error: str | None = None
    operations: dict[str, str] = {}
    notes: list[str] = []
    reasons: dict[str, int] = {}
    backfill: dict[str, Any] | None = None

    def note(self, outcome: FailedRead) -> None:
        """Counts why a read failed; only the first few different reasons are named."""
        named = outcome.reason.startswith(outcome.code)
        reason = outcome.reason if named else f"{outcome.code}: {outcome.reason}"
        if reason in self.reasons or len(self.reasons) < REASONS:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def count(
        self, watched: Collection[Pair], tried: Collection[Pair], good: Collection[Pair], partial: Collection[Pair]
    ) -> None:
        """What became of the pairs, each counted once."""
        answered = set(good) | set(partial)
        self.polled, self.partial = len(answered) - len(partial), len(partial)
        self.failed = len(set(tried) - answered)
        self.unread = len(set(watched) - set(tried) - answered)

    def as_json(self) -> dict[str, Any]:
        return msgspec.to_builtins(self)  # type: ignore[no-any-return]
