"""Pictures that a user brings, in levels of grey."""

from __future__ import annotations

import os
import stat
import struct
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nnfd.core.errors import ParamsError
from nnfd.core.text import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

DARK = 128
"""Grey level (of 255) below which a pixel of a seed picture is a seed, or one of a domain inside: dark ink on a light
ground."""
DEEP_WHITES = (1, 255, 65535)
"""What white may be in a picture of decimal or of large numbers: the least of them that no value exceeds."""
BAND_ROWS = 256
"""Rows of a picture in colours that are copied at once."""
ORIENTATION = 0x0112
"""Number of the EXIF field that tells which way is up."""
DAMAGED = (
    *(OSError, SyntaxError, ValueError, EOFError, TypeError, LookupError, AttributeError, ArithmeticError),
    *(RuntimeError, MemoryError, struct.error, zlib.error, UserWarning),
)
"""What PIL reports a damaged file by, according to its format."""
HALF_READ = ".*[Cc]orrupt EXIF|.*[Tt]runcated|Tag data larger"
"""What PIL only warns of, and goes on without: which way is up may be lost with it, or the lower part."""


def read_grey(path: str, width: int, height: int, name: str, hint: str = "") -> NDArray[np.uint8]:
    """Return a picture's first frame, as it is meant to be looked at, in 256 levels of grey, shape (height, width).

    `name` is the parameter that names it, and `hint` what else that may be. Raises :class:`ParamsError`.
    """
    from PIL import Image, ImageOps

    where = f"{name}: picture {printable(path)!r}"
    file = Path(os.path.expanduser(path))  # noqa: PTH111 (unlike Path's own, this never fails)
    try:
        if not stat.S_ISREG(file.stat().st_mode) and not file.is_dir():  # a pipe would be waited for, for ever
            raise ParamsError(f"{where} cannot be read: it is no regular file")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.filterwarnings("error", message=HALF_READ)
            with Image.open(file) as picture:
                deep = picture.mode.startswith(("I", "F"))
                grey = _deep_grey(picture, where) if deep else _in_bands(picture)
                grey.getexif()[ORIENTATION] = picture.getexif().get(ORIENTATION, 1)
        grey = ImageOps.exif_transpose(grey).resize((width, height), Image.Resampling.BOX)
    except FileNotFoundError:
        raise ParamsError(f"{where}: there is no such file{hint}") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise ParamsError(f"{where} is too large: at most {Image.MAX_IMAGE_PIXELS:,} pixels are read") from None
    except DAMAGED as error:
        reason = getattr(error, "strerror", None) or "it is no picture, or a damaged one"
        raise ParamsError(f"{where} cannot be read: {reason}") from None
    return np.asarray(grey, np.uint8)


def _in_bands(picture: Image) -> Image:
    """Return the picture in 256 levels of grey, made band by band: a whole copy in colours takes hundreds of MB."""
    from PIL import Image

    width, height = picture.size
    grey = Image.new("L", picture.size)
    for top in range(0, height, BAND_ROWS):
        grey.paste(_grey(picture.crop((0, top, width, min(top + BAND_ROWS, height)))), (0, top))
    return grey


def _grey(picture: Image) -> Image:
    """Return the picture on white ground in 256 levels of grey."""
    from PIL import Image

    if not picture.has_transparency_data:
        return picture.convert("RGB").convert("L")
    ink = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", ink.size, "white"), ink).convert("L")


def _deep_grey(picture: Image, where: str) -> Image:
    """Return a picture of more than 256 levels in as many, but white is 255. Raises :class:`ParamsError`."""
    from PIL import Image

    values = np.asarray(picture, np.float32)
    least, most = float(values.min()), float(values.max())
    if not (least >= 0 and most <= DEEP_WHITES[-1]):  # NaN too
        raise ParamsError(
            f"{where} cannot be read: its values go from {least:g} to {most:g}; white is known to be 1, 255 or 65535"
        )
    if picture.mode.startswith("I;16"):
        white = DEEP_WHITES[-1]
    else:
        white = next(w for w in DEEP_WHITES if most <= w and (w > 1 or picture.mode == "F"))
    return Image.fromarray(values * np.float32(255 / white))
