"""Gives up every system call of a process but the few for reading, computing and writing to open files.

Classic BPF over ``struct seccomp_data`` (linux/seccomp.h): the architecture is checked first, listed calls pass, all
others fail with EPERM, so that no file can be opened, no program started and no socket made any more.
"""

import ctypes
import platform
import signal
import struct
import sys

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, SET_MODE_FILTER, FLAG_TSYNC = 1, 38, 1, 1
_ALLOW, _ERRNO_EPERM, _ERRNO_ENOSYS, _KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# Numbers of the calls: x86_64 (asm/unistd_64.h), aarch64 (asm-generic/unistd.h).
CALLS = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "pread64": (17, 67),
    "readv": (19, 65),
    "writev": (20, 66),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "getpid": (39, 172),
    "exit": (60, 93),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "futex": (202, 98),
    "sched_getaffinity": (204, 123),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "getrandom": (318, 278),
    "rseq": (334, 293),
}
_CLONE3 = 435
_SECCOMP = (317, 277)


def end_with_parent() -> None:
    """Let the kernel kill this process when its parent has ended (Linux); it would go on decoding otherwise."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def lock_down() -> bool:
    """Put the filter on all threads of the process, for good. Return False if kernel or machine do not support it."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _ARCHES:
        return False
    column = 0 if machine == "x86_64" else 1
    numbers = [pair[column] for pair in CALLS.values()]
    lines = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, _ARCHES[machine]), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    # glibc asks for clone3 first and takes "no such call" for an old kernel.
    lines += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ERRNO_ENOSYS)]
    for number in numbers:
        lines += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    lines.append((_RETURN, 0, 0, _ERRNO_EPERM))
    program = b"".join(struct.pack("HBBI", *line) for line in lines)
    held = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("HP", len(lines), ctypes.addressof(held)))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong]
    libc.syscall.argtypes = [ctypes.c_long, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_void_p]
    libc.syscall.restype = ctypes.c_long
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    # TSYNC: a thread that a library started while it was imported would otherwise stay free.
    return bool(libc.syscall(_SECCOMP[column], SET_MODE_FILTER, FLAG_TSYNC, ctypes.addressof(header)) == 0)
