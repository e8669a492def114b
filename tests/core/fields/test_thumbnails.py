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
    assert max(picture.shape) <= SIZE
    assert (picture.min(), picture.max()) == (0, 255)


@pytest.mark.parametrize("name", ["diffusion", "cheetah-noise"])
def test_a_picture_is_what_its_preset_ends_in(name):
    params = presets.load_shipped(name).params
    assert isinstance(params, FieldParams)
    np.testing.assert_allclose(make(params).astype(int), read(name).astype(int), atol=1)


def test_a_network_has_none():
    assert read("relu-128") is None
