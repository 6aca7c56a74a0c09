"""Settings: `dsv.toml`, which a team shares, overridden key by key by the local `.dsv/config`.

Both are TOML with the same keys. A key that this dsv does not know is kept and named in
`Config.unknown`, since a newer dsv may have written it; a value that a known key cannot
have is an error that names file and key.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from dsv.errors import BadConfig
from dsv.model.policy import EXACT, POLICIES, TABLE, Policy

SHARED = "dsv.toml"
LOCAL = ".dsv/config"

REMOTE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""What a remote may be called. A folder here is called like it, and `dsv.toml` may be a stranger's."""

_WANTED = {
    "text": "a text that is not empty",
    "flag": "true or false",
    "number": "an integer",
    "list": "a list of texts",
}

_EMPTY: Mapping[str, Any] = MappingProxyType({})


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
    Key("rebuild.pass_env", "list", "environment variables that a rebuild passes on to the command"),
)


@dataclass(frozen=True, slots=True)
class Remote:
    """A remote as it is configured.

    Attributes:
        name: What the user calls it.
        url: `s3://BUCKET/PREFIX` or `file:///PATH`.
        endpoint_url: Address of an S3 server other than Amazon's.
        region: Region of the bucket.
        default: Whether it is marked as the default.
        checksum: When requests carry a CRC, `when_supported` or `when_required`.
        addressing: Where the bucket stands in an address, `path` or `virtual`.
        ca_bundle: File of certificates to trust instead of the system's.
        timeout: Seconds of silence that end a connection.
        retries: How often a request that failed is repeated.
        concurrency: Requests under way at once.
    """

    name: str
    url: str
    endpoint_url: str | None = None
    region: str | None = None
    default: bool = False
    checksum: str | None = None
    addressing: str | None = None
    ca_bundle: str | None = None
    timeout: int | None = None
    retries: int | None = None
    concurrency: int | None = None


@dataclass(frozen=True, slots=True)
class DatasetRule:
    """What `[[dataset]]` says of the datasets that it matches.

    Attributes:
        match: Pattern in gitignore syntax.
        policy: When `verify` is content: `exact`, `table` or `unordered`; None for the default.
        tolerance: How far numbers may differ, relative to `max(1, |a|, |b|)`; None for not at all.
        ignore_columns: Columns that `verify` does not compare.
        schema: Declared types by column name, for text formats.
        key: Columns that identify a row.
    """

    match: str
    policy: str | None = None
    tolerance: float | None = None
    ignore_columns: tuple[str, ...] = ()
    schema: Mapping[str, str] | None = None
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of a workspace.

    Attributes:
        user: Author of commits, None if not set here.
        store: Folder for packs and indexes, relative to the workspace; None for `.dsv`.
        follow_git: Whether dsv's branch follows git's.
        remotes: Remotes by name.
        rules: The `[[dataset]]` tables, those of `.dsv/config` last.
        pass_env: Environment variables that a rebuild passes on.
        unknown: Keys that this dsv does not know, as `FILE: KEY`.
    """

    user: str | None = None
    store: str | None = None
    follow_git: bool = True
    remotes: Mapping[str, Remote] = field(default_factory=lambda: _EMPTY)
    rules: tuple[DatasetRule, ...] = ()
    pass_env: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def default_remote(self) -> Remote | None:
        """The remote to use when none is named: the one marked so, else the only one."""
        marked = [remote for remote in self.remotes.values() if remote.default]
        if marked:
            return marked[0]
        return next(iter(self.remotes.values())) if len(self.remotes) == 1 else None

    def rule_for(self, path: str) -> DatasetRule | None:
        """Return the last rule that matches the dataset `path`, None if there is none."""
        return next((rule for rule in reversed(self.rules) if _matches(rule.match, path)), None)

    def policy_for(self, path: str) -> Policy:
        """Return when a rebuild of the dataset `path` counts as the same.

        Raises:
            BadConfig: Its rule asks for the same bytes and allows other values.
        """
        return policy_of(self.rule_for(path))


def policy_of(rule: DatasetRule | None) -> Policy:
    """Return the policy of a rule; without one, the table counts.

    Where there is no table the caller asks `Policy.applied`.

    Raises:
        BadConfig: The rule asks for the same bytes and allows other values.
    """
    if rule is None:
        return Policy()
    if rule.policy == EXACT and (rule.tolerance or rule.ignore_columns):
        lax = "tolerance" if rule.tolerance else "ignore_columns"
        raise BadConfig(
            f"dataset {rule.match!r}: policy exact compares bytes, so {lax} has no meaning",
            hint='use policy = "table"',
        )
    return Policy(
        kind=rule.policy or TABLE,
        tolerance=rule.tolerance or 0.0,
        ignore_columns=frozenset(rule.ignore_columns),
        key=rule.key,
    )


def load(root: Path) -> Config:
    """Return the settings of the workspace at `root`; files that are not there say nothing.

    Raises:
        BadConfig: A file is not TOML, or a known key has a value that it cannot have.
        OSError: A file cannot be read.
    """
    return parse(shared=read_text(root / SHARED), local=read_text(root / LOCAL))


def parse(*, shared: str = "", local: str = "") -> Config:
    """Return the settings that the texts of `dsv.toml` and `.dsv/config` make together.

    Raises:
        BadConfig: As for `load`.
    """
    values: dict[str, Any] = {}
    rules: list[DatasetRule] = []
    unknown: list[str] = []
    for where, text in ((SHARED, shared), (LOCAL, local)):
        document = read_toml(text, where)
        rules += _rules(document.pop("dataset", []), where)
        for name, value in flatten(document).items():
            key = find_key(name)
            if key is None:
                unknown.append(f"{where}: {name}")
                continue
            values[name] = check(key, name, value, where)
    return Config(
        user=values.get("user"),
        store=values.get("store"),
        follow_git=values.get("git.follow", True),
        remotes=_remotes(values),
        rules=tuple(rules),
        pass_env=values.get("rebuild.pass_env", ()),
        unknown=tuple(unknown),
    )


def read_text(path: Path) -> str:
    """Return the text of a settings file, "" if there is none.

    Raises:
        BadConfig: It is not UTF-8.
    """
    try:
        return path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except UnicodeDecodeError as error:
        raise BadConfig(f"{path.name} is not UTF-8 text") from error


def read_toml(text: str, where: str) -> dict[str, Any]:
    """Return the TOML document `text`; `where` names it in errors.

    Raises:
        BadConfig: It is not TOML.
    """
    if all(not line or line.startswith("#") for line in map(str.strip, text.splitlines())):
        return {}  # spares `status` in a plain workspace the import of a parser
    import tomllib

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadConfig(f"{where} is not valid TOML: {error}") from error


def flatten(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the values of nested tables under their dotted names."""
    flat: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat


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


def _remotes(values: Mapping[str, Any]) -> Mapping[str, Remote]:
    fields: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        if name.startswith("remote."):
            _, remote, attribute = name.split(".")
            fields.setdefault(remote, {})[attribute] = value
    for name, given in fields.items():
        if not REMOTE_NAME.fullmatch(name):
            raise BadConfig(f"{name!r} cannot be the name of a remote", hint="use letters, digits, - and _")
        if "url" not in given:
            raise BadConfig(f"remote.{name} has no url", hint=f"dsv config --shared remote.{name}.url URL")
    return MappingProxyType({name: Remote(name, **given) for name, given in fields.items()})


def _rules(tables: object, where: str) -> list[DatasetRule]:
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        raise BadConfig(f"{where}: datasets are written as [[dataset]], with two brackets")
    return [_rule(table, f"{where}: dataset {number}") for number, table in enumerate(tables, 1)]


def _rule(table: Mapping[str, Any], where: str) -> DatasetRule:
    match, policy, tolerance = table.get("match"), table.get("policy"), table.get("tolerance")
    if not isinstance(match, str) or not match:
        raise BadConfig(f"{where} has no match", hint='give it one, such as match = "data/*.parquet"')
    if policy is not None and policy not in POLICIES:
        raise BadConfig(f"{where}: policy must be one of {', '.join(POLICIES)}, not {policy!r}")
    if tolerance is not None and (
        isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not tolerance >= 0
    ):
        raise BadConfig(f"{where}: tolerance must be a number of at least 0, not {tolerance!r}")
    schema = table.get("schema")
    if schema is not None and not (
        isinstance(schema, Mapping) and all(isinstance(kind, str) for kind in schema.values())
    ):
        raise BadConfig(f"{where}: schema must be a table of column names and types")
    return DatasetRule(
        match=match,
        policy=policy,
        tolerance=None if tolerance is None else float(tolerance),
        ignore_columns=_names(table.get("ignore_columns", []), f"{where}: ignore_columns"),
        schema=None if schema is None else MappingProxyType(dict(schema)),
        key=_names(table.get("key", []), f"{where}: key"),
    )


def _names(value: object, where: str) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise BadConfig(f"{where} must be a list of column names, not {value!r}")
    return tuple(names)


def _matches(pattern: str, path: str) -> bool:
    from pathspec import PathSpec

    return PathSpec.from_lines("gitignore", [pattern]).match_file(path)
