"""Whom a command spoke to: other machines, and other programs on this one."""

from collections.abc import Iterable

from dsv.capture.detect import Contact

_ANY, _NAMES = 0, 53
"""The ports of who takes any that is free, and of who tells the addresses of names."""


def others(contacts: Iterable[Contact]) -> list[str]:
    """Return the addresses that a command spoke to and that were not its own, sorted.

    On this machine an address is its own if it, or what it started, waited there. One that took any port that was
    free may have spoken to that, so then no address here counts; nor does one that only tells what names mean.
    """
    found = list(contacts)
    own = {_port(one.address) for one in found if one.call == "bind" and _is_network(one.address)}
    spoken = {one.address for one in found if one.call != "bind" and _is_network(one.address)}
    return sorted(
        one
        for one in spoken
        if is_elsewhere(one) or not (_ANY in own or _port(one) in own or _port(one) == _NAMES)
    )


def is_elsewhere(address: str) -> bool:
    """Whether an address `IP:PORT` is another machine's."""
    import ipaddress

    host = address.rpartition(":")[0].strip("[]")
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None) or found
    return not (mapped.is_loopback or mapped.is_unspecified)


def _is_network(address: str) -> bool:
    return not address.startswith("unix:")


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])
