"""Lets the dashboards of a process share what Textual has parsed of their style sheets: each of them has the same."""

from textual.css.stylesheet import Stylesheet


def use(patch) -> None:
    """Parse each sheet once for each theme; Textual keeps that for one app, until it loads the next screen."""
    parse, known = Stylesheet._parse_rules, {}

    def parse_once(sheet, css, read_from, is_default_rules=False, tie_breaker=0, scope=""):
        key = frozenset(sheet._variables.items()), css, read_from, is_default_rules, tie_breaker, scope
        if key not in known:
            known[key] = parse(sheet, css, read_from, is_default_rules, tie_breaker, scope)
        return known[key]

    patch.setattr(Stylesheet, "_parse_rules", parse_once)
