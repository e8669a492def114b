"""Shows one widget in an app of its own, and reads the screen as text."""

from textual.app import App
from textual.strip import Strip


class Host(App[None]):
    """Shows one widget and keeps the messages it posts."""

    def __init__(self, widget):
        super().__init__()
        self.widget = widget
        self.messages = []

    def compose(self):
        yield self.widget

    def on_confusion_table_cell_chosen(self, message):
        self.messages.append((message.true, message.predicted))

    def on_timeline_sought(self, message):
        self.messages.append(message.position)

    def on_digit_pad_drawn(self, message):
        self.messages.append(message.pixels)

    def on_field_canvas_pointed(self, message):
        self.messages.append((message.x, message.y, message.button, message.pressed))


def strips(app: App) -> list[Strip]:
    """Return the lines on the screen with their styles; Textual has no public way to them."""
    return app.screen._compositor.render_strips()


def screen(app: App) -> list[str]:
    """Return the lines on the screen."""
    return [strip.text for strip in strips(app)]
