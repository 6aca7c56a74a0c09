"""What went wrong with a bucket, told so that one can do something about it.

Nothing that a server says is trusted: of its words only a short printable piece is shown.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from botocore import exceptions as boto
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from dsv.errors import BadConfig, DsvError, NotFound, StorageError, UserError
from dsv.store.blobs.s3.settings import S3Settings

_DEEDS = {
    "GetObject": ("read", "s3:GetObject"),
    "HeadObject": ("look up", "s3:GetObject"),
    "PutObject": ("write", "s3:PutObject"),
    "CreateMultipartUpload": ("write", "s3:PutObject"),
    "UploadPart": ("write", "s3:PutObject"),
    "CompleteMultipartUpload": ("write", "s3:PutObject"),
    "AbortMultipartUpload": ("abort an upload of", "s3:AbortMultipartUpload"),
    "ListParts": ("list the parts of", "s3:ListMultipartUploadParts"),
    "ListMultipartUploads": ("list the uploads to", "s3:ListBucketMultipartUploads"),
    "ListObjectsV2": ("list", "s3:ListBucket"),
    "DeleteObject": ("delete", "s3:DeleteObject"),
}

_NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.TokenRetrievalError,
    boto.SSOError,
    boto.ProfileNotFound,
    boto.ConfigParseError,
    boto.ConfigNotFound,
    boto.MetadataRetrievalError,
)
_NOT_SENT = (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError)

_PASSING = (
    boto.HTTPClientError,
    boto.ConnectionError,
    boto.IncompleteReadError,
    boto.FlexibleChecksumError,
    ResponseParserError,
    ConnectionError,
    TimeoutError,
)
_PASSING_STATUS = {408, 429, 500, 502, 503, 504}
_PASSING_CODES = {
    "ConditionalRequestConflict",
    "OperationAborted",
    "RequestTimeout",
    "RequestTimeoutException",
    "InternalError",
    "IncompleteBody",
    "BadDigest",
    "XAmzContentChecksumMismatch",
}
_THROTTLED = {
    "SlowDown",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "TooManyRequests",
    "BandwidthLimitExceeded",
}
_CREDENTIALS = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure`"
_WRONG_KEYS = {
    "InvalidAccessKeyId": "the server does not know the access key",
    "SignatureDoesNotMatch": "the secret key does not belong to the access key",
    "ExpiredToken": "the session token has expired",
    "ExpiredTokenException": "the session token has expired",
    "InvalidToken": "the session token is not valid",
    "TokenRefreshRequired": "the session token has expired",
}
_REGIONS = {"AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException", "301"}


class Answer(NamedTuple):
    """What a server answered when it did not do as it was asked.

    Attributes:
        status: Of HTTP; 0 if there was no answer.
        code: The server's own word.
        message: And its explanation, made fit to be shown.
        details: What else stood in the error document.
        headers: Of the answer, in lower case.
    """

    status: int = 0
    code: str = ""
    message: str = ""
    details: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}


class RequestFailed(Exception):
    """A request that failed for good. It stays in this package: `told` is what others see.

    Attributes:
        answer: What the server said.
        repeated: Whether an earlier try of the same request may have done its work unseen.
    """

    def __init__(self, error: Exception, operation: str, key: str, settings: S3Settings) -> None:
        super().__init__(f"{operation} {key}")
        self.answer = _answer(error)
        self.repeated = False
        self._error = error
        self._operation = operation
        self._key = key
        self._settings = settings

    @property
    def missing(self) -> bool:
        """Whether there is no such object in a bucket that is there."""
        return self.answer.status == 404 and self.answer.code in {"NoSuchKey", "404", "NotFound", ""}

    @property
    def refused(self) -> bool:
        """Whether the condition of a write was not met; also what a missing object answers to `If-Match`."""
        return self.answer.status == 412 or self.missing

    @property
    def throttled(self) -> bool:
        """Whether the server wants fewer requests."""
        return self.answer.code in _THROTTLED or self.answer.status in {429, 503}

    @property
    def passing(self) -> bool:
        """Whether another try may have better luck."""
        if isinstance(self._error, ClientError):
            answer = self.answer
            return answer.status in _PASSING_STATUS or answer.code in _PASSING_CODES or self.throttled
        if isinstance(self._error, boto.SSLError):
            return not _is_certificate(self._error)
        return isinstance(self._error, _PASSING)

    @property
    def sent(self) -> bool:
        """Whether the server may have seen the request."""
        return not isinstance(self._error, _NOT_SENT)

    def told(self) -> DsvError:
        """Return what the user is told."""
        verb, permission = _DEEDS.get(self._operation, (self._operation, "s3:*"))
        what = f"cannot {verb} s3://{self._settings.bucket}/{self._key}"
        if isinstance(self._error, ClientError):
            return _told_by_server(what, permission, self.answer, self._settings)
        return _told_by_client(what, self._error, self._settings)


def _answer(error: Exception) -> Answer:
    if not isinstance(error, ClientError):
        return Answer()
    details = error.response.get("Error", {})
    meta = error.response.get("ResponseMetadata", {})
    return Answer(
        status=int(meta.get("HTTPStatusCode", 0)),
        code=printable(str(details.get("Code", "")), 60),
        message=printable(str(details.get("Message", ""))),
        details=details,
        headers=meta.get("HTTPHeaders", {}),
    )


def printable(text: str, limit: int = 200) -> str:
    """Return at most `limit` characters of `text` on one line, without what would move a cursor."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * limit])
    plain = " ".join(plain.split())
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def _told_by_server(what: str, permission: str, answer: Answer, settings: S3Settings) -> DsvError:
    code, bucket = answer.code, settings.bucket
    if code == "NoSuchBucket":
        return NotFound(
            f"there is no bucket {bucket}" + _at(settings),
            hint="create it, or mend the remote's url and endpoint_url",
        )
    if code in _REGIONS or answer.status == 301:
        return _wrong_region(what, answer, settings)
    if code == "RequestTimeTooSkewed":
        return UserError(
            f"{what}: this machine's clock is {_skew(answer)} the server's",
            hint="set the clock (`timedatectl set-ntp true`), then run the command again",
        )
    if code in _WRONG_KEYS:
        return UserError(f"{what}: {_WRONG_KEYS[code]}", hint=_CREDENTIALS)
    if answer.status in {401, 403}:
        return UserError(
            f"{what}: access denied",
            hint=f"the owner of the bucket has to allow {permission} there"
            + (
                " (without s3:ListBucket also what is missing is denied)" if "GetObject" in permission else ""
            ),
        )
    if code in _THROTTLED or answer.status in {429, 503}:
        return StorageError(
            f"{what}: the server asks to slow down ({code or answer.status}), also after "
            f"{settings.retries} more tries",
            hint="run the command again later; what has arrived is not sent again",
        )
    if answer.status == 501 or code == "NotImplemented":
        return StorageError(
            f"{what}: the server does not offer that: {answer.message}", hint="dsv remote check"
        )
    said = ": ".join(filter(None, (code or str(answer.status), answer.message)))
    return StorageError(f"{what}: {said}", hint="run the command again; `dsv remote check` looks closer")


def _told_by_client(what: str, error: Exception, settings: S3Settings) -> DsvError:
    words = printable(str(error))
    if isinstance(error, _NO_CREDENTIALS):
        return UserError(f"{what}: no usable credentials: {words}", hint=_CREDENTIALS)
    if isinstance(error, boto.SSLError):
        hint = "if the server has a certificate of its own, set remote.NAME.ca_bundle to its authority's file"
        return StorageError(f"{what}: no secure connection{_at(settings)}: {words}", hint=hint)
    if isinstance(error, RecursionError):
        return UserError(f"{what}: the server redirects in a circle", hint="mend the remote's endpoint_url")
    if isinstance(error, boto.ParamValidationError | boto.InvalidS3AddressingStyleError | ValueError):
        return BadConfig(f"{what}: {words}", hint="mend the remote's url, endpoint_url and region")
    if isinstance(error, boto.NoRegionError | boto.InvalidRegionError | boto.UnknownRegionError):
        return BadConfig(f"{what}: {words}", hint="dsv config --shared remote.NAME.region REGION")
    if isinstance(error, _NOT_SENT):
        return StorageError(
            f"{what}: cannot connect{_at(settings)}", hint="is the address right, and the network up?"
        )
    if isinstance(error, boto.ReadTimeoutError):
        return StorageError(f"{what}: no answer within {settings.timeout:g} s", hint="run the command again")
    return StorageError(f"{what}: {words}", hint="run the command again")


def _at(settings: S3Settings) -> str:
    return f" at {settings.endpoint_url}" if settings.endpoint_url else ""


def _is_certificate(error: Exception) -> bool:
    return "CERTIFICATE" in str(error).upper()


def _wrong_region(what: str, answer: Answer, settings: S3Settings) -> DsvError:
    told = str(answer.headers.get("x-amz-bucket-region") or answer.details.get("Region") or "")
    if not re.fullmatch(r"[a-z0-9-]{1,40}", told):
        found = re.search(r"expecting '([a-z0-9-]{1,40})'", answer.message)
        told = found[1] if found else ""
    if told:
        return UserError(
            f"{what}: the bucket is in the region {told}, not {settings.region or 'the one that is set'}",
            hint=f"dsv config --shared remote.NAME.region {told}",
        )
    endpoint = printable(str(answer.details.get("Endpoint", "")), 80)
    elsewhere = f" (the server points to {endpoint})" if endpoint else ""
    return UserError(
        f"{what}: the bucket is in another region{elsewhere}", hint="mend the remote's region or endpoint_url"
    )


def _skew(answer: Answer) -> str:
    try:
        theirs = parsedate_to_datetime(answer.headers["date"])
        seconds = (datetime.now(UTC) - theirs).total_seconds()
    except (KeyError, TypeError, ValueError):
        return "far from"
    minutes = max(1, round(abs(seconds) / 60))
    return f"{minutes} min {'ahead of' if seconds > 0 else 'behind'}"
