"""What one poll says of itself: one structured log line, and what the poll function returns."""

from __future__ import annotations

from typing import Any

import msgspec

REASONS = 5  # how many different reasons of failed reads are named


class Report(msgspec.Struct, kw_only=True):
    """How one poll went; filled as it goes.

    `state`: done | busy (another poller holds the lease) | overtaken (another committed first) | store-unavailable |
    store-refused | refused (the payload) | failed (a mistake of ours). `source`: fresh | stale | blind after this poll,
    None where this poll cannot tell. `polled`: complete answers;
    `failed`, `partial` (some item could not be read), `unread` (budget spent): the other pairs. `pending`: committed
    and not yet accepted by the topic; `stopped`: why the relay did not come to the end. `reasons`: why reads failed.
    """

    poll: str
    state: str = "done"
    source: str | None = None
    polled: int = 0
    failed: int = 0
    partial: int = 0
    unread: int = 0
    changes: int = 0
    published: int = 0
    parked: int = 0
    pending: int = 0
    seq: int = 0
    duration_seconds: float = 0.0
    stopped: str | None = None
    error: str | None = None
    reasons: dict[str, int] = {}

    def note(self, reason: str) -> None:
        """Counts a failed read; only the first few different reasons are named."""
        self.failed += 1
        if reason in self.reasons or len(self.reasons) < REASONS:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def as_json(self) -> dict[str, Any]:
        return msgspec.to_builtins(self)  # type: ignore[no-any-return]
