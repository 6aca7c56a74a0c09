"""Fetching from a web server that is really there, and often unwell."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dsv.errors import DsvError, NotFound, Refused, StorageError, UserError
from dsv.imports.address import address_of
from dsv.imports.bring import fetch
from dsv.imports.fetched import Got, ImportMeans
from dsv.model.origin import Fetched
from tests.web_server import WebServer

DATA = bytes(range(256)) * 4096
MEANS = ImportMeans(timeout=5.0, retries=2, backoff=0.001)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as running:
        running.files["/x"] = DATA
        running.etags["/x"] = '"v1"'
        yield running


def get(url: str, room: Path, known: Fetched | None = None) -> Got | None:
    room.mkdir(exist_ok=True)
    return fetch(address_of(url, Path("/")), room, MEANS, known=known)


def test_a_file(web: WebServer, tmp_path: Path) -> None:
    found = get(web.url("/x"), tmp_path)
    assert found is not None
    assert found.place.read_bytes() == DATA
    assert found.fetched == Fetched(web.url("/x"), '"v1"', len(DATA), None)


def test_a_known_version_is_not_sent_again(web: WebServer, tmp_path: Path) -> None:
    known = Fetched(web.url("/x"), '"v1"', len(DATA), None)
    assert get(web.url("/x"), tmp_path, known) is None
    web.etags["/x"] = '"v2"'
    found = get(web.url("/x"), tmp_path, known)
    assert found is not None
    assert found.fetched.etag == '"v2"'


def test_broken_connections_are_gone_on_with(web: WebServer, tmp_path: Path) -> None:
    web.cut["/x"] = 300_000
    found = get(web.url("/x"), tmp_path)
    assert found is not None
    assert found.place.read_bytes() == DATA
    assert [asked.headers.get("Range") for asked in web.asked] == [
        None,
        "bytes=300000-",
        "bytes=600000-",
        "bytes=900000-",
    ]
    assert {asked.headers.get("If-Range") for asked in web.asked[1:]} == {'"v1"'}


def test_an_interrupted_fetch_is_gone_on_with_later(web: WebServer, tmp_path: Path) -> None:
    web.cut["/x"] = 100
    with pytest.raises(StorageError, match="the connection broke after"):
        get(web.url("/x"), tmp_path)
    del web.cut["/x"]
    found = get(web.url("/x"), tmp_path)
    assert found is not None
    assert found.resumed == 300
    assert found.place.read_bytes() == DATA


def test_another_version_begins_anew(web: WebServer, tmp_path: Path) -> None:
    web.cut["/x"] = 100
    with pytest.raises(StorageError):
        get(web.url("/x"), tmp_path)
    del web.cut["/x"]
    web.files["/x"], web.etags["/x"] = b"short", '"v2"'
    found = get(web.url("/x"), tmp_path)
    assert found is not None
    assert (found.resumed, found.place.read_bytes()) == (0, b"short")


@pytest.mark.parametrize("etag", ['W/"v1"', ""])
def test_without_a_strong_name_a_broken_one_begins_anew(web: WebServer, tmp_path: Path, etag: str) -> None:
    web.etags["/x"] = etag
    web.cut["/x"] = 500_000
    with pytest.raises(StorageError):
        get(web.url("/x"), tmp_path)
    assert all("Range" not in asked.headers for asked in web.asked)


@pytest.mark.parametrize(
    ("status", "error", "tries"),
    [
        (404, NotFound, 1),
        (410, NotFound, 1),
        (403, UserError, 1),
        (418, UserError, 1),
        (503, StorageError, 3),
        (429, StorageError, 3),
    ],
)
def test_what_the_server_says(
    web: WebServer, tmp_path: Path, status: int, error: type[DsvError], tries: int
) -> None:
    web.statuses["/x"] = [status] * 9
    with pytest.raises(error, match=str(status)):
        get(web.url("/x"), tmp_path)
    assert len(web.asked) == tries


def test_a_server_that_recovers(web: WebServer, tmp_path: Path) -> None:
    web.statuses["/x"] = [503, 500]
    assert get(web.url("/x"), tmp_path) is not None


def test_redirections(web: WebServer, tmp_path: Path) -> None:
    web.redirects["/old"] = "/x"
    found = get(web.url("/old"), tmp_path)
    assert found is not None
    assert found.fetched.url == web.url("/old")
    for leads in ("file:///etc/passwd", "ftp://127.0.0.1/x", "/old2"):
        web.redirects["/old2"] = leads
        with pytest.raises(UserError):
            get(web.url("/old2"), tmp_path)


def test_a_password_goes_to_its_server_alone(web: WebServer, tmp_path: Path) -> None:
    with WebServer() as other:
        other.files["/y"] = b"y"
        web.redirects["/there"] = "/hop"
        web.redirects["/hop"] = other.url("/y")
        found = get(f"http://ada:s%40crt@{web.host}/there", tmp_path)
        assert found is not None
        assert found.fetched.url == f"http://***@{web.host}/there"
        assert [asked.headers.get("Authorization") for asked in web.asked] == ["Basic YWRhOnNAY3J0"] * 2
        assert "Authorization" not in other.asked[0].headers


def test_nobody_there(tmp_path: Path) -> None:
    with WebServer() as gone:
        url = gone.url("/x")
    with pytest.raises(StorageError, match="cannot connect"):
        get(url, tmp_path)


def test_a_web_page_is_told(web: WebServer, tmp_path: Path) -> None:
    web.types["/x"] = "text/html; charset=utf-8"
    found = get(web.url("/x"), tmp_path)
    assert found is not None
    assert "web page" in found.notes[0]


def test_a_secret_that_was_left_out_is_not_asked_without(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="without its secret part"):
        get("https://example.org/x?***", tmp_path)


def answer(status: str, body: bytes, *lines: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body


def begun(web: WebServer, room: Path) -> None:
    """Leave the first 300 bytes of version 1 in `room`, as an interrupted fetch does."""
    web.cut["/x"] = 100
    with pytest.raises(StorageError, match="the connection broke after"):
        get(web.url("/x"), room)
    del web.cut["/x"]


def rest(start: int, end: int, total: int, body: bytes, *lines: str) -> bytes:
    return answer(
        "206 Partial Content",
        body,
        f"Content-Range: bytes {start}-{end - 1}/{total}",
        f"Content-Length: {end - start}",
        *lines,
    )


def test_a_rest_that_ends_early_is_gone_on_with(web: WebServer, tmp_path: Path) -> None:
    begun(web, tmp_path)
    web.scripts["/x"] = [rest(300, 900, len(DATA), DATA[300:900], 'ETag: "v1"')]
    found = get(web.url("/x"), tmp_path)
    assert found is not None
    assert found.place.read_bytes() == DATA
    assert web.asked[-1].headers["Range"] == "bytes=900-"


@pytest.mark.parametrize(
    ("total", "lines"),
    [
        (len(DATA), ('ETag: "v2"',)),
        (len(DATA), ('ETag: W/"v1"',)),
        (len(DATA), ()),
        (len(DATA) - 1, ('ETag: "v1"',)),
        (len(DATA) + 1, ('ETag: "v1"',)),
    ],
)
def test_two_versions_are_never_joined(
    web: WebServer, tmp_path: Path, total: int, lines: tuple[str, ...]
) -> None:
    begun(web, tmp_path)
    web.scripts["/x"] = [rest(300, total, total, b"9" * (total - 300), *lines)]
    found = get(web.url("/x"), tmp_path)
    assert found is not None
    assert found.place.read_bytes() == DATA
    assert "Range" not in web.asked[-1].headers


@pytest.mark.parametrize(
    "sent",
    [
        answer("204 No Content", b""),
        answer("202 Accepted", b"soon", "Content-Length: 4"),
        answer("304 Not Modified", b""),
        answer("206 Partial Content", DATA[:10], "Content-Range: bytes 0-9/99", "Content-Length: 10"),
        answer("200 OK", DATA[:20], "Content-Length: 10", "Content-Length: 20"),
        answer("200 OK", DATA[:20], "Content-Length: ten"),
        answer("200 OK", b"2\r\nab\r\n0\r\n\r\n", "Transfer-Encoding: chunked", "Content-Length: 2"),
    ],
)
def test_answers_that_are_no_file(web: WebServer, tmp_path: Path, sent: bytes) -> None:
    web.scripts["/x"] = [sent]
    with pytest.raises(StorageError):
        get(web.url("/x"), tmp_path)
    assert (tmp_path / "data").read_bytes() == b""


def test_chunks_that_break_off_are_not_the_file(web: WebServer, tmp_path: Path) -> None:
    web.scripts["/x"] = [answer("200 OK", b"5\r\nabcde\r\n9\r\nxy", "Transfer-Encoding: chunked")] * 3
    with pytest.raises(StorageError, match="the connection broke"):
        get(web.url("/x"), tmp_path)


def test_where_no_length_is_told_that_is_said(web: WebServer, tmp_path: Path) -> None:
    web.scripts["/x"] = [answer("200 OK", b"a,b\n1,2\n", "Connection: close")]
    found = get(web.url("/x"), tmp_path)
    assert found is not None
    assert found.place.read_bytes() == b"a,b\n1,2\n"
    assert "may have ended early" in found.notes[0]
