"""Rules for datasets: the `[[dataset]]` tables of settings files."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from dsv.errors import BadConfig
from dsv.model.policy import COMPARE, EXACT, METADATA, POLICIES, TABLE, Policy
from dsv.worktree.ignore import Ignore

_LAX = ("tolerance", "ignore_columns", "key", "metadata")
"""What has no meaning where bytes are compared, unless it is one of `_STRICT`."""

_STRICT = (None, 0.0, (), COMPARE)


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
        metadata: Whether metadata that carries meaning is compared: `compare` or `ignore`; None for the default.
    """

    match: str
    policy: str | None = None
    tolerance: float | None = None
    ignore_columns: tuple[str, ...] = ()
    schema: Mapping[str, str] | None = None
    key: tuple[str, ...] = ()
    metadata: str | None = None


def policy_of(rule: DatasetRule | None) -> Policy:
    """Return the policy of a rule; without one, the table counts.

    Where there is no table the caller asks `Policy.applied`.

    Raises:
        BadConfig: The rule contradicts itself: it asks for the same bytes and allows other values, say.
    """
    if rule is None:
        return Policy()
    lax = next((name for name in _LAX if getattr(rule, name) not in _STRICT), None)
    if rule.policy == EXACT and lax is not None:
        raise BadConfig(
            f"dataset {rule.match!r}: policy exact compares bytes, so {lax} has no meaning",
            hint='use policy = "table"',
        )
    both = sorted({*rule.key} & {*rule.ignore_columns})
    if both:
        raise BadConfig(f"dataset {rule.match!r}: {both[0]} cannot be in key and in ignore_columns")
    return Policy(
        kind=rule.policy or TABLE,
        tolerance=rule.tolerance or 0.0,
        ignore_columns=frozenset(rule.ignore_columns),
        key=rule.key,
        metadata=rule.metadata or COMPARE,
    )


def rules(tables: object, where: str) -> list[DatasetRule]:
    """Return the rules that `[[dataset]]` of the file `where` states, in order.

    Raises:
        BadConfig: They are not tables, or a known key has a value that it cannot have.
    """
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
    metadata = table.get("metadata")
    if metadata is not None and metadata not in METADATA:
        raise BadConfig(f"{where}: metadata must be {' or '.join(METADATA)}, not {metadata!r}")
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
        metadata=metadata,
    )


def _names(value: object, where: str) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise BadConfig(f"{where} must be a list of column names, not {value!r}")
    return tuple(names)


def matches(pattern: str, path: str) -> bool:
    """Whether the dataset `path` matches a pattern in gitignore syntax."""
    return Ignore([pattern]).matches(path, is_dir=False)
