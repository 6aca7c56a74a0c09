"""Whom a command spoke to."""

import pytest

from dsv.capture.contacts import is_elsewhere, others
from dsv.capture.detect import Contact


@pytest.mark.parametrize(
    ("address", "elsewhere"),
    [("127.8.0.1:80", False), ("[::1]:80", False), ("[::ffff:127.0.0.1]:80", False), ("0.0.0.0:80", False),
     ("unix:/run/nscd", False), ("10.0.0.2:53", True), ("[fe80::1%eth0]:80", True), ("", False)],
)  # fmt: skip
def test_what_is_another_machine(address: str, *, elsewhere: bool) -> None:
    assert is_elsewhere(address) is elsewhere


def to(address: str) -> Contact:
    return Contact("connect", address, "p")


def at(address: str) -> Contact:
    return Contact("bind", address, "q")


@pytest.mark.parametrize(
    ("contacts", "wanted"),
    [
        (
            [to("10.0.0.1:5432"), to("127.0.0.1:5432"), to("127.0.0.1:5432")],
            ["10.0.0.1:5432", "127.0.0.1:5432"],
        ),
        ([at("0.0.0.0:8000"), to("127.0.0.1:8000"), to("[::1]:8001")], ["[::1]:8001"]),
        ([at("127.0.0.1:0"), to("127.0.0.1:41234"), to("10.0.0.1:41234")], ["10.0.0.1:41234"]),
        ([to("127.0.0.53:53"), Contact("sendto", "10.0.0.1:53", "p")], ["10.0.0.1:53"]),
        ([to("unix:/run/x"), at("unix:/run/x")], []),
    ],
)
def test_others_are_those_who_were_not_started_by_the_command(
    contacts: list[Contact], wanted: list[str]
) -> None:
    assert others(contacts) == wanted
