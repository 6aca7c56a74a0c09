"""Why something is stale, in words."""

from dsv.model.listing import NamesChange
from dsv.runs.stale.links_now import LinkChange
from dsv.runs.stale.stale_reasons import Reasons
from dsv.wording import are, listed


def text(found: Reasons) -> str:
    """Return all of it on one line: `raw.csv and clean.py changed; trips.parquet is stale`; "" if nothing is stale."""
    clauses = []
    changed = (*found.changed, *found.code, *(f"outside {path}" for path in found.outside))
    if changed:
        clauses.append(f"{listed(changed)} changed")
    if found.gone:
        clauses.append(f"{listed(found.gone)} {are(found.gone)} gone")
    clauses += (*map(names, found.listings), *map(_link, found.led))
    if found.appeared:
        clauses.append(f"{listed(found.appeared)} {are(found.appeared)} there now")
    if found.stale:
        clauses.append(f"{listed(found.stale)} {are(found.stale)} stale")
    if found.earlier:
        clauses.append(f"an earlier step of {listed(found.earlier)} is stale")
    return "; ".join(clauses)


def doubt(found: Reasons) -> str:
    """Return what was not checked; "" if all was."""
    clauses = []
    if found.unchecked:
        clauses.append(f"code: not checked ({listed(found.unchecked)})")
    if found.unseen:
        clauses.append(f"outside: not checked ({listed(found.unseen)})")
    if found.unled:
        clauses.append(f"links: not checked ({listed(found.unled)})")
    return "; ".join(clauses)


def names(found: NamesChange) -> str:
    """Return how what a folder holds differs: `raw/: e.csv is new`."""
    words = ((found.new, "new"), (found.gone, "gone"), (found.other, "something else now"))
    told = [f"{listed(names)} {are(names)} {word}" for names, word in words if names]
    return f"{found.folder or '.'}/: {', '.join(told)}"


def _link(found: LinkChange) -> str:
    return f"{found.path} is no link any more" if found.now is None else f"{found.path} leads to {found.now}"
