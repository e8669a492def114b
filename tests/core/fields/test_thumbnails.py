"""The pictures in the preset picker are what the presets end in."""

from __future__ import annotations

import numpy as np
import pytest

from nnfd.core.fields.thumbnails import SIZE, make, read
from nnfd.core.params import FieldParams, params_of, presets
from nnfd.core.params.model import read_model

FIELDS = [preset.name for preset in presets.load_all()[0] if isinstance(preset.params, FieldParams)]


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_preset_has_a_picture(name):
    picture = read(name)
    assert picture is not None
    assert max(picture.levels.shape) <= SIZE
    assert (picture.levels[picture.inside].min(), picture.levels[picture.inside].max()) == (0, 255)
    params = presets.load_shipped(name).params
    assert isinstance(params, FieldParams)
    assert picture.inside.all() == (params.domain == "none")


@pytest.mark.parametrize("name", ["diffusion", "cheetah-noise"])
def test_a_picture_is_what_its_preset_ends_in(name):
    params = presets.load_shipped(name).params
    assert isinstance(params, FieldParams)
    made, kept = make(params), read(name)
    np.testing.assert_allclose(made.levels.astype(int), kept.levels.astype(int), atol=1)
    np.testing.assert_array_equal(made.inside, kept.inside)


def test_a_network_has_none():
    assert read("relu-128") is None


def test_a_pattern_too_fine_to_be_seen_whole_is_shown_by_its_middle():
    table = {"fields": ["u"], "equations": {"u": "0"}, "start": {"u": "1 + cos(2*pi*x/10)"}}
    made = make(params_of(read_model(table)).check({"width": 120, "height": 40, "steps": 1}))
    middle = np.cos(2 * np.pi * np.arange(28, 92) / 10).reshape(32, 2).mean(axis=1)
    levels = 255 * (middle - middle.min()) / np.ptp(middle)
    np.testing.assert_allclose(made.levels, np.broadcast_to(levels, (20, SIZE)), atol=1)
