"""What the libraries are told by the environment, before they are imported; what a user has set there stays."""

from __future__ import annotations

import os

_BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def use_one_blas_thread() -> None:
    """Keep matrix products on one thread, unless the user says otherwise; to be called before NumPy is imported.

    The products of a batch are too small to share out. Measured on 2 cores that others use as well: 60 epochs of the
    main run take 2.2 s with two OpenBLAS threads, which wait for each other, and 0.23 s with one. One thread also sums
    in one order, so a run gives the same numbers wherever it goes on.
    """
    for name in _BLAS_THREADS:
        os.environ.setdefault(name, "1")


def look_for_no_plugins() -> None:
    """Let pydantic look for none of its plugins: it opens a file for each package that is installed to find one."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def show_keys_at_once() -> None:
    """Let Textual look every 4 ms whether something is to be drawn; to be called before it is imported.

    It looks 60 times a second by default, and misses a turn after each frame that took longer than one: what a key has
    changed waited up to 33 ms more for that. Nothing is drawn more often, for pictures have a rate of their own.
    """
    os.environ.setdefault("TEXTUAL_FPS", "240")
