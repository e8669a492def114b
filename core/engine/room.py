"""How much memory there is, so that what does not fit is refused before it is taken."""

from __future__ import annotations

import os
from pathlib import Path

from nnfd.core.errors import NnfdError

SHARE = 0.8
"""Share of the memory that one thing may ask for; the rest is for the program, the system and a bad estimate."""
UNKNOWN = 8_000_000_000
"""Bytes taken for granted where the system does not say how much there is."""
_CGROUP = Path("/sys/fs/cgroup/memory.max")
"""What a container may take."""


def room() -> int:
    """Return the bytes that one thing may take: of the machine's, the container's and the process's memory."""
    return int(SHARE * min([size for size in (_machine(), _container(), _process()) if size], default=UNKNOWN))


def need_address_space(what: str, count: int) -> None:
    """Raise :class:`NnfdError` if this process may not take so many bytes of address space.

    Libraries that find no room while they are loaded crash, or hang and hear no signal any more: OpenBLAS, LLVM.
    """
    if 0 < (limit := _process()) < count:
        had = f"may take {show_bytes(limit)} here: raise 'ulimit -v'"
        raise NnfdError(f"{what} needs {show_bytes(count)} of address space, and {had}")


def show_bytes(count: float) -> str:
    """Write a number of bytes as ``1.2 GB``, ``340 MB`` or ``2 kB``."""
    if count >= 1e15:
        return f"{count / 1e9:.0e} GB"
    scale, unit = next(((s, u) for s, u in ((1e9, "GB"), (1e6, "MB")) if count >= s), (1e3, "kB"))
    return f"{count / scale:,.1f} {unit}"


def _machine() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # no Unix, or one that does not tell
        return 0


def _container() -> int:
    try:
        text = _CGROUP.read_text()
    except OSError:
        return 0
    return int(text) if text.strip().isdecimal() else 0  # "max": as much as there is


def _process() -> int:
    try:
        import resource
    except ImportError:  # no Unix
        return 0
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return 0 if limit == resource.RLIM_INFINITY else limit
