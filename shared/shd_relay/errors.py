"""What can go wrong, as one tree. Each error answers two questions: whose fault is it, and does waiting help?

RelayError
  SettingsError            ours to mend: names the variable or the line of the config; all problems at once
  RequestError             the caller's fault; carries the HTTP status
  UnavailableError         worth trying again; carries retry-after when known
    SourceUnavailable
    StoreUnavailable
    PublishUnavailable
  ConflictError            another poller was first; stop quietly
  ContractError            the other side said what we cannot read, or refused for good; needs a person
    WindowRefused          the source does not take this EndDate or NumOfDay; a narrower one may do
    MessageRefused         the topic takes other messages, but not this one; it is parked

Adapters translate at the edge with `raise ... from`; no text of theirs holds a key, a token or a signature.
"""

from __future__ import annotations

from collections.abc import Sequence


class RelayError(Exception):
    """Base of everything that SHD Relay raises on purpose."""


class SettingsError(RelayError):
    """A setting or the config is wrong. `problems` holds every mistake that was found, one line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class RequestError(RelayError):
    """The caller asked for something that we refuse. `status` is the HTTP status; `headers` go with the answer."""

    def __init__(self, status: int, detail: str, *, headers: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = tuple(headers)


class UnavailableError(RelayError):
    """The other side did not answer, or asked us to wait `retry_after` seconds (None: it did not say)."""

    def __init__(self, reason: str, *, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.retry_after = retry_after


class SourceUnavailable(UnavailableError):
    """The status API."""


class StoreUnavailable(UnavailableError):
    """The store. After a write the outcome is unknown: it may have been applied."""


class PublishUnavailable(UnavailableError):
    """The topic. The message may have been accepted all the same."""


class ConflictError(RelayError):
    """Another poller was first: what this one saw may be older than what is committed."""


class ContractError(RelayError):
    """The other side refused for good, or said what cannot be read. `code` is its own word for it, if it gave one."""

    def __init__(self, reason: str, *, code: str = "") -> None:
        super().__init__(reason)
        self.code = code


class WindowRefused(ContractError):
    """The source does not take this EndDate or NumOfDay."""


class MessageRefused(ContractError):
    """The topic refused this one message; others may pass."""
