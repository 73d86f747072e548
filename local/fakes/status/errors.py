"""What the gateway refuses with, as data: code, HTTP status, message. `{name}` stands for its subject.

Codes and messages are the literal text of transcripts and error lists; those marked "wording ours" have only their code
on record. Statuses differ between products and ages: `dataclasses.replace` a row where a test needs another one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class ApiError:
    """One refusal. `headers` go out with it."""

    code: str
    status: int
    message: str
    headers: tuple[tuple[str, str], ...] = ()

    def about(self, name: str) -> ApiError:
        return replace(self, code=self.code.replace("{name}", name), message=self.message.replace("{name}", name))


_ROWS = (
    ApiError("UnsupportedHTTPMethod", 405, "This http method not supported."),
    ApiError("Missing{name}", 400, "{name} is mandatory for this action."),
    ApiError(
        "MissingParameter",
        400,
        'The input parameter "{name}" that is mandatory for processing this request is not supplied.',
    ),
    ApiError("MissingSecurityToken", 400, "SecurityToken is mandatory for this action."),
    ApiError("InvalidAccessKeyId.NotFound", 404, "Specified access key is not found."),
    ApiError("InvalidAccessKeyId.Inactive", 400, "Specified access key is disabled."),
    ApiError("InvalidSecurityToken.Expired", 400, "Specified SecurityToken is expired."),
    ApiError("InvalidSecurityToken.Malformed", 400, "Specified SecurityToken is malformed."),
    ApiError("InvalidSecurityToken.MismatchWithAccessKey", 400, "Specified SecurityToken mismatch with the AccessKey."),
    ApiError("InvalidSignatureMethod", 400, "Specified signature method is not valid."),  # wording ours
    ApiError("InvalidParameter.Format", 400, "Specified parameter format is not valid."),  # wording ours
    ApiError("InvalidTimeStamp.Format", 400, "Specified time stamp or date value is not well formatted."),
    ApiError("InvalidTimeStamp.Expired", 400, "Specified time stamp or date value is expired."),
    ApiError("IllegalTimestamp", 400, "The input parameter Timestamp is not within the valid range."),  # wording ours
    ApiError(
        "SignatureDoesNotMatch",
        400,
        "Specified signature is not matched with our calculation. server string to sign is:{name}",
    ),
    ApiError("IncompleteSignature", 400, "The request signature does not conform to the standards."),  # wording ours
    ApiError("SignatureNonceUsed", 400, "Specified signature nonce was used already."),
    ApiError("InvalidProduct.NotFound", 404, "Cannot find product according to your specified domain."),
    ApiError("InvalidVersion", 400, "Specified parameter Version is not valid."),
    ApiError("InvalidAction.NotFound", 404, "Specified api is not found, please check your url and method."),
    ApiError("InvalidApi.NotFound", 404, "Specified api is not found, please check your url and method."),
    ApiError("InvalidProtocol.NeedSsl", 400, "Your request is denied as lack of ssl protect."),
    ApiError(
        "Forbidden.RAM",
        403,
        "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
    ),
    ApiError(
        "NoPermission",
        403,
        "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
    ),
    ApiError("Throttling", 400, "Request was denied due to request throttling."),
    ApiError("Throttling.User", 400, "Request was denied due to user flow control."),
    ApiError("Throttling.Api", 400, "Request was denied due to api flow control."),
    ApiError("InvalidParameter", 400, "Specified parameter {name} is not valid."),  # wording ours
    ApiError(
        "InternalError", 500, "The request processing has failed due to some unknown error, exception or failure."
    ),
    ApiError("ServiceUnavailable", 503, "The request has failed due to a temporary failure of the server."),
)

ERRORS: dict[str, ApiError] = {row.code: row for row in _ROWS}


def too_many_requests(retry_after: str = "1") -> ApiError:
    """The newer gateways' throttling: 429, and how long to wait in a header."""
    return replace(ERRORS["Throttling.User"], status=429, headers=(("x-acs-retry-after", retry_after),))
