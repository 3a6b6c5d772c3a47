"""Keeps a process's secrets to itself: no core dumps, no readable new files, no passwords left in its environment."""

import ctypes
import os
import resource

PR_SET_DUMPABLE = 4


def harden() -> None:
    """For the whole life of the process. Core handlers that are programs ignore the limit, hence also `prctl`."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    prctl = getattr(ctypes.CDLL(None), "prctl", None)  # Linux only
    if prctl:
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def raise_file_limit() -> int:
    """As many open files as the system lets us have without asking; the number."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def wipe_variable(name: str) -> None:
    """Overwrite a variable where the system keeps the first environment of a process, which `ps e` shows."""
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_void_p
    value = libc.getenv(name.encode())
    if value and name in os.environ:
        ctypes.memset(value, ord("x"), len(os.environb[name.encode()]))
