"""When a rebuilt dataset counts as the same: what `[[dataset]]` in `dsv.toml` says for `verify`."""

from dataclasses import dataclass, field
from typing import Self

EXACT = "exact"
TABLE = "table"
UNORDERED = "unordered"

POLICIES = (EXACT, TABLE, UNORDERED)

COMPARE = "compare"
IGNORE = "ignore"

METADATA = (COMPARE, IGNORE)


@dataclass(frozen=True, slots=True)
class Policy:
    """What has to be the same.

    Attributes:
        kind: `EXACT`: the bytes. `TABLE`: names, types, values and order of the rows.
            `UNORDERED`: the same rows, each as often, in any order.
        tolerance: How far floating-point values may differ, relative to `max(1, |a|, |b|)`;
            0: not at all. Other types, integers and decimals among them, are compared exactly.
        ignore_columns: Columns that are left out on both sides.
        key: Columns that identify a row; they pair the rows of two tables that differ.
        metadata: `COMPARE`: the metadata that carries meaning has to be the same, too. `IGNORE`: it may differ.
    """

    kind: str = TABLE
    tolerance: float = 0.0
    ignore_columns: frozenset[str] = field(default_factory=frozenset)
    key: tuple[str, ...] = ()
    metadata: str = COMPARE

    @property
    def text(self) -> str:
        """The policy as people are shown it: `unordered, tolerance 1e-09, without updated_at`."""
        parts = [self.kind]
        if self.tolerance:
            parts.append(f"tolerance {self.tolerance:g}")
        if self.ignore_columns:
            parts.append("without " + ", ".join(sorted(self.ignore_columns)))
        if self.metadata == IGNORE:
            parts.append("metadata ignored")
        return ", ".join(parts)

    @property
    def needs_table(self) -> bool:
        """Whether it accepts what only a table can have: other orders, values or columns."""
        return self.kind == UNORDERED or bool(self.tolerance or self.ignore_columns or self.key)

    @property
    def by_bytes(self) -> bool:
        """Whether only the same bytes are good enough."""
        return self.kind == EXACT

    def applied(self, *, table: bool) -> Self:
        """Return the policy as it applies to data that is a table, or is none: then bytes count."""
        return self if table else type(self)(EXACT)
