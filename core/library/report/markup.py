"""Build HTML as a tree: escaping and void elements are left to the standard library."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from nnfd.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Node = ET.Element | str


def el(tag: str, *children: Node, **attributes: object) -> ET.Element:
    """Return an element; texts are made printable. ``class_`` means ``class``, ``stroke_width`` ``stroke-width``."""
    names = {name.rstrip("_").replace("_", "-"): str(value) for name, value in attributes.items()}
    element = ET.Element(tag, names)
    last: ET.Element | None = None
    for child in children:
        if isinstance(child, ET.Element):
            element.append(child)
            last = child
        elif last is None:
            element.text = (element.text or "") + printable(child)
        else:
            last.tail = (last.tail or "") + printable(child)
    return element


def section(title: str, *children: Node) -> ET.Element:
    """Return a part of the page under its heading."""
    return el("section", el("h2", title), *children, id=title.lower().replace(" ", "-"))


def missing(title: str, why: object) -> ET.Element:
    """Return a part that says why it is empty."""
    return section(title, el("p", str(why), class_="faint"))


def table(headings: Sequence[str], rows: Iterable[Sequence[Node]], **attributes: object) -> ET.Element:
    """Return a table; the first cell of each row is its heading."""
    head = el("thead", el("tr", *(el("th", text, scope="col") for text in headings)))
    body = [el("tr", el("th", row[0], scope="row"), *(el("td", cell) for cell in row[1:])) for row in rows]
    return el("div", el("table", head, el("tbody", *body), **attributes), class_="wide")


STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --faint: #5c6670; --line: #d5dae0;
  --one: #0b62c4; --two: #b3470c; --three: #1d7a4a; --mark: #8a2a8a; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181c; --ink: #e8ebee; --faint: #a3adb8; --line: #3a424b;
  --one: #6cb2ff; --two: #ffa057; --three: #6fd39b; --mark: #e39ae3; } }
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; margin: 0 auto;
  max-width: 60rem; padding: 1rem; }
h1 { margin-bottom: 0; } h2 { border-bottom: 1px solid var(--line); margin-top: 2rem; }
.faint, figcaption { color: var(--faint); } .wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: .15rem .6rem; text-align: right; }
th[scope=row], thead th:first-child, .words td, .words th { text-align: left; }
td b { color: var(--mark); } .matrix td, .matrix th { text-align: center; min-width: 1.6rem; }
figure { display: inline-block; margin: 0 1rem 1rem 0; vertical-align: top; max-width: 100%; }
figure.curve { display: block; }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font: 13px system-ui, sans-serif; }
img { image-rendering: pixelated; max-width: 100%; }
@media print { section { break-inside: avoid; } }
"""


def page(title: str, *children: Node) -> bytes:
    """Write a whole page that asks nobody for anything: the browser is told to refuse every request."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    style = ET.Element("style")
    style.text = STYLE
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", **{"http-equiv": "Content-Security-Policy", "content": policy}),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("link", rel="icon", href="data:,"),
        el("title", title),
        style,
    )
    root = el("html", head, el("body", *children), lang="en")
    content: bytes = ET.tostring(root, encoding="utf-8", method="html")
    return b"<!DOCTYPE html>\n" + content + b"\n"
