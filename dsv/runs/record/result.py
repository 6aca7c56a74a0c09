"""What came of a run that was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from dsv.capture.execute import Execution
from dsv.ids import ObjectId
from dsv.model.attempt import Attempt
from dsv.model.run import Run

INTERRUPTED = 130

_NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of a run.

    Attributes:
        execution: How it went; None for a claim.
        id: Id of its record; None if nothing was recorded.
        run: The record.
        attempt: How it happened.
        sources: The inputs that became datasets with it.
        code: The paths of its code.
        rows: Rows of the outputs that are tables.
        staged: The datasets that were staged.
        unstaged: The tracked inputs that it read with changes that are not staged.
        unchanged: Whether all of it was staged like this already.
        written: If nothing was recorded: the files that it had written.
        missed: Likewise, as far as it was seen: what it looked for in vain.
        warnings: What may be wrong.
        notes: Further notes for the user.
    """

    execution: Execution | None
    id: ObjectId | None = None
    run: Run | None = None
    attempt: Attempt | None = None
    sources: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    rows: Mapping[str, int] = field(default_factory=lambda: _NONE)
    staged: tuple[str, ...] = ()
    unstaged: tuple[str, ...] = ()
    unchanged: bool = False
    written: tuple[str, ...] = ()
    missed: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """The exit code of the command; 0 for a claim."""
        if self.execution is None:
            return 0
        interrupted = self.execution.signalled is not None and not self.execution.exit_code
        return INTERRUPTED if interrupted else self.execution.exit_code
