"""What hinders something that the user asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App
    from textual.widget import Widget


def complain(host: App[Any] | Widget, why: object, *, title: str = "") -> None:
    """Tell it over the screen of `host`, never read as markup."""
    host.notify(str(why), title=title, severity="error", markup=False)
