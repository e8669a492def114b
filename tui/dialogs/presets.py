"""The preset picker."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Label, Static
from textual.widgets.option_list import Option

from nnfd.core.fields.models import main_field
from nnfd.core.fields.picture import coloured, default_colormap
from nnfd.core.fields.thumbnails import read
from nnfd.core.params import FieldParams, Kind, show_value
from nnfd.core.params.presets import Preset, load_all
from nnfd.tui.dialogs.ask import Dialog
from nnfd.tui.dialogs.atlas import AtlasDialog
from nnfd.tui.widgets.option_list import SafeOptionList
from nnfd.tui.widgets.pixel_view import PixelView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult


def describe(preset: Preset) -> Text:
    """Return a preset's title, kind and description."""
    return Text.assemble((f"{preset.title}\n", "bold"), (f"{preset.kind}\n\n", "dim"), preset.description)


def changes(preset: Preset) -> Text:
    """Return the parameters that differ from the model's defaults, one a line."""
    text = Text()
    for name, (value, default) in preset.params.changed(type(preset.params).model_construct()).items():
        text.append(f"{name} = {show_value(value)}", style="bold")
        text.append(f"  (default {show_value(default)})\n", style="dim")
    return text


class PresetPicker(Dialog[Preset]):
    """A list of presets with what each of them does; enter starts one, `P` shows its atlas, escape leaves.

    A small letter or a digit goes to the next one that begins with it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("P", "atlas", "Atlas", id="presets.atlas", tooltip="A pattern's atlas: patterns over two parameters"),
    ]

    def __init__(self, kinds: Sequence[Kind], current: str) -> None:
        super().__init__()
        self._presets, self._problems = load_all(kinds)
        self._current = current
        self._list = SafeOptionList(*(Option(Text(preset.name), id=preset.name) for preset in self._presets))

    def compose(self) -> ComposeResult:
        """Lay out the list and the description."""
        with Vertical(classes="dialog"):
            yield Label("Presets", classes="dialog-title")
            with Horizontal():
                yield self._list
                with VerticalScroll(can_focus=False):
                    yield Static(id="preset-text")
                    yield PixelView()
                    yield Static(id="preset-changes")
            atlas = " · P its atlas" if self._has_atlas() else ""
            yield Label(
                f"enter starts · a letter: the next that begins with it{atlas} · escape leaves", classes="dialog-hint"
            )

    def on_mount(self) -> None:
        """Start at the current preset."""
        names = [preset.name for preset in self._presets]
        if not self._list.is_attached:  # it was left before it was there
            return
        self._list.highlighted = names.index(self._current) if self._current in names else 0
        self._list.focus()
        for problem in self._problems:
            self.notify(problem, title="a preset of yours is left out", severity="warning", markup=False)

    def on_option_list_option_highlighted(self, event: SafeOptionList.OptionHighlighted) -> None:
        """Show what the preset does."""
        preset = self._presets[event.option_index]
        self.query_one("#preset-text", Static).update(describe(preset))
        self.query_one("#preset-changes", Static).update(changes(preset))
        picture, params = self.query_one(PixelView), preset.params
        small = read(preset.name) if isinstance(params, FieldParams) else None
        picture.display = small is not None
        if small is not None and isinstance(params, FieldParams):
            ground = self.background_colors[1].rgb
            colormap = preset.colormap or default_colormap(main_field(params))
            picture.show(*coloured(small.field, colormap, 0, 255, ground))

    def on_option_list_option_selected(self, event: SafeOptionList.OptionSelected) -> None:
        """Start the preset."""
        self.close(self._presets[event.option_index])

    def on_key(self, event: events.Key) -> None:
        """Go to the next preset that begins with the letter or digit; capitals are keys."""
        if (letter := event.character) is None or not letter.isalnum() or letter.isupper():
            return
        event.stop()
        here = self._list.highlighted or 0
        following = [*range(here + 1, len(self._presets)), *range(here)]
        self._list.highlighted = next((i for i in following if self._presets[i].name.lower().startswith(letter)), here)

    # -- the atlas of a pattern

    def _has_atlas(self) -> bool:
        return any(isinstance(preset.params, FieldParams) for preset in self._presets)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the atlas to patterns only."""
        if action == "atlas":
            return self._has_atlas()
        return super().check_action(action, parameters)

    def action_atlas(self) -> None:
        """Show the atlas of the preset, and start the point that is chosen there."""
        if self._list.highlighted is None:
            return
        preset = self._presets[self._list.highlighted]

        def start(params: FieldParams | None) -> None:
            if params is not None:
                self.close(dataclasses.replace(preset, params=params))

        assert isinstance(preset.params, FieldParams)
        self.app.push_screen(AtlasDialog(preset.params, preset.title), start)
