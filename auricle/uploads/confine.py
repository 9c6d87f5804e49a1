"""What the child that reads a file may do: little memory, little time, no file, no network, no other program.

The limits are set before anything is read. The filter on system calls follows when all code is loaded, so that from
then on nothing can be opened at all: whoever takes the process over through a reader's fault finds the file they had
sent, and a pipe. The filter needs Linux on x86-64 or 64-bit ARM; elsewhere only the limits hold.
"""

import ctypes
import os
import re
import resource
import signal
import struct
from collections.abc import Mapping
from contextlib import suppress

CPU_TO_BEGIN_S = 4  # opening the file
CPU_A_STEP_S = 4  # any one page
CPU_IN_ALL_S = 90
NICENESS = 10

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000 | 1, 0x80000000  # refuse: EPERM
NUMBER_AT, ARCH_AT = 0, 4

# What is refused, with its number on x86-64 and on 64-bit ARM (-: not there): files by name, sockets, programs, other
# processes, and the kernel's side doors.
CALLS = """
open 2 -            openat 257 56       openat2 437 437     creat 85 -          truncate 76 45      rename 82 -
renameat 264 38     renameat2 316 276   mkdir 83 -          mkdirat 258 34      rmdir 84 -          link 86 -
linkat 265 37       unlink 87 -         unlinkat 263 35     symlink 88 -        symlinkat 266 36    mknod 133 -
mknodat 259 33      chmod 90 -          fchmodat 268 53     chown 92 -          lchown 94 -         fchownat 260 54
socket 41 198       socketpair 53 199   connect 42 203      accept 43 202       accept4 288 242     bind 49 200
listen 50 201       sendto 44 206       sendmsg 46 211      sendmmsg 307 269    fork 57 -           vfork 58 -
clone 56 220        clone3 435 435      execve 59 221       execveat 322 281    kill 62 129         tkill 200 130
tgkill 234 131      ptrace 101 117      process_vm_readv 310 270                process_vm_writev 311 271
pidfd_open 434 434  pidfd_getfd 438 438 pidfd_send_signal 424 424               io_uring_setup 425 425
io_uring_enter 426 426                  io_uring_register 427 427               bpf 321 280
perf_event_open 298 241                 mount 165 40        chroot 161 51       unshare 272 97      setns 308 268
"""
NUMBERS = [(x86, arm) for x86, arm in re.findall(r"[a-z]\w* (\d+|-) (\d+|-)", CALLS)]
DENIED: Mapping[str, tuple[int, tuple[int, ...]]] = {  # machine → the kernel's name of its architecture, calls
    "x86_64": (0xC000003E, tuple(int(x86) for x86, _ in NUMBERS if x86 != "-")),
    "aarch64": (0xC00000B7, tuple(int(arm) for _, arm in NUMBERS if arm != "-")),
}


def limit(memory_bytes: int, wall_s: int) -> None:
    """Set what can't be exceeded. The time of the processor grows with `allow_step`."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_TO_BEGIN_S, CPU_IN_ALL_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # pipes are not files: the answer still gets out
    signal.alarm(wall_s)  # even if nobody is left to end us
    with suppress(OSError):
        os.nice(NICENESS)


def allow_step() -> None:
    """A part was done within its time: allow the next one as much."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = min(CPU_IN_ALL_S, int(used.ru_utime + used.ru_stime) + 1 + CPU_A_STEP_S)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, CPU_IN_ALL_S))


def forbid() -> bool:
    """Refuse every system call that opens, connects, starts or signals; whether this machine could."""
    system = os.uname()
    known = DENIED.get(system.machine)
    if known is None or system.sysname != "Linux":
        return False
    program = _filter(*known)
    instructions = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, described, 0, 0) == 0)


def _filter(architecture: int, denied: tuple[int, ...]) -> bytes:
    """The program of the kernel's filter: another architecture's call kills, a denied one fails, the rest passes."""

    def step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("HBBI", code, yes, no, value)

    program = [step(LOAD, ARCH_AT), step(EQUAL, architecture, 1, 0), step(RETURN, KILL), step(LOAD, NUMBER_AT)]
    if architecture == DENIED["x86_64"][0]:  # numbers of the x32 form begin here
        program += [step(AT_LEAST, 0x40000000, 0, 1), step(RETURN, KILL)]
    for position, number in enumerate(denied):
        program.append(step(EQUAL, number, len(denied) - position, 0))
    return b"".join([*program, step(RETURN, ALLOW), step(RETURN, REFUSE)])
