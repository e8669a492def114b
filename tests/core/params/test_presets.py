import os

import pytest

from nnfd.core.errors import NnfdError, ParamsError, PresetError
from nnfd.core.params import FieldParams, Kind, NetworkParams, presets, toml_file


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setattr(presets, "user_folder", lambda: folder)
    return folder


def write(folder, name="mine", content='kind = "network"\n'):
    file = folder / f"{name}.toml"
    file.write_text(content, encoding="utf-8")
    return file


def test_every_shipped_preset_is_sound_and_described():
    names = presets.names()
    assert {"relu-128", "wide-256", "two-128-64", "tanh-128", "adam-cosine"} <= set(names)
    for name in names:
        preset = presets.load(name)
        assert preset.name == name
        assert preset.title
        assert preset.description


@pytest.mark.parametrize(("lab", "model"), [("network", NetworkParams), ("fur", FieldParams)])
def test_each_lab_has_a_first_preset_of_its_kind(lab, model):
    assert isinstance(presets.load_shipped(presets.DEFAULT_PRESETS[lab]).params, model)


def test_a_preset_may_name_the_colours_of_its_animal():
    assert (presets.colormap_of("giraffe"), presets.load("dragonfly").colormap) == ("giraffe", "wing")
    assert presets.colormap_of("turing-spots") == presets.colormap_of("../gone") == ""


def test_a_preset_that_is_written_keeps_its_colours(tmp_path):
    own = tmp_path / "mine.toml"
    for name in ("cheetah", "dragonfly", "turing-spots"):
        preset = presets.load(name)
        own.write_text(presets.written(preset.title, preset.description, preset.params, preset.colormap))
        again = presets.check(own)
        assert (again.params, again.colormap) == (preset.params, preset.colormap)


def test_the_course_presets_are_the_courses():
    main = presets.load("relu-128").params
    assert (main.hidden, main.activation, main.epochs, main.batch_size) == ((128,), "relu", 60, 64)
    assert (main.lr, main.momentum, main.l2, main.lr_decay, main.patience) == (0.01, 0.9, 1e-4, 0.995, 8)
    assert presets.load("wide-256").params.changed(main) == {"hidden": ((256,), (128,))}
    assert presets.load("two-128-64").params.changed(main) == {"hidden": ((128, 64), (128,))}
    assert presets.load("tanh-128").params.changed(main) == {"activation": ("tanh", "relu")}


def test_a_users_own_preset_comes_first(own_folder):
    write(own_folder, "relu-128", 'kind = "network"\ntitle = "Mine"\n[params]\nlr = 0.5\n')
    assert presets.load("relu-128").title == "Mine"
    assert presets.load("relu-128").params.lr == 0.5


def test_a_preset_named_by_path(tmp_path):
    file = write(tmp_path, "spots", 'kind = "turing"\n')
    preset = presets.load(str(file))
    assert (preset.name, preset.title, preset.kind) == ("spots", "spots", Kind.TURING)


def test_texts_are_kept_literally_but_for_control_characters(tmp_path):
    file = write(tmp_path, content='kind = "fur"\ntitle = "[red]a[/] \\u001b[31m"\ndescription = "two\\nlines"\n')
    preset = presets.check(file)
    assert preset.title == "[red]a[/] ␛[31m"
    assert preset.description == "two␊lines"


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        ("kind = ", PresetError, "is not valid TOML"),
        ("", PresetError, "kind is missing; allowed are network, fur, diffusion, turing"),
        ('kind = "boat"', PresetError, "kind is 'boat'; allowed are"),
        ("kind = 3", PresetError, "kind is 3; allowed are"),
        ("parms = 1\ntitle = 3", PresetError, "unknown key 'parms'; did you mean 'params'"),
        ("kind = [1]", PresetError, "kind is"),
        ('kind = "fur"\nparms = 1', PresetError, "unknown key 'parms'; did you mean 'params'"),
        ('kind = "fur"\n"\\u001b" = 1', PresetError, "unknown key '␛'"),
        ('kind = "fur"\ntitle = 3', PresetError, "title is to be a text, not 3"),
        ('kind = "fur"\nparams = 3', PresetError, "params is to be a table, not 3"),
        ('kind = "fur"\ncolormap = "girafe"', ParamsError, "colormap: 'girafe' is not known; did you mean 'giraffe'"),
        (f'kind = "fur"\ncolormap = "{"x" * 3000}"', ParamsError, f"colormap: '{'x' * 200}' is not known; allowed are"),
        ('kind = "network"\n[params]\nlr = -1', ParamsError, "lr: -1 is not allowed: should be greater than 0"),
        ('kind = "network"\n[params]\nhidden = []', ParamsError, "hidden: an empty list is not allowed"),
        ('kind = "network"\n[params]\nlr = "0.1"', ParamsError, "lr: '0.1' is not allowed"),
        ('kind = "network"\n[params]\nlearning_rate = 1', ParamsError, "unknown parameter 'learning_rate'"),
        ('kind = "network"\n[params]\nmomentm = 1', ParamsError, "did you mean 'momentum'"),
        ('kind = "network"\n[params]\nD_a = 1', ParamsError, "unknown parameter 'D_a' for kind network"),
    ],
)
def test_a_wrong_file_is_one_clear_line(tmp_path, content, error, words):
    file = write(tmp_path, content=content)
    with pytest.raises(error) as caught:
        presets.check(file)
    message = str(caught.value)
    assert words in message
    assert str(file) in message
    assert "\n" not in message
    assert "\x1b" not in message
    assert caught.value.exit_code == 2


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(PresetError, match="there is no such file"):
        presets.load(str(tmp_path / "none.toml"))
    with pytest.raises(PresetError, match="cannot be read"):
        presets.load(str(tmp_path / "own") + "/")
    (tmp_path / "latin.toml").write_bytes(b'title = "\xe9"')
    with pytest.raises(PresetError, match="cannot be read"):
        presets.check(tmp_path / "latin.toml")


def test_an_unknown_name_gets_a_hint():
    with pytest.raises(PresetError, match="preset: 'relu128' is not known; did you mean 'relu-128'"):
        presets.load("relu128")
    with pytest.raises(PresetError, match="'nnfd-tui presets' lists them all"):
        presets.load("qqqq")
    with pytest.raises(PresetError, match=r"preset: 'x{97}\.\.\.' is not known"):
        presets.load("x" * 3000)


def test_a_picker_leaves_broken_files_out(own_folder):
    write(own_folder, "broken", "kind = ")
    write(own_folder, "good", 'kind = "diffusion"\n')
    assert "broken" in presets.names()
    loaded = {preset.name for preset in presets.load_all()[0]}
    assert "good" in loaded
    assert "broken" not in loaded
    assert {preset.kind for preset in presets.load_all([Kind.DIFFUSION])[0]} == {Kind.DIFFUSION}
    with pytest.raises(NnfdError):
        presets.load("broken")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f"hidden = {'[' * 5000}{']' * 5000}", "it is nested too deeply"),
        (f"epochs = {'9' * 5000}", "a number has too many digits"),
        (f"epochs = 0x{'f' * 20_000}", "a number has too many digits"),
        (f"lr = {'9' * 4000}", "lr: 9"),
    ],
)
def test_what_no_reader_can_take_is_refused_and_named_in_the_list(own_folder, content, words):
    write(own_folder, "monster", f'kind = "network"\n[params]\n{content}\n')
    write(own_folder, "sound")
    with pytest.raises(NnfdError) as caught:
        presets.load("monster")
    assert words in str(caught.value)
    sound, problems = presets.load_all()
    assert "sound" in {preset.name for preset in sound}
    assert problems == [str(caught.value)]
    assert "monster" in problems[0]


def test_a_byte_order_mark_is_no_content(own_folder):
    (own_folder / "mine.toml").write_bytes(b'\xef\xbb\xbfkind = "network"\n')
    assert presets.load("mine").kind is Kind.NETWORK


def test_only_a_regular_file_of_a_sane_size_is_read(own_folder, tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(PresetError, match="it is no regular file"):
        presets.check(tmp_path / "pipe.toml")
    monkeypatch.setattr(toml_file, "MOST_BYTES", 10)
    with pytest.raises(PresetError, match="is too large"):
        presets.check(write(tmp_path))


def test_a_line_that_is_not_utf8_is_named(tmp_path):
    (tmp_path / "a.toml").write_bytes(b'kind = "network"\ntitle = "\xe9"\n')
    with pytest.raises(PresetError, match="line 2 is not UTF-8"):
        presets.check(tmp_path / "a.toml")


def test_a_model_of_a_long_name_is_named_by_its_beginning(tmp_path):
    (tmp_path / "long.toml").write_text(f'kind = "fur"\nmodel = "{"x" * 3000}"\n')
    with pytest.raises(ParamsError, match="there is no model 'xxx") as told:
        presets.check(tmp_path / "long.toml")
    assert len(str(told.value)) < 1000


@pytest.mark.parametrize(
    "key", [".".join("a" * 5000), " . ".join(['"a.b"'] * 5000), "[" + ".".join("a" * 5000) + "]\nx"]
)
def test_a_key_of_thousands_of_parts_is_refused_before_it_is_read(tmp_path, monkeypatch, key):
    """To read one of 100,000 took minutes."""
    monkeypatch.setattr(toml_file.tomllib, "loads", pytest.fail)
    with pytest.raises(PresetError, match=r"^preset '.*' is not valid TOML: it is nested too deeply$"):
        presets.check(write(tmp_path, content=f"{key} = 1\n"))


def test_texts_may_have_many_dots(tmp_path):
    for texts in ("and so on ... " * 200, "Yes. " * 200):
        content = f'# {"-." * 40}\nkind = "network"\ntitle = "{"3.14, " * 200}"\ndescription = "{texts}"\n'
        assert presets.check(write(tmp_path, content=content)).title.startswith("3.14")


def test_a_message_that_quotes_a_name_without_end_is_short(tmp_path):
    with pytest.raises(ParamsError) as error:
        presets.check(write(tmp_path, content=f'kind = "network"\n[params]\n{"k" * 100_000} = 1\n'))
    assert len(str(error.value)) < 1100
    assert str(error.value).startswith("preset '")
    assert str(error.value).endswith("for kind network")
