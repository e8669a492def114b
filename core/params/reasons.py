"""Why pydantic refused a value, in the words of this program."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_NUMBER, _SWITCH = "should be a number", "should be on or off"
_WHOLE, _DIGITS = "should be a whole number, without a point", "should be a whole number, in plain digits"
_REASONS = {
    "bool_parsing": _SWITCH,
    "bool_type": _SWITCH,
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "int_from_float": _WHOLE,
    "int_parsing": _DIGITS,
    "int_parsing_size": "has too many digits",
    "int_type": _DIGITS,
    "list_type": "should be a list",
    "string_too_short": "should not be empty",
    "string_type": "should be text",
    "tuple_type": "should be a list",
}
"""By the kind of error: pydantic speaks of strings, tuples and parsing, which are Python's affair."""


def reason(error: ErrorDetails) -> str:
    """Return what is wrong, to stand behind the value."""
    return _REASONS.get(error["type"]) or error["msg"].removeprefix("Value error, ").removeprefix("Input ")
