"""Fetching a file from a web server: HTTP as RFC 9110 has it, by the standard library."""

import base64
import email.utils
import http.client
import socket
import ssl
import time
import urllib.request
from collections.abc import Mapping
from email.message import Message
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from dsv._version import VERSION
from dsv.capture.secrets.masking import mask_url
from dsv.errors import DsvError, NotFound, Refused, StorageError, UserError
from dsv.imports.address import WEB, Address
from dsv.imports.fetched import Got, ImportMeans
from dsv.imports.http_answer import PARTIAL, ByteSpan, Doubtful, span_of
from dsv.imports.partial_file import PartialFile
from dsv.model.origin import Fetched
from dsv.progress import Progress

_PIECE = 256 << 10
_WORTH = 64 << 10
"""A connection that broke after so many bytes was worth it: tries are counted from the start again."""

_LONGEST_PAUSE = 20.0
_SETTLED = 60
"""Seconds after which a time of last change names one version (RFC 9110, 8.8.2.2)."""

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_NOT_MODIFIED, _NO_RANGE = 304, 416


class _Passing(Exception):
    """Something that may go better at the next try."""

    def __init__(self, told: DsvError) -> None:
        super().__init__(told.message)
        self.told = told


def fetch(
    address: Address, room: Path, *, known: Fetched | None, means: ImportMeans, progress: Progress
) -> Got | None:
    """Fetch a file into the folder `room`; None if the server says that it still is the one that is `known`.

    Where a connection breaks, or an earlier command was interrupted, it goes on from there if the server can
    tell that the file is still the same. Redirections are followed to web servers alone, from `https` never
    to `http`; a password goes to the server that it was given for and to no other.

    Raises:
        NotFound: The server does not have it.
        UserError: The server denies access, or the address is wrong.
        Refused: It leads to somewhere else than a web server.
        StorageError: The server, the network or the disk fails.
    """
    with PartialFile(room) as part:
        one = _Download(address, part, known, means, progress)
        found = one.run()
        if found is None:
            return None
        part.finish()
    return Got(part.path, found, one.resumed, tuple(one.notes))


class _Download:
    """A file on its way, over as many connections as it takes."""

    def __init__(
        self,
        address: Address,
        part: PartialFile,
        known: Fetched | None,
        means: ImportMeans,
        progress: Progress,
    ) -> None:
        self.resumed = 0
        self.notes: list[str] = []
        self._address = address
        self._part = part
        self._known = known
        self._means = means
        self._progress = progress
        self._begun = False
        self._conditional = False
        self._url, self._credentials = _split_credentials(address.given)
        self._opener = _opener(means.proxies, self._credentials)

    def run(self) -> Fetched | None:
        tries = 0
        while True:
            before = self._part.size
            try:
                return self._try()
            except _Passing as failure:
                if self._part.size - before >= _WORTH:
                    tries = 0
                if tries >= self._means.retries:
                    raise failure.told from failure
            time.sleep(min(self._means.backoff * 2**tries, _LONGEST_PAUSE))
            tries += 1

    def _try(self) -> Fetched | None:
        try:
            with self._opener.open(self._request(), timeout=self._means.timeout) as answer:
                return self._take(answer)
        except HTTPError as error:
            with error:
                if error.code == _NOT_MODIFIED and self._conditional:
                    return None
                if error.code == _NO_RANGE and self._part.size:
                    self._part.restart("")
                    return self._try()
                raise self._refusal(error.code) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._failure(error) from error

    def _request(self) -> urllib.request.Request:
        request = urllib.request.Request(self._url, headers=_HEADERS)  # noqa: S310 (only web servers come here)
        if self._credentials is not None:
            request.add_unredirected_header("Authorization", self._credentials)
        self._conditional = False
        if self._asks_for_rest:
            request.add_header("Range", f"bytes={self._part.size}-")
            request.add_header("If-Range", self._part.version)
        elif self._known is not None and self._known.etag:
            self._conditional = True
            request.add_header("If-None-Match", self._known.etag)
        elif self._known is not None and self._known.modified is not None:
            self._conditional = True
            request.add_header("If-Modified-Since", email.utils.formatdate(self._known.modified, usegmt=True))
        return request

    @property
    def _asks_for_rest(self) -> bool:
        return bool(self._part.size and self._part.version)

    def _take(self, answer: http.client.HTTPResponse) -> Fetched:
        """Take what one answer gives.

        Raises:
            StorageError: It is not to be believed; nothing of it is kept.
            _Passing: Neither is the rest of a file, but the whole may be; or it ends before the file does.
        """
        headers = answer.headers
        span = self._span(answer)
        if answer.status != PARTIAL:
            self._part.restart(_version(headers), total=span.total)
        elif not self._begun:
            self.resumed = self._part.size
        self._begin(span, headers)
        while data := answer.read(_PIECE):
            self._part.write(data)
            self._progress.advance(len(data))
        end = span.end if span.total is None else span.total
        if end is not None and self._part.size != end:
            raise http.client.IncompleteRead(b"", end - self._part.size)
        etag = headers.get("ETag")
        modified = _seconds(headers.get("Last-Modified"))
        return Fetched(self._address.url, etag[:200] if etag else None, self._part.size, modified)

    def _span(self, answer: http.client.HTTPResponse) -> ByteSpan:
        """Return which bytes an answer holds, having compared it with what came before."""
        part = self._part
        try:
            span = span_of(answer.status, answer.headers, part.size if self._asks_for_rest else None)
            if answer.status == PARTIAL:
                if _version(answer.headers) != part.version:
                    raise Doubtful("the server sends the rest of another version")
                if part.total not in (None, span.total):
                    raise Doubtful(f"the file had {part.total:,} bytes before and has {span.total:,} now")
        except Doubtful as doubt:
            told = StorageError(f"{self._address.url}: {doubt}", hint="run the command again later")
            if not self._asks_for_rest:
                raise told from doubt
            part.restart("")  # then the whole is asked for
            raise _Passing(told) from doubt
        return span

    def _begin(self, span: ByteSpan, headers: Message) -> None:
        if self._begun:
            return
        self._begun = True
        self._progress.begin("fetching", span.total, "B")
        self._progress.advance(self._part.size)
        if span.end is None and headers.get("Transfer-Encoding") is None:
            self.notes.append("the server did not say how long it is: it may have ended early")
        encoding = headers.get("Content-Encoding", "identity")
        if encoding != "identity":
            self.notes.append(f"the server sent it encoded ({encoding[:20]}), and so it is kept")
        kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind == "text/html" and not urlsplit(self._url).path.lower().endswith((".html", ".htm")):
            self.notes.append("the server sent a web page: is that the data?")

    def _refusal(self, status: int) -> Exception:
        url = self._address.url
        if status in _PASSING:
            told = StorageError(
                f"{url}: the server says {_words(status)}", hint="run the command again later"
            )
            return _Passing(told)
        if status in {404, 410}:
            return NotFound(f"{url}: the server says {_words(status)}")
        if status in {401, 403, 407}:
            return UserError(
                f"{url}: access denied ({_words(status)})",
                hint="https://USER:PASSWORD@... or a signed URL; neither is recorded",
            )
        if status == _NOT_MODIFIED:
            return StorageError(f"{url}: the server says {_words(status)}, which it was not asked")
        return UserError(f"{url}: the server says {_words(status)}")

    def _failure(self, error: Exception) -> Exception:
        url = self._address.url
        reason = error.reason if isinstance(error, URLError) else error
        again = "run the command again: it goes on from there" if self._part.size else "run the command again"
        if isinstance(reason, ssl.SSLCertVerificationError):
            return StorageError(
                f"{url}: no secure connection: {reason.verify_message}",
                hint="SSL_CERT_FILE names certificates to trust",
            )
        if isinstance(reason, http.client.InvalidURL | ValueError):
            return UserError(f"{url} is no address of a web server")
        if isinstance(reason, TimeoutError):
            told = f"{url}: no answer within {self._means.timeout:g} s"
        elif isinstance(reason, http.client.HTTPException | ConnectionResetError):
            told = f"{url}: the connection broke after {self._part.size:,} bytes"
        else:
            words = getattr(reason, "strerror", None) or str(reason)
            told = f"{url}: cannot connect: {words}"
            if isinstance(reason, ConnectionRefusedError | socket.gaierror):  # nobody is there at all
                return StorageError(told, hint="is the address right, and the network up?")
        return _Passing(StorageError(told, hint=again))


class _Redirect(urllib.request.HTTPRedirectHandler):
    """Follows redirections to web servers."""

    def __init__(self, credentials: str | None) -> None:
        self._credentials = credentials

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        """Return the request that follows; raises Refused if it would leave the web, or TLS."""
        before, after = urlsplit(req.full_url), urlsplit(urljoin(req.full_url, newurl))
        if after.scheme not in WEB or (before.scheme == "https" and after.scheme == "http"):
            raise Refused(f"{mask_url(req.full_url)} redirects to {mask_url(newurl)}, which is not followed")
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        same = (before.scheme, before.netloc) == (after.scheme, after.netloc)
        if following is not None and same and self._credentials is not None:
            following.add_unredirected_header("Authorization", self._credentials)
        return following


_HEADERS = {"User-Agent": f"dsv/{VERSION}", "Accept": "*/*", "Accept-Encoding": "identity"}


def _opener(proxies: Mapping[str, str], credentials: str | None) -> urllib.request.OpenerDirector:
    # Built by hand: the usual one also opens files and FTP, and asks the environment for proxies.
    opener = urllib.request.OpenerDirector()
    opener.addheaders = []
    for handler in (
        urllib.request.ProxyHandler(dict(proxies)),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
        _Redirect(credentials),
    ):
        opener.add_handler(handler)
    return opener


def _split_credentials(url: str) -> tuple[str, str | None]:
    parts = urlsplit(url)
    user, sign, host = parts.netloc.rpartition("@")
    plain = urlunsplit(parts._replace(netloc=host))
    if not sign:
        return plain, None
    return plain, "Basic " + base64.b64encode(unquote(user).encode()).decode("ascii")


def _version(headers: Message) -> str:
    """Return what names these very bytes for the server; "" if nothing does.

    A rest is asked for under this name, and must come with it (RFC 9110, 15.3.7).
    """
    etag = headers.get("ETag", "")
    if etag:
        return "" if etag.startswith("W/") else etag
    modified, now = _seconds(headers.get("Last-Modified")), _seconds(headers.get("Date"))
    if modified is None or now is None or now - modified < _SETTLED:
        return ""
    return headers.get("Last-Modified", "")


def _seconds(text: str | None) -> int | None:
    if not text:
        return None
    try:
        return int(email.utils.parsedate_to_datetime(text).timestamp())
    except (ValueError, OverflowError):
        return None


def _words(status: int) -> str:
    reason = http.client.responses.get(status, "")
    return f"{status} {reason}".strip()
