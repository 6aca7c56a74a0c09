"""How objects are stored: as they are, or compressed with zstd."""

import threading
from typing import TYPE_CHECKING

from dsv.errors import Corrupt
from dsv.hashing import Buffer
from dsv.segment.compression import LEVEL
from dsv.store.packs.pack import PLAIN, ZSTD

if TYPE_CHECKING:
    from zstandard import ZstdCompressor, ZstdDecompressor

_SMALL = 128  # below this a frame's own header eats what is won


class _PerThread(threading.local):
    # Contexts of zstd cost more to make than a small object costs to compress, and are
    # not safe to share.
    compressor: "ZstdCompressor | None" = None
    decompressor: "ZstdDecompressor | None" = None


_local = _PerThread()


def compress(data: Buffer) -> tuple[int, Buffer]:
    """Return codec and stored bytes of `data`: compressed if that saves an eighth."""
    if len(data) < _SMALL:
        return PLAIN, data
    compressor = _local.compressor
    if compressor is None:
        import zstandard

        compressor = _local.compressor = zstandard.ZstdCompressor(level=LEVEL)
    stored = compressor.compress(data)
    return (ZSTD, stored) if len(stored) <= len(data) - len(data) // 8 else (PLAIN, data)


def decompress(codec: int, stored: bytes | memoryview, raw: int) -> bytes | memoryview:
    """Return the `raw` bytes that `stored` holds; what is stored as it is is not copied.

    A frame that claims another size is refused before any memory is taken for it.

    Raises:
        Corrupt: It does not hold so many.
    """
    if codec == PLAIN:
        if len(stored) != raw:
            raise Corrupt(f"{len(stored)} bytes are stored where {raw} should be")
        return stored
    if codec != ZSTD:
        raise Corrupt(f"codec {codec} is not known")
    import zstandard

    decompressor = _local.decompressor
    if decompressor is None:
        decompressor = _local.decompressor = zstandard.ZstdDecompressor()
    try:
        if zstandard.frame_content_size(stored) != raw:
            raise Corrupt(f"the compressed frame does not claim to hold {raw} bytes")
        data = decompressor.decompress(stored, max_output_size=raw, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise Corrupt(f"the compressed frame is damaged: {error}") from error
    if len(data) != raw:
        raise Corrupt(f"the compressed frame holds {len(data)} bytes, not {raw}")
    return data
