"""A failure that nobody foresaw, to be planted somewhere."""

import itertools

_LINES = itertools.count()


class PlantedError(RuntimeError):
    """What no code of ours knows."""


def fail(*_, **__):
    """Fail at a line of its own each time: what fails twice at one place is told once."""
    exec(compile("\n" * next(_LINES) + "raise error", "planted", "exec"), {"error": PlantedError("on \x1b[31mpurpose")})
