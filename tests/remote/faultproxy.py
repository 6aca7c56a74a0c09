"""A proxy in front of a real S3 server, which lets a test decide what goes wrong, and when.

proxy.add(LoseReply(), method="PUT", key="refs")            # it was done, and nobody is told
proxy.add(CutRequest(1000), key=r"packs/.*", first=3)       # from the third on
proxy.add(Answer(503, "SlowDown"), times=20)                # a storm of twenty
proxy.add(Damage(flip(70)), method="GET", times=1)          # one byte is not what it was

Rules are asked in the order of their adding, and the first that fits decides. What no rule
is for goes through. `proxy.log` has every request that came.
"""

import http.client
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self
from urllib.parse import unquote, urlsplit

from tests.remote.seaweedfs import KEY, SECRET
from tests.waiting import PATIENCE

_BUFFER = 1 << 16


class Asked(NamedTuple):
    """A request as it came.

    Attributes:
        number: Counted from 1, in the order of coming.
        method: Of HTTP.
        key: What comes after the bucket.
        query: As it was sent.
        size: Bytes of its body.
        headers: As they were sent, names in lower case.
    """

    number: int
    method: str
    key: str
    query: str
    size: int
    headers: Mapping[str, str]


@dataclass(frozen=True)
class CutRequest:
    """The connection breaks after so many bytes of the request's body; the server sees none of it."""

    after: int = 0


@dataclass(frozen=True)
class LoseReply:
    """The server does as it is asked; the connection breaks before anything comes back."""


@dataclass(frozen=True)
class CutReply:
    """The connection breaks after so many bytes of what comes back; in the head if there is no more."""

    after: int = 0


@dataclass(frozen=True)
class Answer:
    """The server is not asked; this is answered instead."""

    status: int
    code: str
    message: str = "planned by the test"
    headers: Mapping[str, str] = field(default_factory=dict)
    more: str = ""


@dataclass(frozen=True)
class Damage:
    """What comes back is altered; lengths in the headers are made to fit."""

    change: Callable[[bytes], bytes]


@dataclass(frozen=True)
class Endless:
    """Bytes come back without end, or at least so many."""

    total: int = 1 << 40
    status: int = 200


@dataclass(frozen=True)
class Unconditional:
    """The server never sees conditions, like one that does not know them."""


Fault = CutRequest | LoseReply | CutReply | Answer | Damage | Endless | Unconditional


class Rule:
    """When a fault happens.

    Args:
        fault: What happens.
        method: Of HTTP; None for any.
        key: Pattern that the whole key has to match.
        query: Pattern that is to be found in the query.
        header: Name, in lower case, of a header that has to be there.
        first: Which matching request is the first that it happens to, from 1.
        times: To how many it happens; None for all from `first` on.
    """

    def __init__(
        self,
        fault: Fault,
        *,
        method: str | None = None,
        key: str = ".*",
        query: str = "",
        header: str | None = None,
        first: int = 1,
        times: int | None = None,
    ) -> None:
        self.fault = fault
        self.happened = 0
        self._method = method
        self._key = re.compile(key)
        self._query = re.compile(query)
        self._header = header
        self._first = first
        self._last = None if times is None else first + times - 1
        self._seen = 0

    def fits(self, asked: Asked) -> bool:
        """Whether it happens to this request; the proxy holds its lock."""
        if self._method not in {None, asked.method} or not self._query.search(asked.query):
            return False
        if not self._key.fullmatch(asked.key) or self._header not in {None, *asked.headers}:
            return False
        self._seen += 1
        if self._seen < self._first or (self._last is not None and self._seen > self._last):
            return False
        self.happened += 1
        return True


class FaultProxy:
    """A running proxy; leaving the context ends it.

    Attributes:
        endpoint: Its address, for a client to use instead of the server's.
        log: The requests that came, in order.
    """

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.log: list[Asked] = []
        self._rules: list[Rule] = []
        self._lock = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def add(self, fault: Fault, **when: Any) -> Rule:
        """Plan a fault; `when` is as for `Rule`."""
        rule = Rule(fault, **when)
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Forget rules and log."""
        with self._lock:
            self._rules.clear()
            self.log.clear()

    def counts(self) -> Counter[str]:
        """Return how often each method was asked for."""
        with self._lock:
            return Counter(asked.method for asked in self.log)

    def wait(self, enough: Callable[[], bool]) -> None:
        """Return when `enough` is true of the log; it is asked whenever a request came."""
        with self._lock:
            assert self._lock.wait_for(enough, PATIENCE), "nothing comes any more"

    def decide(self, method: str, target: str, size: int, headers: Mapping[str, str]) -> Fault | None:
        """Log a request and return what is to happen to it."""
        parts = urlsplit(target)
        key = unquote(parts.path).lstrip("/").partition("/")[2]
        with self._lock:
            asked = Asked(len(self.log) + 1, method, key, parts.query, size, headers)
            self.log.append(asked)
            self._lock.notify_all()
            return next((rule.fault for rule in self._rules if rule.fits(asked)), None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    proxy: FaultProxy

    def handle_error(self, *_: object) -> None:
        """Say nothing: breaking connections is what this is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _handle(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        size = int(headers.get("content-length", 0))
        fault = self.server.proxy.decide(self.command, self.path, size, headers)
        if isinstance(fault, CutRequest):
            self.rfile.read(min(size, fault.after))
            self._cut()
            return
        body = self._body(headers, size)
        if isinstance(fault, Answer):
            self._answer(fault)
        elif isinstance(fault, Endless):
            self._never_end(fault)
        else:
            self._forward(fault, headers, body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _handle  # noqa: N815 (http.server's names)

    def _body(self, headers: Mapping[str, str], size: int) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(size)
        parts = []
        while length := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(length))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def _forward(self, fault: Fault | None, headers: Mapping[str, str], body: bytes) -> None:
        passed = {name: value for name, value in headers.items() if name not in {"connection", "expect"}}
        if isinstance(fault, Unconditional):
            passed = _without_conditions(self.command, self.path, passed, body)
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.proxy.server_port, timeout=60)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in passed.items():
                upstream.putheader(name, value)
            upstream.endheaders(_chunks(body) if "transfer-encoding" in passed else body)
            reply = upstream.getresponse()
            data = reply.read()
        finally:
            upstream.close()
        if isinstance(fault, LoseReply):
            self._cut()
            return
        if isinstance(fault, Damage):
            data = fault.change(data)
        self._reply(fault, reply, data)

    def _reply(self, fault: Fault | None, reply: http.client.HTTPResponse, data: bytes) -> None:
        if isinstance(fault, CutReply) and not data:
            self.wfile.write(b"HTTP/1.1 %d %s\r\nServer: cut\r\nET" % (reply.status, reply.reason.encode()))
            self._cut()
            return
        self.send_response_only(reply.status, reply.reason)
        for name, value in reply.getheaders():
            if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                self.send_header(name, value)
        length = reply.getheader("content-length") if self.command == "HEAD" else str(len(data))
        if length is not None:
            self.send_header("Content-Length", length)
        self.end_headers()
        if isinstance(fault, CutReply):
            self.wfile.write(data[: fault.after])
            self._cut()
        elif self.command != "HEAD":
            self.wfile.write(data)

    def _answer(self, fault: Answer) -> None:
        text = f"<Error><Code>{fault.code}</Code><Message>{fault.message}</Message>{fault.more}</Error>"
        data = f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode()
        self.send_response_only(fault.status, "planned")
        for name, value in {"Content-Type": "application/xml", **fault.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _never_end(self, fault: Endless) -> None:
        self.send_response_only(fault.status, "planned")
        self.send_header("ETag", '"x"')
        self.send_header("Content-Length", str(fault.total))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        done = 0
        while done < fault.total:
            self.wfile.write(bytes(_BUFFER))
            done += _BUFFER

    def _cut(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        self.connection.close()


def _chunks(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"


def _without_conditions(method: str, target: str, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """Return headers without conditions, signed again."""
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    unsigned = {"authorization", "x-amz-date", "x-amz-content-sha256", "if-match", "if-none-match"}
    kept = {name: value for name, value in headers.items() if name not in unsigned}
    request = AWSRequest(method=method, url=f"http://{headers['host']}{target}", data=body, headers=kept)
    request.context["signing"] = {}
    S3SigV4Auth(Credentials(KEY, SECRET), "s3", "us-east-1").add_auth(request)
    return {name: str(value) for name, value in request.headers.items()}


def flip(at: int) -> Callable[[bytes], bytes]:
    """Return a change of one bit of the byte `at`, or of the last."""

    def change(data: bytes) -> bytes:
        damaged = bytearray(data)
        if damaged:
            damaged[min(at, len(damaged) - 1)] ^= 1
        return bytes(damaged)

    return change


def truncate(to: int) -> Callable[[bytes], bytes]:
    """Return a change that leaves so many bytes."""
    return lambda data: data[:to]


def unlisted(pattern: str) -> Callable[[bytes], bytes]:
    """Return a change of a listing that lags: keys that match `pattern` are not in it."""
    entry = re.compile(rb"<Contents><Key>([^<]*)</Key>.*?</Contents>", re.DOTALL)
    wanted = re.compile(pattern.encode())
    return lambda data: entry.sub(lambda match: b"" if wanted.search(match[1]) else match[0], data)
