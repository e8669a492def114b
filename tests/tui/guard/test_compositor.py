"""What is drawn of a screen when a part of it changes, and that the terminal shows the same as if all were."""

from __future__ import annotations

import io

import pyte
from rich.console import Console
from textual.app import App
from textual.containers import Container
from textual.widget import Widget

from nnfd.tui.guard.compositor import SparingCompositor

CONSOLE = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=30)


class Field(Widget):
    """Full of one letter; counts how often it is drawn."""

    def __init__(self, letter: str, name: str) -> None:
        super().__init__(id=name)
        self.letter = letter
        self.drawn = 0

    def render_lines(self, crop):
        self.drawn += 1
        return super().render_lines(crop)

    def render(self) -> str:
        return "\n".join([self.letter * self.size.width] * self.size.height)


class Host(App[None]):
    """A picture between a head and a foot, something beside it, and something over the corner of both."""

    CSS = """
    Screen { layers: below above; }
    Container { layer: below; height: 8; layout: horizontal; }
    #head, #foot { height: 1; layer: below; }
    #left { width: 20; } #right { width: 10; }
    #over { layer: above; offset: 15 1; width: 8; height: 4; position: absolute; }
    """

    def compose(self):
        yield Field("h", "head")
        with Container():
            yield Field("l", "left")
            yield Field("r", "right")
        yield Field("f", "foot")
        yield Field("o", "over")


async def test_only_what_changed_and_is_seen_is_drawn():
    app = Host()
    async with app.run_test(size=(30, 10)):
        fields = {field.id: field for field in app.query(Field)}
        compositor, terminal = SparingCompositor(), pyte.Screen(30, 10)
        compositor.reflow(app.screen, app.size)
        stream = pyte.Stream(terminal)
        stream.feed(compositor.render_update(full=True).render_segments(CONSOLE).replace("\n", "\r\n"))

        def change(*ids: str) -> set[str]:
            """Give these another letter, write it to the terminal, and return what was drawn."""
            for field in fields.values():
                field.drawn = 0
            for name in ids:
                fields[name].letter = fields[name].letter.upper()
                fields[name].refresh()
            compositor.update_widgets({fields[name] for name in ids})
            stream.feed(compositor.render_update().render_segments(CONSOLE))
            drawn = {name for name, field in fields.items() if field.drawn}
            assert terminal.display == [strip.text for strip in compositor.render_strips()]
            return drawn

        assert terminal.display[3:5] == ["l" * 15 + "o" * 8 + "r" * 7] * 2
        assert change("left") == {"left", "over"}
        assert change("over") == {"over"}
        assert change("head", "foot") == {"head", "foot"}
        assert change("right") == {"right", "over"}
        assert terminal.display[3:6] == ["L" * 15 + "O" * 8 + "R" * 7] * 2 + ["L" * 20 + "R" * 10]
        assert compositor.render_update() is None

        # what is taken off has no size any more, and is on the screen until that is laid out anew: it hides nothing
        await fields["foot"].remove()
        stream.feed("\x1b[H" + compositor.render_update(full=True).render_segments(CONSOLE).replace("\n", "\r\n"))
        assert terminal.display[8:] == ["L" * 20 + "R" * 10, " " * 30]
