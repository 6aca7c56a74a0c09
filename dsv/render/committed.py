"""What is said of a commit that a run or a rerun made besides."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from dsv.ids import short
from dsv.render import telling
from dsv.render.style import printable
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.versions.commit import Made


def after_run(made: "Made", brought: Iterable[str]) -> Iterator[Telling]:
    """Yield what is said; `brought`: changed datasets that were staged because a run read them."""
    for note in made.notes:
        yield telling.note(note)
    for path in brought:
        yield telling.note(f"{path} was read with changes: they are committed, too")
    title = made.commit.message.partition("\n")[0]
    yield telling.note(f"{made.branch} {short(made.id)} {printable(title)}")
