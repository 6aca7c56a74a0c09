"""What a user reads when a bucket says no; answers as Amazon gives them."""

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
    SSLError,
)

from dsv.errors import BadConfig, DsvError, NotFound, StorageError, UserError
from dsv.store.blobs.s3 import S3Settings
from dsv.store.blobs.s3.bucket_errors import RequestFailed, printable

SETTINGS = S3Settings("trips", "team/", region="us-east-1")


def failure(error: Exception, operation: str = "PutObject") -> RequestFailed:
    return RequestFailed(error, operation, "team/packs/ab/x.pack", SETTINGS)


def answer(status: int, code: str, message: str = "", headers: Any = None, **details: str) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": message, **details},
            "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers or {}},
        },
        "PutObject",
    )


@pytest.mark.parametrize(
    ("error", "kind", "message", "hint"),
    [
        (answer(404, "NoSuchBucket"), NotFound, "there is no bucket trips", "create it"),
        (
            answer(301, "PermanentRedirect", headers={"x-amz-bucket-region": "eu-west-3"}),
            UserError,
            "the bucket is in the region eu-west-3, not us-east-1",
            "remote.NAME.region eu-west-3",
        ),
        (
            answer(400, "AuthorizationHeaderMalformed", "region 'a' is wrong; expecting 'eu-west-3'"),
            UserError,
            "region eu-west-3",
            "region eu-west-3",
        ),
        (answer(403, "RequestTimeTooSkewed"), UserError, "clock is far from the server's", "timedatectl"),
        (answer(403, "SignatureDoesNotMatch"), UserError, "secret key does not belong", "AWS_PROFILE"),
        (answer(400, "ExpiredToken"), UserError, "session token has expired", "aws configure"),
        (answer(403, "AccessDenied"), UserError, "cannot write s3://trips/team/packs", "s3:PutObject"),
        (answer(503, "SlowDown"), StorageError, "asks to slow down (SlowDown)", "not sent again"),
        (answer(501, "NotImplemented", "no such header"), StorageError, "does not offer that", "check"),
        (answer(500, "InternalError", "oops"), StorageError, "InternalError: oops", "again"),
        (answer(418, ""), StorageError, ": 418", "again"),
        (NoCredentialsError(), UserError, "no usable credentials", "AWS_PROFILE"),
        (SSLError(endpoint_url="u", error="e"), StorageError, "no secure connection", "ca_bundle"),
        (EndpointConnectionError(endpoint_url="u"), StorageError, "cannot connect", "network"),
        (ConnectTimeoutError(endpoint_url="u"), StorageError, "cannot connect", "network"),
        (ReadTimeoutError(endpoint_url="u"), StorageError, "no answer within 60 s", "again"),
        (ParamValidationError(report="Bucket"), BadConfig, "Bucket", "url"),
        (ValueError("Invalid endpoint: x"), BadConfig, "Invalid endpoint", "endpoint_url"),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, Exception) else "",
)
def test_words(error: Exception, kind: type[DsvError], message: str, hint: str) -> None:
    told = failure(error).told()
    assert type(told) is kind
    assert message in told.message
    assert hint in str(told.hint)


def test_a_denied_read_may_be_a_missing_object() -> None:
    told = failure(answer(403, "AccessDenied"), "GetObject").told()
    assert "s3:ListBucket" in str(told.hint)


@pytest.mark.parametrize(
    ("error", "passing", "sent"),
    [
        (answer(500, "InternalError"), True, True),
        (answer(503, "SlowDown"), True, True),
        (answer(409, "ConditionalRequestConflict"), True, True),
        (answer(412, "PreconditionFailed"), False, True),
        (answer(403, "AccessDenied"), False, True),
        (answer(404, "NoSuchKey"), False, True),
        (ReadTimeoutError(endpoint_url="u"), True, True),
        (EndpointConnectionError(endpoint_url="u"), True, False),
        (ConnectionResetError(), True, True),
        (SSLError(endpoint_url="u", error="CERTIFICATE_VERIFY_FAILED"), False, True),
        (NoCredentialsError(), False, True),
        (FileNotFoundError(), False, True),
    ],
)
def test_what_is_tried_again(error: Exception, passing: bool, sent: bool) -> None:
    found = failure(error)
    assert (found.passing, found.sent) == (passing, sent)


def test_a_missing_object_is_not_a_missing_bucket() -> None:
    assert failure(answer(404, "NoSuchKey")).missing
    assert failure(answer(404, "404")).missing
    assert not failure(answer(404, "NoSuchBucket")).missing
    assert not failure(answer(404, "NoSuchUpload")).refused


def test_printable() -> None:
    assert printable("a\nb\x1b[2J\tc") == "a b [2J c"
    assert len(printable("x" * 10_000)) == 200
