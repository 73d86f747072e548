"""The time that the local cloud lives by: it stands still until it is moved."""

from __future__ import annotations

from datetime import datetime, timezone


class MovedClock:
    """Discrete time: `now()` is the moment that was set last."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment.astimezone(timezone.utc)

    def now(self) -> datetime:
        return self._moment

    def move(self, moment: datetime) -> None:
        """Moves on to `moment`; never back."""
        self._moment = max(self._moment, moment.astimezone(timezone.utc))
