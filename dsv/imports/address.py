"""Where data is fetched from, as it is asked for and as it is recorded."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from dsv.capture.secrets.masking import MASK, mask_url
from dsv.errors import Refused, UsageFault

FILE, S3 = "file", "s3"
WEB = frozenset({"http", "https"})

_HOME = "file://~/"
"""How a place in the user's home folder is recorded: nobody else learns where that is."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where data is.

    Attributes:
        scheme: `file`, `s3`, `http` or `https`.
        given: The URL to ask with, secrets included; it is never recorded and never shown.
        url: The same as it is recorded: `***` stands for user info and query, `~` for the home folder.
        path: The place on this machine; None for one that is elsewhere.
    """

    scheme: str
    given: str
    url: str
    path: Path | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the recorded URL is enough to fetch from there again."""
        return MASK not in self.url


def address_of(text: str, cwd: Path, home: Path | None = None) -> Address:
    """Return the address that a user, or a record, gives.

    Args:
        text: `s3://BUCKET/KEY`, `https://...`, `http://...`, `file:///PATH`, or a path.
        cwd: What a path is relative to.
        home: The user's home folder; None if there is none.

    Raises:
        UsageFault: It is none of those.
        Refused: It is recorded without a part that was secret.
    """
    if MASK in text:
        raise Refused(f"{text} was recorded without its secret part", hint="dsv import --update URL PATH")
    scheme, sign, rest = text.partition("://")
    if not sign:
        return _local(Path(os.path.normpath(cwd / text)), home)
    scheme = scheme.lower()
    if scheme == FILE:
        return _local(_path(text, rest, home), home)
    given = text.partition("#")[0]
    if scheme == S3:
        return Address(S3, given, given)
    if scheme in WEB and _has_host(given):
        return Address(scheme, given, mask_url(given))
    raise UsageFault(
        f"{mask_url(text)} is nothing that can be fetched", hint="s3://BUCKET/KEY, https://..., or a path"
    )


def _local(path: Path, home: Path | None) -> Address:
    given = path.as_uri()
    for base in () if home is None else (home, Path(os.path.realpath(home))):
        if path.is_relative_to(base) and os.fspath(base) != "/":
            return Address(FILE, given, _HOME + quote(path.relative_to(base).as_posix()), path)
    return Address(FILE, given, given, path)


def _path(text: str, rest: str, home: Path | None) -> Path:
    if text.startswith(_HOME) and home is not None:
        return home / unquote(text.removeprefix(_HOME))
    host, _, path = rest.partition("/")
    if host not in {"", "localhost"}:
        raise UsageFault(f"{text} is not of the form file:///PATH")
    return Path("/") / unquote(path)


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port >= 0)
    except ValueError:
        return False
