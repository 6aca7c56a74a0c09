import random

import pytest

from dsv.errors import Corrupt
from dsv.store.packs.codec import compress, decompress
from dsv.store.packs.pack import PLAIN, ZSTD

TEXT = b"a line that comes again\n" * 100


@pytest.mark.parametrize("data", [b"", b"x" * 127, random.Random(1).randbytes(5000)])
def test_what_is_short_or_saves_too_little_is_stored_as_it_is(data: bytes) -> None:
    assert compress(data) == (PLAIN, data)
    assert decompress(PLAIN, data, len(data)) == data


def test_what_repeats_is_stored_compressed_and_comes_back() -> None:
    codec, stored = compress(TEXT)
    assert codec == ZSTD
    assert len(stored) < len(TEXT) // 8
    assert decompress(codec, bytes(stored), len(TEXT)) == TEXT


def test_what_is_not_what_the_index_says_is_corrupt() -> None:
    stored = bytes(compress(TEXT)[1])
    for codec, data, raw, words in (
        (PLAIN, b"abc", 4, "3 bytes are stored where 4 should be"),
        (ZSTD, stored, len(TEXT) + 1, "does not claim"),
        (ZSTD, stored[:-1], len(TEXT), "damaged|holds"),
        (ZSTD, b"no frame", 8, "damaged|does not claim"),
        (9, stored, len(TEXT), "codec 9 is not known"),
    ):
        with pytest.raises(Corrupt, match=words):
            decompress(codec, data, raw)
