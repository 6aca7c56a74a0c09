from pathlib import Path

from dsv.runs.record.link_report import kind_of_link, told_of_links


def test_links_are_counted_by_where_they_lead(tmp_path: Path) -> None:
    (tmp_path / "d" / "sub").mkdir(parents=True)
    assert told_of_links(tmp_path, "d") is None
    (tmp_path / "d" / "file").touch()
    (tmp_path / "beside").touch()
    (tmp_path / "d" / "inside").symlink_to("file")
    assert told_of_links(tmp_path, "d") == "d holds 1 link"
    (tmp_path / "d" / "sub" / "out").symlink_to("../../beside")
    for number in range(5):
        (tmp_path / "d" / f"gone{number}").symlink_to("nothing")
    assert told_of_links(tmp_path, "d") == (
        "d holds 7 links; 5 to nothing: d/gone0, d/gone1, d/gone2 and 2 more;"
        " 1 out of it, to bytes that are not kept with it: d/sub/out"
    )


def test_only_a_relative_link_inside_of_the_workspace_has_a_target_that_counts(tmp_path: Path) -> None:
    root = tmp_path / "work"
    root.mkdir()
    (root / "a").touch()
    for name, target in (("near", "a"), ("whole", str(root / "a")), ("up", "../elsewhere")):
        (root / name).symlink_to(target)
    assert [kind_of_link(root, name) for name in ("near", "whole", "up")] == ["link:a", "link", "link"]
