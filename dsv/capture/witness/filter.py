"""The filter: a program for the kernel that says of each call whether we are to be asked first.

What is not asked about costs next to nothing: since Linux 5.11 the kernel knows such calls without running the
program. Arguments are tested in the program itself as far as possible, so that `fstat` of a descriptor, for one,
never reaches us.
"""

import struct
from collections.abc import Collection

from dsv.capture.witness.calls import ARM, I386, MACHINES, NUMBERS, TESTS, X86_64, Test
from dsv.capture.witness.marks import MARK, MASK

_ALLOW, _NOTIFY = 0x7FFF0000, 0x7FC00000
_LOAD, _AND, _EQUAL, _AT_LEAST, _JUMP, _GIVE = 0x20, 0x54, 0x15, 0x35, 0x05, 0x06
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16
_X32 = 0x40000000
_MARKED = {"access": 1, "faccessat": 2}
"""The calls that carry marks, and which argument does."""

_ARM_OPENS = (5, 322)


def program(watched: Collection[str], machine: str) -> bytes:
    """Return the filter (`struct sock_filter[]`) that asks about the calls `watched`, and about marks.

    Args:
        watched: Names of calls.
        machine: What `uname -m` calls the machine.
    """
    code = _instruction(_LOAD, 0, 0, _MACHINE_AT)
    for one in MACHINES[machine]:
        code += _only(one, _section(one, watched))
    if I386 not in MACHINES[machine]:
        opens = b"".join(_block(number, None) for number in _ARM_OPENS)
        code += _only(ARM, _instruction(_LOAD, 0, 0, _NUMBER_AT) + opens + _give(_ALLOW))
    return code + _give(_ALLOW)


def _section(machine: int, watched: Collection[str]) -> bytes:
    code = _instruction(_LOAD, 0, 0, _NUMBER_AT)
    if machine == X86_64:  # programs of the x32 kind are asked about at every call, to be named
        code += _instruction(_AT_LEAST, 0, 1, _X32) + _give(_NOTIFY)
    for name, number in NUMBERS[machine].items():
        if name in watched:
            code += _block(number, TESTS.get(name))
        elif name in _MARKED:
            code += _block(number, (_MARKED[name], MASK, MARK, True))
    return code + _give(_ALLOW)


def _block(number: int, test: Test | None) -> bytes:
    """Return "if this is the call `number`: ask if the test holds, else allow"; other calls fall through."""
    body = b""
    if test is not None:
        argument, mask, value, equal = test
        body += _instruction(_LOAD, 0, 0, _ARGUMENTS_AT + 8 * argument) + _instruction(_AND, 0, 0, mask)
        body += _instruction(_EQUAL, 0 if equal else 1, 1 if equal else 0, value)
    body += _give(_NOTIFY)
    if test is not None:
        body += _give(_ALLOW)
    return _instruction(_EQUAL, 0, len(body) // 8, number) + body


def _only(machine: int, code: bytes) -> bytes:
    """Return `code` for programs of `machine` alone. Conditional jumps reach no further than 255."""
    return _instruction(_EQUAL, 1, 0, machine) + _instruction(_JUMP, 0, 0, len(code) // 8) + code


def _give(what: int) -> bytes:
    return _instruction(_GIVE, 0, 0, what)


def _instruction(code: int, yes: int, no: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)
