import struct

import pytest

from dsv.store.packs.flatbuffers import Scalar, Structs, Table, View, build

ROOT = Table(
    {
        0: Scalar("<H", 4),
        2: Scalar("<q", -(1 << 40)),
        3: "name",
        4: [Table({0: Scalar("<B", 1)}), Table({1: "second"})],
        6: Structs(2, struct.pack("<4q", 1, 2, 3, 4)),
        7: Table({}),
    }
)


def test_what_was_built_is_read() -> None:
    data = build(ROOT)
    assert len(data) % 8 == 0
    root = View.root(data)
    assert (root.scalar(0, "<H"), root.scalar(2, "<q"), root.text(3)) == (4, -(1 << 40), "name")
    first, second = root.tables(4)
    assert (first.scalar(0, "<B"), second.text(1)) == (1, "second")
    assert root.structs(6, "<qq") == [(1, 2), (3, 4)]


def test_what_is_absent_is_zero_or_an_error() -> None:
    root = View.root(build(ROOT))
    assert (root.scalar(1, "<q"), root.scalar(99, "<q"), root.table(7).scalar(0, "<q")) == (0, 0, 0)
    with pytest.raises(ValueError, match="slot 5 is absent"):
        root.text(5)


def test_no_vector_is_longer_than_asked_for() -> None:
    root = View.root(build(ROOT))
    for read in (lambda: root.tables(4, limit=1), lambda: root.structs(6, "<qq", limit=1)):
        with pytest.raises(ValueError, match="at most 1 can be"):
            read()


def test_nothing_leads_out_of_the_buffer() -> None:
    data = build(ROOT)
    for at in range(0, len(data), 2):
        for word in (b"\xff\xff", b"\xff\x7f", b"\x00\x80"):
            root = data[:at] + word + data[at + 2 :]
            try:
                view = View.root(root)
                view.text(3)
                view.tables(4)[1].text(1)
                view.structs(6, "<qq")
            except ValueError:  # UnicodeDecodeError is one
                continue
