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
from typing import Any

from dsv.config.keys import LOCAL, SHARED, check, find_key
from dsv.config.rules import DatasetRule, matches, policy_of
from dsv.config.rules import rules as rules_of
from dsv.errors import BadConfig
from dsv.model.policy import Policy
from dsv.plain import read_plain_text

REMOTE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""What a remote may be called. A folder here is called like it, and `dsv.toml` may be a stranger's."""

_LARGEST = 1 << 20
"""Characters of a settings file."""

_DEEPEST = 16
"""Levels of tables and arrays in a settings file."""

_EMPTY: Mapping[str, Any] = MappingProxyType({})


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
class Config:
    """All settings of a workspace.

    Attributes:
        user: Author of commits, None if not set here.
        store: Folder for packs and indexes, relative to the workspace; None for `.dsv`.
        follow_git: Whether dsv's branch follows git's.
        remotes: Remotes by name.
        rules: The `[[dataset]]` tables, those of `.dsv/config` last.
        pass_env: Environment variables that a rebuild passes on.
        shared_pass_env: Whether it is `dsv.toml` that names them.
        witness: How a run is watched on Linux: `calls`, `files` or `events`.
        leave_out: Lines of what a run writes that is no output.
        record_env: Environment variables that are recorded of every run.
        no_secrets: Paths of which the user says that they hold no secrets.
        unknown: Keys that this dsv does not know, as `FILE: KEY`.
    """

    user: str | None = None
    store: str | None = None
    follow_git: bool = True
    remotes: Mapping[str, Remote] = field(default_factory=lambda: _EMPTY)
    rules: tuple[DatasetRule, ...] = ()
    pass_env: tuple[str, ...] = ()
    shared_pass_env: bool = False
    witness: str = "calls"
    leave_out: tuple[str, ...] = ()
    record_env: tuple[str, ...] = ()
    no_secrets: tuple[str, ...] = ()
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
        return next((rule for rule in reversed(self.rules) if matches(rule.match, path)), None)

    def policy_for(self, path: str) -> Policy:
        """Return when a rebuild of the dataset `path` counts as the same.

        Raises:
            BadConfig: Its rule asks for the same bytes and allows other values.
        """
        return policy_of(self.rule_for(path))


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
    said: dict[str, str] = {}
    for where, text in ((SHARED, shared), (LOCAL, local)):
        document = read_toml(text, where)
        rules += rules_of(document.pop("dataset", []), where)
        for name, value in flatten(document).items():
            key = find_key(name)
            if key is None:
                unknown.append(f"{where}: {name}")
                continue
            values[name] = check(key, name, value, where)
            said[name] = where
    return Config(
        user=values.get("user"),
        store=values.get("store"),
        follow_git=values.get("git.follow", True),
        remotes=_remotes(values),
        rules=tuple(rules),
        pass_env=values.get("rebuild.pass_env", ()),
        shared_pass_env=said.get("rebuild.pass_env") == SHARED,
        witness=values.get("run.witness", "calls"),
        leave_out=values.get("run.leave_out", ()),
        record_env=values.get("run.record_env", ()),
        no_secrets=values.get("secrets.allow", ()),
        unknown=tuple(unknown),
    )


def read_text(path: Path) -> str:
    """Return the text of a settings file, "" if there is none.

    Raises:
        BadConfig: It is not UTF-8, no regular file, or larger than any settings are.
    """
    try:
        return read_plain_text(path)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except UnicodeDecodeError as error:
        raise BadConfig(f"{path.name} is not UTF-8 text") from error


def read_toml(text: str, where: str) -> dict[str, Any]:
    """Return the TOML document `text`; `where` names it in errors.

    Raises:
        BadConfig: It is not TOML, or larger or deeper than any settings are.
    """
    if len(text) > _LARGEST:
        raise BadConfig(f"{where} has more than {_LARGEST >> 20} MiB, so it holds no settings")
    if all(not line or line.startswith("#") for line in map(str.strip, text.splitlines())):
        return {}  # spares `status` in a plain workspace the import of a parser
    import tomllib

    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadConfig(f"{where} is not valid TOML: {error}") from error
    except ValueError as error:
        raise BadConfig(f"{where} has a number of too many digits") from error
    if _too_deep(document):
        raise BadConfig(f"{where} nests tables deeper than {_DEEPEST} levels")
    return document


def _too_deep(document: Mapping[str, Any]) -> bool:
    """Whether tables and arrays are nested deeper than in any settings; the parser behind may use recursion."""
    level: list[Any] = [document]
    for _ in range(_DEEPEST):
        below = [value.values() if isinstance(value, Mapping) else value for value in level]
        level = [one for values in below for one in values if isinstance(one, Mapping | list)]
    return bool(level)


def flatten(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the values of nested tables under their dotted names."""
    flat: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat


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
