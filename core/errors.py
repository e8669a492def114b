"""Errors a user can cause. Each is one line: the field, the value, what is allowed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from nnfd.core.text import abridged, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INTERRUPTED = 130
"""Exit code of what was told to end, by ctrl+c, a signal or a key, or whose terminal went away."""
LONGEST = 200
"""Characters of an unforeseen error's own words that are shown."""
LONGEST_MESSAGE = 1_000
"""Characters of a message: a name or a value that it quotes may have a million."""


class NnfdError(Exception):
    """Base of every error whose message is meant for the user as it stands.

    ``exit_code`` is what a command ends with: 2 for bad input, 1 for a run that failed.
    """

    exit_code = 2

    def __str__(self) -> str:
        return abridged(super().__str__(), LONGEST_MESSAGE)


class ParamsError(NnfdError):
    """A parameter is unknown, malformed or out of bounds."""


class UnavailableError(ParamsError):
    """What a parameter needs is not to be had now and may be another time: a picture, memory."""


class PresetError(NnfdError):
    """A preset is unknown or its file cannot be read."""


class DataError(NnfdError):
    """A data set is unknown, unreadable or unfit for training."""


class StoppedError(NnfdError):
    """The user stopped what was under way before there was anything to keep."""

    exit_code = INTERRUPTED


class RunError(NnfdError):
    """A run folder cannot be created, read or continued."""


class StorageError(NnfdError):
    """Writing failed while a run was under way, for example on a full disk."""

    exit_code = 1


class SweepError(NnfdError):
    """A sweep's spec is malformed, or its folder holds another sweep."""


class WorkersLostError(SweepError):
    """There is nobody left to do the runs; those that were done are kept, and the sweep can go on."""

    exit_code = 1


def in_words(error: BaseException) -> str:
    """Write an error that nobody foresaw as one line: its kind, and the beginning of what it says."""
    words = printable(" ".join(str(error).split()))
    words = words if len(words) <= LONGEST else words[: LONGEST - 3] + "..."
    if isinstance(error, MemoryError):
        return f"there is not enough memory ({words})" if words else "there is not enough memory"
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


@contextlib.contextmanager
def failures_told(tell: Callable[[str], object]) -> Iterator[None]:
    """Tell in one line why the work within came to nothing, unless it was stopped; what nobody foresaw is raised too.

    For the threads of dialogs, whose user waits for an answer.
    """
    try:
        yield
    except StoppedError:
        pass
    except NnfdError as error:
        tell(str(error))
    except Exception as error:
        tell(in_words(error))
        raise
