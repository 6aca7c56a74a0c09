"""Requests to a bucket: counted, tried again where that may help, and told apart when they fail.

boto3's own repeating is turned off: whether a write may have gone through unseen, and how
many requests were made, must be known here.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from secrets import SystemRandom
from typing import Any, TypeVar
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.endpoint import EndpointCreator
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError
from botocore.parsers import ResponseParserError
from botocore.response import StreamingBody

from dsv.errors import BadConfig
from dsv.store.blobs.metered import Meter
from dsv.store.blobs.s3.bucket_errors import RequestFailed
from dsv.store.blobs.s3.settings import S3Settings

PAUSE_LIMIT = 20.0
"""Seconds; no pause between two tries is longer."""

_SLOWER = 5
"""A server that asks to slow down is given this many times the usual pause."""

_CONNECT_TIMEOUT = 10.0
_DONE, _ERRORS = 200, 300
_TELLING = {
    "GetObject": "ETag",
    "PutObject": "ETag",
    "UploadPart": "ETag",
    "CreateMultipartUpload": "UploadId",
    "CompleteMultipartUpload": "ETag",
}
"""What a whole answer has."""

DOCUMENT_LIMIT = 16 << 20
"""Bytes of a listing or an error; a page of a thousand keys has less than one MiB."""

_FAILURES = (
    BotoCoreError,
    ClientError,
    ResponseParserError,
    OSError,
    ValueError,  # an address that is none
    RecursionError,  # botocore follows redirects without counting them
)

Result = TypeVar("Result")


class Client:
    """A connection to one bucket, for any number of threads.

    Args:
        settings: Where and how.
        meter: Counts every request.
    """

    def __init__(self, settings: S3Settings, meter: Meter) -> None:
        self.settings = settings
        self.meter = meter
        self._lock = threading.Lock()
        self._boto: Any = None
        self._http: Any = None
        self._process = 0
        self._closed = threading.Event()

    def close(self) -> None:
        """Stop trying again, and let go of the connections."""
        self._closed.set()
        with self._lock:
            if self._boto is not None:
                self._boto.close()
                self._http.close()

    def call(self, operation: str, key: str, **parameters: Any) -> Mapping[str, Any]:
        """Return what boto3's `operation` answers.

        Args:
            operation: As S3 names it, such as `PutObject`.
            key: Of the object, or the prefix of a listing.
            **parameters: As boto3 names them, without bucket and key.

        Raises:
            Failure: It failed, for good or too often.
        """
        return self.trying(operation, key, lambda: self.once(operation, key, **parameters))

    def once(self, operation: str, key: str, **parameters: Any) -> Mapping[str, Any]:
        """Like `call`, in one try, and with the errors of boto3; for use in `trying`."""
        name = "Prefix" if operation in {"ListObjectsV2", "ListMultipartUploads"} else "Key"
        method = getattr(self._connected(), xform_name(operation))
        answer: Mapping[str, Any] = method(Bucket=self.settings.bucket, **{name: key}, **parameters)
        if not answer.get(_TELLING.get(operation, "ResponseMetadata")):
            # A head that was cut off passes for a whole one.
            raise ConnectionClosedError(endpoint_url=self.settings.url)
        return answer

    def trying(self, operation: str, key: str, work: Callable[[], Result]) -> Result:
        """Return the result of `work`, which is done again after failures that may pass.

        Raises:
            Failure: As for `call`.
        """
        tried, repeated = 0, False
        while True:
            try:
                return work()
            except _FAILURES as error:
                failure = RequestFailed(error, operation, key, self.settings)
            failure.repeated = repeated
            if not failure.passing or tried >= self.settings.retries or self._closed.is_set():
                raise failure
            repeated = repeated or failure.sent
            self._pause(tried, slower=failure.throttled)
            tried += 1

    def _pause(self, tried: int, *, slower: bool) -> None:
        """Wait a random time, longer with each try: many who failed together must not come back together."""
        longest = self.settings.backoff * 2 ** (tried + 1) * (_SLOWER if slower else 1)
        self._closed.wait(SystemRandom().uniform(0, min(longest, PAUSE_LIMIT)))

    def _connected(self) -> Any:
        if self._boto is not None:
            return self._boto
        with self._lock:
            if self._boto is None:
                boto = self._connect(foreign=self.settings.endpoint_url is not None)
                host = urlsplit(boto.meta.endpoint_url).hostname or ""
                if self.settings.endpoint_url is None and ".amazonaws.com" not in host:
                    boto = self._connect(foreign=True)  # the AWS configuration names another server
                self._http, self._process = self._pool(boto), os.getpid()
                boto.meta.events.register("before-send.s3", self._send)
                self._boto = boto
            return self._boto

    def _connect(self, *, foreign: bool) -> Any:
        settings = self.settings
        if settings.ca_bundle and not settings.ca_bundle.is_file():
            raise BadConfig(
                f"{settings.url}: there is no file {settings.ca_bundle}", hint="mend remote.NAME.ca_bundle"
            )
        checksum = settings.checksum or ("when_required" if foreign else "when_supported")
        config = Config(
            s3={"addressing_style": settings.addressing or ("path" if foreign else "auto")},
            retries={"mode": "standard", "total_max_attempts": 1},
            connect_timeout=min(_CONNECT_TIMEOUT, settings.timeout),
            read_timeout=settings.timeout,
            tcp_keepalive=True,
            max_pool_connections=max(32, 2 * settings.concurrency),
            request_checksum_calculation=checksum,
            response_checksum_validation=checksum,
            user_agent_extra="dsv",
        )
        return self._session.client(
            "s3", endpoint_url=settings.endpoint_url, verify=self._ca_bundle(), config=config
        )

    @cached_property
    def _session(self) -> boto3.session.Session:
        return boto3.session.Session(region_name=self.settings.region, botocore_session=self._configuration)

    @cached_property
    def _configuration(self) -> Any:
        """What files and the environment say of AWS."""
        return botocore.session.get_session()

    def _ca_bundle(self) -> str | None:
        if self.settings.ca_bundle:
            return str(self.settings.ca_bundle)
        configured: str | None = self._configuration.get_config_variable("ca_bundle")
        return configured

    def _pool(self, boto: Any) -> Any:
        """Return connections like those of `boto`, made as botocore makes them, as it hands out its own to nobody."""
        config = boto.meta.config
        endpoint = EndpointCreator(boto.meta.events).create_endpoint(
            boto.meta.service_model,
            boto.meta.region_name,
            boto.meta.endpoint_url,
            verify=self._ca_bundle(),
            timeout=(config.connect_timeout, config.read_timeout),
            max_pool_connections=config.max_pool_connections,
            proxies=config.proxies,
            proxies_config=config.proxies_config,
            client_cert=config.client_cert,
            socket_options=[
                (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
                (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
            ],
        )
        return endpoint.http_session

    def _send(self, request: Any, event_name: str, **_: object) -> AWSResponse:
        """Send a request in the place of botocore, which would read an answer of any size into memory."""
        headers = request.headers
        size = headers.get("X-Amz-Decoded-Content-Length") or headers.get("Content-Length")
        self.meter.request(event_name.rpartition(".")[2], _number(size))
        streams, request.stream_output = request.stream_output, True
        if self._process != os.getpid():
            # A copy of a process must not speak on the connections of that: its own are new.
            self._http, self._process = self._pool(self._boto), os.getpid()
        answer = self._http.send(request)
        if streams and answer.status_code < _ERRORS:
            return answer
        try:
            document = _Document(answer, empty=request.method == "HEAD")
        finally:
            answer.raw.close()
        self.meter.receive(len(document.data))
        return AWSResponse(answer.url, answer.status_code, answer.headers, document)


class _Document:
    """The body of an answer that is not an object, read whole."""

    def __init__(self, answer: AWSResponse, *, empty: bool) -> None:
        length = answer.headers.get("content-length")
        if length is None and "transfer-encoding" not in answer.headers and answer.status_code == _DONE:
            raise ConnectionClosedError(endpoint_url=answer.url)  # its head was cut off
        # Its length is checked, and its errors are botocore's.
        body = StreamingBody(answer.raw, None if empty else length)
        parts = []
        room = DOCUMENT_LIMIT
        while part := body.read(1 << 16):
            room -= len(part)
            if room < 0:
                raise ResponseParserError("the server's answer does not end")
            parts.append(part)
        self.data = b"".join(parts)

    def stream(self) -> Iterator[bytes]:
        """Yield it."""
        yield self.data


def _number(text: object) -> int:
    plain = text.decode("ascii", "replace") if isinstance(text, bytes) else str(text)
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 20 else 0
