"""What the gateway remembers of earlier calls."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

SKEW = timedelta(minutes=15)


@dataclass
class Memory:
    """Nonces of the last 15 minutes and the moments of the last second's calls. Safe for threads.

    A call is judged where it takes its turn: one whose time is behind another's that came before it counts as of then.
    """

    _nonces: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _order: deque[tuple[str, str]] = field(default_factory=deque)
    _accepted: deque[datetime] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def is_new(self, key_id: str, nonce: str, now: datetime) -> bool:
        """Records the nonce; False when the key used it within 15 minutes."""
        with self._lock:
            while self._order and now - self._nonces[self._order[0]] > SKEW:
                del self._nonces[self._order.popleft()]
            if (key_id, nonce) in self._nonces:
                return False
            self._nonces[key_id, nonce] = now
            self._order.append((key_id, nonce))
            return True

    def has_room(self, now: datetime, calls_per_second: int) -> bool:
        """Counts the call and returns True, unless so many were counted within the last second."""
        with self._lock:
            now = max(now, self._accepted[-1]) if self._accepted else now
            while self._accepted and now - self._accepted[0] >= timedelta(seconds=1):
                self._accepted.popleft()
            if len(self._accepted) >= calls_per_second:
                return False
            self._accepted.append(now)
            return True
