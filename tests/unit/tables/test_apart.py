"""Work in a process of its own: what ends that process is a reason here, and the next work goes on."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from dsv.errors import Missing, NoTable
from dsv.tables import apart
from dsv.tables.apart import Crashed, Found, Work

pytestmark = pytest.mark.skipif(not apart.POSSIBLE, reason="the work is done in this process here")


def _kill(number: int) -> Found:
    os.kill(os.getpid(), number)
    return ()


def _raise(error: BaseException) -> Found:
    raise error


def test_what_is_found_comes_back_in_parts() -> None:
    parts = (b"", b"one", b"x" * 300_000)
    assert apart.call(lambda: parts, 0) == parts


def test_the_work_is_done_in_another_process() -> None:
    assert apart.call(lambda: (str(os.getpid()).encode(),), 0) != (str(os.getpid()).encode(),)


def test_one_process_does_all_works() -> None:
    found = list(apart.each([Work(lambda: (str(os.getpid()).encode(),), 0)] * 20))
    assert len({str(one) for one in found}) == 1


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGKILL])
def test_a_crash_is_a_reason(number: int) -> None:
    with pytest.raises(Crashed, match=rf"its reader crashed \(signal {int(number)}\)"):
        apart.call(lambda: _kill(number), 0)


def test_another_process_goes_on_where_one_crashed() -> None:
    works = [lambda: (b"a",), lambda: _kill(11), lambda: _kill(6), lambda: (b"d",), lambda: _kill(9)]
    found = list(apart.each([Work(do, 0) for do in works]))
    assert [one if isinstance(one, tuple) else type(one) for one in found] == [
        (b"a",), Crashed, Crashed, (b"d",), Crashed,
    ]  # fmt: skip


def test_the_end_of_processor_time_says_so() -> None:
    with pytest.raises(Crashed, match="more processor time"):
        apart.call(lambda: _kill(signal.SIGXCPU), 0)


def test_work_that_waits_for_ever_ends() -> None:
    left = apart.call(lambda: (str(signal.getitimer(signal.ITIMER_REAL)[0]).encode(),), 0)
    assert 0 < float(left[0]) <= 600
    with pytest.raises(Crashed, match="took longer"):
        apart.call(lambda: _wait(seconds=0.01), 0)


def _wait(seconds: float) -> Found:
    signal.setitimer(signal.ITIMER_REAL, seconds)
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()  # nobody opens it
    return ()


def test_memory_ends_at_the_limit() -> None:
    def do() -> Found:
        held = [bytes(64 << 20) for _ in range(64)]
        return (str(len(held)).encode(),)

    with pytest.raises(Crashed, match="more memory"):
        apart.call(do, 0)
    assert apart.call(do, 64 << 20) == (b"64",)


def test_an_exit_without_an_answer_is_a_crash() -> None:
    with pytest.raises(Crashed, match="exit code 7"):
        apart.call(lambda: os._exit(7), 0)


@pytest.mark.parametrize("error", [NoTable("why", hint="what helps"), Missing("gone"), Crashed("was")])
def test_errors_of_dsv_come_back(error: NoTable) -> None:
    with pytest.raises(type(error)) as raised:
        apart.call(lambda: _raise(error), 0)
    assert (raised.value.message, raised.value.hint) == (error.message, error.hint)


def test_errors_of_a_kind_that_the_tree_does_not_have_come_back_as_what_they_are() -> None:
    class Odd(NoTable):
        pass

    with pytest.raises(NoTable, match="why"):
        apart.call(lambda: _raise(Odd("why")), 0)


def test_errors_of_the_system_come_back() -> None:
    with pytest.raises(FileNotFoundError):
        apart.call(lambda: (open("/nowhere/at/all").read().encode(),), 0)  # noqa: PTH123, SIM115


def test_a_fault_of_dsv_comes_back_with_its_traceback() -> None:
    with pytest.raises(RuntimeError, match=r"_raise(.|\n)*KeyError: 'x'"):
        apart.call(lambda: _raise(KeyError("x")), 0)


def test_nothing_is_left_running_when_the_rest_is_not_wanted() -> None:
    works = apart.each([Work(lambda: (str(os.getpid()).encode(),), 0)] * 3)
    first = next(works)
    assert isinstance(first, tuple)
    works.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(int(first[0]), 0)


def test_what_it_says_of_its_end_is_no_message_of_dsv(capfd: pytest.CaptureFixture[str]) -> None:
    def do() -> Found:
        os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
        return _kill(6)

    with pytest.raises(Crashed):
        apart.call(do, 0)
    assert capfd.readouterr().err == ""


IMPORTING = """
import sys, threading
from importlib.abc import MetaPathFinder
from dsv.tables import apart

started, go = threading.Event(), threading.Event()

class Slow(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "pyarrow._compute_docstrings":  # in the middle of pyarrow.compute
            started.set()
            go.wait()

def do():
    import pyarrow.compute
    return (b"read",)

sys.meta_path.insert(0, Slow())
other = threading.Thread(target=__import__, args=("pyarrow.compute",))
other.start()
started.wait()
threading.Timer(0.3, go.set).start()
print(apart.call(do, 0))
other.join()
"""


def test_a_module_that_another_thread_is_loading_is_waited_for() -> None:
    """Else the copy of the process waits for it, and no thread in there will ever have loaded it."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTING], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "(b'read',)\n"), done.stderr
