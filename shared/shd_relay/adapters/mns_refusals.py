"""What a failed publish means (mns.md 1.8, 2.4): does waiting help, is it this message, or all of them?"""

from __future__ import annotations

from typing import Any, NamedTuple

from shd_relay.adapters.credentials import Credentials, redact
from shd_relay.errors import ContractError, MessageRefused, PublishUnavailable, RelayError

PASSING = (
    "NetWorkException", "RespDataDamaged", "UnkownError", "InternalError", "InternalServerError", "TooManyRequests",
    "QpsLimitExceeded", "Throttling", "ServiceUnavailable", "InvalidDegist", "InvalidDigest",
)  # fmt: skip
MESSAGE = ("InvalidArgument", "MalformedXML", "Message")
_ADVICE: tuple[tuple[str, str], ...] = (
    ("TopicNotExist", "the topic {topic} is not there: check MNS_TOPIC and MNS_ENDPOINT, or create it"),
    ("TopicName", "check MNS_TOPIC"),
    ("QueueNameInvalid", "check MNS_TOPIC"),  # the SDK says queue when the name of a topic is empty
    ("InvalidHost", "check MNS_ENDPOINT: it begins with http:// or https:// and has no path"),
    ("InvalidURL", "check MNS_ENDPOINT: it begins with http:// or https:// and has no path"),
    ("AccessDenied", "the role may not publish: its RAM policy must allow mns:PublishMessage on this topic"),
    ("InvalidAccessKeyId", "the AccessKey id is not known: check the function's role or ALIBABA_CLOUD_ACCESS_KEY_ID"),
    ("SignatureDoesNotMatch", "the AccessKey secret does not fit: check ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
    ("InvalidSecurityToken", "the STS token is not valid (any more): check the function's role"),
    ("SecurityToken", "the STS token is not valid (any more): check the function's role"),
    ("TimeExpired", "this machine's clock is wrong"),
    ("InvalidDateHeader", "this machine's clock is wrong"),
)


class Failure(NamedTuple):
    """Why one try failed. `again`: the next try may do better, `tries` in all at most."""

    error: RelayError
    again: bool
    tries: int = 3


def judge(raised: Exception, credentials: Credentials, topic: str) -> Failure:
    """What `raised` by the SDK, or under it, means. An unlisted code stops the relay rather than lose a message."""
    code = str(getattr(raised, "type", "") or type(raised).__name__)
    said = redact(getattr(raised, "message", raised), credentials, limit=200)
    request_id = getattr(raised, "request_id", None)
    if request_id:
        said += f" (request {redact(request_id, credentials, limit=60)})"
    return _failure(raised, redact(code, credentials, limit=80), said, topic)


def _failure(raised: Exception, code: str, said: str, topic: str) -> Failure:
    from_sdk = hasattr(raised, "type")
    advice = next((text for prefix, text in _ADVICE if code.startswith(prefix)), "")
    if advice:
        # The first TimeExpired may be a request that was held up on its way; the second is a clock.
        return Failure(
            ContractError(f"{code}: {advice.replace('{topic}', topic)}", code=code),
            again=code == "TimeExpired",
            tries=2,
        )
    if code.startswith(PASSING) or not from_sdk:
        return Failure(PublishUnavailable(f"the topic did not accept: {code}: {said}", code=code), again=True)
    if code.startswith(MESSAGE) and code != "MessageNotExist":
        by_server = hasattr(raised, "request_id")
        # A refusal by the server is tried anew: parked are only those refused three times (state-and-proof.md 2.3).
        return Failure(MessageRefused(f"the topic refused this message: {code}: {said}", code=code), again=by_server)
    return Failure(ContractError(f"the topic refused: {code}: {said}", code=code), again=False)


def check_module(module: Any) -> None:
    """Raises ContractError unless `module` (mns.pkg_info) is the one SDK whose ways are known."""
    name, version = getattr(module, "name", "unknown"), getattr(module, "version", "unknown")
    if (name, version) == ("aliyun-mns-sdk", "1.3.0"):
        return
    raise ContractError(
        f"the module mns that was found is {name} {version} ({getattr(module, '__file__', 'no file')}), not "
        "aliyun-mns-sdk 1.3.0. Refused: aliyun-mns 1.1.5, which some runtimes preinstall under the same name, prints "
        "the AccessKey secret on every request. The bundle's own packages must come first on the path",
        code="WrongModule",
    )
