from pathlib import Path

from dsv.worktree.link_targets import destination


def test_where_links_lead(tmp_path: Path) -> None:
    root = tmp_path / "real"
    (root / "d").mkdir(parents=True)
    seen = tmp_path / "seen"
    seen.symlink_to("real")
    for name, target in (
        ("in", "d/x"),
        ("chain", "in"),
        ("top", "."),
        ("out", "../other"),
        ("far", "/nowhere"),
    ):
        (root / name).symlink_to(target)
    for base in (root, seen):
        assert [destination(base, name) for name in ("in", "chain", "top", "far")] == [
            "d/x",
            "d/x",
            ".",
            "/nowhere",
        ]
        assert destination(base, "out") == str((tmp_path / "other").resolve())
