"""The error codes of MNS with their HTTP statuses, as data, and the exception that carries one to the wire."""

from __future__ import annotations

NO_SUCH_MESSAGE = "MessageNotExist"

# code -> (HTTP status, text). Statuses of codes that no page of the vendor names are inferred; see README.md.
ERRORS: dict[str, tuple[int, str]] = {
    "MissingAuthorizationHeader": (400, "Authorization header is required."),
    "InvalidAuthorizationHeader": (400, "The Authorization header format is invalid."),
    "MissingDateHeader": (400, "Date header is required."),
    "InvalidDateHeader": (400, "The Date header is not an RFC 1123 time in GMT."),
    "MissingVersionHeader": (400, "x-mns-version header is required."),
    "InvalidArgument": (400, "The value of an argument is invalid."),
    "InvalidDegist": (400, "The Content-MD5 you specified is invalid."),  # the service spells it so
    "InvalidRequestURL": (400, "Http request URL is invalid."),
    "InvalidQueryString": (400, "Http request query string is invalid."),
    "MalformedXML": (400, "The XML you provided was not well-formed or has not the expected elements."),
    "MissingReceiptHandle": (400, "ReceiptHandle is required."),
    "MissingVisibilityTimeout": (400, "VisibilityTimeout is required."),
    "ReceiptHandleError": (400, "The receipt handle you provided is not valid."),
    "InvalidQueueName": (400, "The queue name you provided is invalid."),
    "QueueNameLengthError": (400, "Queue name length is invalid."),
    "TopicNameInvalid": (400, "The topic name you provided is invalid."),
    "TopicNameLengthError": (400, "Topic name length is invalid."),
    "SubscriptionNameInvalid": (400, "The subscription name you provided is invalid."),
    "SubscriptionNameLengthError": (400, "Subscription name length is invalid."),
    "EndpointInvalid": (400, "The endpoint you provided is invalid."),
    "QpsLimitExceeded": (400, "The qps limit is exceeded."),
    "AccessDenied": (403, "The owner of this key is not allowed to do this."),
    "InvalidAccessKeyId": (403, "The AccessKey Id you provided does not exist."),
    "SignatureDoesNotMatch": (403, "The request signature does not match the signature that the server calculated."),
    "QueueNotExist": (404, "The queue name you provided does not exist."),
    "TopicNotExist": (404, "The topic name you provided does not exist."),
    "SubscriptionNotExist": (404, "The subscription name you provided does not exist."),
    NO_SUCH_MESSAGE: (404, "Message not exist."),
    "TimeExpired": (408, "The http request you sent is expired."),
    "QueueAlreadyExist": (409, "The queue you want to create already exists with other attributes."),
    "TopicAlreadyExist": (409, "The topic you want to create already exists with other attributes."),
    "SubscriptionAlreadyExist": (409, "The subscription you want to create already exists with other attributes."),
    "TooManyRequests": (429, "Too many requests."),
    "InternalError": (500, "Internal error."),
}


class MnsError(Exception):
    """A refusal by its code. `detail` replaces the usual text; it never repeats what the caller sent."""

    def __init__(self, code: str, detail: str = "") -> None:
        self.code = code
        self.status, text = ERRORS[code]
        self.message = detail or text
        super().__init__(f"{code}: {self.message}")
