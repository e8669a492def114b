"""The compiled engine, for the extra ``fast``: all of a pass in one loop over the grid.

Each program is written as a module into the user's cache folder, where numba keeps what it compiled of it, so that it
is compiled once. Operations and their order are those of the NumPy engine, without fused or reordered arithmetic, so
that both engines give the same numbers.

numba is imported in a thread of its own, with the first program: that takes 0.3 s, and what it makes ready for its
first function 0.4 s more; loading compiled steps takes some 10 ms from then on.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import sys
import threading
import time
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from platformdirs import user_cache_path

from nnfd.core.errors import StorageError, in_words
from nnfd.core.fields.engines.kernel import Kernel
from nnfd.core.fields.engines.numba_source import source
from nnfd.core.fields.engines.numpy_kernel import NumpyKernel
from nnfd.core.fields.engines.sharing import Sharing
from nnfd.core.params.home import users
from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import ModuleType

    from numpy.typing import NDArray

    from nnfd.core.params import FieldParams

    Steps: TypeAlias = Callable[..., tuple[int, bool]]

THREAD_CELLS = 65_536
"""Cells from which threads are used. On an idle machine they pay from some 10,000 to 30,000 cells on, but they wait for
each other at each step: where something else wants a core too, as the dashboard does, that takes longer than the
step."""
LAYERS = ["omp", "tbb", "workqueue"]
"""numba's threading layers, the best for short steps first. OpenMP's threads stay awake from step to step: at 512x512
cells two of them take 0.6 of the time of one. TBB's, which numba would take, sleep in between, and take as long as one
or longer."""
LAYERS_VARIABLE = "NUMBA_THREADING_LAYER_PRIORITY"
"""By which a user tells numba another order."""

# numba's fallback threading layer ends the process if two Python threads use it at once
_one_team = threading.Lock()
_begun: dict[tuple[str, int | None], Future[Steps]] = {}
_beginning = threading.Lock()


def cache_folder() -> Path:
    """Return the folder in which compiled models are kept. Raises ``FileNotFoundError``."""
    return users(user_cache_path) / "models"


def _compiled(text: str, args: Callable[[], tuple[Any, ...]], threads: int | None) -> Future[Steps]:
    """Return the compiled steps of the module with this text, once they are there; they are compiled beside.

    `args` returns arguments of the types that they will be called with, for no step at all; `threads` is 1 for the
    steps without threads, None for as many as numba has. The result raises ``StorageError`` if numba cannot be used,
    what is compiled cannot be kept, or what was kept is damaged.
    """
    with _beginning:
        if (text, threads) not in _begun:
            future: Future[Steps] = Future()
            thread = threading.Thread(target=_compile, args=(future, text, args(), threads), name="compile")
            thread.start()
            _begun[text, threads] = future  # nobody waits for what could not be begun
        return _begun[text, threads]


def _are_there(text: str, threads: int | None) -> bool:
    """Tell whether these steps are compiled, or cannot be."""
    future = _begun.get((text, threads))
    return future is not None and future.done()


def _compile(future: Future[Steps], text: str, args: tuple[Any, ...], threads: int | None) -> None:
    try:
        import numba
    except Exception as error:  # an installation that does not fit NumPy's, as its own error says
        future.set_exception(StorageError(f"numba cannot be used: {in_words(error)}"))
        return
    choose_layer(numba.config)
    where = "the folder of compiled models"
    try:
        module = _module(text)
        most = int(numba.get_num_threads())
        count = min(threads or most, most)
        steps = partial(_in_a_team, module.threads, count) if count > 1 else module.serial
        steps(*args)
    except numba.core.errors.NumbaError as error:  # a fault of our own text: whoever waits for the steps gets it
        future.set_exception(error)
    except Exception as error:
        # numba has no error of its own for a folder that takes nothing, and a damaged pickle in it raises anything
        with contextlib.suppress(FileNotFoundError):
            where = f"{where} {printable(str(cache_folder()))!r}"
        reason = getattr(error, "strerror", None) or in_words(error)
        future.set_exception(StorageError(f"{where} cannot be used: {reason}"))
    else:
        future.set_result(steps)


def choose_layer(config: Any) -> None:  # noqa: ANN401  # a module, which may not be there
    """Let numba, whose configuration this is, take the best threading layer that there is, unless the user chose."""
    if LAYERS_VARIABLE not in os.environ:
        config.THREADING_LAYER_PRIORITY = LAYERS


def _in_a_team(steps: Steps, threads: int, *args: Any) -> tuple[int, bool]:  # noqa: ANN401
    """Do steps with so many threads."""
    import numba

    with _one_team:
        before = numba.get_num_threads()
        numba.set_num_threads(threads)
        try:
            return steps(*args)
        finally:
            numba.set_num_threads(before)


def _module(text: str) -> ModuleType:
    """Return the module with this text, written into the cache folder first if it is not there. Raises ``OSError``."""
    name = f"nnfd_model_{hashlib.sha256(text.encode()).hexdigest()[:24]}"
    if name in sys.modules:
        return sys.modules[name]
    file = cache_folder() / f"{name}.py"
    if not file.is_file() or file.read_bytes() != text.encode():
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_suffix(f".{os.getpid()}.new")
        beside.write_bytes(text.encode())
        beside.replace(file)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # numba finds a function that it kept on disk again by the name of its module
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class NumbaKernel(Kernel):
    """The compiled engine.

    Parameters
    ----------
    params, fields, step, given
        As for every engine.
    threads
        None lets the size of the grid decide whether to use more than one, and what they take while others want the
        cores too.
    wait
        Whether the first step waits for the compiler. Without, the NumPy engine, which gives the same numbers, goes on
        until the compiled steps are there; they are begun after its first steps, so that nobody waits for a picture.
    """

    def __init__(
        self,
        params: FieldParams,
        fields: Mapping[str, NDArray[Any]],
        step: int = 0,
        given: Mapping[str, Any] | None = None,
        *,
        threads: int | None = None,
        wait: bool = True,
    ) -> None:
        super().__init__(params, fields, step, given)
        # tuples may not be empty: the compiler would know no type for what they hold
        self._k = tuple(self.number(value) for value in self.fixed.values()) or (self.number(0),)
        self._maps = tuple(self.maps.values()) or self.now[:1]
        large = params.width * params.height >= THREAD_CELLS
        self._threads = threads or (None if large else 1)
        self._sharing = Sharing() if self._threads is None else None
        self._text = source(self.program, params.dtype, signed=params.model.signed)
        self._plain: NumpyKernel | None = None
        if not wait and not _are_there(self._text, self._threads):
            self._fall_back()

    def _args(self, n: int) -> tuple[Any, ...]:
        p, number = self.params, self.number
        times = np.array([(self.step + i) * p.dt for i in range(n)], p.dtype)
        arrays = (self.now, self.next, self.work or self.now[:1], self._maps)
        return (*arrays, self._k, times, number(p.clip), number(0), p.boundary == "periodic", n)

    def _steps(self, threads: int | None) -> Future[Steps]:
        """Return the compiled steps, with or without threads, once they are there; they are compiled beside."""
        return _compiled(self._text, lambda: self._args(0), threads)

    def advance(self, n: int) -> int:
        """Do up to `n` steps, fewer if a value passes the upper bound; return the steps done, at least 1."""
        if self._plain is not None and not _are_there(self._text, self._threads):
            plainly = self._advance_plainly(self._plain, n)
            self._steps(self._threads)
            return plainly
        try:
            steps = self._steps(self._threads).result()
        except StorageError as error:
            self.note = f"{error}; NumPy computes this run"
            return self._advance_plainly(self._plain or self._fall_back(), n)
        done, self.exceeded = steps(*self._args(n)) if self._sharing is None else self._share(self._sharing, steps, n)
        if done % 2:
            self.now, self.next = self.next, self.now
        self.step += done
        return int(done)

    def _share(self, sharing: Sharing, steps: Steps, n: int) -> tuple[int, bool]:
        """Do steps with threads, or without where that is faster just now: the numbers are the same."""
        alone = self._steps(1)
        if not alone.done():
            return steps(*self._args(n))
        shared, n = sharing.choose(n)
        begin = time.perf_counter()
        done, exceeded = (steps if shared else alone.result())(*self._args(n))
        sharing.took(shared, done, time.perf_counter() - begin)
        return done, exceeded

    def _fall_back(self) -> NumpyKernel:
        """Let NumPy do the steps, on arrays that both engines have."""
        self._plain = NumpyKernel(self.params, self.fields(), self.step, self.given)
        self.now, self.next = self._plain.now, self._plain.next
        return self._plain

    def _advance_plainly(self, plain: NumpyKernel, n: int) -> int:
        done = plain.advance(n)
        self.now, self.next, self.step, self.exceeded = plain.now, plain.next, plain.step, plain.exceeded
        return done
