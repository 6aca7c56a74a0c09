"""Names for commits: `main~2`, `3f9a`, `git:HEAD`."""

import re
import shlex

from dsv.errors import Ambiguous, NotFound, Refused
from dsv.ids import MIN_PREFIX, ObjectId, is_id, is_prefix, short
from dsv.model.ref_names import check_name
from dsv.store.repository import Repository
from dsv.wording import did_you_mean

_STEP = re.compile(r"([~^])(\d*)")
_PAST = re.compile(r".*@\{\d+\}")


def check_free(repo: Repository, name: str) -> str:
    """Return `name` if a new branch or tag may be called so here.

    Raises:
        Refused: It may not, or a dataset is called so, and nobody could tell them apart.
    """
    check_name(name)
    refs = repo.refs()
    for snapshot in {repo.snapshot_of(refs.head), refs.mine.staged}:
        if name in repo.datasets(snapshot):
            raise Refused(f"{name} is a dataset, so no branch or tag can be called so")
    return name


def resolve(repo: Repository, revision: str) -> ObjectId:
    """Return the commit that `revision` names.

    Branch, tag, id prefix of at least four digits, `HEAD`, each with `~n` and `^n`;
    `REMOTE/branch`; in a workspace also `branch@{n}` (where it was n changes ago) and `git:REF`.

    Raises:
        NotFound: It names nothing, or there is no commit yet.
        Ambiguous: It is an id prefix of several commits, or the name of both a branch and a tag.
    """
    match = re.fullmatch(r"(.*?)((?:[~^]\d*)*)", revision, re.DOTALL)
    base, steps = (match[1], match[2]) if match else (revision, "")
    oid = _base(repo, base, revision)
    for sign, digits in _STEP.findall(steps):
        number = int(digits) if digits else 1
        oid = _ancestor(repo, oid, number, revision) if sign == "~" else _parent(repo, oid, number, revision)
    return oid


def is_revision(repo: Repository, text: str) -> bool:
    """Whether `text` names a commit, or several: then `resolve` says so."""
    try:
        resolve(repo, text)
    except Ambiguous:
        return True
    except (NotFound, Refused):
        return False
    return True


def _base(repo: Repository, base: str, revision: str) -> ObjectId:
    refs = repo.refs()
    if base in {"HEAD", ""}:
        if refs.head is None or (base == "" and revision == ""):
            raise NotFound(
                "there is no commit yet" if base else "a revision is empty", hint="dsv commit -m MESSAGE"
            )
        return refs.head
    if base.startswith("git:") or _PAST.fullmatch(base):
        return repo.named_elsewhere(base)
    if is_id(base):  # whatever may be called so: a full id is always that commit
        return _by_prefix(repo, base)
    named = {oid for names in (refs.branches, refs.tags) if (oid := names.get(base)) is not None}
    if len(named) > 1:
        raise Ambiguous(f"{base!r} is a branch and a tag", hint=f"dsv tag -d {shlex.quote(base)}")
    if named:
        return named.pop()
    remote = refs.mine.remotes.get(base)
    return remote if remote is not None else _by_prefix(repo, base)


def _by_prefix(repo: Repository, prefix: str) -> ObjectId:
    if not is_prefix(prefix):
        why = f": an id needs at least {MIN_PREFIX} digits" if _short_hex(prefix) else ""
        raise NotFound(f"no revision {prefix!r}{why}", hint=_near(repo, prefix, "dsv log --oneline"))
    found = repo.objects.commits(prefix)
    if not found:
        raise NotFound(f"no revision {prefix!r}", hint=_near(repo, prefix, "dsv log --oneline"))
    if len(found) > 1:
        named = ", ".join(short(oid, found) for oid in found[:4]) + (", ..." if len(found) > 4 else "")
        raise Ambiguous(
            f"{prefix!r} is the start of {len(found)} commits: {named}",
            hint=f"dsv show {short(found[0], found)}",
        )
    return found[0]


def _near(repo: Repository, name: str, otherwise: str) -> str:
    refs = repo.refs()
    return did_you_mean(name, [*refs.branches, *refs.tags, *refs.mine.remotes], otherwise)


def _short_hex(text: str) -> bool:
    return 0 < len(text) < MIN_PREFIX and all(letter in "0123456789abcdef" for letter in text)


def _ancestor(repo: Repository, oid: ObjectId, number: int, revision: str) -> ObjectId:
    for _ in range(number):
        oid = _parent(repo, oid, 1, revision)
    return oid


def _parent(repo: Repository, oid: ObjectId, number: int, revision: str) -> ObjectId:
    if number == 0:
        return oid
    parents = repo.commit(oid).parents
    if number > len(parents):
        raise NotFound(f"{revision!r} goes back further than history does", hint="dsv log")
    return parents[number - 1]
