"""What is in a clean room, decided from what is on the disk."""

import socket
from pathlib import Path

import pytest

from dsv.capture.cleanroom.launch_order import LaunchOrder, Room, RoomWatch
from dsv.capture.cleanroom.layout_plan import home_in_room, room_of, sockets_below
from dsv.capture.landlock import Confinement


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("clean", "scratch", "w", "home"):
        (tmp_path / name).mkdir()
    return tmp_path


def planned(place: Path, *read: Path, home: str = "") -> Room:
    return room_of(
        place / "clean",
        place / "w",
        place / "scratch",
        home or str(place / "home"),
        read=list(map(str, read)),
    )


def targets(room: Room) -> dict[str, tuple[str, bool]]:
    return {target: (source, write) for source, target, write, _ in room.binds}


def test_the_clean_folder_is_where_the_workspace_is(place: Path) -> None:
    found = targets(planned(place))
    assert found[str(place / "w")] == (str(place / "clean"), True)
    assert found["/tmp"] == (str(place / "scratch/tmp"), True)
    assert found["/usr"] == ("/usr", False)


def test_what_is_read_and_lies_in_what_is_read_is_there_once(place: Path) -> None:
    (place / "tool/lib").mkdir(parents=True)
    found = targets(planned(place, place / "tool/lib", place / "tool"))
    assert str(place / "tool") in found
    assert str(place / "tool/lib") not in found


def test_links_on_the_way_are_there(place: Path) -> None:
    (place / "real").mkdir()
    (place / "short").symlink_to("real")
    room = planned(place, place / "short")
    assert (str(place / "short"), "real") in room.links
    assert str(place / "real") in targets(room)


def test_links_in_a_circle(place: Path) -> None:
    (place / "one").symlink_to("two")
    (place / "two").symlink_to("one")
    assert str(place / "one") not in targets(planned(place, place / "one"))


def test_an_environment_in_the_workspace_itself(place: Path) -> None:
    (place / "w/bin").mkdir()
    (place / "w/data").mkdir()
    found = targets(planned(place, place / "w"))
    assert found[str(place / "w")] == (str(place / "clean"), True)
    assert str(place / "w/bin") in found
    assert str(place / "w/data") not in found


def test_an_allowed_home_lends_what_is_in_it(place: Path) -> None:
    (place / "home/data").mkdir()
    found = targets(planned(place, place / "home"))
    assert found[str(place / "home")] == (str(place / "scratch/home"), True)
    assert found[str(place / "home/data")] == (str(place / "home/data"), False)


def test_sockets_are_covered(place: Path) -> None:
    (place / "data/deep").mkdir(parents=True)
    (place / "data/file").touch()
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(place / "data/deep/s"))
        assert sockets_below(str(place / "data")) == (str(place / "data/deep/s"),)
        assert str(place / "data/deep/s") in planned(place, place / "data").covered


@pytest.mark.parametrize(
    ("home", "wanted"),
    [
        ("/home/ada", "/home/ada"),
        ("/nonexistent", "/nonexistent"),
        ("/", "/home/dsv"),
        ("", "/home/dsv"),
        ("relative", "/home/dsv"),
        ("/usr/games", "/home/dsv"),
        ("/w", "/home/dsv"),
        ("/w/home", "/home/dsv"),
        ("/work", "/work"),
    ],
)
def test_where_the_home_is(home: str, wanted: str) -> None:
    assert home_in_room(home, Path("/w")) == wanted


def test_an_order_comes_back() -> None:
    room = Room(
        [("/a", "/b", True, False), ("/c d", "/e\udcff", False, True)], [("/x", "y")], ["/z"], network=True
    )
    order = LaunchOrder(
        ["sh", "-c", "echo \n 'x'", ""], "/w", {"A": "=1", "B": ""}, 7, room, Confinement(["/"], ["/w"], network=True),
        RoomWatch("/w", ["/run/"], marks=True, facts=5), 9,
    )  # fmt: skip
    found = LaunchOrder.decode(order.encode())
    assert (found.argv, found.cwd, found.env, found.parent, found.report) == (
        order.argv, "/w", {"A": "=1", "B": ""}, 7, 9,
    )  # fmt: skip
    assert found.room is not None
    assert vars(found.room) == vars(room)
    assert found.policy is not None
    assert vars(found.policy) == {"read": ("/",), "write": ("/w",), "network": True}
    assert found.watch is not None
    assert vars(found.watch) == {"root": "/w", "boring": ("/run/",), "marks": True, "facts": 5}
    bare = LaunchOrder.decode(LaunchOrder(["true"], "/", {}, 1).encode())
    assert (bare.room, bare.policy, bare.watch) == (None, None, None)
