"""Where what belongs to the user lies: presets, compiled models, the log."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def users(find: Callable[[str], Path]) -> Path:
    """Return a folder of the user's own, as `find` of platformdirs names it for a program; it need not exist.

    Raises ``FileNotFoundError`` if the user has no home folder, as in a container under a number without a name.
    """
    try:
        return find("nnfd-tui")
    except RuntimeError:
        raise FileNotFoundError(errno.ENOENT, "there is no home folder") from None
