"""Which variables are recorded of every run."""

from pathlib import Path

import pytest

from dsv.runs.record.recorded_variables import surroundings, zone


def test_those_that_change_what_common_programs_do(tmp_path: Path) -> None:
    env = {
        "TZ": "Asia/Tokyo", "LANG": "C.UTF-8", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "0", "HOME": "/root", "EMPTY": "",
        "PYTHONPATH": f"lib::{tmp_path}/src:/elsewhere:..", "THREADS": "4", "API_TOKEN": "plant", "DB": "x://u:p@h/",
    }  # fmt: skip
    found = surroundings(env, tmp_path, tmp_path / "sub", ["THREADS", "API_TOKEN", "DB", "NOT_SET", "EMPTY"])
    assert found == {
        "TZ": "Asia/Tokyo",
        "LANG": "C.UTF-8",
        "LC_ALL": "de_DE.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": "sub/lib:sub:src:.",
        "THREADS": "4",
    }


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("Europe/Oslo", "Europe/Oslo"),
        (":Europe/Oslo", "Europe/Oslo"),
        ("/usr/share/zoneinfo/Europe/Oslo", "Europe/Oslo"),
        ("", "UTC"),
        ("Etc/UTC", "UTC"),
        ("CET-1CEST", "CET-1CEST"),
    ],
)
def test_a_zone_that_is_set(given: str, told: str) -> None:
    assert zone(given) == told


def test_the_zone_of_the_system(tmp_path: Path) -> None:
    zones = tmp_path / "zoneinfo" / "Asia"
    zones.mkdir(parents=True)
    (zones / "Tokyo").touch()
    (tmp_path / "localtime").symlink_to(zones / "Tokyo")
    assert zone(None, tmp_path / "localtime") == "Asia/Tokyo"
    assert zone(None, tmp_path / "none") == "UTC"
