"""What else than commands a user agreed to: variables that settings pass on, and servers that get credentials.

The settings of a workspace (`dsv.toml`) may be a stranger's. What they ask for of the user's own stands in the
same file as the trusted commands, a line each:

- `variable NAME FOLDER`: the workspace in FOLDER may have the variable NAME passed on to replays.
- `endpoint URL`: this server may get requests that are signed with the user's credentials.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from dsv.runs.rebuild import agreed_commands

_VARIABLE = "variable"
_ENDPOINT = "endpoint"


def variables(file: Path, root: Path) -> frozenset[str]:
    """Return the names of variables that the workspace `root` may pass on; raises as `trust.trusted`."""
    return frozenset(
        line[1]
        for line in agreed_commands.lines(file)
        if line[0] == _VARIABLE
        and len(line) == len(("variable", "NAME", "FOLDER"))
        and line[2] == _folder(root)
    )


def agree_to_variables(file: Path, root: Path, names: Collection[str]) -> None:
    """Let the workspace `root` pass on variables from now on; raises as `trust.add`."""
    new = sorted(set(names) - variables(file, root))
    if new:
        agreed_commands.append(file, [f"{_VARIABLE} {name} {_folder(root)}" for name in new])


def has_endpoint(file: Path, url: str) -> bool:
    """Whether the user has used the server at `url`, or agreed to it; raises as `trust.trusted`."""
    return any(line == [_ENDPOINT, server_of(url)] for line in agreed_commands.lines(file))


def knows_endpoint(file: Path, url: str, env: Mapping[str, str]) -> bool:
    """Whether the user has used or named the server at `url`, also by a variable of the AWS tools; raises likewise."""
    named = (env.get("AWS_ENDPOINT_URL_S3"), env.get("AWS_ENDPOINT_URL"))
    return server_of(url) in {server_of(one) for one in named if one} or has_endpoint(file, url)


def agree_to_endpoint(file: Path, url: str) -> None:
    """Let the server at `url` get signed requests from now on; raises as `trust.add`."""
    if not has_endpoint(file, url):
        agreed_commands.append(file, [f"{_ENDPOINT} {server_of(url)}"])


def server_of(url: str) -> str:
    """Return the server in a URL: scheme, host and port, spelt in one way."""
    parts = urlsplit(url)
    return quote(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower(), safe=":/[]")


def _folder(root: Path) -> str:
    return quote(str(root.resolve()).encode("utf-8", "surrogateescape"))
