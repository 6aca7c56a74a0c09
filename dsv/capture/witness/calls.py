"""The system calls that are watched: their numbers on each machine, and where in them the path stands.

The numbers are those of the kernel's headers (`asm/unistd_64.h`, `asm/unistd_32.h`, `asm-generic/unistd.h`);
a test compares them where the headers are. 32-bit programs on x86-64 have their own.
"""

OPEN, LIST, PROBE, EXEC, NAME, CUT, EMPTY, TOUCH, NET, MOVE, BLIND = range(11)
"""What a call does: opens; lists; looks; executes; makes, moves or removes a name; cuts; cuts what is open; sets
times; uses the network; changes the current folder; or does what cannot be followed."""

X86_64, AARCH64, I386 = 0xC000003E, 0xC00000B7, 0x40000003
"""The machines, as the kernel calls them (`linux/audit.h`)."""

ARM = 0x40000028
"""32-bit programs on aarch64: only named."""

FOLLOW, STAY, HOW, CREATE, TARGET = "follow", "stay", "how", "create", "target"

AT_EMPTY_PATH = 0x1000
AT_SYMLINK_NOFOLLOW = 0x100
_WRITE_FILTER = 1  # SECCOMP_SET_MODE_FILTER


# Plain tuples: classes for them would cost the supervisor the import of `typing`, half the time of its start.
Call = tuple[int, "int | None", "int | None", "int | str | tuple[int | None, int] | None"]
"""Where in a call stands what: what it does, one of the numbers above; which argument is the descriptor of the folder
that the path starts from (None: the current folder); which is the path (None: there is none); and which holds flags
or a size, or a word for how the call is to be read, or the two places of a second path."""

Test = tuple[int, int, int, bool]
"""Only calls of which (argument, mask, value, whether it must be equal) holds are of interest."""

FILES: dict[str, Call] = {
    "open": (OPEN, None, 0, 1),
    "openat": (OPEN, 0, 1, 2),
    "openat2": (OPEN, 0, 1, HOW),
    "creat": (OPEN, None, 0, CREATE),
    "getdents64": (LIST, 0, None, None),
    "getdents": (LIST, 0, None, None),
    "execve": (EXEC, None, 0, None),
    "execveat": (EXEC, 0, 1, None),
    "rename": (NAME, None, 0, (None, 1)),
    "renameat": (NAME, 0, 1, (2, 3)),
    "renameat2": (NAME, 0, 1, (2, 3)),
    "link": (NAME, None, 0, (None, 1)),
    "linkat": (NAME, 0, 1, (2, 3)),
    "symlink": (NAME, None, 1, TARGET),
    "symlinkat": (NAME, 1, 2, TARGET),
    "unlink": (NAME, None, 0, None),
    "unlinkat": (NAME, 0, 1, None),
    "rmdir": (NAME, None, 0, None),
    "mkdir": (NAME, None, 0, None),
    "mkdirat": (NAME, 0, 1, None),
    "mknod": (NAME, None, 0, None),
    "mknodat": (NAME, 0, 1, None),
    "truncate": (CUT, None, 0, 1),
    "ftruncate": (EMPTY, 0, None, 1),
    "utimensat": (TOUCH, 0, 1, None),
    "utime": (TOUCH, None, 0, None),
    "utimes": (TOUCH, None, 0, None),
    "futimesat": (TOUCH, 0, 1, None),
    "chdir": (MOVE, None, None, None),
    "fchdir": (MOVE, None, None, None),
    "io_uring_setup": (BLIND, None, None, None),
    "open_by_handle_at": (BLIND, None, None, None),
    "chroot": (BLIND, None, None, None),
    "pivot_root": (BLIND, None, None, None),
    "mount": (BLIND, None, None, None),
    "move_mount": (BLIND, None, None, None),
    "setns": (BLIND, None, None, None),
    "connect": (NET, None, 1, 2),
    "bind": (NET, None, 1, 2),
    "sendto": (NET, None, 4, 5),
}
"""What has to be seen to know what a command read, wrote, listed and executed, and whom it spoke to."""

LOOKS: dict[str, Call] = {
    "stat": (PROBE, None, 0, FOLLOW),
    "lstat": (PROBE, None, 0, STAY),
    "stat64": (PROBE, None, 0, FOLLOW),
    "lstat64": (PROBE, None, 0, STAY),
    "newfstatat": (PROBE, 0, 1, 3),
    "fstatat64": (PROBE, 0, 1, 3),
    "statx": (PROBE, 0, 1, 2),
    "access": (PROBE, None, 0, FOLLOW),
    "faccessat": (PROBE, 0, 1, FOLLOW),
    "faccessat2": (PROBE, 0, 1, 3),
    "readlink": (PROBE, None, 0, STAY),
    "readlinkat": (PROBE, 0, 1, STAY),
}
"""What only looks whether something is there: absences are made of it."""

EVERY: dict[str, Call] = {**FILES, **LOOKS}

_ALL = 0xFFFFFFFF
TESTS: dict[str, Test] = {
    "newfstatat": (3, AT_EMPTY_PATH, 0, True),  # `fstat` of a descriptor comes as this
    "statx": (2, AT_EMPTY_PATH, 0, True),
    "ftruncate": (1, _ALL, 0, True),
    "sendto": (4, _ALL, 0, False),  # with an address
}

NUMBERS: dict[int, dict[str, int]] = {
    X86_64: {
        "open": 2, "stat": 4, "lstat": 6, "access": 21, "execve": 59, "getdents": 78, "getdents64": 217,
        "readlink": 89, "rename": 82, "renameat": 264, "renameat2": 316, "unlink": 87, "unlinkat": 263,
        "rmdir": 84, "creat": 85, "link": 86, "linkat": 265, "symlink": 88, "symlinkat": 266, "mkdir": 83,
        "mkdirat": 258, "mknod": 133, "mknodat": 259, "truncate": 76, "ftruncate": 77, "connect": 42,
        "bind": 49, "sendto": 44, "openat": 257, "openat2": 437, "newfstatat": 262, "faccessat": 269,
        "faccessat2": 439, "statx": 332, "readlinkat": 267, "execveat": 322, "io_uring_setup": 425,
        "mount": 165, "move_mount": 429, "setns": 308, "chroot": 161, "pivot_root": 155,
        "open_by_handle_at": 304, "utimensat": 280, "utime": 132, "utimes": 235, "futimesat": 261,
        "chdir": 80, "fchdir": 81,
    },
    AARCH64: {
        "openat": 56, "openat2": 437, "getdents64": 61, "newfstatat": 79, "statx": 291, "faccessat": 48,
        "faccessat2": 439, "readlinkat": 78, "execve": 221, "execveat": 281, "renameat": 38,
        "renameat2": 276, "unlinkat": 35, "linkat": 37, "symlinkat": 36, "mkdirat": 34, "mknodat": 33,
        "truncate": 45, "ftruncate": 46, "connect": 203, "bind": 200, "sendto": 206, "io_uring_setup": 425,
        "mount": 40, "move_mount": 429, "setns": 268, "chroot": 51, "pivot_root": 41,
        "open_by_handle_at": 265, "utimensat": 88, "chdir": 49, "fchdir": 50,
    },
    I386: {
        "open": 5, "stat64": 195, "lstat64": 196, "fstatat64": 300, "access": 33, "execve": 11,
        "getdents": 141, "getdents64": 220, "readlink": 85, "rename": 38, "renameat": 302, "renameat2": 353,
        "unlink": 10, "unlinkat": 301, "rmdir": 40, "creat": 8, "link": 9, "linkat": 303, "symlink": 83,
        "symlinkat": 304, "mkdir": 39, "mkdirat": 296, "mknod": 14, "mknodat": 297, "truncate": 92,
        "ftruncate": 93, "connect": 362, "bind": 361, "sendto": 369, "openat": 295, "openat2": 437,
        "faccessat": 307, "faccessat2": 439, "statx": 383, "readlinkat": 305, "execveat": 358,
        "io_uring_setup": 425, "mount": 21, "move_mount": 429, "setns": 346, "chroot": 61,
        "pivot_root": 217, "utimensat": 320, "utime": 30, "utimes": 271, "futimesat": 299, "chdir": 12,
        "fchdir": 133,
    },
}  # fmt: skip

MACHINES = {"x86_64": (X86_64, I386), "aarch64": (AARCH64,), "arm64": (AARCH64,)}
"""What programs of which machines are watched, by what this machine is called; its own first."""


def names(eye: str) -> frozenset[str]:
    """Return the names of the calls that the eye `calls` or `files` watches."""
    return frozenset(FILES if eye == "files" else EVERY)
