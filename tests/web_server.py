"""A web server on loopback that can be told to misbehave."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self


class Asked(NamedTuple):
    """A request as it came."""

    path: str
    headers: dict[str, str]


class WebServer:
    """Serves `files` by path, with ranges and conditions.

    Attributes:
        files: By path the bytes.
        etags: By path the name of the version; without one there is none.
        redirects: By path where to go instead.
        statuses: By path codes to answer with before all goes well.
        cut: By path after how many bytes each connection breaks.
        types: By path the content type.
        scripts: By path what to send as it stands, one for each request, before all goes well.
        asked: What was asked for.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.etags: dict[str, str] = {}
        self.redirects: dict[str, str] = {}
        self.statuses: dict[str, list[int]] = {}
        self.cut: dict[str, int] = {}
        self.types: dict[str, str] = {}
        self.scripts: dict[str, list[bytes]] = {}
        self.asked: list[Asked] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._http.server_address[1]}"

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"


def _handler(server: WebServer) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            server.asked.append(Asked(self.path, dict(self.headers.items())))
            if server.scripts.get(path):
                self.wfile.write(server.scripts[path].pop(0))
                self.close_connection = True
                return None
            if server.statuses.get(path):
                return self._empty(server.statuses[path].pop(0))
            if path in server.redirects:
                return self._empty(302, Location=server.redirects[path])
            if path not in server.files:
                return self._empty(404)
            data, etag = server.files[path], server.etags.get(path)
            if etag and self.headers.get("If-None-Match") == etag:
                return self._empty(304)
            asked, start = self.headers.get("Range", ""), 0
            if asked and self.headers.get("If-Range") in (None, etag):
                start = int(asked.removeprefix("bytes=").rstrip("-"))
                if start >= len(data):
                    return self._empty(416)
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(data) - start))
            self.send_header("Content-Type", server.types.get(path, "application/octet-stream"))
            if etag:
                self.send_header("ETag", etag)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.end_headers()
            end = start + server.cut[path] if path in server.cut else len(data)
            self.wfile.write(data[start:end])
            self.close_connection = end < len(data)
            return None

        def _empty(self, status: int, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    return Handler
