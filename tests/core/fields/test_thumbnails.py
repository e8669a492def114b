"""The pictures in the preset picker are what the presets end in."""

from __future__ import annotations

import numpy as np
import pytest

from nnfd.core.fields.thumbnails import SIZE, make, read
from nnfd.core.params import FieldParams, presets

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
