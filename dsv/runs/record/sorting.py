"""What each path that a run used is to it: input, new source, code, withheld, output, or nothing."""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from dsv.capture.detect import Captured
from dsv.capture.execute import Execution
from dsv.capture.growth import has_grown
from dsv.errors import Refused
from dsv.model.attempt import EVENTS
from dsv.model.checkpoint import Checkpoint
from dsv.runs.record import output_folders, spelling
from dsv.runs.record.before import Before
from dsv.runs.record.classify import NOT_CODE, Classified
from dsv.runs.record.executed_files import executed_files
from dsv.runs.record.file_roles import is_code, is_hidden
from dsv.runs.record.request import Request
from dsv.runs.record.sorting_facts import SortingFacts
from dsv.runs.record.spelling import Spelled
from dsv.workspace import Workspace
from dsv.worktree import git
from dsv.worktree.link_targets import destination
from dsv.worktree.litter import HIDDEN, Litter
from dsv.worktree.suffixes import has_data_name

_INSTALLED = re.compile(r"\.(egg|dist)-info(/|$)")
"""What tells of a package that is installed for editing belongs to the environment."""

_HF_CACHE = re.compile(r"(^|/)cache-[0-9a-f]{16}[^/]*\.arrow$")
_HF_LINE = "cache-*.arrow"


def sort(
    workspace: Workspace,
    request: Request,
    before: Before,
    captured: Captured,
    execution: Execution | None = None,
) -> Classified:
    """Sort what a command used by what it is to the run.

    Args:
        workspace: The workspace.
        request: What was run.
        before: The workspace before.
        captured: What was seen.
        execution: How it went; None if that is not known.

    Raises:
        Refused: It changed a file that it also read and that was not tracked: what it read is gone.
    """
    captured, odd = _without_odd(captured, request.own_files)
    used = captured.read | captured.written | captured.removed
    began = (execution.started, execution.seconds) if execution else (None, 0.0)
    litter = Litter(workspace.config.leave_out, *began)
    place = SortingFacts.of(workspace, before, litter, used)
    captured = replace(captured, written=captured.written - _unchanged(place, captured))
    uses = Classified(made={*captured.written, *captured.made_folders})
    _sort_links(place, uses, captured)
    _sort_reads(place, uses, request, captured)
    _sort_written(place, uses, request, captured.written)
    _sort_removed(place, uses, captured.removed)
    _gather_sources(place, uses)
    _find_kept(place, uses, captured)
    _find_placeholders(place, uses)
    _tell_caches(uses, captured)
    uses.found |= captured.found
    uses.absent |= captured.absent
    uses.outside |= captured.outside
    _sort_listed(place, uses, captured)
    if place.withholding.unread:
        uses.notes.append(
            f"{place.withholding.unread} data files were not looked into for secrets: there are many"
        )
    if odd:
        uses.unsure.append("it used files whose names are not UTF-8")
    return uses


def _without_odd(captured: Captured, own: frozenset[str]) -> tuple[Captured, bool]:
    """Return what was seen without our own files and names that are not UTF-8, and whether there were any of those."""
    sets = ("read", "written", "removed", "overwritten", "stamped", "appended", "listed", "absent", "found", "links",
            "made_folders", "outside")  # fmt: skip
    odd = {path for name in sets for path in getattr(captured, name) if not _is_text(path)}
    return replace(captured, **{name: getattr(captured, name) - odd - own for name in sets}), bool(odd)


def _is_text(path: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in path)


def _unchanged(place: SortingFacts, captured: Captured) -> frozenset[str]:
    """Return the files of datasets that were opened to update and have the bytes that they had: they were not changed.

    What was made again with the same bytes is an output all the same. By events alone the two look alike: a file
    that was read before it was written counts as updated.
    """
    asked = captured.stamped & captured.written
    if captured.eye == EVENTS:
        asked |= captured.read & captured.written
    return frozenset(path for path in asked if place.is_as_before(path))


def _sort_links(place: SortingFacts, uses: Classified, captured: Captured) -> None:
    """Note the links that lead to what was used: what they lead to counts as read by its own name."""
    for link in captured.links:
        if place.before.dataset_of(link) is None and link not in captured.written:
            uses.links[link] = destination(place.root, link)


def _sort_reads(place: SortingFacts, uses: Classified, request: Request, captured: Captured) -> None:
    changed = captured.written | captured.removed
    executed = executed_files(place.root, request, captured.programs)
    grown = {path for path in captured.appended if place.before.dataset_of(path) is None}
    read = sorted(captured.read - grown)
    gone = [path for path in read if not _sort_read(place, uses, path, changed, executed)]
    if gone and request.inputs is None:
        raise Refused(
            f"the command changed {gone[0]}, which it had read and which was not tracked: what it read is gone",
            hint=f"dsv add {gone[0]}, and run again; or name it in .dsvignore if it does not matter",
        )
    uses.unsure += [f"{path} was read and then changed" for path in gone]
    uses.unsure += [
        f"{path} was appended to, and what it held before is not recorded"
        for path in sorted(grown)
        if place.litter.pattern_of(path) is None and not is_hidden(path)
    ]


def _sort_read(
    place: SortingFacts, uses: Classified, path: str, changed: frozenset[str], executed: frozenset[str]
) -> bool:
    """Sort a file that was read; return whether what was read of it is still to be had."""
    before = place.before
    dataset = before.dataset_of(path)
    if dataset is not None:
        if dataset in before.versions:
            uses.inputs[dataset] = before.versions[dataset]
        return True
    if path in NOT_CODE or _INSTALLED.search(path):
        return True
    reason = place.suspicion(path)
    if reason is not None:
        uses.withheld.add(path)
        uses.suspicions[path] = reason
        return True
    code = is_code(place.root, path, executed)
    known = path in before.in_git
    rule = None if known or path in executed else _state_rule(place, path, code, path in changed)
    if rule is not None:
        uses.state[path] = rule
        return True
    if path in changed and not ((known or code) and _recall(place, uses, path)):
        uses.unsure += [f"{path} was read and then changed"] if known else []
        return known
    if known or code:
        if path in uses.texts or (place.root / path).is_file():
            uses.code.add(path)
            uses.in_git |= {path} if known and not code else set()
    else:
        uses.sources.add(path)
    return True


def _state_rule(place: SortingFacts, path: str, code: bool, changed: bool) -> str | None:
    """Return by what rule a file that was read is the memory of a tool, which is no data; None if it is not.

    A hidden file is, if the run changed it too, or if nothing says that it is data or settings.
    """
    if place.litter.is_state(path):
        return place.litter.pattern_of(path) or HIDDEN
    if changed and (rule := place.litter.pattern_of(path)) is not None:
        return rule
    if is_hidden(path) and (changed or not (code or has_data_name(path))):
        return HIDDEN
    return None


def _recall(place: SortingFacts, uses: Classified, path: str) -> bool:
    """Find what a file held that was read and then changed, as a notebook that is executed in place is."""
    text = place.before.kept.get(path)
    if text is None and place.before.is_clean(path):
        text = git.staged_content(place.root, path)
    if text is None:
        return False
    uses.texts[path] = text
    return True


def _sort_written(place: SortingFacts, uses: Classified, request: Request, written: Iterable[str]) -> None:
    before = place.before
    fresh = set()
    for path in written:
        dataset = before.dataset_of(path)
        if dataset is not None:
            uses.outputs.add(dataset)
        elif path in before.in_git:
            uses.noted.add(path)
        elif path in NOT_CODE:
            continue
        elif (reason := place.suspicion(path)) is not None:
            uses.left_out[path] = "it may hold a secret"
            uses.suspicions[path] = reason
        else:
            fresh.add(path)
    rules = {path: rule for path in fresh if (rule := place.litter.pattern_of(path)) is not None}
    words = (*request.argv, *request.params.values())
    spelled = Spelled(words, lambda: spelling.texts_of(place.root, uses.code - uses.in_git))
    owners = output_folders.written_folders(
        place.root,
        fresh,
        place.shared,
        spelled=spelled,
        loose=rules.__contains__,
        is_withheld=place.withholding.by_name,
    )
    for path in fresh:
        owner = owners.get(path)
        if owner is not None and (place.root / owner).is_symlink():
            uses.unsure.append(f"{owner}, which it made, is a link: a link is no dataset")
        elif owner is not None:
            uses.outputs.add(owner)
    for path in fresh - owners.keys():
        if not any(one in uses.outputs for one in output_folders.above(path)):
            uses.left_out[path] = rules.get(path, HIDDEN)


def _sort_removed(place: SortingFacts, uses: Classified, removed: frozenset[str]) -> None:
    for path in removed:
        dataset = place.before.dataset_of(path)
        if dataset is None:
            continue
        if place.workspace.worktree.holds(dataset):
            uses.outputs.add(dataset)
        else:
            uses.removed.add(dataset)


def _gather_sources(place: SortingFacts, uses: Classified) -> None:
    """Put the new sources of which there are many in one folder together."""
    found = output_folders.read_folders(
        place.root, uses.sources, partial(_is_free, place, uses), place.shared
    )
    uses.sources = set(found.values())


def _is_free(place: SortingFacts, uses: Classified, path: str) -> bool:
    """Whether a file that was not read may be part of a new source that is a folder."""
    taken = path in place.before.in_git or place.before.dataset_of(path) is not None or path in uses.code
    taken = taken or path in uses.withheld or place.suspicion(path) is not None
    return not taken and not any(path == one or path.startswith(f"{one}/") for one in uses.outputs)


def _find_kept(place: SortingFacts, uses: Classified, captured: Captured) -> None:
    """Take what an output keeps of the version before for an input."""
    for path in uses.outputs - uses.inputs.keys():
        old = place.before.versions.get(path)
        if old is None:
            continue
        keeps = old.is_dir and output_folders.unwritten(place.root, path, captured.written)
        if keeps or _has_grown(place, path, old, captured.overwritten):
            uses.inputs[path] = old


def _find_placeholders(place: SortingFacts, uses: Classified) -> None:
    """Take what git keeps in a folder that is an output for code: `.gitkeep` has to be there in a replay, too."""
    for path in uses.outputs:
        uses.code |= {name for name in place.before.in_git if name.startswith(f"{path}/")}


def _has_grown(place: SortingFacts, path: str, old: Checkpoint, overwritten: frozenset[str]) -> bool:
    """Whether a file that the run opened to write still starts with the bytes that it had."""
    if not old.is_dir:
        return path in overwritten and has_grown(place.root / path, old.size, old.content)
    inside = f"{path}/"
    for name in overwritten:
        found = place.file_in(old, name.removeprefix(inside)) if name.startswith(inside) else None
        if found is not None and has_grown(place.root / name, *found):
            return True
    return False


def _sort_listed(place: SortingFacts, uses: Classified, captured: Captured) -> None:
    """Note the folders that were listed: a dataset whose folders are listed is read, unless it is made again."""
    for folder in captured.listed:
        dataset = place.before.dataset_of(folder) if folder else None
        if dataset is None:
            inside = any(
                folder == one or folder.startswith(f"{one}/") for one in (*uses.sources, *uses.outputs)
            )
            if not inside and not place.litter.is_state(f"{folder}/"):
                uses.listed.add(folder)
        elif dataset in place.before.versions and not _is_made_anew(place, uses, dataset, captured):
            uses.inputs[dataset] = place.before.versions[dataset]


def _is_made_anew(place: SortingFacts, uses: Classified, dataset: str, captured: Captured) -> bool:
    return dataset in uses.outputs and not output_folders.unwritten(place.root, dataset, captured.written)


def _tell_caches(uses: Classified, captured: Captured) -> None:
    caches = sorted(path for path in captured.written - uses.left_out.keys() if _HF_CACHE.search(path))
    if caches:
        uses.notes.append(
            f"{caches[0]} is a cache of Hugging Face datasets: with the line {_HF_LINE} in .dsvignore it is no data"
        )
