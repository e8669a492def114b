"""Fill the templates beside this file. What is put in is escaped, and its control characters are made visible."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from nnfd.core.text import printable


def render(template: str, **values: object) -> Markup:
    """Return a filled template; what is ``Markup`` already goes into it as it is."""
    return Markup(_environment().get_template(template).render(values))  # noqa: S704 - autoescape is on


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("nnfd.core.library.report", "."),
        autoescape=True,
        finalize=_visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _visible(value: object) -> object:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
