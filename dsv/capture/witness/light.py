"""What the supervisor uses of `signal` and `contextlib`, which load five others: half of its start was that."""

TYPE_CHECKING = False

if TYPE_CHECKING:
    import signal
    from types import TracebackType
else:
    try:
        import _signal as signal  # the same functions; numbers are numbers there
    except ImportError:
        import signal

__all__ = ["signal", "suppress"]


class suppress:  # noqa: N801  as in contextlib
    """Leaves a block, quietly, when one of these exceptions is raised in it."""

    __slots__ = ("_kinds",)

    def __init__(self, *kinds: type[BaseException]) -> None:
        self._kinds = kinds

    def __enter__(self) -> None:
        """Nothing happens."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> bool:
        """Say whether the exception ends here."""
        return kind is not None and issubclass(kind, self._kinds)
