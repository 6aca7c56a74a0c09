"""Every error that dsv raises, as one tree.

    DsvError
    ├── AnswerNo           1   the answer to the question is no; nothing to commit
    ├── UsageFault         2   the command was called wrongly
    ├── UserError          3   a mistake that the user can mend
    │   ├── NotFound           no such path, revision, remote
    │   ├── Ambiguous          a name or id prefix that fits more than one thing
    │   ├── InTheWay           uncommitted or untracked data would be overwritten
    │   ├── Refused            something that dsv does not do, with the reason
    │   │   └── NoTable        bytes that are, for the reason given, no table
    │   ├── BadConfig          dsv.toml, .dsv/config, dsv.lock or an environment variable
    │   ├── Changing           a file changed while it was read, twice
    │   └── TooNew             written by a newer dsv than this one
    ├── Conflict           4   somebody else was faster
    │   ├── RefMoved           a ref is not what it was expected to be
    │   ├── MergeConflict      the same thing changed on both sides
    │   └── Busy               another process holds the lock
    ├── StorageError       5   disk, permission or network; trying again may help
    │   └── Missing            an object is nowhere to be had
    └── Corrupt            6   bytes are not what their name or checksum says

The exit code and the ``kind`` (a stable word for ``--json``) belong to the class;
a handler groups errors by what it would do about them. Kinds are append-only.
"""

from typing import ClassVar


class DsvError(Exception):
    """Root of all errors that dsv raises on purpose.

    Args:
        message: What happened, to which object; one sentence without a full stop.
        hint: What helps, most often a command.
    """

    kind: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class AnswerNo(DsvError):
    """The question was understood and its answer is no."""

    kind = "no"
    exit_code = 1


class UsageFault(DsvError):
    """The command was called wrongly."""

    kind = "usage"
    exit_code = 2


class UserError(DsvError):
    """A mistake that the user can mend."""

    kind = "user"
    exit_code = 3


class NotFound(UserError, LookupError):
    """No such path, revision, dataset or remote."""

    kind = "not-found"


class Ambiguous(UserError):
    """A name or an id prefix fits more than one thing."""

    kind = "ambiguous"


class InTheWay(UserError):
    """Uncommitted or untracked data would be overwritten."""

    kind = "in-the-way"


class Refused(UserError):
    """Something that dsv does not do; the message gives the reason."""

    kind = "refused"


class NotAgreed(Refused):
    """Something needs the agreement of the user, who said no or could not be asked."""

    kind = "not-agreed"


class NoTable(Refused):
    """Bytes that hold no table that dsv can read or name; the message is the reason.

    A caller that only wants to know catches it: such data has a content id and no table id.
    """

    kind = "no-table"


class BadConfig(UserError):
    """A setting cannot be read or has a value that it cannot have."""

    kind = "bad-config"


class Changing(UserError):
    """A file changed while it was read, and again at the second try."""

    kind = "changing"


class TooNew(UserError):
    """A store, index or record was written by a newer dsv."""

    kind = "too-new"


class Conflict(DsvError):
    """Somebody else was faster, or two sides disagree."""

    kind = "conflict"
    exit_code = 4


class RefMoved(Conflict):
    """A ref is not what it was expected to be."""

    kind = "ref-moved"


class MergeConflict(Conflict):
    """The same thing changed on both sides."""

    kind = "merge-conflict"


class Busy(Conflict):
    """Another process holds the lock."""

    kind = "busy"


class StorageError(DsvError):
    """A disk, a permission or a network failed; trying again may help."""

    kind = "storage"
    exit_code = 5


class Missing(StorageError):
    """An object is neither in the store nor anywhere it could be fetched from."""

    kind = "missing"


class Corrupt(DsvError):
    """Bytes are not what their name or their checksum says."""

    kind = "corrupt"
    exit_code = 6
