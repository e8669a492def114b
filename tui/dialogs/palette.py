"""The command palette: besides Textual's own commands, everything that a key of the screen below does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Provider

from nnfd.tui.widgets.option_list import knows_its_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.command import Hits
    from textual.types import IgnoreReturnCallbackType
    from textual.widgets import Input
    from textual.worker import Worker


class PaletteEntry(NamedTuple):
    """One command as the palette lists it."""

    text: str
    """Its name and its key."""
    help: str
    run: IgnoreReturnCallbackType


class KeyCommands(Provider):
    """What the keys do that work on the screen below, and Textual's own commands."""

    def commands(self) -> Iterator[PaletteEntry]:
        """Yield what can be done now, each with the first of its keys."""
        seen = set()
        for node, binding, enabled, tooltip in self.screen.active_bindings.values():
            if binding.id is not None and enabled and binding.action not in seen:
                seen.add(binding.action)
                text = f"{binding.description}  ({self.app.get_key_display(binding)})"
                yield PaletteEntry(text, tooltip, partial(self.app.run_action, binding.action, node))
        for command in self.app.get_system_commands(self.screen):
            if command.title != "Quit":  # ours has a key
                yield PaletteEntry(command.title, command.help, command.callback)

    async def discover(self) -> Hits:
        for command in self.commands():
            yield DiscoveryHit(command.text, command.run, help=command.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in self.commands():
            score = max(matcher.match(command.text), matcher.match(command.help))
            if score > 0:
                yield Hit(score, matcher.highlight(command.text), command.run, command.text, command.help)


class KeyPalette(CommandPalette):
    """Textual's palette, safe to type into before it lists anything and once it is closing."""

    def run_worker(self, work: Any, *arguments: Any, **options: Any) -> Worker[Any]:  # noqa: ANN401 - as Textual's own
        """Begin a search; none at all if the palette is closed before it begins, for its list is gone then."""

        async def unless_closed() -> object:
            return await work() if self.is_attached else None

        return super().run_worker(unless_closed, *arguments, **options)

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close it: once, as a second escape may come before the first has closed it."""
        return super().dismiss(result) if self.is_current else AwaitComplete()

    def on_input_changed(self, event: Input.Changed) -> None:
        if not self.is_current:  # to search now would look for a list that is gone
            event.prevent_default()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_current or (action == "command_list" and not any(map(knows_its_lines, self.query(CommandList)))):
            return False
        return super().check_action(action, parameters)
