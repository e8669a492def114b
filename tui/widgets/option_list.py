"""Lists of options that take a key at any moment."""

from __future__ import annotations

from textual.widgets import OptionList

PAGES = {"page_up", "page_down"}


def knows_its_lines(options: OptionList) -> bool:
    """Tell whether a list may go a page up or down.

    Before it has been laid out it has options but no lines, and Textual looks up the line of the highlighted one: a
    KeyError.
    """
    return bool(options.scrollable_content_region)


class SafeOptionList(OptionList):
    """Textual's list, safe to type into before it has been laid out."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in PAGES and not knows_its_lines(self):
            return False
        return super().check_action(action, parameters)
