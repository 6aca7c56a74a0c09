"""Addresses that a command speaks to, as text."""

import sys

_UNIX, _IPV4, _IPV6 = 1, 2, 10
_QUIET = (b"unix:/var/run/nscd/", b"unix:/run/nscd/", b"unix:/run/systemd/userdb/", b"unix:/dev/log")
"""libc asks there for users and groups, and leaves word; nobody's program does."""


def address(data: bytes, *, waits: bool = False) -> bytes | None:
    """Return the address in the structure `data` (`struct sockaddr`); None if it is no use of a network.

    A connection to port 0 is none: that is how libc asks which of its own addresses would be used. Who `waits`
    there takes any port that is free.
    """
    family = int.from_bytes(data[:2], sys.byteorder) if len(data) >= 2 else 0
    port = int.from_bytes(data[2:4], "big")
    if family == _IPV4 and len(data) >= 8 and (port or waits):
        return b"%s:%d" % (b".".join(b"%d" % part for part in data[4:8]), port)
    if family == _IPV6 and len(data) >= 24 and (port or waits):
        return b"[%s]:%d" % (_ipv6(data[8:24]), port)
    if family != _UNIX or len(data) < 3:
        return None
    text = data[2:]
    said = b"unix:" + (b"@" + text[1:].rstrip(b"\0") if text[:1] == b"\0" else text.split(b"\0")[0])
    return None if said.startswith(_QUIET) else said


def _ipv6(data: bytes) -> bytes:
    """Return an address as RFC 5952 writes it: the longest run of zeros left out."""
    words = [int.from_bytes(data[at : at + 2], "big") for at in range(0, 16, 2)]
    best, length = -1, 1
    for start in range(8):
        end = start
        while end < 8 and words[end] == 0:
            end += 1
        if end - start > length:
            best, length = start, end - start
    texts = [b"%x" % word for word in words]
    if best < 0:
        return b":".join(texts)
    return b":".join(texts[:best]) + b"::" + b":".join(texts[best + length :])
