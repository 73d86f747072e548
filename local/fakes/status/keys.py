"""AccessKeys that the gateway knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

LOCAL_KEY_ID = "LTAI-local-only"
LOCAL_KEY_SECRET = "local-only-secret"  # noqa: S105 - opens nothing but the stand-in


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One AccessKey. With a `token` it is a temporary (STS) one, good before `token_expires` (aware; None: for ever).

    `actions` are those that its RAM policy allows; None allows all.
    """

    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    token_expires: datetime | None = None
    active: bool = True
    actions: frozenset[str] | None = None


LOCAL_KEYS = {LOCAL_KEY_ID: Key(secret=LOCAL_KEY_SECRET)}
