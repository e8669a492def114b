from textual.app import App

from nnfd.core.params import FurParams, NetworkParams
from nnfd.core.params.model import shipped_model, shipped_models
from nnfd.tui.widgets.param_row import help_text
from nnfd.tui.widgets.params_form import ParamsForm, verdict_text
from tests.support.widget_host import screen as lines


class Host(App[None]):
    def __init__(self):
        super().__init__()
        self.applied = []
        self.left = 0

    def compose(self):
        yield ParamsForm()

    def on_params_form_applied(self, message):
        self.applied.append(message)

    def on_params_form_left(self, message):
        self.left += 1


def screen(app: App) -> str:
    """Return the text on the screen, its lines and gaps joined, for long messages wrap."""
    return " ".join(" ".join(lines(app)).split())


async def opened(app, pilot, params=None, **how):
    form = app.query_one(ParamsForm)
    form.load(params or NetworkParams(), **how)
    await form.focus_first()
    await pilot.pause()
    return form


async def test_a_live_edit():
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        form = await opened(app, pilot, running=True)
        assert "nothing changed" in screen(app)
        assert "Learning rate, before the schedule scales it. Allowed: greater than 0." in screen(app)
        await pilot.press(*"0.05")  # the focus is on lr, the first live one, with its text selected
        assert form.params.lr == 0.05
        assert "enter: applies live" in screen(app)
        assert "* lr" in screen(app)
        await pilot.press("enter")
        (message,) = app.applied
        assert message.params == NetworkParams(lr=0.05)
        assert (message.needs_restart, message.branch) == ([], False)


async def test_opened_again_it_shows_what_is_in_effect_and_other_parameters_get_their_own_lines():
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        form = await opened(app, pilot, running=True)
        await pilot.press(*"wrong", "tab")
        assert "✗ lr" in screen(app)
        row = form.row("lr")
        await opened(app, pilot, NetworkParams(lr=0.02, activation="tanh"), running=True)
        assert form.row("lr") is row, "to make a hundred widgets anew takes too long"
        assert (row.text, form.row("activation").text) == ("0.02", "tanh")
        assert "nothing changed" in screen(app)
        assert "✗" not in screen(app)
        await opened(app, pilot, FurParams())
        assert "rho_a" in screen(app)
        assert "momentum" not in screen(app)


async def test_an_edit_that_restarts_says_so_first():
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        form = await opened(app, pilot, running=True)
        await pilot.press("up", "up", "up", "right")  # to activation
        assert form.params.activation == "tanh"
        assert "enter: RESTARTS the run (activation cannot change while it runs)" in screen(app)
        await pilot.press("enter")
        assert app.applied[0].needs_restart == ["activation"]


async def test_a_wrong_value_is_named_and_not_applied():
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        form = await opened(app, pilot, running=True)
        await pilot.press(*"-1")
        assert form.params is None
        assert "✗ lr: '-1' is not allowed: should be greater than 0" in screen(app)
        await pilot.press("enter")
        assert app.applied == []
        await pilot.press("ctrl+z")
        assert form.params == NetworkParams()
        await pilot.press("escape")
        assert app.left == 1


async def test_words_and_switches():
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        form = await opened(app, pilot, running=True)
        await pilot.press("down", "down", "right")  # nesterov
        assert form.params.nesterov is True
        await pilot.press("left")
        assert form.params.nesterov is False
        assert "nothing changed" in screen(app)


async def test_the_focus_stays_in_view():
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, FurParams())
        infos = list(FurParams.infos())
        assert len(infos) > 20
        await pilot.press("up")  # from the first around to the last
        await pilot.pause()
        assert app.focused.parent.info.name == infos[-1]
        assert infos[-1] in screen(app)
        assert app.screen.region.contains_region(app.focused.region)


async def test_a_limit_that_hangs_on_two_parameters():
    app = Host()
    async with app.run_test(size=(80, 30)) as pilot:
        form = await opened(app, pilot, FurParams())
        await pilot.press(*["down"] * list(FurParams.infos()).index("dt"))
        assert app.focused.parent.info.name == "dt"
        await pilot.press(*"3")
        assert form.params is None
        assert "stable up to dt = 2.5" in screen(app)
        assert app.focused.parent.has_class("-invalid")


async def test_a_branch_refuses_what_it_cannot_change():
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, branch=True)
        await pilot.press("up", "up", "up", "right", "enter")
        assert app.applied == []
        assert "activation cannot change in a branch" in screen(app)
        await pilot.press("left", "enter")
        assert app.applied[0].branch


async def test_a_form_can_be_filled_again():
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, running=True)
        form = await opened(app, pilot, FurParams(), running=False)
        await pilot.press(*"50")
        assert form.params == FurParams(width=50)
        assert "enter: start a run with these" in screen(app)
        assert "batch_size" not in screen(app)


def test_words_of_the_form():
    info = NetworkParams.infos()["optimizer"]
    assert help_text(info) == "Rule that turns gradients into weight updates. Allowed: sgd or adam. Default: sgd."
    assert verdict_text(0, [], running=True, branch=True) == "enter: start a branch from here"


async def test_what_more_of_a_parameter_does_and_where_it_stands_among_the_values_that_are_typed():
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        form = await opened(app, pilot, FurParams(width=10, s0="2 + x/width"))
        form.row("mu_y").field.focus()
        form.row("rho_y").field.value = "0.04"
        form.row("mu_y").field.value = "0.005"
        await pilot.pause()
        assert "More of it: y fades faster and switches on only where a is higher." in screen(app)
        assert "∂y/∂t = 0.04 y²/(1 + 22 y²) − (mu_y = 0.005) y + (−7e−05) a" in screen(app)
        assert "∂a/∂t" not in screen(app), "mu_y does not stand there"


def test_what_more_of_it_does_is_said_of_every_parameter_that_a_running_run_takes():
    for name in shipped_models():
        tables = shipped_model(name).table.parameters
        silent = [key for key, each in tables.items() if each.live and not each.choices and not each.more]
        assert not [key for key in silent if "more" not in tables[key].help and "gives" not in tables[key].help], name


async def test_a_parameter_that_varies_is_shown_with_its_range():
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        form = await opened(app, pilot, FurParams(width=10, s0="2 + x/width"))
        form.row("s0").field.focus()
        await pilot.pause()
        assert "It goes from 2 to 2.9." in screen(app)
        form.row("s0").field.value = "3 - x"
        await pilot.pause()
        assert "s0: 3 - x is not allowed: it goes from -6 to 3" in screen(app)
        form.row("s0").field.value = "3 - x/width"
        await pilot.pause()
        assert "It goes from 2.1 to 3." in screen(app)
        assert form.params.s0 == "3 - x/width"


async def test_the_line_with_the_focus_stays_in_view_when_there_is_less_room():
    app = Host()
    async with app.run_test(size=(80, 40)) as pilot:
        form = await opened(app, pilot, running=True)
        field = form.row("lr").field
        await pilot.resize_terminal(80, 16)
        await pilot.pause()
        assert form.row("lr").region.bottom <= form.region.bottom - 5
        assert field.has_focus
        assert "lr" in screen(app).split()
