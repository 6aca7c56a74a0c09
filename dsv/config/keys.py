"""The settings that dsv knows, and what values each can have."""

from typing import NamedTuple

from dsv.errors import BadConfig

SHARED = "dsv.toml"
LOCAL = ".dsv/config"

_WANTED = {
    "text": "a text that is not empty",
    "flag": "true or false",
    "number": "an integer",
    "list": "a list of texts",
}


class Key(NamedTuple):
    """A setting that dsv knows.

    Attributes:
        pattern: Its dotted name; `NAME` stands for one part of the user's choice.
        kind: What it holds: `text`, `flag`, `number` (an integer) or `list` (of texts).
        about: What it is for; one line.
        shareable: Whether `dsv.toml` may hold it.
        choices: The texts that it may be; empty for any.
        least: The least number that it may be.
    """

    pattern: str
    kind: str
    about: str
    shareable: bool = True
    choices: tuple[str, ...] = ()
    least: int = 0


KEYS = (
    Key("user", "text", "author of commits: `Name <address>`", shareable=False),
    Key("store", "text", "folder that holds packs and indexes instead of .dsv", shareable=False),
    Key("git.follow", "flag", "whether dsv's branch follows git's branch (default true)"),
    Key("remote.NAME.url", "text", "where the remote is: s3://BUCKET/PREFIX or file:///PATH"),
    Key("remote.NAME.endpoint_url", "text", "address of an S3 server other than Amazon's"),
    Key("remote.NAME.region", "text", "region of the bucket"),
    Key("remote.NAME.default", "flag", "whether push, pull and fetch use this remote unless told otherwise"),
    Key(
        "remote.NAME.checksum",
        "text",
        "when requests carry a CRC: when_supported (default at Amazon) or when_required (default elsewhere)",
        choices=("when_supported", "when_required"),
    ),
    Key(
        "remote.NAME.addressing",
        "text",
        "where the bucket stands in an address: path (default with endpoint_url) or virtual (the host)",
        choices=("path", "virtual"),
    ),
    Key("remote.NAME.ca_bundle", "text", "absolute path of certificates to trust instead of the system's"),
    Key("remote.NAME.timeout", "number", "seconds of silence that end a connection (default 60)", least=1),
    Key("remote.NAME.retries", "number", "how often a request that failed is repeated (default 8)"),
    Key("remote.NAME.concurrency", "number", "requests under way at once (default 8)", least=1),
    Key(
        "run.witness",
        "text",
        "how a run is watched on Linux: calls (default), files (without what it only looks for) or events (inotify)",
        choices=("calls", "files", "events"),
    ),
    Key(
        "run.leave_out",
        "list",
        "what a run writes that is no output, besides caches and logs: lines of .gitignore",
    ),
    Key("run.record_env", "list", "environment variables that are recorded of every run"),
    Key(
        "secrets.allow",
        "list",
        "files and folders that hold no secrets though they look like it: `dsv config secrets allow PATH`",
        shareable=False,
    ),
    Key("rebuild.pass_env", "list", "environment variables that a rebuild passes on to the command"),
)


def find_key(name: str) -> Key | None:
    """Return the known key that the dotted `name` is an instance of."""
    parts = name.split(".")
    for key in KEYS:
        pattern = key.pattern.split(".")
        if len(pattern) == len(parts) and all(
            want in (have, "NAME") and have for want, have in zip(pattern, parts, strict=True)
        ):
            return key
    return None


def check(key: Key, name: str, value: object, where: str) -> str | bool | int | tuple[str, ...]:
    """Return `value` as the frozen value of the setting `name`.

    Raises:
        BadConfig: `key` cannot have this value, or not in this file.
    """
    if where == SHARED and not key.shareable:
        raise BadConfig(
            f"{where}: {name} is a local setting and cannot be shared",
            hint=f"remove it there and use `dsv config {name} VALUE`",
        )
    if key.kind == "text" and isinstance(value, str) and value:
        if name.endswith(".url"):
            _check_url(value, name, where)
        if name.endswith(".endpoint_url"):
            _check_endpoint(value, name, where)
        if key.choices and value not in key.choices:
            raise BadConfig(f"{where}: {name} must be {' or '.join(key.choices)}, not {value!r}")
        return value
    if key.kind == "number" and type(value) is int and value >= key.least:
        return value
    if key.kind == "flag" and isinstance(value, bool):
        return value
    if (
        key.kind == "list"
        and isinstance(value, list | tuple)
        and all(isinstance(item, str) for item in value)
    ):
        return tuple(value)
    least = f" of at least {key.least}" if key.kind == "number" else ""
    raise BadConfig(f"{where}: {name} must be {_WANTED[key.kind]}{least}, not {value!r}")


def _check_url(url: str, name: str, where: str) -> None:
    scheme, host, path = _split(url, name, where)
    is_folder = scheme == "file" and host in {"", "localhost"} and path
    if not is_folder and not (scheme == "s3" and host):
        raise BadConfig(f"{where}: {name} must be s3://BUCKET/PREFIX or file:///PATH, not {url!r}")


def _check_endpoint(url: str, name: str, where: str) -> None:
    scheme, host, _ = _split(url, name, where)
    if scheme not in {"http", "https"} or not host:
        raise BadConfig(f"{where}: {name} must be http://HOST:PORT or https://HOST:PORT, not {url!r}")


def _split(url: str, name: str, where: str) -> tuple[str, str, str]:
    """Return scheme, host and path of a URL; without credentials, so that messages may show it."""
    scheme, found, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    if "@" in host:
        raise BadConfig(
            f"{where}: {name} holds credentials",
            hint="remove them; credentials come from the environment, a profile or the machine's role",
        )
    return scheme if found else "", host, slash + path
