"""Tries to get out of a clean room: prints what came of each attempt, by its name. What went through begins with OPEN."""

import ctypes
import errno
import fcntl
import json
import os
import signal
import socket
import stat
import sys
import termios
import time

inherited = []
for number in range(3, 64):
    try:
        inherited.append(os.readlink("/proc/self/fd/%d" % number))
    except OSError:
        pass

outside = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
ARM = os.uname().machine == "aarch64"


def syscall(number, *arguments):
    widened = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    answer = libc.syscall(ctypes.c_long(number), *widened)
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer


def use_what_was_inherited():
    if inherited:
        return "OPEN " + " ".join(inherited)
    raise OSError(errno.EBADF, "nothing")


def type_into_terminal():
    for place in ("/dev/tty", outside["terminal"]):
        try:
            fd = os.open(place, os.O_RDWR)
        except OSError:
            continue
        for letter in b"id\n":
            fcntl.ioctl(fd, termios.TIOCSTI, bytes([letter]))
        return "OPEN"
    raise OSError(errno.ENXIO, "no terminal")


def steal_terminal():
    fd = os.open(outside["terminal"], os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(fd, termios.TIOCSCTTY, 1)
    return "OPEN"


def change_mode():
    os.chmod(outside["file"], 0o777)
    return "OPEN"


def change_time():
    os.utime(outside["file"], (1, 1))
    return "OPEN"


def write_outside():
    with open(outside["file"], "a") as file:
        file.write("changed")
    return "written"  # whether it is the one outside is looked at there


def write_system():
    for folder in (*sys.path[1:], sys.prefix, "/usr", "/etc", "/"):
        try:
            open(os.path.join(folder, "dsv-was-here"), "w").close()
        except OSError:
            continue
        return "OPEN " + folder
    raise OSError(errno.EROFS, "read only")


def touch_system():
    os.utime(json.__file__)
    return "OPEN"


def read_outside():
    if open(outside["file"]).read() == "hidden":
        return "OPEN"
    raise OSError(errno.ENOENT, "another one")


def read_environments():
    found = []
    for pid in os.listdir("/proc"):
        if pid.isdigit():
            try:
                found.append(open("/proc/" + pid + "/environ", "rb").read())
            except OSError:
                pass
    if any(b"SECRET_OF_THE_USER=" in one for one in found):
        return "OPEN"
    raise OSError(errno.EACCES, "none of them")


def signal_others():
    os.kill(outside["process"], 0)
    return "OPEN"


def trace_first():
    syscall(117 if ARM else 101, 16, 1, 0, 0)  # PTRACE_ATTACH
    return "OPEN"


def read_first():
    os.listdir("/proc/1/fd")
    os.open("/proc/1/mem", os.O_RDWR)
    return "OPEN"


def shared_memory():
    return "OPEN " + open("/dev/shm/" + outside["shm"]).read()


def connect_tcp():
    socket.create_connection(("127.0.0.1", outside["tcp"]), 2).close()
    return "OPEN"


def connect_out():
    socket.create_connection(("192.0.2.1", 80), 2).close()
    return "OPEN"


def send_udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"dsv", ("127.0.0.1", outside["udp"]))
    return "sent"  # whether it arrives is looked at outside


def connect_named():
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(outside["named"])
    return "OPEN"


def connect_named_in_allowed():
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(outside["named_in_allowed"])
    return "OPEN"


def connect_abstract():
    with socket.socket(socket.AF_UNIX) as one:
        one.connect("\0" + outside["abstract"])
    return "OPEN"


def read_keyring():
    keyctl = 219 if ARM else 250
    key = syscall(keyctl, 10, -3, b"user", outside["key"].encode(), 0)  # search the session's keyring
    return "OPEN %d" % key


def mount_something():
    if libc.mount(b"x", b"/tmp", b"tmpfs", 0, None):
        raise OSError(ctypes.get_errno(), "mount")
    return "OPEN"


def remount_system():
    if libc.mount(b"none", b"/usr", None, ctypes.c_ulong(0x20 | 0x1000), None):  # MS_REMOUNT | MS_BIND
        raise OSError(ctypes.get_errno(), "mount")
    return "OPEN"


def make_device():
    os.mknod("disk", 0o600 | stat.S_IFBLK, os.makedev(8, 0))
    return "OPEN"


def write_kernel_settings():
    opened = []
    for place in ("/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/proc/sysrq-trigger",
                  "/proc/irq/default_smp_affinity", "/proc/mtrr", "/sys/kernel/uevent_helper",
                  "/sys/power/state", "/sys/kernel/mm/ksm/run"):  # fmt: skip
        try:
            os.close(os.open(place, os.O_WRONLY))
            opened.append(place)
        except OSError:
            pass
    if opened:
        return "OPEN " + " ".join(opened)
    raise OSError(errno.EROFS, "read only")


def read_passwords():
    text = open("/etc/shadow").read()
    if text:
        return "OPEN"
    raise OSError(errno.ENODATA, "empty")


def gain_by_sudo():
    with open("/proc/self/status") as file:
        words = dict(line.split(":", 1) for line in file)
    if words["NoNewPrivs"].strip() != "1" or any(
        int(words[name], 16) for name in ("CapEff", "CapPrm", "CapInh")
    ):
        return "OPEN"
    raise OSError(errno.EPERM, "no privileges")


def undo_covers_in_own_namespace():
    """In a namespace of one's own one has all rights; the covers have to hold there, too."""
    pid = os.fork()
    if pid == 0:
        try:
            uid = os.geteuid()
            if libc.unshare(0x10000000 | 0x20000):
                os._exit(0)
            for name, text in (("setgroups", "deny"), ("uid_map", "0 %d 1" % uid)):
                with open("/proc/self/" + name, "w") as file:
                    file.write(text)
            libc.umount2(b"/proc/sys", 2)
            libc.mount(b"none", b"/proc/sys", None, ctypes.c_ulong(0x20 | 0x1000), None)
            libc.mount(b"proc", b"/proc", b"proc", 0, None)
            os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY))
            os._exit(1)
        except OSError:
            os._exit(0)
    if os.waitpid(pid, 0)[1]:
        return "OPEN"
    raise OSError(errno.EPERM, "covered")


def leave_daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            for number in range(3):
                os.close(number)
            time.sleep(600)
        os._exit(0)
    os.wait()
    return "started"  # whether it lives on is looked at outside


found = {}
for name in sys.argv[2].split(","):
    try:
        found[name] = str(globals()[name]())
    except OSError as error:
        found[name] = "refused: %s" % error
print(json.dumps(found))
