"""Code lists: the workspace files that made a run what it was, with their bytes."""

from dataclasses import dataclass
from typing import NamedTuple

from dsv.errors import Corrupt
from dsv.ids import ObjectId, parse_id
from dsv.model import canonical
from dsv.model.node import EXEC, FILE


class CodeFile(NamedTuple):
    """A file that a run read and that is no dataset: a script, a module, SQL, configuration.

    Attributes:
        path: Relative to the workspace.
        kind: `FILE` or `EXEC`.
        file: Its file id.
    """

    path: str
    kind: str
    file: ObjectId


@dataclass(frozen=True, slots=True)
class Code:
    """The code files of a run, sorted by path."""

    files: tuple[CodeFile, ...] = ()

    def encode(self) -> bytes:
        """Return the canonical encoding."""
        return canonical.encode({"v": 1, "files": [list(file) for file in self.files]})

    @classmethod
    def decode(cls, data: bytes | memoryview, what: str) -> "Code":
        """Return the code list that `data` encodes.

        Raises:
            Corrupt: It is not a valid code list; `what` names it.
        """
        record = canonical.decode(data, what=what)
        try:
            found = cls(tuple(CodeFile(path, kind, parse_id(file)) for path, kind, file in record["files"]))
            paths = [file.path for file in found.files]
            if any(type(path) is not str for path in paths) or paths != sorted(set(paths), key=str.encode):
                raise ValueError("files are not sorted by path")
            if any(file.kind not in (FILE, EXEC) for file in found.files):
                raise ValueError("a file is of another kind")
            if found.encode() != data:
                raise ValueError("it has other fields")
        except (KeyError, TypeError, ValueError) as error:
            raise Corrupt(f"{what} is not a valid code list: {error}") from error
        return found
