"""How it is told what a remote was asked."""

from dsv.render.shape import Shape
from dsv.render.style import counted, size
from dsv.store.blobs.metered import Traffic

SHAPE: Shape = {
    "requests": "int: sent, repeated ones included",
    "sent": "int: bytes",
    "received": "int: bytes",
}


def record(traffic: Traffic) -> dict[str, int]:
    """Return counts for JSON."""
    return traffic._asdict()


def asked(traffic: Traffic) -> str:
    """Return the number of requests in words."""
    return counted(traffic.requests, "request")


def received(traffic: Traffic) -> str:
    """Return what came, in words."""
    return f"{size(traffic.received)}, {asked(traffic)}"
